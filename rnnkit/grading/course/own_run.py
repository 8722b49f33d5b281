"""Runs that have points by themselves, tried again: after all scores stand, with a time of its own, in a sandbox.

Points that need more than the record's own word wait for the instructor where they cannot be shown, with the reason.
"""

from __future__ import annotations

import functools
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
from nbformat.v4 import new_output

from rnnkit.assignments import get_assignment
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.judge import failed
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report
from rnnkit.common.text import one_line
from rnnkit.common.whole import save_text
from rnnkit.common.wire import decode
from rnnkit.grading.course.stage import stage_data
from rnnkit.grading.course.submission import MOST_MEMORY_MB, STAGE, GradingJob, Result, score_of
from rnnkit.grading.ledger import WAITS
from rnnkit.grading.notebooks.execute import is_check
from rnnkit.grading.sandbox.confine import Finished, Limits, run

SECONDS = 240  # of computing, for all runs of a student
OUTPUT = 1 << 20  # bytes
NOTHING_SHOWN = "that this network was trained as its record says could not be shown"


def wall_s(seconds: float) -> float:
    """Seconds after which a process that tries runs again is given up, on a machine that is busy with others, too."""
    return 4 * seconds + 120


def try_again(job: GradingJob, seconds: float = SECONDS) -> None:
    """Tries a submission's runs again, and writes the scores that they have by themselves and flags as a `Result`."""
    stage = job.work / STAGE
    stage_data(job.folder, stage)
    limits = Limits(wall_s=wall_s(seconds), cpu_s=math.ceil(seconds) + 60, memory_mb=MOST_MEMORY_MB)
    confined = functools.partial(run, limits=limits, confined=job.confined, runtime=job.runtime)
    assignment, result = get_assignment(job.assignment), Result(job.student)
    for question in (one for one in assignment.records if one.handed_in is None):
        _keep(result, question, *tried(confined, stage, assignment, question, job.seed % 2**32, seconds))
    result.save(job.work)
    shutil.rmtree(stage, ignore_errors=True)


def broken_off(student: str, assignment: Assignment, owed: list[str], why: str) -> Result:
    """What stands where the process that tried a student's runs again, for the questions owed, has died."""
    flag, result = f"trying it again was broken off: {one_line(why, 160)}", Result(student)
    for question in (assignment.scored[id] for id in owed):
        _keep(result, question, *_waiting(failed(question, WAITS, NOTHING_SHOWN), [flag]))
    return result


def _keep(result: Result, question: Question, report: Report, flags: list[str]) -> None:
    result.scores[question.id] = score_of(report)
    result.evidence += [f"{question.id}: {flag}" for flag in flags]


def tried(
    run: Callable[..., Finished], stage: Path, assignment: Assignment, question: Question, seed: int, seconds: float
) -> tuple[Report, list[str]]:
    """The report on the best run that follows from its anchors, and flags about those that would be better.

    Arguments:
        run: runs a command confined, with ``stage``: the submitted files.
        question: what they may have points for; its judge's module says what tries them.
        seed: of everything that is drawn.
        seconds: of computing.
    """
    judge = assignment.module_of(question)
    argv = ["python", "-m", judge.TRIED_BY, ".", str(seed), f"{seconds:g}"]
    done = run(argv, stage=stage, most_output=OUTPUT)
    runs, why = [], done.why or (f"exit status {done.returncode}" if done.returncode else "")
    try:
        runs = [_again(judge, decode(json.loads(line))) for line in done.stdout.splitlines()]
    except (ValueError, TypeError, KeyError) as error:
        why = why or f"its answer cannot be read ({type(error).__name__})"
    right = next((one for one in runs if one.verdict == judge.FOLLOWS), None)
    worth = f"of {question.points:g} points"
    better = [f"{one.name}, {one.points:g} {worth}: {_reason(judge, one)}" for one in runs if _open(judge, one)]
    if why and right is None:
        better.append(f"trying it again was broken off: {one_line(why, 160)}")
    if right is None and not better:
        tries = [one.report() for one in runs if one.fresh]
        untried = [f"{one.name}: {one_line(one.said, 160)}" for one in runs if one.fresh is None]
        return next(iter(tries), judge.without(untried[0] if untried else judge.UNREADABLE)), []
    report = failed(question, WAITS, NOTHING_SHOWN)
    if right is not None:
        report = right.report()
        report.messages.append(f"{right.name}: {right.said}")
    return _waiting(report, better) if better else (report, [])


def _waiting(report: Report, better: list[str]) -> tuple[Report, list[str]]:
    """A report whose points are not all, and the flags that say why."""
    report.status = WAITS
    report.messages += [f"{text}; an instructor decides" for text in better]
    return report, better


def _open(judge: ModuleType, one: Any) -> bool:
    """Whether a run might have points that it has not been given."""
    return (one.points > 0 and one.verdict != judge.FOLLOWS) or (one.fresh is None and one.verdict == judge.UNTRIED)


def _reason(judge: ModuleType, one: Any) -> str:
    """Why a run has not been given its points."""
    said = one_line(one.said, 300)
    return f"its weights do not follow from its own anchors: {said}" if one.verdict == judge.DIFFERS else said


def _again(judge: ModuleType, content: dict[str, Any]) -> Any:
    """A line of the process that tries runs again, as the judge's `Again`."""
    fresh = content.pop("fresh")
    numbers = {name: float(content[name]) for name in ("claimed", "min_length")}
    words = {name: one_line(content[name], 400) for name in ("name", "verdict", "said")}
    return judge.Again(**words, **numbers, fresh=None if fresh is None else judge.Fresh(*fresh))


def show(path: Path, question: str, text: str) -> None:
    """Puts the report into the graded notebook, in the place of what was said there before it was tried."""
    if not path.is_file():
        return
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if is_check(cell) and cell.metadata.nbgrader.grade_id == question:
            cell.outputs = [new_output("display_data", data={"text/plain": text})]
    save_text(path, nbformat.writes(notebook) + "\n")
