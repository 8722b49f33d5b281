"""``rnnkit export``: the grades of a class as CSV, a row for everybody, whether handed in or not."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.lateness import refresh
from rnnkit.grading.course.marks import Mark, Marks, read_marks
from rnnkit.grading.ledger import GRADED

NOT_SUBMITTED = "not submitted"
PERSON = ("student_id", "last_name", "first_name", "email")
STATE = ("status", "reason", "so_far")
SUMS = ("total", "max", "not_asked", "auto", "manual", "extra_credit", "late_penalty", "needs_manual")
LAST = ("set_by_hand", "flags", "submitted_at", "received_by", "late_s", "attempts")
# Where spreadsheets of some countries, told nothing else, begin a new cell that is a formula.
SPLIT = re.compile("([;|][\\s\"'\ufeff\u200b]*)(?=[=+@＝＋－＠-])")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Exported:
    """What was written: the rows below the header, the students whose totals are not final, and those with points
    that the gradebook does not have.
    """

    rows: int
    waiting: int
    lost: list[str]


def export(
    course: Course, assignments: Sequence[Assignment], to: Path, students: Sequence[str] | None = None
) -> Exported:
    """Writes the grades of everybody or of some students: first who is in the roster, then whoever else is known.

    ``total`` is auto + manual + extra_credit - late_penalty; ``auto`` are the points for code and ``manual`` those
    for answers that a person marks. ``not_asked`` is how much of ``max`` the release that was handed in did not
    have. Where a person has set the points of a check, these count, and ``set_by_hand`` names the check. A cell of
    a question is empty where nothing was handed in or nothing is marked yet. ``so_far`` says what waits where
    ``total`` is not final. ``received_by`` says who vouches for ``submitted_at``, and ``late_s`` how many seconds
    after the due date that is, where it is beyond the grace; ``attempts`` has those of several with the points of
    their checks. Of several assignments each has all these columns, after its name.
    """
    refresh(course, assignments)
    groups = {assignment.name: read_marks(course, assignment) for assignment in assignments}
    people = {id: person for marks in groups.values() for id, person in marks.people.items()}
    for id in students or ():
        if id not in people:
            raise BadValue(unknown(id, sorted(people), "student"))
    chosen = list(people if students is None else dict.fromkeys(students))
    names = [
        f"{assignment}/{name}" if len(groups) > 1 else name
        for assignment, marks in groups.items()
        for name in _header(marks)
    ]
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*PERSON, *names])
    for id in chosen:
        person = (id, people[id].last_name, people[id].first_name, people[id].email)
        writer.writerow(map(cell, itertools.chain(person, *(_row(marks, id) for marks in groups.values()))))
    to.parent.mkdir(parents=True, exist_ok=True)
    save_text(to, file.getvalue())
    waiting = [id for id in chosen if any(marks.of(id).waits_for for marks in groups.values())]
    lost = [id for id in chosen if any(_lost(marks, id) for marks in groups.values())]
    return Exported(len(chosen), len(waiting), lost)


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


def _columns(marks: Marks) -> list[Mark]:
    """The cells that have a column."""
    return [cell for cell in marks.cells if not cell.task or cell.most]


def _header(marks: Marks) -> list[str]:
    """The columns' names: of a cell its id, with the notebook's name where two notebooks have the same one."""
    columns = _columns(marks)
    several = Counter(column.id for column in columns)
    ids = [c.id if several[c.id] == 1 else f"{c.notebook}/{c.id}" for c in columns]
    return [*STATE, *SUMS, *map(cell, ids), *LAST]


def _row(marks: Marks, student: str) -> Iterator[Any]:
    """A student's cells below the header."""
    submission, entry = marks.of(student), marks.of(student).entry
    known = student in marks.submissions or student in marks.entries
    yield from (entry.status if known else NOT_SUBMITTED, entry.reason, "; ".join(submission.waits_for))
    yield from (submission.total, marks.most, submission.not_asked)
    yield from (submission.auto, submission.manual, submission.extra)
    yield from (submission.penalty, submission.unread)
    points = {mark.place: mark.points for mark in submission.marks}
    yield from (points.get(column.place) for column in _columns(marks))
    yield ", ".join(mark.id for mark in submission.marks if mark.code and mark.by_hand is not None)
    yield "; ".join(entry.all_flags)
    yield entry.received or submission.submitted
    yield entry.received_by
    yield entry.late.get("seconds")
    yield "; ".join(map(attempt, entry.attempts)) if len(entry.attempts) > 1 else ""


def attempt(one: dict[str, Any]) -> str:
    """One of several attempts in a few words: when it came, the checks' points, and whether it counts."""
    lost = f" - {one['penalty']:g} late" if one["penalty"] else ""
    return f"{one['received']} {one['points'] + one['extra']:g}{lost}{' counts' if one['counts'] else ''}"


def _lost(marks: Marks, student: str) -> bool:
    """Whether a student was graded, and the gradebook does not know."""
    return student not in marks.submissions and student in marks.entries and marks.entries[student].status == GRADED
