"""The grade sheets of Moodle, Canvas and Blackboard: which cells say whose a row is, and which one takes the grade.

Source:
    Moodle: mod/assign/gradingtable.php and mod/assign/feedback/offline (importgradeslib.php, locallib.php) of
        github.com/moodle/moodle: a row is found by ``Identifier``, ``Participant`` and a number; ``Grade`` and ``Last
        modified (grade)`` have to be there; what is empty, locked or above the maximum is passed over without a word.
    Canvas: lib/gradebook_exporter.rb and lib/gradebook_importer.rb of github.com/instructure/canvas-lms: a column of an
        assignment is ``TITLE (ID)``, one without an id makes a new assignment; a row whose first cell has ``Points
        Possible`` says the most; a student is found by ID, SIS User ID, SIS Login ID, or the name.
    Blackboard: library.blackboard.com, "Uploading or Downloading Grade Center Items for Working Offline": a student is
        found by the user name, a column by its number behind ``|``, and one without makes a new column of text;
        tab-delimited files are recommended. The form of its header, ``NAME [Total Pts: N Score] |ID``, is as downloads
        show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnkit.common.names import BadValue, unknown
from rnnkit.common.text import listed
from rnnkit.grading.lms.sheet import Sheet

NUMBER = re.compile(r"(\d+)\s*$")
POSSIBLE = "points possible"


@dataclass(frozen=True)
class Lms:
    """One platform's sheet.

    Fields:
        name: as `rnnkit.grading.intake.whose.PATTERNS` has it.
        number: the column with the platform's own number of a student; empty where it has none.
        words: columns with names of a student that the roster may have as id or e-mail address.
        person: columns whose cells say to a person whose row it is.
        needs: columns without which the platform does not take it.
        columns: the shape of the headers of assignments' columns, with a group ``name`` and perhaps ``most``; empty
            where there is one assignment only.
        grade, most, may: the columns of the only assignment's grade, the most, and whether it can be changed.
        header: of a new sheet; ``{column}`` is the assignment's.
    """

    name: str
    number: str
    words: tuple[str, ...]
    person: tuple[str, ...]
    needs: tuple[str, ...]
    header: tuple[str, ...]
    columns: re.Pattern = field(default_factory=lambda: re.compile(r"(?!)"))
    grade: str = ""
    most: str = ""
    may: str = ""


MOODLE = Lms(
    "Moodle",
    "Identifier",
    ("ID number", "Username", "Email address"),
    ("Full name", "Identifier"),
    ("Identifier", "Grade", "Last modified (grade)"),
    ("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
     "Last modified (submission)", "Last modified (grade)", "Feedback comments"),
    grade="Grade", most="Maximum Grade", may="Grade can be changed",
)  # fmt: skip
CANVAS = Lms(
    "Canvas",
    "ID",
    ("SIS User ID", "SIS Login ID", "Integration ID"),
    ("Student", "FirstName", "LastName", "ID"),
    ("ID", "Section"),
    ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "{column}"),
    columns=re.compile(r"(?P<name>.*) \(\d+\)"),
)
BLACKBOARD = Lms(
    "Blackboard",
    "",
    ("Username", "Student ID"),
    ("First Name", "Last Name", "Username"),
    ("Username",),
    ("Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability", "{column}"),
    columns=re.compile(r"(?P<name>.*?) \[Total Pts: (?P<most>[\d.,]+)(?: \w+)?\] ?\|\d+"),  # "up to" is computed there
)
FORMATS = {"moodle": MOODLE, "canvas": CANVAS, "blackboard": BLACKBOARD}


class Table:
    """A platform's sheet, read: its header, its students' rows, and the column that takes the grades.

    Arguments:
        sheet, lms: the sheet, and whose it is.
        assignment: its names, one of which the column has in its own.
        column: the column's header, or the name in it, or its place; found by the assignment's names where it is empty.

    Raises:
        BadValue: it is no such sheet, or has no such column.
    """

    def __init__(self, sheet: Sheet, lms: Lms, assignment: tuple[str, ...], column: str | int = "") -> None:
        self.sheet, self.lms = sheet, lms
        header = sheet.rows[0] if sheet.rows else []
        self._at = {name.strip().casefold(): number for number, name in reversed([*enumerate(header)])}
        if lacking := [name for name in lms.needs if name.casefold() not in self._at]:
            raise BadValue(
                f"expected the columns of {lms.name}'s sheet in English, found none called {', '.join(lacking)}; "
                "download it again with the language set to English"
            )
        if lms.grade:
            column = self._at[lms.grade.casefold()]
        self.column = column if isinstance(column, int) else self._found(header, assignment, column)

    def _found(self, header: list[str], assignment: tuple[str, ...], column: str) -> int:
        shapes = {at: match for at, text in enumerate(header) if (match := self.lms.columns.fullmatch(text.strip()))}
        names = {at: match["name"] for at, match in shapes.items() if not self._read_only(at)}
        wanted = (column,) if column else assignment
        exact = [at for at in names if column in (header[at].strip(), names[at])] if column else []
        like = exact or [at for at in names if any(_plain(one) in _plain(names[at]) for one in wanted)]
        like = like or ([] if column else [*names] if len(names) == 1 else [])
        if len(like) == 1:
            return like[0]
        if not names:
            raise BadValue(f"expected a column of an assignment, found none; make one in {self.lms.name} first")
        if column and not like:
            raise BadValue(unknown(column, names.values(), "column"))
        raise BadValue(f"--column: expected one of {listed([header[at].strip() for at in like or names])}")

    def _read_only(self, column: int) -> bool:
        return any("read only" in self.cell(row, column) for row in range(1, len(self.sheet.rows)) if self._says(row))

    def cell(self, row: int, column: int | str) -> str:
        """A cell's value; nothing where the row or the table has no such column."""
        at = self._at.get(column.casefold(), -1) if isinstance(column, str) else column
        return self.sheet.rows[row][at].strip() if 0 <= at < len(self.sheet.rows[row]) else ""

    def _says(self, row: int) -> bool:
        """Whether a row is about the columns, as of the most points."""
        return POSSIBLE in self.sheet.rows[row][0].casefold()

    def students(self) -> Iterator[int]:
        """The rows of students."""
        names = [name for name in (self.lms.number, *self.lms.words) if name]
        for row in range(1, len(self.sheet.rows)):
            if not self._says(row) and any(self.cell(row, name) for name in names):
                yield row

    def number(self, row: int) -> str:
        """The platform's own number of a student; empty where there is none."""
        found = NUMBER.search(self.cell(row, self.lms.number)) if self.lms.number else None
        return found[1] if found else ""

    def words(self, row: int) -> list[str]:
        """What else a student may be known by."""
        return [word for name in self.lms.words if (word := self.cell(row, name))]

    def person(self, row: int) -> str:
        """Whose row it is, for a message."""
        return " ".join(filter(None, (self.cell(row, name) for name in self.lms.person)))

    def most(self, row: int) -> float | None:
        """The most points that the platform takes in a row's cell; None where it does not say."""
        above = [self.cell(other, self.column) for other in range(1, len(self.sheet.rows)) if self._says(other)]
        shape = self.lms.columns.fullmatch(self.sheet.rows[0][self.column].strip())
        said = [self.cell(row, self.lms.most)] if self.lms.most else above or [shape["most"] if shape else ""]
        return _number(said[0])

    def locked(self, row: int) -> bool:
        """Whether the platform would pass over a new grade."""
        return bool(self.lms.may) and self.cell(row, self.lms.may).casefold() == "no"

    def grade(self, points: float) -> str:
        """Points as they are written in this sheet."""
        text = f"{round(points, 2):.10g}"
        most = self.cell(next(self.students(), 0), self.lms.most) if self.lms.most else ""
        return text.replace(".", ",") if re.fullmatch(r"\d+,\d{1,2}", most) or self.sheet.delimiter == ";" else text


def _number(text: str) -> float | None:
    try:
        return float(re.sub(r",(?=\d{3}\b)", "", text).replace(",", "."))
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()
