"""How the tasks' batches are drawn, in the document's order."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnkit import tasks as course
from rnnkit.assignments.orthogonal_init.draws import below

LEVELS = 10  # of a quantised value


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


def marked(first: tuple[float, float], second: tuple[float, float], values: str, target: str) -> Callable[..., Drawn]:
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


def ordered(second: tuple[float, float]) -> Callable[..., Drawn]:
    """Draws two symbols A or B among four others."""

    def draw(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
        windows = np.array([[int(0.1 * T), int(0.2 * T)], [int(second[0] * T), int(second[1] * T)]])
        sizes = np.concatenate([np.full(T, 4), windows[:, 1] - windows[:, 0], [2, 2]])
        drawn = below(rng, np.tile(sizes, B)).reshape(B, T + 4)
        ids, places, cues = drawn[:, :T] + 2, drawn[:, T : T + 2] + windows[:, 0], drawn[:, T + 2 :]
        np.put_along_axis(ids, places, cues, axis=1)
        return Drawn(_one_hot(ids, 6), 2 * cues[:, 0] + cues[:, 1], places)

    return draw


def bits(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
    """Three bits, noise, and a question at the last step."""
    drawn = below(rng, np.full(B * (T - 1), 2)).reshape(B, T - 1)
    ids = np.concatenate([drawn[:, :3], drawn[:, 3:] + 3, np.full((B, 1), 2)], axis=1)
    return Drawn(_one_hot(ids, 5), drawn[:, :3] @ np.array([4, 2, 1]), np.tile([0, 1, 2, T - 1], (B, 1)))


def of_course(task: course.Task, extra: int = 0) -> Callable[..., Drawn]:
    """A task of the course on the same stream; ``extra`` is what its sequences are longer than their nominal length."""

    def draw(rng: np.random.Generator, T: int, B: int, centred: bool = False) -> Drawn:
        batch = task.sample(np.random.RandomState(rng.bit_generator), T - extra, B)
        return Drawn(batch.inputs.numpy().astype(np.float64), batch.targets.numpy(), np.zeros((B, 0), np.int64))

    return draw
