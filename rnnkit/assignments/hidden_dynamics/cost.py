"""Time and memory of a recurrent layer beside self-attention of as many units, measured.

``python -m rnnkit.assignments.hidden_dynamics.cost notebooks/hidden_dynamics/sweeps`` writes ``cost.csv`` there.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from rnnkit.assignments.hidden_dynamics.network import Array, H
from rnnkit.runs.tables import save_rows

LENGTHS = (20, 100, 500, 2000)
ROUNDS, ENOUGH = 5, 0.05  # of which the fastest counts, each of so many seconds at least


class Recurrent:
    """A tanh layer that reads one step after the other, and keeps its state."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.W_xh, self.W_hh = (rng.standard_normal((2, H, H)) / np.sqrt(H)).astype(np.float32)
        self.h = np.zeros(H, np.float32)

    def step(self, x: Array) -> Array:
        """Reads ``(H,)``, gives ``(H,)``."""
        self.h = np.tanh(x @ self.W_xh + self.h @ self.W_hh)
        return self.h

    def whole(self, x: Array) -> Array:
        """All steps ``(T, H)``, one after the other; the last state."""
        driven = x @ self.W_xh
        h = np.zeros(H, np.float32)
        for one in driven:
            h = np.tanh(one + h @ self.W_hh)
        return h

    @property
    def kept(self) -> int:
        """Bytes kept from step to step."""
        return self.h.nbytes


class Attention:
    """A causal head of self-attention, which keeps the keys and values of all steps."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.W = (rng.standard_normal((3, H, H)) / np.sqrt(H)).astype(np.float32)
        self.keys, self.values = np.zeros((2, 0, H), np.float32)

    def step(self, x: Array) -> Array:
        """Reads ``(H,)``, gives ``(H,)``."""
        query, key, value = x @ self.W
        self.keys, self.values = np.vstack([self.keys, key]), np.vstack([self.values, value])
        scores = self.keys @ query / np.float32(np.sqrt(H))
        weights = np.exp(scores - scores.max())
        return weights @ self.values / weights.sum()

    def whole(self, x: Array) -> Array:
        """All steps ``(T, H)`` at once, ``(T, H)``."""
        query, key, value = x @ self.W
        scores = query @ key.T / np.float32(np.sqrt(H))
        scores[np.triu_indices(len(x), 1)] = -np.inf
        weights = np.exp(scores - scores.max(1, keepdims=True))
        return weights @ value / weights.sum(1, keepdims=True)

    @property
    def kept(self) -> int:
        """Bytes kept from step to step."""
        return self.keys.nbytes + self.values.nbytes


def measured(T: int) -> dict[str, Any]:
    """One length: processor time of the last step of a stream and of the whole sequence, bytes kept, and peak."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((T, H)).astype(np.float32)
    row: dict[str, Any] = {"T": T}
    for name, layer in (("rnn", Recurrent(rng)), ("attention", Attention(rng))):
        for one in x:
            layer.step(one)
        row[f"{name}_kB_kept"] = layer.kept / 1000
        row[f"{name}_us_a_step"] = 1e6 * _fastest(_same_step(layer, x[-1]))
        row[f"{name}_us_whole"] = 1e6 * _fastest(lambda layer=layer: layer.whole(x))  # type: ignore[misc]
        tracemalloc.start()
        layer.whole(x)
        row[f"{name}_kB_peak"] = tracemalloc.get_traced_memory()[1] / 1000
        tracemalloc.stop()
    return {name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in row.items()}


def _same_step(layer: Any, x: Array) -> Callable[[], object]:
    """A step after T - 1 others, which may be done again and again."""
    kept = {name: value[:-1] if value.ndim == 2 else value for name, value in vars(layer).items() if name[0] in "hkv"}

    def step() -> object:
        vars(layer).update(kept)
        return layer.step(x)

    return step


def _fastest(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    found = []
    for _ in range(ROUNDS):
        begun, times = process_time(), 0
        while process_time() - begun < ENOUGH:
            work()
            times += 1
        found.append((process_time() - begun) / times)
    return min(found)


if __name__ == "__main__":
    print(save_rows(Path(sys.argv[1]) / "cost.csv", [measured(T) for T in LENGTHS]))
