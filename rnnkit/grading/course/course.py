"""A course's folder: what lies where, who has submitted, and what its gradebook must know before anything is graded."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rnnkit.assignments import names
from rnnkit.checks.assignment import Assignment
from rnnkit.common.lock import locked
from rnnkit.common.names import STUDENT, BadValue, unknown
from rnnkit.common.places import clone_root
from rnnkit.grading.course import gradebook
from rnnkit.grading.course.master import masters, version
from rnnkit.grading.course.renewed import renew
from rnnkit.grading.course.roster import Student, read_roster
from rnnkit.grading.dates.file import Dates, read_dates
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.release.release import RELEASE, ReleaseError, check, differences, generate
from rnnkit.grading.sandbox.room import no_room

MOST_BACKUPS = 20


class GradingError(BadValue):
    """A class that cannot be graded."""


class Busy(GradingError):
    """Another process is grading this course."""


def _inside(name: str) -> property:
    """A place in the course's folder ``grading``."""
    return property(lambda course: course.folder / "grading" / name)


@dataclass(frozen=True)
class Course:
    """Where things are: the clone with its notebooks, and the folder of the course (often the same)."""

    root: Path
    folder: Path

    @classmethod
    def at(cls, folder: Path | None) -> Course:
        """The course of a folder; the clone's own by default."""
        return cls(clone_root(), (folder or clone_root()).resolve())

    submitted = _inside("submitted")
    autograded = _inside("autograded")
    feedback = _inside("feedback")
    work = _inside("work")
    ledger = _inside("ledger.json")
    gradebook = _inside("gradebook.db")
    backups = _inside("backup")
    attempts = _inside("attempts")
    roster = _inside("roster.csv")
    dates_file = _inside("dates.toml")

    @property
    def people(self) -> list[Student]:
        """Who is in the class; nobody where there is no roster."""
        return read_roster(self.roster) if self.roster.exists() else []

    @property
    def ids(self) -> tuple[str, ...]:
        """Of whoever is in the class, or has submitted."""
        submitted = {folder.name for folder in self.submitted.glob("[!.]*") if STUDENT.fullmatch(folder.name)}
        return tuple(sorted(submitted | {one.id for one in self.people if STUDENT.fullmatch(one.id)}))

    def dates(self) -> Dates:
        """When what is due. Where there is a roster, only who is in it or has submitted may be named there.

        Raises:
            BadValue: the file, or the roster, is not as it should be.
        """
        known = {student.id for student in self.people}
        submitted = {folder.name for folder in self.submitted.glob("[!.]*")}
        return read_dates(self.dates_file, names(), known | submitted if known else None)


