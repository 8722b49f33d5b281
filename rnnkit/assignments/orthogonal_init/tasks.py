"""The tasks of the document, drawn as it draws them, the three that it names only, and variants that explain them.

A batch is drawn from a generator of numpy's; the order of its draws is part of a task. Those that the course has
already are the course's own (`rnnkit.tasks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rnnkit import tasks as course
from rnnkit.assignments.orthogonal_init.draws import below
from rnnkit.common.names import lookup

LINEAR, LAST, EVERY = "linear", "last", "every"  # heads: values or a class at the last step, a class at every step
LEVELS = 10  # of a quantised value
RECALL = 10  # positions of the longest pattern
SAMPLES, SEED = 2000, 12345  # from which the chance of a regression is taken


class Drawn(NamedTuple):
    """One batch.

    Fields:
        x: ``(T, B, I)`` float64.
        y: ``(B, 1)`` float64 values, ``(B,)`` classes, or ``(T, B)`` classes.
        marks: ``(B, M)``, the steps that the answer is about.
    """

    x: np.ndarray
    y: np.ndarray
    marks: np.ndarray


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


def _marked(first: tuple[float, float], second: tuple[float, float], values: str, target: str) -> Callable[..., Drawn]:
    """Draws values at every step and markers at two; windows in units of T."""

    def draw(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
        u = rng.uniform(size=(B, T)) if values != "bits" else below(rng, np.full(B * T, 2)).reshape(B, T).astype(float)
        windows = np.array([[int(first[0] * T), int(first[1] * T)], [int(second[0] * T), int(second[1] * T)]])
        places = windows[:, 0] + below(rng, np.tile(windows[:, 1] - windows[:, 0], B)).reshape(B, 2)
        rows = np.arange(B)
        if values == "levels":
            u = np.floor(u * LEVELS) / (LEVELS - 1)
        one, other = u[rows, places[:, 0]], u[rows, places[:, 1]]
        y = one * other if target == "product" else one + other
        marker = np.zeros((B, T))
        marker[rows[:, None], places] = 1.0
        seen = 2 * u - 1 if centred else u
        if values == "levels":
            channels = [*np.moveaxis(np.eye(LEVELS)[np.rint(u * (LEVELS - 1)).astype(int)], -1, 0), marker]
        else:
            channels = [seen * marker if values == "gated" else seen, marker]
        x = np.ascontiguousarray(np.stack(channels, axis=-1).transpose(1, 0, 2))
        if target == "xor":
            return Drawn(x, (y == 1).astype(np.int64), places)
        return Drawn(x, (y - (0.25 if target == "product" else 1.0) * centred)[:, None], places)

    return draw


def _one_hot(ids: np.ndarray, classes: int) -> np.ndarray:
    """``(B, T)`` to ``(T, B, classes)``."""
    return np.eye(classes)[ids.T]


def _ordered(second: tuple[float, float]) -> Callable[..., Drawn]:
    """Draws two symbols A or B among four others."""

    def draw(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
        windows = np.array([[int(0.1 * T), int(0.2 * T)], [int(second[0] * T), int(second[1] * T)]])
        sizes = np.concatenate([np.full(T, 4), windows[:, 1] - windows[:, 0], [2, 2]])
        drawn = below(rng, np.tile(sizes, B)).reshape(B, T + 4)
        ids, places, cues = drawn[:, :T] + 2, drawn[:, T : T + 2] + windows[:, 0], drawn[:, T + 2 :]
        np.put_along_axis(ids, places, cues, axis=1)
        return Drawn(_one_hot(ids, 6), 2 * cues[:, 0] + cues[:, 1], places)

    return draw


def _bits(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
    """Three bits, noise, and a question at the last step."""
    drawn = below(rng, np.full(B * (T - 1), 2)).reshape(B, T - 1)
    ids = np.concatenate([drawn[:, :3], drawn[:, 3:] + 3, np.full((B, 1), 2)], axis=1)
    return Drawn(_one_hot(ids, 5), drawn[:, :3] @ np.array([4, 2, 1]), np.tile([0, 1, 2, T - 1], (B, 1)))


def _of_course(task: course.Task, extra: int = 0) -> Callable[..., Drawn]:
    """A task of the course on the same stream; ``extra`` is what its sequences are longer than their nominal length."""

    def draw(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
        batch = task.sample(np.random.RandomState(rng.bit_generator), T - extra, B)
        return Drawn(batch.inputs.numpy().astype(np.float64), batch.targets.numpy(), np.zeros((B, 0), np.int64))

    return draw


def _recall(name: str, values: int, positions: int, T: int) -> Task:
    task = course.Memorization(values=values, positions=positions)
    return Task(
        name, task.n_in, task.n_out, T + 2 * positions, EVERY, 0.9, _of_course(task, 2 * positions), 1 / values,
        positions, 2 * positions + course.MIN_LENGTH,
    )  # fmt: skip


HALVES, CUES, LATE = ((0, 0.5), (0.5, 1)), ((0.1, 0.2), (0.5, 0.6)), (0.8, 0.9)
SUM: dict[str, Any] = {"n_out": 1, "T": 30, "head": LINEAR, "solved": 0.05}
ORDER: dict[str, Any] = {"n_in": 6, "T": 60, "head": LAST, "solved": 0.9}
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("addition", 2, draw=_marked(*HALVES, "reals", "sum"), least=2, centres=True, **SUM),
        Task("xor", 2, 2, 30, LAST, 0.95, _marked(*HALVES, "bits", "xor"), 1 / 2, least=2, centres=True),
        Task("temporal_order", n_out=4, draw=_ordered(CUES[1]), guess=1 / 4, **ORDER),
        Task("3bit_memorization", 5, 8, 60, LAST, 0.9, _bits, 1 / 8, least=5),
        Task("multiplication", 2, draw=_marked(*HALVES, "reals", "product"), least=2, centres=True,
             **SUM | {"solved": 0.0122}),
        Task("temporal_order_3bit", n_out=8, draw=_of_course(course.TemporalOrder3()), guess=1 / 8, **ORDER),
        Task("random_permutation_memorization", 100, 100, 60, LAST, 0.9, _of_course(course.Permutation()), 1 / 2),
        _recall("noiseless_memorization_5bit", 2, 5, 50),
        _recall("noiseless_memorization_20bit", 5, 10, 50),
        # why one task is easier than another
        Task("temporal_order_late", n_out=4, draw=_ordered(LATE), guess=1 / 4, **ORDER),
        Task("addition_quantised", LEVELS + 1, draw=_marked(*HALVES, "levels", "sum"), least=2, **SUM),
        Task("addition_gated", 2, draw=_marked(*HALVES, "gated", "sum"), least=2, centres=True, **SUM),
        Task("addition_lag", 2, draw=_marked(*CUES, "reals", "sum"), centres=True, **SUM),
    )
}  # fmt: skip
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
