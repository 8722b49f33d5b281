"""Who is in the class: ``grading/roster.csv``, with the header ``id,first_name,last_name,email``."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from rnnkit.common.names import STUDENT, BadValue

COLUMNS = ("id", "first_name", "last_name", "email")
LISTED = 5  # as many problems are named in a message


@dataclass(frozen=True)
class Student:
    """Somebody in the class; what is not known is empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """First and last name, or nothing."""
        return f"{self.first_name} {self.last_name}".strip()


def read_roster(path: Path) -> list[Student]:
    """The students of a roster, in its order.

    Columns may stand in any order, and further ones are passed over; a byte order mark and semicolons or tabs instead
    of commas, as spreadsheets write them, are understood.

    Raises:
        BadValue: not UTF-8, no column ``id``, or lines with an id that is missing, odd or there
            already; each with its line number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadValue(f"{path}: expected a text file in UTF-8, got {error}; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    students: dict[str, Student] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        if "id" not in header:
            raise BadValue(f"{path}: expected the header {','.join(COLUMNS)} in line 1, got {first.strip()[:80]!r}")
        for row in rows:
            if not any(field.strip() for field in row):
                continue
            fields = dict(zip(header, (field.strip() for field in row), strict=False))
            student = Student(**{name: fields.get(name, "") for name in COLUMNS})
            key = student.id.casefold()  # Ada and ada are one folder on some file systems
            if problem := _problem(student, len(row), len(header), lines.get(key)):
                problems.append(f"line {rows.line_num}: {problem}")
            else:
                students[key], lines[key] = student, rows.line_num
    except csv.Error as error:
        raise BadValue(f"{path}: line {rows.line_num}: expected CSV, got {error}; save it as CSV again") from None
    if problems:
        more = f"; and {len(problems) - LISTED} more lines" if len(problems) > LISTED else ""
        raise BadValue(f"{path}: {'; '.join(problems[:LISTED])}{more}")
    return list(students.values())


def _problem(student: Student, fields: int, columns: int, earlier: int | None) -> str | None:
    """What is wrong with a line, in words."""
    if fields > columns:
        return f"expected {columns} fields, got {fields}: put what has a comma in it into double quotes"
    if not student.id:
        return "expected an id, got an empty field"
    if not STUDENT.fullmatch(student.id):
        return f"expected an id of letters, digits and ._@- (64 at most, not . or - first), got {student.id[:80]!r}"
    return f"expected each id once, {student.id!r} is in line {earlier} already" if earlier else None