@dataclass
class Graded:
    """What became of a class.

    Fields:
        entries: of all submissions, graded now or before.
        again: students whose submissions are as they were, and graded again as what decides points has changed.
        missing: students of the roster who have not submitted.
        refused: folders that are no student's, with reasons.
        folders: all students who have a folder, whether or not they were asked for.
        gone: students in the ledger whose submission is no longer there.
        copies: runs that several students handed in, as it is or saved again, and who they are.
        doubtful: students who may have been late, see `rnnkit.grading.course.lateness.settle`.
        share: what gave each submission its share of the machine; empty where nothing was graded.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    copies: list[tuple[str, list[str]]] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    share: str = ""


@contextmanager
def lock(course: Course) -> Iterator[None]:
    """One grading of a course at a time; the system lets go when the process ends. A full disk says that it is full."""
    folder = course.folder / "grading"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refusal = Busy(f"{folder}: another process is grading this course; wait for it to end")
        with locked(folder / ".lock", refusal):
            yield
    except Exception as error:
        if not no_room(error):
            raise
        raise GradingError(f"{folder}: there is no room on the disk; make some and try again") from error


def enter(course: Course, assignment: Assignment, ledger: Ledger) -> None:
    """Enters questions, points and roster into the gradebook, where that was not done or has changed."""
    released = masters(course.root, assignment)
    now = version(course.root, assignment)
    fresh = not course.gradebook.exists()
    if fresh and ledger.entries:
        raise GradingError(
            f"{course.gradebook}: expected the gradebook, found none; the points that people gave are only there; "
            f"copy the newest of {course.backups} to its place, or move {course.ledger.name} away to begin anew"
        )
    if fresh or ledger.content["entered"].get(assignment.name) != now:
        if not fresh:
            _refuse(check(course.root, [assignment.name]))
            back_up(course)
            with gradebook.opened(course.folder) as book:
                renew(book, assignment, released)
        with tempfile.TemporaryDirectory() as folder:
            generate(course.root, Path(folder), [assignment.name], db_url=gradebook.url(course.folder))
            _refuse(differences(Path(folder), course.root / RELEASE, [assignment.name]))
        ledger.content["entered"][assignment.name] = now
        ledger.save()
    if people := course.people:
        with gradebook.opened(course.folder) as book:
            gradebook.enter_students(book, people)


def _refuse(changed: list[str]) -> None:
    if changed:
        raise ReleaseError(
            f"{', '.join(changed)}: expected the released notebooks to be those of the sources, they differ; "
            "run rnnkit release first"
        )


def standing(course: Course, assignment: Assignment, students: Sequence[str]) -> Graded:
    """Who has submitted, who has not, and which folders are no student's."""
    result, name = Graded(), assignment.name
    for folder in sorted(course.submitted.glob("[!.]*")):
        if not folder.is_dir() or folder.is_symlink():
            result.refused[folder.name] = "expected a student's folder, found something else"
        elif not STUDENT.fullmatch(folder.name):
            result.refused[folder.name] = "expected a student's id (letters, digits, . _ @ -) as the folder's name"
        elif (folder / name).is_dir() and not (folder / name).is_symlink():
            result.entries[folder.name] = Entry(folder.name, "")
        elif not any((folder / other).is_dir() for other in names()):  # else another assignment was handed in
            result.refused[folder.name] = f"expected the folder {name} in it, found none"
    result.missing = [student.id for student in course.people if student.id not in result.entries]
    result.folders = set(result.entries)
    for student in students:
        if student in result.missing:
            raise GradingError(f"{student}: has not submitted; expected {course.submitted / student / name}")
        if student not in result.entries:
            raise GradingError(unknown(student, result.entries, "student"))
    if students:
        result.entries = {student: result.entries[student] for student in students}
    return result


def back_up(course: Course) -> None:
    """Copies the gradebook aside, as it is before a grading; the newest copies are kept."""
    if not course.gradebook.exists():
        return
    course.backups.mkdir(exist_ok=True)
    copy = course.backups / f"gradebook-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.db"
    try:
        with closing(sqlite3.connect(course.gradebook)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException:
        copy.unlink(missing_ok=True)  # half a copy would pass for one
        raise
    for old in sorted(course.backups.glob("gradebook-*.db"))[:-MOST_BACKUPS]:
        old.unlink()


def forget(course: Course, assignment: Assignment, student: str) -> None:
    """Takes a student who no longer submits out of gradebook, ledger, autograded notebooks and feedback."""
    with lock(course):
        ledger = Ledger(course.ledger, assignment.name)
        folder = course.submitted / student / assignment.name
        if student not in ledger.entries:
            raise GradingError(unknown(student, ledger.entries, "graded student"))
        if folder.exists():
            raise GradingError(f"{folder}: is still there; move it away first, or it would be graded again")
        back_up(course)
        with gradebook.opened(course.folder) as book:
            gradebook.remove(book, assignment.name, student)
        places = [place / student / assignment.name for place in (course.autograded, course.feedback)]
        for place in (*places, course.attempts / assignment.name / student):
            shutil.rmtree(place, ignore_errors=True)
        del ledger.entries[student]
        ledger.save()
