"""Mistakes that the same students make: how many, how many more than by chance, and what chance can do."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

from rnnkit.grading.overview.gather import Question

LEAST = 3  # students: of fewer nothing is said
SURE = 0.05


class Pair(NamedTuple):
    """Two mistakes.

    Fields:
        one, other: question and mistake.
        ones, others: how many made each.
        both: how many made both.
        expected: how many would have, were the two independent.
        chance: how probable as many or more are among all pairs that were looked at, were all independent.
    """

    one: tuple[str, str]
    other: tuple[str, str]
    ones: int
    others: int
    both: int
    expected: float
    chance: float

    @property
    def lift(self) -> float:
        """How many times more than expected."""
        return self.both / self.expected


def together(questions: Iterable[Question], students: int) -> tuple[list[Pair], int]:
    """The pairs that at least `LEAST` share and chance alone does not make, and how many pairs were looked at.

    Looked at are all pairs of mistakes of two questions that at least `LEAST` students made. A pair's probability is
    Fisher's exact test, one-sided, times their number (Bonferroni); pairs above `SURE` are left out.

    Arguments:
        questions: with what was told.
        students: those who were graded.
    """
    made = {
        (question.id, told.what): frozenset(told.students)
        for question in questions
        for told in question.told
        if told.known and len(told.students) >= LEAST
    }
    looked_at = [(one, other) for one, other in itertools.combinations(made, 2) if one[0] != other[0]]
    pairs = []
    for one, other in looked_at:
        both, ones, others = len(made[one] & made[other]), len(made[one]), len(made[other])
        expected = ones * others / students
        if both >= LEAST and both > expected:
            chance = min(1.0, len(looked_at) * tail(both, ones, others, students))
            if chance <= SURE:
                pairs.append(Pair(one, other, ones, others, both, expected, chance))
    return sorted(pairs, key=lambda pair: (pair.chance, -pair.both, pair.one)), len(looked_at)


def tail(both: int, ones: int, others: int, students: int) -> float:
    """The probability that two random groups of so many students share at least so many (hypergeometric)."""
    whole = math.comb(students, others)
    ways = sum(math.comb(ones, k) * math.comb(students - ones, others - k) for k in range(both, min(ones, others) + 1))
    return ways / whole
