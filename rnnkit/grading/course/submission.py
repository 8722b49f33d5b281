"""One submission, from its files to scores, in a process of its own; the gradebook is not within reach."""

from __future__ import annotations

import functools
import hashlib
import json
import resource
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import nbformat
from nbformat import NotebookNode

from rnnkit.assignments import get_assignment
from rnnkit.checks import tally
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.report import Report
from rnnkit.common.names import BadValue
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.master import is_answer, is_task
from rnnkit.grading.course.settled import settled
from rnnkit.grading.course.stage import stage_data
from rnnkit.grading.evidence.evidence import SubmittedRun, evidence
from rnnkit.grading.evidence.scan import scan
from rnnkit.grading.evidence.whose import Whose
from rnnkit.grading.intake.recognise import recognise
from rnnkit.grading.ledger import ABSENT, GRADED, REJECTED, Findings
from rnnkit.grading.notebooks.copied import curves_of, times_of
from rnnkit.grading.notebooks.earlier import not_asked
from rnnkit.grading.notebooks.execute import Executed, execute, is_check, needs_kernel
from rnnkit.grading.notebooks.neutral import neutralise
from rnnkit.grading.notebooks.reading import BadSubmission, Missing, read
from rnnkit.grading.notebooks.rebuild import rebuild
from rnnkit.grading.notebooks.submitted import in_order_of
from rnnkit.grading.sandbox.allowance import TOTAL_S, WALL, WALL_S, Allowance
from rnnkit.grading.sandbox.confine import Finished, Limits, run
from rnnkit.grading.sandbox.kernel import Kernel
from rnnkit.grading.sandbox.nursery import Nursery
from rnnkit.notebook.assemble import model_of
from rnnkit.notebook.cells import SOLUTION, name_of
from rnnkit.runs.modelfile import DEFAULT_FILE

READER_S = 100  # seconds of processor time for reading the records
MOST_MEMORY_MB = 2048  # of a kernel and all that it starts
MOST_TEXT = 20_000  # characters of a text in the result
RESULT, AUTOGRADED, STAGE = "result.json", "autograded", "stage"


@dataclass(frozen=True, kw_only=True)
class GradingJob:
    """What a grader process is told.

    Fields:
        folder: the submitted files.
        work: where results go; it is this submission's alone.
        masters, schemes: see `rnnkit.grading.course.master`.
        shapes: of the functions that students have.
        runtime: rnnkit as students have it, for the kernels that train and draw.
        scoring: what is left of it where questions are asked, see `rnnkit.grading.sandbox.scoring`.
        confined: False where the instructor has typed that these submissions are trusted.
        questions: the only ones whose scores are wanted; all where empty.
        cores: the processors that its sandboxes may use; all where empty.
        whose: what varies by student; None where nothing does.
        addresses: see `rnnkit.grading.sandbox.nursery.begun_before`.
    """

    assignment: str
    student: str
    folder: Path
    work: Path
    masters: dict[str, NotebookNode]
    schemes: dict[str, str]
    shapes: dict[str, dict[str, int]]
    runtime: Path
    scoring: Path
    seed: int
    confined: bool
    questions: tuple[str, ...]
    cores: tuple[int, ...]
    whose: Whose | None = None
    addresses: dict[str, str] = field(default_factory=dict)


@dataclass
class Result(Findings):
    """What a grader process found out.

    Fields:
        cut: the time-outs that cut something short.
        starved: whether one of them was by the clock on the wall.
    """

    student: str
    cut: list[str] = field(default_factory=list)
    starved: bool = False

    def save(self, work: Path) -> None:
        """Writes it into the grader process's folder."""
        save_text(work / RESULT, json.dumps(asdict(self), indent=1) + "\n")


