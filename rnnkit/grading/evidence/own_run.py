"""The extra credit's run, tried again by itself: after all scores stand, with a time of its own, in a sandbox.

Points that need more than the record's own word wait for the instructor where they cannot be shown, with the reason.
"""

from __future__ import annotations

import functools
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_output

from rnnkit.assignments.training_dynamics.own_setting import DIFFERS, FOLLOWS, UNTRIED, Again, Fresh, report_on, without
from rnnkit.assignments.training_dynamics.questions import OWN, OWN_SETTING
from rnnkit.checks.judge import failed
from rnnkit.checks.report import Report
from rnnkit.checks.wire import decode
from rnnkit.common.text import one_line
from rnnkit.common.whole import save_text
from rnnkit.grading.course.ledger import WAITS
from rnnkit.grading.course.submission import MOST_MEMORY_MB, RESULT, STAGE, Job, Result, stage_data
from rnnkit.grading.evidence.evidence import Finished
from rnnkit.grading.notebooks.execute import is_check
from rnnkit.grading.sandbox.confine import Limits, run

SECONDS = 240  # of computing, for all runs of a student
OUTPUT = 1 << 20  # bytes
NOTHING_SHOWN = "that this network was trained as its record says could not be shown"


def wall_s(seconds: float) -> float:
    """Seconds after which a process that tries runs again is given up, on a machine that is busy with others, too."""
    return 4 * seconds + 120


def try_again(job: Job, seconds: float = SECONDS) -> None:
    """Tries a submission's runs of temporal order again, and writes the one score and its flags as a `Result`.

    Arguments:
        job: as for `rnnkit.grading.course.submission.grade_submission`, with a work folder of its own.
        seconds: of computing.
    """
    stage = Path(job.work) / STAGE
    stage_data(Path(job.folder), stage)
    limits = Limits(wall_s=wall_s(seconds), cpu_s=math.ceil(seconds) + 60, memory_mb=MOST_MEMORY_MB)
    confined = functools.partial(run, limits=limits, confined=job.confined, runtime=Path(job.runtime))
    result = _result(job.student, *tried(confined, stage, job.seed % 2**32, seconds))
    save_text(Path(job.work) / RESULT, json.dumps(asdict(result), indent=1) + "\n")
    shutil.rmtree(stage, ignore_errors=True)


def broken_off(student: str, why: str) -> Result:
    """What stands where the process that tried a run again has died."""
    flag = f"trying it again was broken off: {one_line(why, 160)}"
    return _result(student, *_waiting(failed(OWN, WAITS, NOTHING_SHOWN), [flag]))


def _result(student: str, report: Report, flags: list[str]) -> Result:
    about = {"points": report.points, "most": report.most, "status": report.status, "text": report.text()}
    return Result(student, scores={OWN_SETTING: about}, evidence=flags)


def tried(run: Callable[..., Finished], stage: Path, seed: int, seconds: float) -> tuple[Report, list[str]]:
    """The report on the best run that follows from its anchors, and flags about those that would be better.

    Arguments:
        run: runs a command confined, with ``stage``.
        stage: the submitted files.
        seed, seconds: see `rnnkit.grading.evidence.again.again`.
    """
    done = run(
        ["python", "-m", "rnnkit.grading.evidence.again", ".", str(seed), f"{seconds:g}"],
        stage=stage,
        most_output=OUTPUT,
    )
    found, why = [], done.why or (f"exit status {done.returncode}" if done.returncode else "")
    try:
        found = [_again(decode(json.loads(line))) for line in done.stdout.splitlines()]
    except (ValueError, TypeError, KeyError) as error:
        why = why or f"its answer cannot be read ({type(error).__name__})"
    right = next((one for one in found if one.verdict == FOLLOWS), None)
    better = [f"{one.name}, {one.points:g} of {OWN.points:g} points: {_reason(one)}" for one in found if _open(one)]
    if why and right is None:
        better.append(f"trying it again was broken off: {one_line(why, 160)}")
    if right is None and not better:
        tries = [report_on(one.name, one.min_length, one.claimed, one.fresh) for one in found if one.fresh]
        untried = [f"{one.name}: {one_line(one.said, 160)}" for one in found if one.fresh is None]
        return next(iter(tries), without(untried[0] if untried else "no record of temporal order can be read")), []
    report = failed(OWN, WAITS, NOTHING_SHOWN)
    if right is not None:
        report = report_on(right.name, right.min_length, right.claimed, right.fresh)
        report.messages.append(f"{right.name}: {right.said}")
    return _waiting(report, better) if better else (report, [])


def _waiting(report: Report, better: list[str]) -> tuple[Report, list[str]]:
    """A report whose points are not all, and the flags that say why."""
    report.status = WAITS
    report.messages += [f"{text}; an instructor decides" for text in better]
    return report, [f"{OWN_SETTING}: {text}" for text in better]


def _open(one: Again) -> bool:
    """Whether a run might have points that it has not been given."""
    return (one.points > 0 and one.verdict != FOLLOWS) or (one.fresh is None and one.verdict == UNTRIED)


def _reason(one: Again) -> str:
    """Why a run has not been given its points."""
    said = one_line(one.said, 300)
    return f"its weights do not follow from its own anchors: {said}" if one.verdict == DIFFERS else said


def _again(content: dict[str, Any]) -> Again:
    """A line of `rnnkit.grading.evidence.again`."""
    fresh = content.pop("fresh")
    numbers = {name: float(content[name]) for name in ("claimed", "min_length")}
    words = {name: one_line(content[name], 400) for name in ("name", "verdict", "said")}
    return Again(**words, **numbers, fresh=None if fresh is None else Fresh(*fresh))


def show(path: Path, text: str) -> None:
    """Puts the report into the graded notebook, in the place of what was said there before it was tried."""
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if is_check(cell) and cell.metadata.nbgrader.grade_id == OWN_SETTING:
            cell.outputs = [new_output("display_data", data={"text/plain": text})]
    save_text(path, nbformat.writes(notebook) + "\n")
