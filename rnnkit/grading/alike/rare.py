"""How much two sets of prints have in common, each print weighed by how rare it is; all pairs of a class at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

AS_MANY = 10  # students are as much of a witness as what is usual
SURE = 0.98  # nothing is said to be more usual
BLOCK = 4096  # prints that are compared at once


@dataclass
class Usual:
    """What is known of prints without looking at the class.

    Fields:
        given: those that stand in what students were given; they tell nothing.
        shares: of the ways in which a question is rightly answered, how many have a print.
        unknown: the share where no way has it.
    """

    given: Collection[str] = frozenset()
    shares: Mapping[str, float] = field(default_factory=dict)
    unknown: Callable[[str], float] = lambda print: 0.02

    def weight(self, print: str, others: int, students: int) -> float:
        """Minus the logarithm of the share of students who have a print without having copied it.

        Arguments:
            print: that two students have.
            others: who have it, too.
            students: in the class, the two left out.
        """
        if print in self.given:
            return 0.0
        share = self.shares.get(print, self.unknown(print))
        return -math.log(min((others + AS_MANY * share) / (students + AS_MANY), SURE))


@dataclass
class Common:
    """What all pairs have in common.

    Fields:
        share: (N, N), between 0 and 1: how much of their weight two have in common.
        rarity: of each print that at least two have, see `Usual.weight`; what tells nothing is left out.
    """

    share: np.ndarray
    rarity: dict[str, float]


@dataclass(frozen=True)
class Scale:
    """How two sets are held against each other.

    Fields:
        least: the weight that a set has at least, so that three words in common with a short answer are not all of it.
        evened: 1 where every cell weighs the same, however long it is; 0 where every print does; between, between.
        both: whether the share is of what both have (their geometric mean), or of what the smaller one has.
    """

    least: float
    evened: float
    both: bool


def common(sets: Sequence[Mapping[str, int]], usual: Usual, scale: Scale) -> Common:
    """Compares everybody's prints with everybody else's.

    Nobody's set is compared with another's one by one: the students of each print are listed, and the lists multiplied.

    Arguments:
        sets: each student's prints, with the number of prints of the cell where each of them stands: one long answer
            in common is not to be half of a work.
        usual: what is known of them.
        scale: how two of them are held against each other.
    """
    students = len(sets)
    counts = Counter(print for one in sets for print in one)
    beside: Counter[str] = Counter()
    for one in sets:
        beside.update(one)
    rarity = {print: usual.weight(print, max(n - 2, 0), max(students - 2, 0)) for print, n in counts.items()}
    weights = {print: rarity[print] * (count / beside[print]) ** scale.evened for print, count in counts.items()}
    whole = np.maximum(scale.least, [sum(weights[print] for print in one) for one in sets])
    shared = [print for print, count in counts.items() if count > 1 and weights[print] > 0]
    column = {print: number for number, print in enumerate(shared)}
    rows = [np.array(sorted(column[print] for print in one if print in column), int) for one in sets]
    roots = np.sqrt([weights[print] for print in shared])
    both = np.zeros((students, students), np.float32)
    for first in range(0, len(shared), BLOCK):
        block = np.zeros((students, min(BLOCK, len(shared) - first)), np.float32)
        for line, numbers in zip(block, rows, strict=True):
            inside = numbers[np.searchsorted(numbers, first) : np.searchsorted(numbers, first + BLOCK)]
            line[inside - first] = roots[inside]
        both += block @ block.T
    left, right = whole[:, None], whole[None, :]
    share = both / (np.sqrt(left * right) if scale.both else np.minimum(left, right))
    np.fill_diagonal(share, 0.0)
    return Common(np.minimum(share, 1.0), {print: rarity[print] for print in shared})