def grade_submission(job: GradingJob) -> None:
    """Grades one submission into its work folder: ``autograded/*.ipynb`` and, last, ``result.json``."""
    begun, allowance = monotonic(), Allowance()
    assignment, result, stage = get_assignment(job.assignment), Result(job.student), job.work / STAGE
    rebuilt, handed_in = _rebuilt(assignment, job, result)
    result.flags += stage_data(job.folder, stage)
    whose, flags = job.whose.staged(stage) if job.whose else (None, [])
    result.flags += flags
    tallies = _checks_run(assignment, stage)
    result.checks = tally.told(tallies)
    result.tried = {id: [one.runs, one.failed] for id, one in tallies.items() if one.runs}
    cells_sha256 = _write_model(assignment, rebuilt, handed_in, stage, result)
    limits = Limits(wall_s=WALL_S, cpu_s=TOTAL_S, memory_mb=MOST_MEMORY_MB, cores=job.cores)
    only = {assignment.scored[question].notebook for question in job.questions} or set(rebuilt)
    wanted = {name: notebook for name, notebook in rebuilt.items() if name in only}

    def reader(argv: Sequence[str], **how: Any) -> Finished:
        short = replace(limits, cpu_s=READER_S, wall_s=WALL * READER_S)
        done = run(argv, limits=short, confined=job.confined, runtime=job.runtime, **how)
        allowance.note(done.why)
        return done

    with closing(Nursery(stage, limits, job.confined, job.addresses)) as nursery:
        if job.confined and any(map(needs_kernel, wanted.values())):
            nursery.warm(job.scoring)
        runs = evidence(stage, reader, assignment, cells_sha256, whose)
        result.evidence = [flag for one in runs for flag in one.flags]
        for one in (one for one in runs if one.sha256):
            result.records[one.key] = one.sha256
            result.profiles[one.key] = f"custom {one.size}".strip() if one.profile == "custom" else one.profile
            result.times[one.key] = times_of(one.content.get("checks", {}))
            result.curves[one.key] = curves_of(one.content.get("checks", {}))

        whole, asked = (functools.partial(Kernel, nursery, one, allowance) for one in (job.runtime, job.scoring))
        for name, notebook in wanted.items():
            reports = settled(assignment, name, notebook, stage, runs, result)
            apart = name in assignment.whole or all(one.notebook != name for one in assignment.code)
            done = Executed(notebook)
            if needs_kernel(notebook):
                here, aside = (whole, asked) if apart else (asked, None)
                done = execute(assignment, notebook, here, allowance, job.seed, reports, aside)
            _collect(name, done, job.masters[name], result)
            _save(job, name, done.notebook, assignment, runs)
    allowance.close()
    result.cut, result.starved = list(dict.fromkeys(allowance.cut)), allowance.starved
    result.seconds = round(monotonic() - begun, 2)
    result.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    result.save(job.work)


def _save(job: GradingJob, name: str, notebook: NotebookNode, assignment: Assignment, runs: list[SubmittedRun]) -> None:
    """Writes a graded notebook, with what only graders see."""
    for cell in filter(is_task, notebook.cells):
        cell.source = job.schemes[cell.id]
    if hints := getattr(assignment.key, "with_hints", None):
        hints(notebook, runs)
    (job.work / AUTOGRADED).mkdir(exist_ok=True)
    save_text(job.work / AUTOGRADED / name, nbformat.writes(neutralise(notebook)) + "\n")


