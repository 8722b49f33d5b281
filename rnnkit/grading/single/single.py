"""One submission graded by itself: no gradebook, no course folder, the same sandbox and the same rules."""

from __future__ import annotations

import functools
import multiprocessing.connection
import secrets
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from time import monotonic
from typing import Any

from nbformat import NotebookNode

import rnnkit
from rnnkit.assignments import get_assignment
from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue, Untraced
from rnnkit.common.places import clone_root
from rnnkit.common.variant import owner
from rnnkit.grading.course import own_run
from rnnkit.grading.course.children import PATIENCE_S, Child
from rnnkit.grading.course.master import is_answer, masters, schemes, version
from rnnkit.grading.course.register import owing
from rnnkit.grading.course.submission import GradingJob, Result
from rnnkit.grading.evidence.borrowed import shipped
from rnnkit.grading.evidence.whose import Whose
from rnnkit.grading.intake import unpack
from rnnkit.grading.intake.sorting import Unit, contents, opened
from rnnkit.grading.intake.take_in import copy
from rnnkit.grading.intake.unpack import File
from rnnkit.grading.ledger import GRADED, NOT_GRADED, REJECTED, Entry, Findings
from rnnkit.grading.notebooks.reading import BadSubmission
from rnnkit.grading.sandbox.confine import probe
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime
from rnnkit.grading.variants import kept

STUDENT = "submission"  # what a submission without a student is called
TO_MARK, NO_ANSWER = "to be marked", "no answer"  # of a question for a person


class NotGraded(Untraced, RuntimeError):
    """The grader gave up on a submission."""


