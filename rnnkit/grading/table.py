"""A table of people that somebody gives as CSV: read row by row, and refused with the lines that are wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnnkit.common.names import BadValue

LISTED = 5  # as many problems are named in a message


class Table:
    """The table; a byte order mark and semicolons or tabs instead of commas, as spreadsheets write, are understood.

    Iterating gives each row below the header: its line, and its cells without the blanks around them.

    Attributes:
        first: line 1 as it is written, shortened.
        header: the names of the columns, in small letters.

    Raises:
        BadValue: not UTF-8, or, there as well as while iterating, no CSV.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadValue(f"{path}: expected a text file in UTF-8, got {error}; save it as CSV UTF-8") from None
        first = text.partition("\n")[0]
        self.first = first.strip()[:80]
        delimiter = max(",;\t", key=first.count)
        self._rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        _, header = next(iter(self), (1, []))
        self.header = [name.lower() for name in header]

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        try:
            for row in self._rows:
                yield self._rows.line_num, [cell.strip() for cell in row]
        except csv.Error as error:
            line = self._rows.line_num
            raise BadValue(f"{self.path}: line {line}: expected CSV, got {error}; save it as CSV again") from None

    def refuse(self, problems: Sequence[str]) -> None:
        """Raises BadValue with the first of these problems, where there are any."""
        if problems:
            more = f"; and {len(problems) - LISTED} more lines" if len(problems) > LISTED else ""
            raise BadValue(f"{self.path}: {'; '.join(problems[:LISTED])}{more}")