def load_result(path: Path) -> Result:
    """What a grader process wrote, as plain text: names of files and messages are a student's words."""
    return Result(**_plain(json.loads(path.read_text(encoding="utf-8"))))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value, MOST_TEXT)
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return {_plain(key): _plain(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def _rebuilt(
    assignment: Assignment, job: GradingJob, result: Result
) -> tuple[dict[str, NotebookNode], dict[str, dict[str, Any]]]:
    """Every notebook that can be used, rebuilt from the master, and as it was handed in; the others are noted."""
    files, notebooks = recognise(job.folder, job.masters, assignment.earlier), {}
    handed_in = {name: _content(file) for name, file in files.items()}
    there = {name: content for name, content in handed_in.items() if isinstance(content, dict)}
    if job.whose:
        result.flags += job.whose.of_figures(there)
    unasked = not_asked(job.masters, there, assignment.earlier)
    result.not_asked = {id: points for questions in unasked.values() for id, points in questions.items()}
    if result.not_asked:
        which = ", ".join(f"{id} ({points:g})" for id, points in result.not_asked.items())
        sum_ = sum(result.not_asked.values())
        result.flags.append(f"of an earlier release, which did not ask {which}: {sum_:g} points could not be had")
    for name, master in job.masters.items():
        status, reason, flags = REJECTED, "", []
        try:
            file, content = files[name], handed_in[name]
            if isinstance(file, BadSubmission):
                raise file
            if isinstance(content, BadSubmission):
                raise content
            rebuilt, more = rebuild(master, content, assignment.earlier, unasked.get(name, ()))
            flags = [*file[1], *more, *scan(rebuilt, name, assignment, job.shapes)]
            notebooks[name], status = rebuilt, GRADED
        except BadSubmission as bad:
            reason = str(bad)
            if isinstance(bad, Missing) and name in assignment.optional:
                status, reason = ABSENT, ""
        except Exception as error:  # nothing that a student sends may end more than its own notebook
            reason = f"cannot be read ({type(error).__name__})"
        result.notebooks[name] = {"status": status, "reason": reason, "flags": flags}
    return notebooks, there


def _content(file: tuple[Path, list[str]] | BadSubmission) -> dict[str, Any] | BadSubmission:
    """What a notebook's file holds, or why nothing of it can be used."""
    try:
        return file if isinstance(file, BadSubmission) else read(file[0])
    except BadSubmission as bad:
        return bad
    except Exception as error:  # nothing that a student sends may end more than its own notebook
        return BadSubmission(f"cannot be read ({type(error).__name__})")


def _checks_run(assignment: Assignment, stage: Path) -> dict[str, tally.Tally]:
    """What the student's own file says of how often checks ran; information for a person, and never a score."""
    with suppress(OSError, ValueError):
        return tally.read(stage / tally.FILE, assignment.asked)
    return {}


def _write_model(
    assignment: Assignment,
    rebuilt: dict[str, NotebookNode],
    handed_in: dict[str, dict[str, Any]],
    stage: Path,
    result: Result,
) -> str:
    """Derives model.py from the rebuilt notebook, and returns its hash; a submitted one does not count."""
    if assignment.model is None or assignment.model.notebook not in rebuilt:
        return ""
    name = assignment.model.notebook
    flags = result.notebooks[name]["flags"]
    try:
        text = model_of(in_order_of(rebuilt[name], handed_in[name]), name).text
        save_text(stage / DEFAULT_FILE, text)
        return hashlib.sha256(text.encode()).hexdigest()
    except BadValue as error:
        flags.append(str(error).removeprefix(f"{name}: "))
    except (ValueError, RecursionError, MemoryError) as error:  # a source that Python's own parser gives up on
        flags.append(f"no {DEFAULT_FILE} can be made of it ({type(error).__name__})")
    return ""


def _collect(name: str, done: Executed, master: NotebookNode, result: Result) -> None:
    """Notes, scores of the checks, and which answers wait for a person."""
    solutions = (cell for cell in done.notebook.cells if cell.id.endswith(SOLUTION))
    code = {cell.id.removesuffix(SOLUTION): cell.source for cell in solutions}
    for id, report in done.reports.items():
        result.scores[id] = {"notebook": name, "sha256": _sha256(code.get(id, "")), **score_of(report)}
    given = {cell.id: cell.source.strip() for cell in master.cells}
    flags = result.notebooks[name]["flags"]
    flags += done.notes
    for cell in done.notebook.cells:
        id = name_of(cell)
        if is_answer(cell):
            answered = cell.source.strip() not in ("", given[cell.id])
            sha256 = _sha256(cell.source, cell.get("attachments"))
            result.answers[id] = {"notebook": name, "answered": answered, "sha256": sha256}
        elif is_check(cell) and id not in done.reports:
            flags.append(f"{id}: no check has this name")


def score_of(report: Report) -> dict[str, Any]:
    """A report as it stands in the ledger."""
    told = {"mistakes": report.mistakes, "text": report.text()}
    return {"points": report.points, "most": report.most, "status": report.status, **told}


def _sha256(text: str, attachments: Any = None) -> str:
    whole = text + (json.dumps(attachments, sort_keys=True) if attachments else "")
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