def grade_one(
    paths: Path | str | Sequence[Path | str],
    assignment: str | Assignment,
    *,
    trust: bool = False,
    seed: int | None = None,
    own_run_s: float = own_run.SECONDS,
    on_wait: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Grades one submission, and returns what came out as plain data that can be written as JSON.

    Processes are started: in a script of your own the call stands below ``if __name__ == "__main__":``.

    Arguments:
        paths: notebooks, or one folder, or one zip.
        assignment: which one it is of, by its name or itself.
        trust: run its code without a sandbox, with your rights.
        seed: of the random inputs; by default a new one.
        own_run_s: seconds of computing for trying runs again, see `rnnkit.grading.course.own_run`.
        on_wait: called about once a second.

    Returns:
        assignment: its name.
        status: ``graded``, or ``rejected`` where nothing could be used.
        points, most: the sum of the checks' points without extra credit, and the most that it could be.
        extra: the checks' points for extra credit.
        questions: id -> points, most, extra (whether it is extra credit), status, message (what the student is
            told), mistakes (names of known ones), notebook. The points of an answer that a person has yet to mark are
            None, its status is ``to be marked``; ``no answer`` has 0.
        notebooks: file -> status, reason, flags.
        flags: what a person should look at, those of notebooks and runs included.
        confined: whether it ran in the sandbox.
        seed: repeats the result.
        seconds: that it took.
        version: of rnnkit, and the beginning of a hash of all that decides points.

    Raises:
        BadSubmission: there are no notebooks in it, or it is dangerous.
        BadValue: no such assignment, or no sandbox.
        NotGraded: the grader gave up.
    """
    began, assignment = monotonic(), get_assignment(assignment) if isinstance(assignment, str) else assignment
    given = [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]
    root = clone_root()
    if not trust:
        probe()
    with tempfile.TemporaryDirectory(prefix="rnnkit-one-", ignore_cleanup_errors=True) as folder:
        submitted = Path(folder) / "submitted"
        left = collect(given, assignment.name, submitted)
        released = masters(root, assignment)
        make = functools.partial(
            GradingJob,
            assignment=assignment.name,
            student=STUDENT,
            folder=submitted,
            masters=released,
            schemes=schemes(root, assignment),
            shapes=shipped(root, assignment),
            runtime=student_runtime(root).resolve(),
            scoring=scoring_runtime(root).resolve(),
            seed=secrets.randbits(63) if seed is None else seed,
            confined=not trust,
            questions=(),
            cores=(),
            whose=_whose(root, assignment, submitted),
        )
        result = _graded(make, Path(folder), on_wait)
        result.flags += left
        if owed := owing(assignment, result):
            _try_again(assignment, make, Path(folder), result, owed, own_run_s, on_wait)
    told = summary(assignment, released, result)
    told |= {"confined": not trust, "seed": make.keywords["seed"], "seconds": round(monotonic() - began, 1)}
    return told | {"version": f"{rnnkit.__version__}+{version(root, assignment)[:12]}"}


def _whose(root: Path, assignment: Assignment, submitted: Path) -> Whose | None:
    """What varies by student in the clone's course, by the submission's own word of whose it is."""
    try:
        variants = kept(root, assignment.name)
        return Whose(variants, owner(submitted)) if variants else None
    except BadValue:  # no id
        return None


def collect(paths: Sequence[Path], assignment: str, folder: Path) -> list[str]:
    """Copies a submission into a folder, as the intake of a class does; see `grade_one` for what it may be.

    Returns:
        flags about what was left out.

    Raises:
        BadSubmission: it cannot be taken.
    """
    with ExitStack() as stack:
        try:
            unit = Unit(paths[0].name, [file for path in paths for file in _files(path, len(paths), stack)])
            inside = contents(unit, assignment, stack)
            files = [file for file in inside if not file.why]
            names = [file.path for file in files]
            if twice := {path for path in names if names.count(path) > 1}:
                raise BadSubmission(f"expected each file once, got {'/'.join(min(twice))} twice; leave one")
            copy(files, folder)
            return [f"left out: {file.name} ({file.why})" for file in inside if file.why]
        except OSError as error:
            raise BadSubmission(f"{error.filename or paths[0]}: cannot be read ({error.strerror})") from None


def _files(path: Path, of: int, stack: ExitStack) -> list[File]:
    if not path.exists():
        raise BadSubmission(f"{path}: expected a notebook, a folder or a zip, found none; the assignment stands before")
    if path.is_dir() or path.suffix.lower() == ".zip":
        if of > 1:
            raise BadSubmission(f"{path}: expected notebooks, or one folder, or one zip; give it alone")
        if path.is_dir():
            return unpack.in_folder(path)
    file = File((path.name,), path.stat().st_size, unpack.opener(path.resolve()))
    return opened(file, stack) if path.suffix.lower() == ".zip" else [file]


def summary(assignment: Assignment, released: dict[str, NotebookNode], result: Findings) -> dict[str, Any]:
    """What a grader process found out, in the words of `grade_one`."""
    zero = {"points": 0.0, "status": NOT_GRADED, "text": ""}
    scores = {id: {"notebook": one.notebook, "most": one.points} | zero for id, one in assignment.scored.items()}
    scores = {id: score | {"extra": assignment.scored[id].extra} for id, score in (scores | result.scores).items()}
    found = {one.name: getattr(result, one.name) for one in fields(Findings)} | {"scores": scores}
    status = GRADED if any(one["status"] == GRADED for one in result.notebooks.values()) else REJECTED
    entry = Entry(student=STUDENT, status=status, **found)
    return {
        "assignment": assignment.name,
        "status": status,
        "points": entry.points,
        "most": entry.most,
        "extra": entry.extra,
        "questions": {id: _question(score) for id, score in scores.items()} | _answers(released, result),
        "notebooks": result.notebooks,
        "flags": entry.all_flags,
    }


def _question(score: dict[str, Any]) -> dict[str, Any]:
    same = {name: score[name] for name in ("points", "most", "extra", "status")}
    return same | {"message": score["text"], "mistakes": score.get("mistakes", []), "notebook": score["notebook"]}


def _answers(released: dict[str, NotebookNode], result: Findings) -> dict[str, dict[str, Any]]:
    """The questions for a person."""
    answers = {}
    for name, notebook in released.items():
        for cell in filter(is_answer, notebook.cells):
            given = result.answers.get(cell.id)
            status = NOT_GRADED if given is None else TO_MARK if given["answered"] else NO_ANSWER
            most = float(cell.metadata.nbgrader.points)
            about: dict[str, Any] = {"points": None if status == TO_MARK else 0.0, "most": most}
            about |= {"extra": not most, "status": status, "message": "", "mistakes": []}
            answers[cell.id] = about | {"notebook": name}
    return answers


# ---- processes ---------------------------------------------------------------------------------------------------


def _graded(make: Callable[..., GradingJob], folder: Path, on_wait: Callable[[], object]) -> Result:
    """The result of the grader process; one that a time-out has cut short on a busy machine comes once more."""
    child = Child(make(work=_empty(folder / "first")))
    result = _ended(child, on_wait)
    if child.cut_short(result):
        child = Child(make(work=_empty(folder / "second")), first=child)
        result = _ended(child, on_wait)
    if result is None:
        raise NotGraded("; ".join([f"it could not be graded: {child.reason}", *child.flags, *child.tried_again(None)]))
    result.flags += child.tried_again(result)
    return result


def _try_again(
    assignment: Assignment,
    make: Callable[..., GradingJob],
    folder: Path,
    result: Result,
    owed: list[str],
    seconds: float,
    on_wait: Callable[[], object],
) -> None:
    """Tries runs again that have points by themselves, and puts what that shows to the result."""
    work = functools.partial(own_run.try_again, seconds=seconds)
    child = Child(make(work=_empty(folder / "runs")), work, own_run.wall_s(seconds) + PATIENCE_S)
    again = _ended(child, on_wait) or own_run.broken_off(STUDENT, assignment, owed, child.reason)
    result.scores |= {id: result.scores[id] | score for id, score in again.scores.items()}
    result.evidence = [flag for flag in result.evidence if not flag.startswith(tuple(again.scores))] + again.evidence


def _ended(child: Child, on_wait: Callable[[], object]) -> Result | None:
    """Waits for a process; it ends with this one."""
    try:
        while not child.over():
            multiprocessing.connection.wait([child.process.sentinel], timeout=1)
            on_wait()
        return child.result()
    finally:
        child.kill()


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder
