"""Takes in what students handed in: from folders and zips as learning platforms give them, one student at a time.

What cannot be taken is listed with the reason and keeps nothing else from being taken; an earlier submission stays
until the new one is whole, and is kept aside then.
"""

from __future__ import annotations

import filecmp
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.common.text import listed, shown
from rnnkit.grading.dates.rule import NAME, TRUSTED, WORKSHEET, ZIP
from rnnkit.grading.intake import unpack
from rnnkit.grading.intake.receipts import Receipt, Receipts, came, manifest, said_by_name
from rnnkit.grading.intake.sorting import Unit, contents, units
from rnnkit.grading.intake.unpack import File
from rnnkit.grading.intake.whose import Names, folded
from rnnkit.grading.intake.worksheet import Worksheet
from rnnkit.grading.ledger import file_hashes, tree_hash
from rnnkit.grading.notebooks.reading import BadSubmission

WORK, REPLACED = "work", "replaced"
ASKED = "--replace takes it in its place and keeps that one aside"


@dataclass(frozen=True)
class Taken:
    """What became of one thing that was handed in.

    Fields:
        student: the student's id; the thing's name where nobody is named in it.
        status: ``new``, ``same``, ``replaced`` or ``refused``.
        reason: why it was refused; else what a person may want to know, or nothing.
        source: the thing's name in the source.
    """

    student: str
    status: str
    reason: str
    source: str


def take_in(
    source: Path,
    submitted: Path,
    assignment: str,
    *,
    roster: list[str] | None = None,
    name_regex: str | None = None,
    replace: bool = False,
    others: Sequence[str] = (),
    worksheet: Worksheet | None = None,
    zone: tzinfo | None = None,
    wanted: Callable[[set[str]], bool] = lambda names: True,
) -> list[Taken]:
    """Copies what students handed in to ``submitted/STUDENT/ASSIGNMENT/``; tells of each thing in the source.

    What was there is kept in ``replaced/ASSIGNMENT/STUDENT/``, below the time when it was replaced.

    Arguments:
        source: a folder or a zip with a folder or a zip for each student, or with files whose names tell the student;
            also a folder in which nbgrader's zip_collect has ``downloaded/ASSIGNMENT/archive/``.
        submitted: the folder of all submissions; ``work/``, ``receipts/`` and ``replaced/`` are beside it.
        assignment: the assignment's name.
        roster, name_regex: see `rnnkit.grading.intake.whose.Names`.
        replace: whether a submission may take the place of one that came under another name.
        others: the names of further assignments: a hand-in whose manifest names one is taken in as that one's.
        worksheet: when each was handed in, by the platform's own table.
        zone: of times in names and in the zip; this machine's by default.
        wanted: whether what has these names in the source is dealt with now; all is by default.

    Raises:
        BadValue: the source is neither a folder nor a zip, or the regular expression is of no use.
    """
    names = Names([assignment, *(name for name in others if name != assignment)], roster, name_regex)
    intake = _Intake(Path(submitted), assignment, replace, worksheet, zone)
    intake.recover()
    with ExitStack() as stack:
        try:
            things = units(_inner(Path(source), assignment), names, stack)
        except BadSubmission as error:
            raise BadValue(f"{source}: {error}") from None
        taken = [intake.take(unit, names) for unit in things if wanted(unit.sources)]
    return sorted(taken, key=lambda entry: (entry.student, entry.source))


def _inner(source: Path, assignment: str) -> Path:
    """The folder that holds the students' things, where nbgrader's zip_collect wants them."""
    for inner in (("downloaded", assignment, "archive"), (assignment, "archive"), ("archive",)):
        if source.joinpath(*inner).is_dir():
            return source.joinpath(*inner)
    return source


