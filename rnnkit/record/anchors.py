"""Anchors of a run: some fifty moments, geometrically spaced, from which its training can be done again.

At an anchor the record has everything that decides the next update (weights and random stream), and so the stretch to
the next anchor can be repeated on its own and compared, bit for bit on the same machine and versions. All but the last
anchor fall on a check, so that the row of the record there can be computed again as well.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from rnnkit.cells import Cell
from rnnkit.common.shapes import shape_of
from rnnkit.record.file import rng_state, weights_of
from rnnkit.record.keys import ANCHOR_KEYS, RNG_KEYS, RNG_WORDS, SUMMED
from rnnkit.regimes import Regime

MOST = 50  # anchors of a run of any length


def anchor_slots(checkpoints: int) -> list[int]:
    """The checks at which an anchor is kept: the first, the last, and geometrically spaced ones between them."""
    last, wanted = checkpoints - 1, MOST - 2  # besides these: the untrained network and the end
    if last <= wanted:
        return list(range(checkpoints))
    points = wanted
    while len(slots := np.unique(np.geomspace(1, last, points).round().astype(int))) < wanted:
        points += 1  # rounding made some of the first ones equal
    return [0, *slots.tolist()]


class Anchors:
    """The anchors of one run, in the order of its updates.

    Arguments:
        regime: the settings; they say how many there will be, and at which checks (``slots``).
        weights: the parameters by name, for their shapes.
    """

    def __init__(self, regime: Regime, weights: dict[str, np.ndarray]) -> None:
        slots = anchor_slots(regime.checkpoints)
        at_the_end = len(slots) > 1 and slots[-1] * regime.checkFreq + 1 == regime.maxiters  # the last check is
        rows = len(slots) + (not at_the_end)
        self.slots = frozenset(slots)
        self.arrays = {f"anchor_{name}": np.full((rows, *w.shape), np.nan, w.dtype) for name, w in weights.items()}
        for name, key in ANCHOR_KEYS.items():
            shape = shape_of(key.shape, {"A": rows, "R": RNG_WORDS})
            self.arrays[name] = np.full(shape, _unfilled(name), key.dtype)

    @property
    def kept(self) -> int:
        """How many there are so far."""
        return anchors_of(self.arrays)

    def keep(self, updates: int, now: dict[str, np.ndarray], curves: dict[str, np.ndarray]) -> None:
        """One more, with weights and random stream as they are now, unless the last one is of the same update."""
        row = self.kept
        since = int(self.arrays["anchor_updates"][row - 1]) if row else 0
        if row and since == updates:
            return
        for name in SUMMED:
            self.arrays[f"anchor_{name}"][row] = window_sum(curves[name][since:updates])
        for name, value in now.items():
            self.arrays[f"anchor_{name}"][row] = value
        self.arrays["anchor_updates"][row] = updates  # last: a row counts once it is complete

    def until(self, updates: int) -> dict[str, np.ndarray]:
        """Copies of the arrays with nothing in them that came after ``updates``."""
        rows = int(np.count_nonzero(self.arrays["anchor_updates"][: self.kept] <= updates))
        arrays = {name: array.copy() for name, array in self.arrays.items()}
        for name, array in arrays.items():
            array[rows:] = _unfilled(name)
        return arrays

    def restore(self, content: dict[str, np.ndarray]) -> bool:
        """Goes on from a record's anchors; False, and no change, where it has none (an older rnnkit wrote it)."""
        if any(name not in content or content[name].shape != array.shape for name, array in self.arrays.items()):
            return False
        self.arrays = {name: content[name].astype(array.dtype) for name, array in self.arrays.items()}
        return True


def window_sum(values: np.ndarray) -> float:
    """The sum in 64 bits, one value after the other, so that it does not depend on the version of numpy."""
    with np.errstate(invalid="ignore"):
        return float(np.cumsum(values, dtype=np.float64)[-1]) if len(values) else 0.0


def _unfilled(name: str) -> float:
    return -1 if name == "anchor_updates" else 0 if name.startswith("anchor_rng") else np.nan


def anchors_of(content: dict[str, np.ndarray]) -> int:
    """How many anchors a record has; 0 for one that an older rnnkit wrote."""
    return int(np.count_nonzero(content["anchor_updates"] >= 0)) if "anchor_updates" in content else 0


class Trains(Protocol):
    """What `rnnkit.trainer.Trainer` does, as far as a stretch of training is done again with it."""

    regime: Regime
    cell: Cell
    rng: np.random.RandomState
    arrays: dict[str, np.ndarray]

    def go_to(self, updates: int, then: dict[str, np.ndarray]) -> None:
        """Puts network and random stream where they were."""

    def train_until(self, updates: int) -> None:
        """Trains without checks."""


def replay(trainer: Trains, content: dict[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    """Does the updates from one anchor of a record to the next one again.

    Arguments:
        trainer: one of the record's regime, cells and engine; it is moved to the later anchor.
        content: the record.
        row: the earlier anchor, from 0.

    Returns:
        What the record has at ``row + 1``, by the same names, as it comes out here; equal for an honest record of this
        machine and these versions.

    Raises:
        IndexError: the record has no two anchors there.
    """
    if not 0 <= row < anchors_of(content) - 1:
        raise IndexError(f"expected an anchor with a later one, 0 to {anchors_of(content) - 2}, got {row}")
    begin, end = (int(updates) for updates in content["anchor_updates"][row : row + 2])
    names = [name for name, _ in trainer.cell.named_parameters()]
    then = {name: content[f"anchor_{name}"][row] for name in (*names, *RNG_KEYS)}
    trainer.go_to(begin, then)
    anchors = Anchors(trainer.regime, weights_of(trainer.cell))
    anchors.keep(begin, then, trainer.arrays)
    trainer.train_until(end)
    anchors.keep(end, weights_of(trainer.cell) | rng_state(trainer.rng), trainer.arrays)
    return {name: array[1] for name, array in anchors.arrays.items()}
