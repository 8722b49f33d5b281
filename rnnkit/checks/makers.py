"""What makes the inputs of a lab's questions: from waves, which are public, or from a generator, and with later rounds.

A maker of arrays is a function of sizes and of `Make`, so that public and random inputs come from the same lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs, wave

Sizes = dict[str, int]  # by letter; a digit is a size that stays
Rounds = dict[str, Inputs]  # by what is special
Make = Callable[[tuple[int, ...], float, float], np.ndarray]  # shape, lowest, highest -> numbers in between


@dataclass(frozen=True)
class Makers:
    """The inputs of all questions of a lab.

    Fields:
        sizes: the public ones.
        of: by question, what makes its arrays (or its first inputs, where they have options), and its later rounds.
    """

    sizes: Sizes
    of: dict[str, tuple[Callable[[Sizes, Make], Arrays | Inputs], Callable[[Sizes, Make], Rounds]]]

    def public(self, question_id: str) -> Inputs:
        """The public inputs of a question: the same on every machine."""
        return self.made(question_id, self.sizes, waves())

    def made(self, question_id: str, sizes: Sizes, make: Make) -> Inputs:
        """The inputs of a question, with its later rounds."""
        arrays, rounds = self.of[question_id]
        first = arrays(sizes, make)
        return replace(first if isinstance(first, Inputs) else Inputs(sizes, first), rounds=rounds(sizes, make))


def waves() -> Make:
    """Numbers that look irregular, other ones at every call."""
    turns = count()
    return lambda shape, low, high: wave(shape, 0.4 + 0.83 * next(turns), (high - low) / 2, (high + low) / 2)


def whole(make: Make, shape: tuple[int, ...], low: int, end: int) -> np.ndarray:
    """Whole numbers from ``low`` to ``end - 1``, float64."""
    return np.clip(np.floor(make(shape, low, end)), low, end - 1)


def until(make: Make, shape: tuple[int, ...], fits: Callable[[np.ndarray], object], size: float = 1.0) -> np.ndarray:
    """The first array of numbers up to ``size`` that fits."""
    while not fits(found := make(shape, -size, size)):
        pass
    return found


def in_sizes(
    arrays: Callable[[Sizes, Make], Arrays], *others: Sizes, small: bool = True
) -> Callable[[Sizes, Make], Rounds]:
    """The same arrays in other sizes, each a round.

    Arguments:
        arrays: their maker.
        others: the sizes that a round changes.
        small: whether sizes of 1, equal ones, and more sequences than steps come before those.
    """

    def rounds(sizes: Sizes, make: Make) -> Rounds:
        changes = (_small(sizes) if small else {}) | {_named(one): one for one in others}
        return {name: Inputs(new, arrays(new, make)) for name, one in changes.items() for new in [sizes | one]}

    return rounds


def _small(sizes: Sizes) -> dict[str, Sizes]:
    return {
        "B = H = 1": {"B": 1, "H": 1},
        "T = 2, B = 6": {"T": 2, "B": 6},
        "all sizes 3": {letter: 3 for letter in sizes if letter.isalpha()},
    }


def _named(sizes: Sizes) -> str:
    return ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
