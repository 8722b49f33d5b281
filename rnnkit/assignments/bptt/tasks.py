"""What the networks are trained on: the echo, read then write, a noisy sine, and text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnkit.assignments.bptt.text import ALPHABET, corpus, unigram

TAIL = 30  # steps of an echo that count
READ = 100  # symbols of which the last are written
WINDOW = 100  # characters
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
        plateau: loss without memory, by K: ln K nats; of text, of who knows how frequent each character is; of values,
            of who says the last one again.
        classes: whether there are any, or values.
        plain: whether a plateau is left for good by who remembers: an accuracy decides then, not the loss.
    """

    draw: Callable[[np.random.Generator, int, int, int], Drawn]
    steps: Callable[[int], int]
    sizes: Callable[[int], tuple[int, int]]
    plateau: Callable[[int], float] = math.log
    classes: bool = True
    plain: bool = True


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


def _of_text(name: str) -> Task:
    def draw(rng: np.random.Generator, lag: int, K: int, B: int) -> Drawn:
        train, _ = corpus(name)
        begin = rng.integers(len(train) - WINDOW, size=B)
        symbols = train[begin + np.arange(WINDOW + 1)[:, None]]
        return Drawn(one_hot(symbols[:-1], len(ALPHABET)), symbols[1:])

    both = len(ALPHABET), len(ALPHABET)
    return Task(draw, lambda lag: WINDOW, lambda K: both, lambda K: unigram(name), plain=False)


def persistence(waves: int = 2000) -> float:
    """Mean squared error of who says the present value again, over so many noisy sines."""
    drawn = _sine(np.random.default_rng(0), 0, 0, waves)
    return float(np.mean((drawn.x[-len(drawn.y) :, :, 0] - drawn.y) ** 2))


TASKS: dict[str, Task] = {
    "echo": Task(_echo, lambda lag: lag + TAIL, lambda K: (K, K)),  # y_t = x_(t - lag)
    "recall": Task(_recall, lambda lag: READ + lag, lambda K: (K + 1, K)),  # reads, then writes the last ones
    "sine": Task(_sine, lambda lag: WAVE, lambda K: (1, 1), lambda K: persistence(), classes=False, plain=False),
    "text": _of_text("text"),
    "grammar": _of_text("grammar"),
}
