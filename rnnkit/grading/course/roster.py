"""Who is in the class: ``grading/roster.csv``, with the header ``id,first_name,last_name,email``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rnnkit.common.names import STUDENT, BadValue
from rnnkit.grading.table import Table

COLUMNS = ("id", "first_name", "last_name", "email")


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
    table = Table(path)
    students: dict[str, Student] = {}
    lines: dict[str, int] = {}
    problems: list[str] = []
    if "id" not in table.header:
        raise BadValue(f"{path}: expected the header {','.join(COLUMNS)} in line 1, got {table.first!r}")
    for line, cells in table:
        if not any(cells):
            continue
        fields = dict(zip(table.header, cells, strict=False))
        student = Student(**{name: fields.get(name, "") for name in COLUMNS})
        key = student.id.casefold()  # Ada and ada are one folder on some file systems
        if problem := _problem(student, len(cells), len(table.header), lines.get(key)):
            problems.append(f"line {line}: {problem}")
        else:
            students[key], lines[key] = student, line
    table.refuse(problems)
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
