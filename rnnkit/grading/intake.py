"""Takes in what students handed in: from folders and zips as learning platforms give them, one student at a time.

What cannot be taken is listed with the reason and keeps nothing else from being taken; an earlier submission stays
until the new one is whole.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rnnkit.grading import unpack
from rnnkit.grading.reading import BadSubmission, listed, shown
from rnnkit.grading.sorting import Unit, contents, units
from rnnkit.grading.unpack import File
from rnnkit.grading.whose import Names
from rnnkit.names import BadValue

WORK, REPLACED = "work", "replaced"


class IntakeError(BadValue):
    """A source that nothing can be taken from."""


@dataclass(frozen=True)
class Taken:
    """What became of one thing that was handed in.

    Fields:
        student: the student's id; the thing's name where nobody is named in it.
        status: ``new``, ``same``, ``replaced`` or ``refused``.
        reason: why it was refused; else what a person may want to know, or nothing.
        files: the submission's files, by their paths.
        source: the thing's name in the source.
    """

    student: str
    status: str
    reason: str = ""
    files: tuple[str, ...] = ()
    source: str = ""


def take_in(
    source: Path, submitted: Path, assignment: str, *, roster: list[str] | None = None, name_regex: str | None = None
) -> list[Taken]:
    """Copies what students handed in to ``submitted/STUDENT/ASSIGNMENT/``.

    Arguments:
        source: a folder or a zip with a folder or a zip for each student, or with files whose names tell the student;
            also a folder in which nbgrader's zip_collect has ``downloaded/ASSIGNMENT/archive/``.
        submitted: the folder of all submissions; ``work/`` beside it is used on the way.
        assignment: the assignment's name.
        roster: the students' ids, where there is a roster.
        name_regex: how names tell the student, as for nbgrader's zip_collect: with ``(?P<student_id>...)``.

    Returns:
        One entry for each thing in the source, by student.

    Raises:
        IntakeError: the source is neither a folder nor a zip.
        BadValue: the regular expression is of no use.
    """
    names, submitted = Names(assignment, roster, name_regex), Path(submitted)
    work = submitted.parent / WORK
    _recover(work / REPLACED / assignment, submitted, assignment)
    with ExitStack() as stack:
        try:
            found = units(_inner(Path(source), assignment), names, stack)
        except BadSubmission as error:
            raise IntakeError(f"{source}: {error}") from None
        taken = [_take(unit, submitted, assignment, work) for unit in found]
    return sorted(taken, key=lambda entry: (entry.student, entry.source))


def _inner(source: Path, assignment: str) -> Path:
    """The folder that holds the students' things, where nbgrader's zip_collect wants them."""
    for inner in (("downloaded", assignment, "archive"), (assignment, "archive"), ("archive",)):
        if source.joinpath(*inner).is_dir():
            return source.joinpath(*inner)
    return source


def _take(unit: Unit, submitted: Path, assignment: str, work: Path) -> Taken:
    """Takes one submission, or tells why not."""
    name, source = unit.student, shown(unit.source)
    if unit.problem:
        return Taken(name, "refused", unit.problem, (), source)
    work.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            staged = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-", dir=work))) / assignment
            files = contents(unit, assignment, stack)
            kept = [file for file in files if not file.why]
            _copy(kept, staged)
            status = _swap(staged, submitted / name / assignment, work / REPLACED / assignment / name)
    except BadSubmission as error:
        return Taken(name, "refused", str(error), (), source)
    except OSError as error:
        return Taken(name, "refused", f"it could not be copied ({error.strerror or error})", (), source)
    left = [f"{file.name} ({file.why})" for file in files if file.why]
    remarks = [*([unit.remark] if unit.remark else []), *([f"left out: {listed(left)}"] if left else [])]
    return Taken(name, status, "; ".join(remarks), tuple(sorted("/".join(file.path) for file in kept)), source)


def _copy(files: list[File], folder: Path) -> None:
    """Writes a submission's files, all of them or an error."""
    unpack.check_sizes(files)
    room = unpack.MOST_BYTES
    for file in files:
        path = folder.joinpath(*file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as target:
            for piece in unpack.chunks(file, min(room, unpack.MOST_FILE)):
                target.write(piece)
                room -= len(piece)
            target.flush()
            os.fsync(target.fileno())


def _swap(staged: Path, target: Path, aside: Path) -> str:
    """Puts a submission in its place; the one that was there stays until then."""
    if target.parent.is_symlink() or target.is_symlink():
        raise BadSubmission(f"{target} is a link; remove it")
    if not os.path.lexists(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)
        return "new"
    if _alike(staged, target):
        return "same"
    aside.parent.mkdir(parents=True, exist_ok=True)
    target.rename(aside)
    try:
        staged.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    _remove(aside)
    return "replaced"


def _alike(one: Path, other: Path) -> bool:
    """Whether two folders have the same files with the same bytes."""
    found = [{path.relative_to(side) for path in side.rglob("*") if not path.is_dir()} for side in (one, other)]
    return found[0] == found[1] and all(
        (other / path).is_file() and not (other / path).is_symlink() and filecmp.cmp(one / path, other / path, False)
        for path in found[0]
    )


def _recover(aside: Path, submitted: Path, assignment: str) -> None:
    """After a death between the two steps of a swap: puts what was set aside back, unless the new one is there."""
    for kept in sorted(aside.iterdir()) if aside.is_dir() else ():
        target = submitted / kept.name / assignment
        if os.path.lexists(target):
            _remove(kept)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            kept.rename(target)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
