"""The tables as the lab's claims read them, with rates, and the rules that are its own."""

from __future__ import annotations

from math import hypot, inf, sqrt
from statistics import NormalDist

from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tables import Rate, rates
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, get_task
from rnnkit.runs import claims as runs
from rnnkit.runs.claims import CONFIDENCE, Holds, counted
from rnnkit.runs.rows import Row

LIMIT = 1 / 12  # half the variance of a sum of two numbers that are uniform on [0, 1]
SPREAD = sqrt((1 / 15 - 1 / 36) / 4)  # standard deviation of half the squared error of who answers 1 to it


class Tables(runs.Tables):
    """The tables of a folder, with rates."""

    def rate(self, *names: str, **only: str) -> Rate:
        """Of all runs with these values."""
        return rates(self.rows(*names, **only), [])[0]


def told(rate: Rate) -> str:
    """A rate of solved runs in the same words."""
    return counted(rate.solved, rate.runs)


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
