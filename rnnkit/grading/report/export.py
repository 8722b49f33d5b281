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

from rnnkit.common.whole import save_text
from rnnkit.grading.course.ledger import GRADED, Entry
from rnnkit.grading.course.marks import (
    Mark,
    Marks,
    MarksError,
    Submission,
    nobody,
    plain,
    read_marks,
)
from rnnkit.grading.course.roster import Student

NOT_SUBMITTED = "not submitted"
FIRST = ("student_id", "last_name", "first_name", "email", "status", "reason", "so_far")
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
    assignment: str,
    to: Path,
    *,
    roster: Sequence[Student] = (),
    ledger: Mapping[str, Entry] | None = None,
    students: Sequence[str] | None = None,
    order: Sequence[tuple[str, str]] = (),
) -> Exported:
    """Writes the grades, whole or not at all.

    ``total`` is auto + manual + extra_credit - late_penalty; ``auto`` are the points for code and ``manual`` those for
    answers that a person marks. Where a person has set the points of a check, these count, and ``set_by_hand`` names
    the check. A cell of a question is empty where nothing was handed in or nothing is marked yet. ``so_far`` says what
    waits where ``total`` is not final.

    Arguments:
        gradebook_url: as sqlalchemy has it.
        to: the file to write, in UTF-8.
        roster: who is in the class, in the order of the rows; further students of the gradebook and the ledger follow.
        ledger: what became of every submission.
        students: the ids of those to export; everybody where None.
        order: of the questions' columns, see `rnnkit.grading.course.marks.order_of`.

    Raises:
        MarksError: no gradebook, no such assignment, or a student whom nobody knows.
    """
    marks, ledger = read_marks(gradebook_url, assignment, order), ledger or {}
    people = {student.id: student for student in roster}
    further = {*marks.people, *marks.submissions, *ledger} - {*people}
    people |= {id: marks.people.get(id, Student(id)) for id in sorted(further)}
    for id in students or ():
        if id not in people:
            raise MarksError(nobody(id, people))
    columns = [cell for cell in marks.cells if not cell.task or cell.most]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*FIRST, *SUMS, *map(cell, _names(columns)), *LAST])
    chosen = [people[id] for id in (people if students is None else dict.fromkeys(students))]
    for student in chosen:
        writer.writerow([cell(value) for value in _row(student, marks, columns, ledger.get(student.id))])
    to.parent.mkdir(parents=True, exist_ok=True)
    save_text(to, file.getvalue())
    waiting = [student.id for student in chosen if _waits_for(student, marks, ledger.get(student.id))]
    lost = [id for id in (student.id for student in chosen) if id in ledger and id not in marks.submissions]
    lost = [id for id in lost if ledger[id].status == GRADED]
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


def _names(columns: Sequence[Mark]) -> list[str]:
    """The columns' names: ids, with the notebook's name where two notebooks have the same one."""
    ids = [column.id for column in columns]
    return [c.id if ids.count(c.id) == 1 else f"{c.notebook}/{c.id}" for c in columns]


def _row(student: Student, marks: Marks, columns: Sequence[Mark], entry: Entry | None) -> list[Any]:
    there = marks.submissions.get(student.id)
    entry = entry or Entry(student.id, NOT_SUBMITTED if there is None else GRADED)
    submission = there or Submission(student.id, None)
    got = {(mark.notebook, mark.id): mark.known_to(entry).points for mark in submission.marks}
    by_hand = [mark.id for mark in submission.marks if mark.code and mark.by_hand is not None]
    return [
        *(student.id, student.last_name, student.first_name, student.email, entry.status, entry.reason),
        "; ".join(_waits_for(student, marks, entry)),
        *(submission.total, marks.most, submission.auto, submission.manual, submission.extra, submission.penalty),
        _to_read(student, marks, entry),
        *(got.get((column.notebook, column.id)) for column in columns),
        ", ".join(by_hand),
        "; ".join(entry.all_flags),
        entry.received or submission.submitted,
    ]


def _to_read(student: Student, marks: Marks, entry: Entry | None) -> int:
    """How many answers of a student a person has yet to look at."""
    entry = entry or Entry(student.id, GRADED)
    if student.id in marks.submissions:
        return len(marks.submissions[student.id].to_read(entry))
    return sum(about["answered"] for about in entry.answers.values())


def _waits_for(student: Student, marks: Marks, entry: Entry | None) -> list[str]:
    """What is to come before a student's total is final."""
    entry = entry or Entry(student.id, GRADED)
    if student.id in marks.submissions:
        return marks.submissions[student.id].waits_for(entry)
    unread = _to_read(student, marks, entry)
    return [f"{unread} still to be marked by a person"] if unread else []
