"""``rnnkit export``: the grades of a class as CSV, a row for everybody, whether handed in or not."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.marks import (
    Mark,
    Marks,
    MarksError,
    Submission,
    nobody,
    read_marks,
)
from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import GRADED, Entry

NOT_SUBMITTED = "not submitted"
PERSON = ("student_id", "last_name", "first_name", "email")
STATE = ("status", "reason", "so_far")
SUMS = ("total", "max", "auto", "manual", "extra_credit", "late_penalty", "needs_manual")
LAST = ("set_by_hand", "flags", "submitted_at")
# Where spreadsheets of some countries, told nothing else, begin a new cell that is a formula.
SPLIT = re.compile("([;|][\\s\"'\ufeff\u200b]*)(?=[=+@＝＋－＠-])")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclasses.dataclass(frozen=True)
class Exported:
    """What was written: the rows below the header, the students whose totals are not final, and those with points
    that the gradebook does not have.
    """

    rows: int
    waiting: int
    lost: tuple[str, ...] = ()


def export(
    gradebook_url: str,
    assignments: Sequence[Assignment],
    to: Path,
    *,
    roster: Sequence[Student] = (),
    ledgers: Mapping[str, Mapping[str, Entry]] | None = None,
    students: Sequence[str] | None = None,
    orders: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> Exported:
    """Writes the grades, whole or not at all.

    ``total`` is auto + manual + extra_credit - late_penalty; ``auto`` are the points for code and ``manual`` those for
    answers that a person marks. Where a person has set the points of a check, these count, and ``set_by_hand`` names
    the check. A cell of a question is empty where nothing was handed in or nothing is marked yet. ``so_far`` says what
    waits where ``total`` is not final. Of several assignments each has all these columns, after its name.

    Arguments:
        gradebook_url: as sqlalchemy has it.
        assignments: those whose grades are written.
        to: the file to write, in UTF-8.
        roster: who is in the class, in the order of the rows; further students of the gradebook and the ledger follow.
        ledgers: what became of every submission, by the assignment's name.
        students: the ids of those to export; everybody where None.
        orders: of the questions' columns by the assignment's name, see `rnnkit.grading.course.marks.order_of`.

    Raises:
        MarksError: no gradebook, no such assignment, or a student whom nobody knows.
    """
    groups = [
        _Group(
            read_marks(gradebook_url, assignment, (orders or {}).get(assignment.name, ())),
            (ledgers or {}).get(assignment.name, {}),
            f"{assignment.name}/" if len(assignments) > 1 else "",
        )
        for assignment in assignments
    ]
    people = {student.id: student for student in roster}
    entered = {id: person for group in groups for id, person in group.marks.people.items()}
    further = {id for group in groups for id in (*group.marks.submissions, *group.ledger)} | {*entered}
    people |= {id: entered.get(id, Student(id)) for id in sorted(further - {*people})}
    for id in students or ():
        if id not in people:
            raise MarksError(nobody(id, people))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*PERSON, *(name for group in groups for name in group.header())])
    chosen = [people[id] for id in (people if students is None else dict.fromkeys(students))]
    for student in chosen:
        person = (student.id, student.last_name, student.first_name, student.email)
        values = (*person, *(value for group in groups for value in group.row(student.id)))
        writer.writerow([cell(value) for value in values])
    to.parent.mkdir(parents=True, exist_ok=True)
    save_text(to, file.getvalue())
    waiting = [student for student in chosen if any(group.waits_for(student.id) for group in groups)]
    lost = [student.id for student in chosen if any(group.lost(student.id) for group in groups)]
    return Exported(len(chosen), len(waiting), tuple(lost))


def cell(value: Any) -> str:
    """A value as a cell that no spreadsheet takes for a formula: ``'`` stands before what begins like one.

    This holds within the text as well, where a spreadsheet might split it.
    """
    if value is None:
        return ""
    if isinstance(value, bool | str):
        text = str(value)
        risky = text[:1] in ("\t", "\r", "\n") or text.lstrip("\ufeff\u200b\xa0 \t\r\n")[:1] in (*"=+-@＝＋－＠",)
        shown = SPLIT.sub(r"\1'", " ".join(plain(text).split()))
        return f"'{shown}" if shown and risky and not NUMBER.fullmatch(shown) else shown
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='seconds')}+00:00"  # nbgrader's times are UTC and do not say so
    return f"{round(value, 4):.10g}"


@dataclasses.dataclass(frozen=True)
class _Group:
    """The columns of one assignment; `prefix` stands before their names."""

    marks: Marks
    ledger: Mapping[str, Entry]
    prefix: str

    @property
    def columns(self) -> list[Mark]:
        """The cells that have a column."""
        return [cell for cell in self.marks.cells if not cell.task or cell.most]

    def header(self) -> list[str]:
        """The columns' names: of a cell its id, with the notebook's name where two notebooks have the same one."""
        ids = [column.id for column in self.columns]
        cells = [c.id if ids.count(c.id) == 1 else f"{c.notebook}/{c.id}" for c in self.columns]
        return [f"{self.prefix}{name}" for name in (*STATE, *SUMS, *map(cell, cells), *LAST)]

    def row(self, student: str) -> list[Any]:
        """A student's cells."""
        there = self.marks.submissions.get(student)
        entry = self.ledger.get(student) or Entry(student, NOT_SUBMITTED if there is None else GRADED)
        submission = there or Submission(student, None)
        got = {(mark.notebook, mark.id): mark.known_to(entry).points for mark in submission.marks}
        by_hand = [mark.id for mark in submission.marks if mark.code and mark.by_hand is not None]
        return [
            *(entry.status, entry.reason, "; ".join(self.waits_for(student))),
            *(submission.total, self.marks.most, submission.auto, submission.manual, submission.extra),
            *(submission.penalty, self._to_read(student)),
            *(got.get((column.notebook, column.id)) for column in self.columns),
            ", ".join(by_hand),
            "; ".join(entry.all_flags),
            entry.received or submission.submitted,
        ]

    def waits_for(self, student: str) -> list[str]:
        """What is to come before a student's total is final."""
        if there := self.marks.submissions.get(student):
            return there.waits_for(self._entry(student))
        unread = self._to_read(student)
        return [f"{unread} still to be marked by a person"] if unread else []

    def lost(self, student: str) -> bool:
        """Whether a student was graded, and the gradebook does not know."""
        there = student in self.ledger and student not in self.marks.submissions
        return there and self.ledger[student].status == GRADED

    def _entry(self, student: str) -> Entry:
        return self.ledger.get(student) or Entry(student, GRADED)

    def _to_read(self, student: str) -> int:
        """How many answers of a student a person has yet to look at."""
        entry = self._entry(student)
        if there := self.marks.submissions.get(student):
            return len(there.to_read(entry))
        return sum(answer["answered"] for answer in entry.answers.values())
