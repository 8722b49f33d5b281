"""What the networks are trained on: the echo, read then write, and a noisy sine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

TAIL = 30  # steps of an echo that count
READ = 100  # symbols of which the last are written
NOISE, PERIOD, WAVE = 0.1, (20, 40), 60  # of the sine: standard deviation, shortest and longest period, steps


class Drawn(NamedTuple):
    """A batch.

    Fields:
        x: ``(T, B, I)`` float32.
        y: classes ``(T', B)``, or values ``(T', B)``: of the last T' steps, which are those that count.
    """

    x: np.ndarray
    y: np.ndarray


class Task(NamedTuple):
    """One task.

    Fields:
        draw: from a generator, the lag, symbols K and sequences B.
        steps: of a sequence, by lag.
        sizes: entries of an input and of an output, by K.
        classes: whether there are any, or values.
    """

    draw: Callable[[np.random.Generator, int, int, int], Drawn]
    steps: Callable[[int], int]
    sizes: Callable[[int], tuple[int, int]]
    classes: bool = True

    def plateau(self, K: int) -> float:
        """The loss of who remembers nothing: ln K nats; for values that of who repeats the last one, see `persistence`."""
        return math.log(K) if self.classes else persistence()


def one_hot(symbols: np.ndarray, K: int) -> np.ndarray:
    """``(..., K)`` float32."""
    return np.eye(K, dtype=np.float32)[symbols]


def _echo(rng: np.random.Generator, lag: int, K: int, B: int) -> Drawn:
    symbols = rng.integers(K, size=(lag + TAIL, B))
    return Drawn(one_hot(symbols, K), symbols[:TAIL])


def _recall(rng: np.random.Generator, lag: int, K: int, B: int) -> Drawn:
    read = rng.integers(K, size=(READ, B))
    blank = np.full((lag, B), K)
    return Drawn(one_hot(np.concatenate([read, blank]), K + 1), read[READ - lag :])


def _sine(rng: np.random.Generator, lag: int, K: int, B: int) -> Drawn:
    period, phase = rng.uniform(*PERIOD, B), rng.uniform(0, 2 * np.pi, B)
    clean = np.sin(2 * np.pi * np.arange(WAVE + 1)[:, None] / period + phase)
    seen = (clean + NOISE * rng.standard_normal(clean.shape)).astype(np.float32)
    return Drawn(seen[:-1, :, None], seen[1 + WAVE // 3 :])


def persistence(waves: int = 2000) -> float:
    """Mean squared error of who says the present value again, over so many noisy sines."""
    drawn = _sine(np.random.default_rng(0), 0, 0, waves)
    return float(np.mean((drawn.x[-len(drawn.y) :, :, 0] - drawn.y) ** 2))


TASKS: dict[str, Task] = {
    "echo": Task(_echo, lambda lag: lag + TAIL, lambda K: (K, K)),  # y_t = x_(t - lag)
    "recall": Task(_recall, lambda lag: READ + lag, lambda K: (K + 1, K)),  # reads, then writes the last ones
    "sine": Task(_sine, lambda lag: WAVE, lambda K: (1, 1), classes=False),  # the next value, once a third is seen
}
