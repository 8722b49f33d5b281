"""What of a record is needed to train it again, read from a file that nobody vouches for: anchors and curves, whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.common.shapes import SHAPES, shape_of
from rnnkit.record.anchors import anchor_slots
from rnnkit.record.keys import RNG_KEYS, RNG_WORDS
from rnnkit.record.npz import Members
from rnnkit.regimes import Regime

CURVES = ("train_nll", "gradient_norm")
ENDED = ("finished", "solved")
MOST_NUMBERS = 1 << 25  # of one batch's states: 128 MB


class Untried(BadValue):
    """Nothing can be said about a record: the message says why."""


class Differs(BadValue):
    """A record does not follow from its anchors: the message says where."""


@dataclass(frozen=True)
class Stored:
    """What of a record is done again: anchors (updates, weights and random stream by name) and curves, whole."""

    regime: Regime
    updates: np.ndarray
    weights: dict[str, np.ndarray]
    rng: dict[str, np.ndarray]
    curves: dict[str, np.ndarray]


def stored(members: Members, regime: Regime) -> Stored:
    """Reads anchors and curves of a record of temporal order (Unreadable, `Untried`, `Differs` where it cannot be)."""
    names, task = SHAPES[regime.model.upper()], regime.make_task()
    needed = ["anchor_updates", *(f"anchor_{name}" for name in (*names, *RNG_KEYS)), *names, *CURVES]
    if missing := [name for name in (*needed, "updates", "status") if name not in members]:
        old = "an older rnnkit made it" if "anchor_updates" in missing else ", ".join(missing[:5])
        raise Untried(f"it has not all that is needed to train it again ({old})")
    if max(50, regime.nhid) * regime.bs * task.max_steps(regime.max_length) > MOST_NUMBERS:
        raise Untried("units, lengths and batches are too large together to be trained again here")
    updates, status = members.read("updates"), members.read("status")
    if str(status) not in ENDED or updates.ndim or updates.dtype.kind != "i" or not 0 < updates <= regime.maxiters:
        raise Untried("it is no run that has come to its end")
    anchors = _plain(members.read("anchor_updates"), "i", 1)
    anchors = anchors[: int(np.cumprod(anchors >= 0).sum())]
    checks = [slot * regime.checkFreq + 1 if slot else 0 for slot in anchor_slots(regime.checkpoints)]
    due = sorted({*(update for update in checks if update <= updates), int(updates)})
    if len(anchors) and anchors[0] > 0:
        raise Untried(f"its anchors begin at update {anchors[0]}, where an older rnnkit had begun it")
    if anchors.tolist() != due:
        raise Untried(f"its {len(anchors)} anchors are not the {len(due)} that a run of its settings has")
    sizes = {"I": task.n_in, "H": regime.nhid, "O": task.n_out, "R": RNG_WORDS}
    weights = {name: _rows(members, name, "f", len(due), shape_of(axes, sizes)) for name, axes in names.items()}
    rng = {name: _rows(members, name, "fiu", len(due), shape_of(key.shape, sizes)) for name, key in RNG_KEYS.items()}
    curves = {name: _plain(members.read(name), "f", 1) for name in CURVES}
    if not all(np.isfinite(rows).all() for rows in weights.values()):
        raise Untried("not all its weights are finite")
    positions = rng["rng_position"]
    if positions.min() < 0 or positions.max() > RNG_WORDS:  # numpy would read beyond its memory
        raise Untried("the random stream of an anchor is none")
    if any(len(curve) < due[-1] for curve in curves.values()):
        raise Untried("its curves are shorter than the run")
    if not all(np.array_equal(rows[-1], members.read(name)) for name, rows in weights.items()):
        raise Differs("the network that it ends with is not that of its last anchor")
    return Stored(regime, anchors, weights, rng, curves)


def _plain(array: np.ndarray, kinds: str, axes: int) -> np.ndarray:
    if array.dtype.kind not in kinds or array.ndim != axes:
        raise Untried(f"expected {axes} axes of numbers, got {array.dtype} of shape {array.shape}")
    return array


def _rows(members: Members, name: str, kinds: str, count: int, shape: tuple[int, ...]) -> np.ndarray:
    """An anchor's array, its filled rows."""
    array = _plain(members.read(f"anchor_{name}"), kinds, 1 + len(shape))
    if len(array) < count or array.shape[1:] != shape:
        raise Untried(f"anchor_{name}: expected {count} rows of shape {shape}, got shape {array.shape}")
    return array[:count]
