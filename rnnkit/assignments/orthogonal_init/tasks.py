"""The tasks of the document, drawn as it draws them, the three that it names only, and variants that explain them.

Those that the course has already are the course's own (`rnnkit.tasks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnkit import tasks as course
from rnnkit.assignments.orthogonal_init.drawing import LEVELS, Drawn, bits, marked, of_course, ordered
from rnnkit.common.names import lookup

LINEAR, LAST, EVERY = "linear", "last", "every"  # heads: values or a class at the last step, a class at every step
SAMPLES, SEED = 2000, 12345  # from which the chance of a regression is taken


@dataclass(frozen=True)
class Task:
    """One task.

    Fields:
        draw: from a generator, the steps T, the sequences B, and whether values are centred.
        T: usual steps.
        solved: the threshold of the metric.
        guess: the best metric without memory, for classes.
        recalled: the last steps that the metric is about, where there is a class at every step.
    """

    name: str
    n_in: int
    n_out: int
    T: int
    head: str
    solved: float
    draw: Callable[[np.random.Generator, int, int, bool], Drawn]
    guess: float = 0.0
    recalled: int = 1
    least: int = 10
    centres: bool = False

    @property
    def metric(self) -> str:
        """``half_mse`` or ``accuracy``."""
        return "half_mse" if self.head == LINEAR else "accuracy"

    def better(self, value: np.ndarray | float, than: float) -> np.ndarray:
        """Whether a metric is better than another one."""
        return np.less(value, than) if self.head == LINEAR else np.greater(value, than)


def _recall(name: str, values: int, positions: int, T: int) -> Task:
    task = course.Memorization(values=values, positions=positions)
    return Task(
        name, task.n_in, task.n_out, T + 2 * positions, EVERY, 0.9, of_course(task, 2 * positions), 1 / values,
        positions, 2 * positions + course.MIN_LENGTH,
    )  # fmt: skip


HALVES, CUES, LATE = ((0, 0.5), (0.5, 1)), ((0.1, 0.2), (0.5, 0.6)), (0.8, 0.9)
SUM: dict[str, Any] = {"n_out": 1, "T": 30, "head": LINEAR, "solved": 0.05}
ORDER: dict[str, Any] = {"n_in": 6, "T": 60, "head": LAST, "solved": 0.9}
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("addition", 2, draw=marked(*HALVES, "reals", "sum"), least=2, centres=True, **SUM),
        Task("xor", 2, 2, 30, LAST, 0.95, marked(*HALVES, "bits", "xor"), 1 / 2, least=2, centres=True),
        Task("temporal_order", n_out=4, draw=ordered(CUES[1]), guess=1 / 4, **ORDER),
        Task("3bit_memorization", 5, 8, 60, LAST, 0.9, bits, 1 / 8, least=5),
        Task("multiplication", 2, draw=marked(*HALVES, "reals", "product"), least=2, centres=True,
             **SUM | {"solved": 0.0122}),
        Task("temporal_order_3bit", n_out=8, draw=of_course(course.TemporalOrder3()), guess=1 / 8, **ORDER),
        Task("random_permutation_memorization", 100, 100, 60, LAST, 0.9, of_course(course.Permutation()), 1 / 2),
        _recall("noiseless_memorization_5bit", 2, 5, 50),
        _recall("noiseless_memorization_20bit", 5, 10, 50),
        # why one task is easier than another
        Task("temporal_order_late", n_out=4, draw=ordered(LATE), guess=1 / 4, **ORDER),
        Task("addition_quantised", LEVELS + 1, draw=marked(*HALVES, "levels", "sum"), least=2, **SUM),
        Task("addition_gated", 2, draw=marked(*HALVES, "gated", "sum"), least=2, centres=True, **SUM),
        Task("addition_lag", 2, draw=marked(*CUES, "reals", "sum"), centres=True, **SUM),
    )
}  # fmt: skip
HEADLINE = ("addition", "temporal_order", "3bit_memorization")  # the document's table
MAIN = ("addition", "xor", "temporal_order", "3bit_memorization")


def get_task(name: str) -> Task:
    """The task of this name (BadValue for an unknown one)."""
    return lookup(TASKS, name, "task")


def chance(name: str, T: int) -> float:
    """What the metric is without memory: 1 / classes, or half the variance of 2000 fresh targets.

    The second is what the document compares with; the variance of the sum of two numbers uniform on [0, 1] is 1/6,
    which makes it 1/12 = .0833, and .0869 by chance.
    """
    task = get_task(name)
    if task.head != LINEAR:
        return task.guess
    return 0.5 * float(np.var(task.draw(np.random.default_rng(SEED), T, SAMPLES, False).y))
