"""A folder is watched: what arrives in it is taken in, graded, and gets its feedback at once.

Nothing is graded twice: ``grading/watched/ASSIGNMENT.json`` has what was dealt with, and what was taken in before a
death stands in the course, where the next start finds it waiting.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnkit.assignments import names
from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.grading.course.course import Course, Graded, lock
from rnnkit.grading.intake.sorting import OF_MANY
from rnnkit.grading.intake.take_in import Taken, take_in
from rnnkit.grading.intake.unpack import is_junk
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.report.feedback import INDEX, feedback
from rnnkit.grading.walk import walk

WATCHED = "watched"
Grade = Callable[..., Graded]


class Watch:
    """One folder and the course that it feeds.

    Arguments:
        folder: where things arrive, as a folder that `rnnkit.grading.intake.take_in` reads; also platforms' zips.
        grade: `rnnkit.grading.course.driver.grade_class`, with everything but ``students`` and ``on_entry`` given.
        line: tells of an entry.
        at_once: how many are graded before their feedback is made.
        name_regex, replace: see `take_in`.

    Raises:
        BadValue: no such folder, or one of the course's own.
    """

    def __init__(
        self,
        folder: Path,
        course: Course,
        assignment: Assignment,
        grade: Grade,
        line: Callable[[Entry], str],
        *,
        at_once: int = 1,
        name_regex: str | None = None,
        replace: bool = False,
    ) -> None:
        if not folder.is_dir():
            raise BadValue(f"--watch {folder}: expected a folder, found none")
        if folder.resolve().is_relative_to(course.submitted.parent.resolve()):
            raise BadValue(f"--watch {folder}: expected a folder that is not the course's own grading/")
        self.folder, self.course, self.assignment = folder, course, assignment
        self._grade, self._line, self._at_once = grade, line, at_once
        self._name_regex, self._replace = name_regex, replace
        self._path = course.submitted.parent / WATCHED / f"{assignment.name}.json"
        self._dealt_with = _read(self._path)
        self._before: dict[str, str] = {}
        self._owed: dict[str, Entry] = {}  # graded, without feedback yet
        self._waiting: list[str] | None = None  # students to be graded; nothing is known of them before the first look

    def look(self) -> Iterator[str]:
        """Looks once, and deals with what has settled since the look before; yields lines about it.

        Raises:
            Busy: another process is grading this course (`rnnkit.grading.course.course`); the next look tries again.
        """
        if self._waiting is None:
            self._grade_these(())
            entries = Ledger(self.course.ledger, self.assignment.name).entries
            self._owed |= {student: entry for student, entry in entries.items() if self._owes(entry)}
            self._waiting = []
        yield from self._give()
        now = _prints(self.folder)
        settled = {name for name, print_ in now.items() if self._before.get(name) == print_}
        self._before = now
        if fresh := {name for name in settled if self._dealt_with.get(name) != now[name]}:
            yield from self._take(fresh, settled, now)
        while self._waiting:
            self._grade_these([one for one in self._waiting[: self._at_once] if self._submitted(one)])
            del self._waiting[: self._at_once]
            yield from self._give()

    def _owes(self, entry: Entry) -> bool:
        page = self.course.feedback / entry.student / self.assignment.name / INDEX
        graded = datetime.fromisoformat(entry.graded).timestamp() if entry.graded else 0.0
        return self._submitted(entry.student) and (not page.exists() or page.stat().st_mtime < graded)

    def _submitted(self, student: str) -> bool:
        return (self.course.submitted / student / self.assignment.name).is_dir()

    def _take(self, fresh: set[str], settled: set[str], now: dict[str, str]) -> Iterator[str]:
        """Takes in what is new and whole; what is refused is named once, and left where it is."""
        met: set[str] = set()

        def wanted(things: set[str]) -> bool:
            chosen = bool(things & fresh) and things <= settled
            met.update(things if chosen else ())
            return chosen

        roster = [student.id for student in self.course.people] if self.course.roster.exists() else None
        how: dict[str, Any] = {
            "roster": roster,
            "name_regex": self._name_regex,
            "replace": self._replace,
            "others": names(),
        }
        how["zone"] = self.course.dates().zone
        with lock(self.course):
            taken = take_in(self.folder, self.course.submitted, self.assignment.name, wanted=wanted, **how)
            many = [one for one in taken if one.reason == OF_MANY]
            for one in [one for one in many if (self.folder / one.source).is_file()]:
                taken += take_in(self.folder / one.source, self.course.submitted, self.assignment.name, **how)
        self._dealt_with |= {name: now[name] for name in met & now.keys()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        save_text(self._path, json.dumps(self._dealt_with, indent=1) + "\n")
        for one in (one for one in taken if one not in many):
            yield from self._told(one)

    def _told(self, one: Taken) -> Iterator[str]:
        if one.status == "refused":
            yield f"{one.source}: refused and left alone: {one.reason}"
        elif one.status != "same":
            if one.reason:
                yield f"{one.student}: {one.status}: {one.reason}"
            if self._waiting is not None and self._submitted(one.student):
                self._waiting.append(one.student)

    def _grade_these(self, students: Sequence[str]) -> None:
        """Grades these, or all, where there is anything to do; the feedback of each is owed then."""

        def note(entry: Entry, done: int, of: int) -> None:
            self._owed[entry.student] = entry

        self._grade(self.course, self.assignment, students=students, on_entry=note)

    def _give(self) -> Iterator[str]:
        """Makes the feedback that is owed; a line for each when it is there."""
        if self._owed:
            made = feedback(self.course, self.assignment, list(self._owed))
            owed, self._owed = self._owed, {}
            for one in made:
                yield f"{self._line(owed[one.student])}: {one.page or f'no feedback: {one.reason}'}"


def _prints(folder: Path) -> dict[str, str]:
    """The things in a folder, each with what tells whether it has changed: names, sizes and times of its files."""
    prints = {}
    for entry in os.scandir(folder):
        if is_junk(entry.name):
            continue
        digest = hashlib.sha256()
        inside = walk(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else [("", _status(entry))]
        for name, status in inside:
            about = (status.st_size, status.st_mtime_ns) if status else None
            digest.update(f"{os.fsencode(name)!r} {about}\0".encode())
        prints[entry.name] = digest.hexdigest()
    return prints


def _status(entry: os.DirEntry) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:  # it has gone in the meantime
        return None


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content if isinstance(content, dict) else {}
    except (OSError, ValueError):
        return {}  # none, or none that can be read: what is the same as before is not graded again
