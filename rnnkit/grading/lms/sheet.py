"""A table that a learning platform gave, as text: cells are put into it, and everything else stays as it is.

Encoding, byte order mark, line ends, quotes, columns that nobody knows and the order of all of it are the file's own.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from rnnkit.common.names import BadValue

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MOST_BYTES = 64 << 20
QUOTE = '"'


class Sheet:
    """The table.

    Attributes:
        rows: the values of the cells, row by row; the first is the header.
        delimiter: what stands between them.
    """

    def __init__(self, text: str, bom: bytes = b"", encoding: str = "utf-8") -> None:
        self.bom, self.encoding = bom, encoding
        first = text.partition("\n")[0]
        self.delimiter = max("\t,;", key=first.count)
        self._raw, self._ends = _taken_apart(text, self.delimiter)
        self.rows = [[_value(raw) for raw in row] for row in self._raw]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Reads a table.

        Raises:
            BadValue: it is no text in UTF-8 or UTF-16 with a byte order mark, or no CSV.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise BadValue(f"{path}: expected a sheet of grades, got more than {MOST_BYTES >> 20} MB")
            content = path.read_bytes()
            bom, encoding = next(((bom, name) for bom, name in BOMS if content.startswith(bom)), (b"", "utf-8"))
            return cls(content[len(bom) :].decode(encoding), bom, encoding)
        except OSError as error:
            raise BadValue(f"{path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise BadValue(f"{path}: expected text in UTF-8 or UTF-16; give the file as it was downloaded") from None
        except ValueError as error:
            raise BadValue(f"{path}: {error}") from None

    @classmethod
    def made(cls, rows: Sequence[Sequence[str]], *, delimiter: str = ",", utf16: bool = False) -> Sheet:
        """A new table."""
        text = "".join(delimiter.join(_quoted(cell, delimiter, False) for cell in row) + "\r\n" for row in rows)
        return cls(text, codecs.BOM_UTF16_LE, "utf-16-le") if utf16 else cls(text)

    def put(self, row: int, column: int, value: str) -> None:
        """Puts a value into a cell; it stays in quotes where the old one was."""
        raw = self._raw[row]
        missing = column + 1 - len(raw)  # of a row that ends before its last, empty cells
        raw += [""] * missing
        self.rows[row] += [""] * missing
        raw[column] = _quoted(value, self.delimiter, raw[column].startswith(QUOTE))
        self.rows[row][column] = value

    def content(self) -> bytes:
        """The file's bytes."""
        lines = (self.delimiter.join(raw) + end for raw, end in zip(self._raw, self._ends, strict=True))
        return self.bom + "".join(lines).encode(self.encoding)


def _taken_apart(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    """The cells as they are written, row by row, and how each row ends."""
    field = re.compile(f'("[^"]*(?:""[^"]*)*"|[^"{delimiter}\r\n][^{delimiter}\r\n]*|)({delimiter}|\r\n|\n|\r|$)')
    rows, ends, at = [], [], 0
    row: list[str] = []
    while at < len(text) or row:
        match = field.match(text, at)
        if match is None or (match.end() == at and at < len(text)):
            raise ValueError(f"row {len(rows) + 1}: expected CSV, got quotes that do not end a cell; download it again")
        row.append(match[1])
        at = match.end()
        if match[2] != delimiter:
            rows.append(row)
            ends.append(match[2])
            row = []
    return rows, ends


def _value(raw: str) -> str:
    return raw[1:-1].replace(QUOTE * 2, QUOTE) if raw.startswith(QUOTE) else raw


def _quoted(value: str, delimiter: str, always: bool) -> str:
    needed = always or any(mark in value for mark in (delimiter, QUOTE, "\r", "\n"))
    return f"{QUOTE}{value.replace(QUOTE, QUOTE * 2)}{QUOTE}" if needed else value
