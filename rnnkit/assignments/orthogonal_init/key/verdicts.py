"""How a claim gets its verdict: the sweeps' tables as claims read them, and the rules by which numbers decide."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, inf, sqrt
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

from rnnkit.assignments.orthogonal_init.report import chosen
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tables import Rate, Row, rates, read_table
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, get_task
from rnnkit.common.statistics import wilson

Holds = bool | None  # a claim: yes, no, or not decided
VERDICTS = {True: "supported", False: "refuted", None: "undecided"}
LIMIT = 1 / 12  # half the variance of a sum of two numbers that are uniform on [0, 1]
SPREAD = sqrt((1 / 15 - 1 / 36) / 4)  # standard deviation of half the squared error of who answers 1 to it
CONFIDENCE = 0.95


class Lacking(Exception):
    """A table, or its rows, that is not there yet."""


class Tables(NamedTuple):
    """The tables of a folder."""

    folder: Path

    def rows(self, *names: str, **only: str) -> list[Row]:
        """Rows with these values, of those of the tables that are there; `Lacking` for none."""
        paths = [path for name in names if (path := self.folder / f"{name}.csv").exists()]
        rows = [row for path in paths for row in chosen(read_table(path), **only)]
        if not rows:
            raise Lacking(f"no such row in {names[0]}" if paths else f"no table {names[0]}")
        return rows

    def rate(self, *names: str, **only: str) -> Rate:
        """Of all runs with these values."""
        return rates(self.rows(*names, **only), [])[0]


class Finding(NamedTuple):
    """What was found, and whether the claim holds."""

    value: str
    holds: Holds


Judge = Callable[[Tables], Finding]


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


# ---- rules ----------------------------------------------------------------------------------------------------------


def counted(successes: int, trials: int) -> str:
    """``9 of 10 (60 to 98 %)``."""
    low, high = wilson(successes, trials)
    return f"{successes} of {trials} ({100 * low:.0f} to {100 * high:.0f} %)"


def told(rate: Rate) -> str:
    """A rate of solved runs in the same words."""
    return counted(rate.solved, rate.runs)


def mostly(successes: int, trials: int) -> Holds:
    """Whether it holds for more than half of all seeds: decided where the 95 % interval is to one side of a half."""
    low, high = wilson(successes, trials)
    return True if low > 0.5 else False if high < 0.5 else None


def rare(times: int, trials: int) -> Holds:
    """Whether it comes up no more than by luck, 1 time in 20: refuted where the 95 % interval is above that."""
    return False if wilson(times, trials)[0] > 1 - CONFIDENCE else True if times == 0 else None


def above(one: Rate, other: Rate) -> Holds:
    r"""Whether a rate is larger than another: decided where the 95 % interval of their difference does not hold 0.

    .. math:: p_1 - p_2 - \sqrt{(p_1 - l_1)^2 + (u_2 - p_2)^2} \quad\text{to}\quad
        p_1 - p_2 + \sqrt{(u_1 - p_1)^2 + (p_2 - l_2)^2}

    *Source:* Newcombe 1998, Interval estimation for the difference between independent proportions, method 10.
    """
    p, q, (low, high), (least, most) = one.solved / one.runs, other.solved / other.runs, one.interval, other.interval
    if p - q > hypot(p - low, most - q):
        return True
    return False if q - p > hypot(high - p, q - least) else None


def denied(holds: Holds) -> Holds:
    """Not."""
    return None if holds is None else not holds


def every(found: list[Holds]) -> Holds:
    """Whether a claim holds that has several parts: no if any does not."""
    return False if False in found else None if None in found else True


def left_chance(row: Row) -> bool:
    """Whether a run's best epoch is beyond the best of as many epochs at chance, in 95 of 100 such runs."""
    arm, task = Arm(), get_task(row["task"])
    z, sequences = NormalDist().inv_cdf(CONFIDENCE ** (1 / arm.epochs)), arm.batches * arm.batch
    if task.head == LINEAR:
        return float(row["best"]) < LIMIT - z * SPREAD / sqrt(sequences)
    return float(row["best"]) > task.guess + z * sqrt(task.guess * (1 - task.guess) / sequences)


def epoch_of(row: Row) -> float:
    """Of the first crossing; infinite where there is none."""
    return float(row["solved_epoch"] or inf)