class _Intake:
    """One call of `take_in`."""

    def __init__(
        self, submitted: Path, assignment: str, replace: bool, worksheet: Worksheet | None, zone: tzinfo | None
    ) -> None:
        self.submitted, self.assignment, self.replace = submitted, assignment, replace
        self.worksheet, self.zone = worksheet, zone
        self.receipts = Receipts(submitted, assignment)
        self.work, self.kept = submitted.parent / WORK, submitted.parent / REPLACED / assignment

    def take(self, unit: Unit, names: Names) -> Taken:
        """Takes one submission, or tells why not."""
        name, source = unit.student, shown(unit.source)
        if unit.problem:
            return Taken(name, "refused", unit.problem, source)
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            with ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-", dir=self.work))
                staged = Path(folder) / self.assignment
                files = contents(unit, self.assignment, stack)
                copy([file for file in files if not file.why], staged)
                home = self._home(staged, names)
                name = home._twin(name, names)
                status, remark = home._enter(staged, name, unit)
        except BadSubmission as error:
            return Taken(name, "refused", str(error), source)
        except OSError as error:
            return Taken(name, "refused", f"it could not be copied ({error.strerror or error})", source)
        left = [f"{file.name} ({file.why})" for file in files if file.why]
        other = f"taken in as {home.assignment}: rnnkit grade {home.assignment}" if home is not self else ""
        left_out = f"left out: {listed(left)}" if left else ""
        remarks = [unit.named.remark, other, left_out, remark, self._untimed(unit)]
        return Taken(name, status, "; ".join(filter(None, remarks)), source)

    def _home(self, staged: Path, names: Names) -> _Intake:
        """Where a submission belongs, by its manifest; here where that is not said."""
        meant = manifest(staged).get("assignment")
        known = next((name for name in names.assignments if name == meant), self.assignment)
        if known == self.assignment:
            return self
        other = _Intake(self.submitted, known, self.replace, self.worksheet, self.zone)
        other.recover()
        return other

    def _twin(self, student: str, names: Names) -> str:
        """The id under which a submission is there already, where it differs in case alone; else the student's."""
        there = (path.name for path in self.submitted.glob("*") if os.path.lexists(path / self.assignment))
        twins = sorted(id for id in there if folded(id) == folded(student))
        if student in (names.roster or ()) or student in twins or not twins:
            return student
        if not self.replace:
            raise BadSubmission(f"is it {shown(twins[0])}'s, whose submission is there? {ASKED}")
        return twins[0]

    def _enter(self, staged: Path, student: str, unit: Unit) -> tuple[str, str]:
        """Puts a submission in its place; the one that was there stays until then, and is kept. What became of it."""
        target = self.submitted / student / self.assignment
        if target.parent.is_symlink() or target.is_symlink():
            raise BadSubmission(f"{target} is a link; remove it")
        when, by = self._came(unit, staged)
        named = shown(unit.source), unit.named.key
        receipt = Receipt(tree_hash(staged), when, *named, file_hashes(staged), unit.source, by)
        if not os.path.lexists(target):
            self.receipts.add(student, receipt)
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(target)
            return "new", ""
        if _alike(staged, target):
            self.receipts.better(student, receipt)
            return "same", ""
        before = self.receipts.find(student, tree_hash(target))
        self._ask(student, before, unit)
        told = before and before.key and by in TRUSTED and before.by in (*TRUSTED, "")
        if before and told and when < before.received and not self.replace:
            raise BadSubmission(f"an earlier attempt of {student}; what is there came at {before.received}; {ASKED}")
        self.receipts.add(student, receipt)
        aside = self._aside / student
        aside.parent.mkdir(parents=True, exist_ok=True)
        target.rename(aside)
        try:
            staged.rename(target)
        except BaseException:  # a death that leaves no time for this: see `recover`
            aside.rename(target)
            raise
        return "replaced", f"the earlier one is kept in {self._keep(aside)}"

    def _came(self, unit: Unit, staged: Path) -> tuple[str, str]:
        """When a submission came and who says so, see `rnnkit.grading.dates.rule.SOURCES`."""
        if said := self.worksheet and self.worksheet.find(unit.named):
            return came(staged, said, WORKSHEET)
        if said := said_by_name(unit.named.date, self.zone):
            return came(staged, said, NAME)
        if unit.dated:
            return came(staged, unit.dated.replace(tzinfo=self.zone), ZIP)
        return came(staged)

    def _untimed(self, unit: Unit) -> str:
        """What is lacking to know when a submission came."""
        if self.worksheet:
            return "" if self.worksheet.find(unit.named) else "the worksheet has no time for it"
        known = unit.named.date or unit.dated
        return (
            "the platform calls it late and does not say how late: --worksheet" if unit.named.late and not known else ""
        )

    def _ask(self, student: str, before: Receipt | None, unit: Unit) -> None:
        """Refuses what came under another name than the submission that is there, unless that was allowed."""
        is_same = unit.named.key == before.key if before and before.key else unit.named.is_plain
        if not (is_same or self.replace):
            came = f"came as {before.source}" if before and before.source else "has no other name than that id"
            raise BadSubmission(f"is {shown(unit.source)} {student}'s? What is there {came}; {ASKED}")

    @property
    def _aside(self) -> Path:
        """Where earlier submissions are in the middle of a swap."""
        return self.work / REPLACED / self.assignment

    def _keep(self, aside: Path) -> Path:
        """Moves an earlier submission to where such ones are kept, below the time."""
        kept = self.kept / aside.name / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
        kept.parent.mkdir(parents=True, exist_ok=True)
        return aside.rename(kept)

    def recover(self) -> None:
        """After a death in a swap: puts what was set aside back, or keeps it where the new one is in its place."""
        for aside in sorted(self._aside.iterdir()) if self._aside.is_dir() else ():
            target = self.submitted / aside.name / self.assignment
            if os.path.lexists(target):
                self._keep(aside)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                aside.rename(target)


def copy(files: list[File], folder: Path) -> None:
    """Writes a submission's files into a folder.

    Raises:
        BadSubmission: there are too many, they are too large, or one cannot be read.
    """
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


def _alike(one: Path, other: Path) -> bool:
    """Whether two folders have the same files with the same bytes."""
    inside = [{path.relative_to(side) for path in side.rglob("*") if not path.is_dir()} for side in (one, other)]
    return inside[0] == inside[1] and all(
        (other / path).is_file() and not (other / path).is_symlink() and filecmp.cmp(one / path, other / path, False)
        for path in inside[0]
    )
