"""How a document's claim gets its verdict: tables of sweeps as claims read them, rules, and the table of all claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rnnkit.common.statistics import wilson
from rnnkit.common.whole import save_text
from rnnkit.runs.rows import Row, chosen, grid, read_table

Holds = bool | None  # a claim: yes, no, or not decided
VERDICTS = {True: "supported", False: "refuted", None: "undecided"}
CONFIDENCE = 0.95
BEGIN, END = "<!-- claims: begin -->", "<!-- claims: end -->"


class Lacking(Exception):
    """A table, or its rows, that is not there yet."""


@dataclass(frozen=True)
class Tables:
    """The tables of a folder."""

    folder: Path

    def rows(self, *names: str, **only: str) -> list[Row]:
        """Rows with these values, of those of the tables that are there; `Lacking` for none."""
        paths = [path for name in names if (path := self.folder / f"{name}.csv").exists()]
        rows = [row for path in paths for row in chosen(read_table(path), **only)]
        if not rows:
            raise Lacking(f"no such row in {names[0]}" if paths else f"no table {names[0]}")
        return rows


class Finding(NamedTuple):
    """What was found, and whether the claim holds."""

    value: str
    holds: Holds


Judge = Callable[[Any], Finding]  # from tables


class Claim(NamedTuple):
    """One claim of the document.

    Fields:
        said: its words, shortened.
        rule: when it holds.
        judge: says so from the tables.
    """

    said: str
    rule: str
    judge: Judge

    def finding(self, tables: Tables) -> tuple[str, str]:
        """Value and verdict; where a table is not there yet, that."""
        try:
            value, holds = self.judge(tables)
        except Lacking as lacking:
            return str(lacking), VERDICTS[None]
        return value, VERDICTS[holds]


def claims_table(claims: Sequence[Claim], tables: Tables) -> str:
    """Claim, rule, what was found, verdict, as a table in markdown."""
    lines = [["the page says", "it holds if", "found", "verdict"]]
    for claim in claims:
        value, verdict = claim.finding(tables)
        lines.append([claim.said, claim.rule, value, f"**{verdict}**"])
    return grid(lines)


def renewed(notes: str, table: str) -> str:
    """The notes, with this table between their marks."""
    before, rest = notes.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.split(END)[1]}"


def renew(notes: Path, table: str) -> None:
    """Puts a table between the marks of a file of notes."""
    print(save_text(notes, renewed(notes.read_text(encoding="utf-8"), table)))


# ---- rules ----------------------------------------------------------------------------------------------------------


def counted(successes: int, trials: int) -> str:
    """``9 of 10 (60 to 98 %)``."""
    low, high = wilson(successes, trials)
    return f"{successes} of {trials} ({100 * low:.0f} to {100 * high:.0f} %)"


def mostly(successes: int, trials: int) -> Holds:
    """Whether it holds for more than half of all seeds: decided where the 95 % interval is to one side of a half."""
    low, high = wilson(successes, trials)
    return True if low > 0.5 else False if high < 0.5 else None


def rare(times: int, trials: int) -> Holds:
    """Whether it comes up no more than by luck, 1 time in 20: refuted where the 95 % interval is above that."""
    return False if wilson(times, trials)[0] > 1 - CONFIDENCE else True if times == 0 else None


def denied(holds: Holds) -> Holds:
    """Not."""
    return None if holds is None else not holds


def every(found: list[Holds]) -> Holds:
    """Whether a claim holds that has several parts: no if any does not."""
    return False if False in found else None if None in found else True
