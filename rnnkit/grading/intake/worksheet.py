"""When each student handed in, by a learning platform's own table: Moodle's grading worksheet, Gradescope's grades."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.common.text import shown
from rnnkit.grading.dates.moments import moment
from rnnkit.grading.intake.whose import Named, folded
from rnnkit.grading.table import Table

TIMES = (
    "last modified (submission)", "zuletzt geändert (abgabe)", "dernière modification (travail remis)",
    "submission time", "submitted at", "submitted_at", "submission date", "attempt submitted",
)  # fmt: skip
IDENTIFIER = "identifier"
IDS = (
    "id number", "id", "student id", "student_id", "sid", "sis user id", "sis login id", "login id", "username",
    "user name", "email address", "email", "e-mail",
)  # fmt: skip
PARTICIPANT = re.compile(r"[^\d,@]+\s(\d+)")  # Participant 12345, in any language
MOODLE = "Moodle "  # begins what of a name tells whose it is, where Moodle gave it
NEVER = ("", "-", "–")


@dataclass
class Worksheet:
    """Column -> what stands there for a student -> when that one handed in, the last time."""

    columns: dict[str, dict[str, datetime | None]] = field(default_factory=dict)

    def find(self, named: Named) -> datetime | None:
        """When somebody handed in; None where the table does not say, or has two whom it could be."""
        if named.key.startswith(MOODLE) and IDENTIFIER in self.columns:
            return self.columns[IDENTIFIER].get(named.told)
        for id in (named.told, named.student):
            for name, column in self.columns.items():
                if name != IDENTIFIER and (when := column.get(folded(id))):
                    return when
        return None

    def _note(self, column: str, id: str, when: datetime) -> None:
        if id:
            there = self.columns.setdefault(column, {}).get(folded(id))
            self.columns[column][folded(id)] = max(there, when) if there else when


def read_worksheet(path: Path, zone: tzinfo | None) -> Worksheet:
    """Reads a table with a line for each student, or for each attempt: then the last one counts.

    Arguments:
        zone: of times that have none; Moodle writes those of whoever downloads the table.

    Raises:
        BadValue: it is no CSV in UTF-8, lacks a column with ids or with times, or has times that cannot be read.
    """
    table, sheet, problems = Table(path), Worksheet(), []
    at = next((table.header.index(name) for name in TIMES if name in table.header), None)
    if at is None:
        raise BadValue(f"{path}: expected a column {shown(', '.join(TIMES), 300)} in line 1, got {table.first!r}")
    for line, cells in table:
        if at >= len(cells) or cells[at] in NEVER:
            continue
        try:
            _enter(sheet, table.header, cells, moment(cells[at], zone))
        except BadValue as error:
            problems.append(f"line {line}: {error}")
    table.refuse(problems)
    if not sheet.columns and not {IDENTIFIER, *IDS} & {*table.header}:
        raise BadValue(f"{path}: expected a column {', '.join((IDENTIFIER, *IDS))} in line 1, got {table.first!r}")
    return sheet


def _enter(sheet: Worksheet, header: list[str], cells: list[str], when: datetime) -> None:
    """One line: its time, under all that tells whose it is."""
    if match := PARTICIPANT.fullmatch(cells[0]):
        sheet._note(IDENTIFIER, match[1], when)
    for name, cell in zip(header, cells, strict=False):
        if name not in IDS:
            continue
        sheet._note(name, cell, when)
        if "@" in cell:
            sheet._note("name before the @", cell.partition("@")[0], when)
