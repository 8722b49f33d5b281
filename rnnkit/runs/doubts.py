"""What in one record looks made up, told without training it again; and what tells it from every other record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rnnkit.record.npz import Members

FEWEST = 8  # values of which something is said
BLOCK = 8  # values in a row that no honest curve has twice
TIMES = ("wall_time",)
CURVE = ("N", "C", "E")  # first letters of the shapes of curves


def arrays_of(members: Members, keys: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The curves of a record, by name: what has one axis and is filled, as far as it is."""
    curves = {}
    for name, key in keys.items():
        if name in members and key.shape in CURVE:
            array = members.read(name)
            if array.dtype.kind == "f" and array.ndim == 1:
                curves[name] = array[~np.isnan(array)]
    return curves


def doubts(members: Members, keys: Mapping[str, Any]) -> list[str]:
    """Short sentences about one record; none for an honest one.

    Arguments:
        members: the record's arrays.
        keys: what an honest one has, see `rnnkit.runs.experiment.Experiment.schema`.
    """
    curves = arrays_of(members, keys)
    return [*_lacking(members, keys), *_made_up(curves), *_times(curves), *_repeated(members)]


def prints(members: Members, keys: Mapping[str, Any]) -> dict[str, str]:
    """Fingerprints of what two honest runs of different settings never have in common, by name.

    Times are among them: no two runs take the same ones, whatever their settings.
    """
    curves = arrays_of(members, keys)
    curves = {name: one for name, one in curves.items() if len({*one.tolist()}) >= (3 if name in TIMES else FEWEST)}
    return {name: hashlib.sha256(one.astype("<f8").tobytes()).hexdigest()[:16] for name, one in curves.items()}


def _lacking(members: Members, keys: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name, key in keys.items() if name not in members and "C" not in key.shape]
    if missing:
        yield f"keys are missing: {', '.join(missing[:5])}"
    for name in (name for name in keys if name in members):
        array = members.read(name)
        if array.dtype.kind == "f" and np.isinf(array).any() and str(members.read("status")) != "diverged":
            yield f"{name} is infinite in {int(np.isinf(array).sum())} places"


def _made_up(curves: Mapping[str, np.ndarray]) -> Iterator[str]:
    for name, array in curves.items():
        fine = array[(array != 0) & (np.abs(array) < 1e6)]
        if len({*fine.tolist()}) < FEWEST or name in TIMES or not _smooth(name):
            continue
        digits = next((n for n in range(1, 6) if (fine == fine.round(n).astype(fine.dtype)).all()), 0)
        if digits:
            yield f"{name} has {digits} decimals, each of its {len(fine)} values"
        wide = np.lib.stride_tricks.sliding_window_view(array, BLOCK) if len(array) > BLOCK else np.zeros((0, BLOCK))
        varied = [row.tobytes() for row in wide if len({*row.tolist()}) >= BLOCK - 2]
        if again := len(varied) - len({*varied}):
            yield f"{name} repeats itself: {again + BLOCK - 1} of its values in a row stand there twice"


def _smooth(name: str) -> bool:
    """Whether no two values of a curve are the same but by intent: not so of what is counted."""
    return any(word in name for word in ("loss", "nll", "norm"))


def _times(curves: Mapping[str, np.ndarray]) -> Iterator[str]:
    for name in TIMES:
        steps = np.diff(curves.get(name, np.zeros(0)))
        if len(steps) >= 3 and np.ptp(steps) <= 1e-9 * np.abs(steps).max():
            yield f"{name} goes in {len(steps)} equal steps, which no clock does"


def _repeated(members: Members) -> Iterator[str]:
    """Networks that did not move while they learnt."""
    if "anchor_W_hh" not in members or "anchor_updates" not in members:
        return
    rows, updates = members.read("anchor_W_hh"), members.read("anchor_updates")
    rows = rows[: int(np.cumprod(updates >= 0).sum())]
    if not np.isfinite(rows).all():
        yield f"weights of {int((~np.isfinite(rows).reshape(len(rows), -1).all(1)).sum())} anchors are not finite"
    same = [k for k in range(1, len(rows)) if np.array_equal(rows[k], rows[k - 1])]
    if same:
        first, second = updates[same[0] - 1 : same[0] + 1]
        yield f"W_hh is the same at {len(same) + 1} anchors, first at updates {first} and {second}"
