"""Which mistake made which picture of the question `pictures`, and how one can tell."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnnkit.checks.inputs import Expected
from rnnkit.checks.outcome import SPELT
from rnnkit.checks.report import Report


class Made(NamedTuple):
    """What made a picture: a mistake by name, its letter in the notebook's list, and how one can tell."""

    mistake: str
    letter: str
    why: str


MADE: dict[int, Made] = {
    1: Made(
        "truncated", "h",
        "h was detached every 20 steps: g_t is the right run's down to the last such step, and then exactly 0, a cliff "
        "in the middle of the slope. Loss and ρ hardly show it, as those gradients were small.",
    ),
    2: Made(
        "summed", "i",
        "the loss was summed over the 20 sequences: it is 20 times the right one from first update to last, and "
        "so is the first gradient norm; norm and g_t are still about ten times too large at the end.",
    ),
    3: Made(
        "not_carried", "e",
        "the state was not carried over: only h_T reaches the loss, so that all other g_t are 0, and as no step knows "
        "the one before, the distance is the same from t = 1 on; in the right run it falls over the first steps.",
    ),
    4: Made(
        "large", "b",
        "W_hh started three times too large: ρ is 2.2 before the first update, the units are saturated (distance 0), "
        "and the first gradient, above 10^4, throws the weights further off.",
    ),
    5: Made(
        "every_step", "j",
        "the loss was taken at every step: each h_t gets its own share directly, so that g_t is flat, and small, as "
        "each share is 1/T.",
    ),
    6: Made(
        "stack", "a",
        "the derivative was taken of the stacked states: the direct term alone, which is nothing but at T. All other "
        "panels are the right run's to the last digit: the training is right, what is measured is wrong.",
    ),
    7: Made(
        "accumulated", "d",
        "gradients were never set to zero: the norm grows with every update while the right one falls, the loss falls "
        "at first and leaves the right one later, and at the end the units are saturated.",
    ),
    8: Made(
        "sigmoid", "c",
        "the units were sigmoid: h is near 0.5 everywhere, so is 1 - |h|, and as the slope is at most 1/4, nothing is "
        "left of g_t 13 steps before the end, where the right run needs 65.",
    ),
}  # fmt: skip


def right() -> Expected:
    """The letters as the cases hold them."""
    return {
        f"picture {picture}": {f"{SPELT}picture {picture}": np.array([float(ord(made.letter))])}
        for picture, made in MADE.items()
    }


def why(report: Report) -> list[str]:
    """How the pictures that were not told could have been."""
    wrong = {case.name for case in report.cases if not case.passed}
    return [f"picture {picture}: {made.why}" for picture, made in MADE.items() if f"picture {picture}" in wrong]
