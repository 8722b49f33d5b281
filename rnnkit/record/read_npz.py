"""``python -m rnnkit.record.read_npz FOLDER``: what the records in a folder say, as lines of JSON.

For files that nobody vouches for, in a process that may be killed: no pickle, each member counted before it is read,
and a reason in the place of everything that cannot be read. Without torch, so that it starts fast.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import gt
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.common.statistics import mean_log10_grad, over_steps
from rnnkit.common.wire import encode
from rnnkit.record.keys import ANCHOR_KEYS, FINAL, KEYS, NUMBERS, OTHERS_TEXTS, SUMMED, TEXTS, Key
from rnnkit.record.npz import Members, Unreadable, short

FILES, OUTPUT = 24, 12 << 20  # files of a folder, bytes that are written
TEXT = 8000  # characters
POINTS = 300  # of a curve over updates

WEIGHT = "anchor_W_hh"
# The arrays that are read: of those over updates, the ones that anchors have the sums of.
READ = {name: key for name, key in KEYS.items() if key.shape != "N" or name in SUMMED} | {
    **{name: key for name, key in ANCHOR_KEYS.items() if "rng" not in name},
    WEIGHT: Key("AHH", "1", "the recurrent matrix at each anchor"),
}
TRIED_AGAIN = "torder"  # the task of the runs whose networks are tried, see `rnnkit.runs.stretches`
WIDTH = 400  # hidden units
MOST = {"C": 20_000, "D": 20_000, "B": 20_000, "A": 100, "H": WIDTH}  # along an axis, by the letters of keys' shapes
BAD_NORM = 1e10  # what the trainer does not clip but replaces


@np.errstate(all="ignore")  # of numbers that no training makes
def summary(path: Path) -> dict[str, Any]:
    """What one record says, small enough to be passed on.

    Returns:
        ``texts`` and ``numbers`` by their keys; ``about``: shape, dtype and range of each array; ``checks``: the curves
        over checks, whole; ``curves``: those over updates, at ``points``; ``last``: the diagnostics of the last check;
        ``norms`` and ``anchors``: what is computed here from what is too large to be passed on; ``problems`` by key.
    """
    members = Members(path)
    said: dict[str, Any] = {name: {} for name in ("texts", "numbers", "about", "checks", "curves", "last", "problems")}
    arrays: dict[str, np.ndarray] = {}
    for name in (*TEXTS, *OTHERS_TEXTS, *NUMBERS, *READ):
        if name not in members:
            continue
        try:
            _take(name, members.read(name), arrays, said)
        except ValueError as error:  # Unreadable, or letters that are none
            said["problems"][name] = str(error)[:300]
    said["about"] = {name: _about(array) for name, array in arrays.items()}
    longest = max((len(arrays[name]) for name in SUMMED if name in arrays), default=1)
    points = np.unique(np.linspace(0, longest - 1, POINTS).astype(int)) if arrays else np.zeros(0, int)
    _add_curves(arrays, points, said)
    return said | {"norms": _norms(arrays), "anchors": _anchors(arrays)}


def _take(name: str, array: np.ndarray, arrays: dict[str, np.ndarray], said: dict[str, Any]) -> None:
    """Puts what was read where it belongs, where it is of the right kind."""
    if name in TEXTS + OTHERS_TEXTS:
        if array.dtype.kind != "U" or array.ndim or array.dtype.itemsize > 4 * TEXT:
            raise Unreadable(f"expected a text of at most {TEXT} characters")
        said["texts"][name] = str(array).encode("utf-8", "replace").decode()
    elif name in NUMBERS:
        if array.ndim or array.dtype.kind != "i":
            raise Unreadable(f"expected one whole number, got {array.dtype} of shape {array.shape}")
        said["numbers"][name] = int(array)
    else:
        _check(array, READ[name])
        arrays[name] = array


def _check(array: np.ndarray, key: Key) -> None:
    kinds, numbers = ("i", "whole numbers") if key.dtype is np.int64 else ("fiu", "numbers")
    if array.dtype.kind not in kinds:
        raise Unreadable(f"expected {numbers}, got dtype {array.dtype}")
    if array.ndim != len(key.shape) or not array.size:
        raise Unreadable(f"expected {len(key.shape)} axes and something in them, got shape {array.shape}")
    most = tuple(MOST.get(letter, size) for letter, size in zip(key.shape, array.shape, strict=True))
    if any(map(gt, array.shape, most)):
        raise Unreadable(f"expected at most {most}, got shape {array.shape}")


def _about(array: np.ndarray) -> dict[str, Any]:
    numbers = array[np.isfinite(array)]
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (float("nan"),) * 2
    counts = {"nan": int(np.isnan(array).sum()), "infinite": int(np.isinf(array).sum())}
    return {"shape": list(array.shape), "dtype": array.dtype.name, "low": low, "high": high, **counts}


def _add_curves(arrays: dict[str, np.ndarray], points: np.ndarray, said: dict[str, Any]) -> None:
    """The curves, thinned where they go over updates; of those over time steps the last check and means."""
    said["points"] = points
    slots = np.flatnonzero(arrays.get("check_updates", np.full(1, -1)) >= 0)
    for name, array in arrays.items():
        shape = READ[name].shape
        if shape == "N":
            said["curves"][name] = _plain(array[points[points < len(array)]])
        elif shape == "C":
            said["checks"][name] = _plain(array)
        elif shape in ("CD", "CB") and slots.size and slots[-1] < len(array):
            said["last"][name] = _plain(array[slots[-1]])
    if "grad_time" in arrays:
        said["checks"]["mean_log10_grad"] = mean_log10_grad(np.abs(arrays["grad_time"]))
    if "sat_time" in arrays:
        said["checks"]["mean_sat"] = over_steps(arrays["sat_time"].astype(np.float64))


def _plain(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int64 if array.dtype.kind in "iu" else np.float64)


def _norms(arrays: dict[str, np.ndarray]) -> dict[str, float]:
    """Of the gradient norms of all updates: middle and largest, and what clipping made of them."""
    norm, clipped = (arrays.get(name) for name in SUMMED[1:])
    if norm is None or clipped is None or norm.shape != clipped.shape:
        return {}
    norm, clipped = norm.astype(np.float64), clipped.astype(np.float64)
    fine = np.isfinite(norm) & np.isfinite(clipped) & (norm <= BAD_NORM)
    there, norm, clipped = norm[~np.isnan(norm)], norm[fine], clipped[fine]
    if not norm.size:
        return {}
    end = norm[-max(1, len(norm) // 50) :]
    return {
        "median": float(np.median(there)),
        "largest": float(there.max()),
        "end": float(np.median(end)),
        "largest_clipped": float(clipped.max()),
        "changed": float(np.mean(norm != clipped)),
        "enlarged": float(np.mean(clipped > norm)),
    }


def _anchors(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The anchors, and what their weights and the record's curves say about the same."""
    if "anchor_updates" not in arrays:
        return {}
    updates = arrays["anchor_updates"]
    updates = updates[: int(np.cumprod(updates >= 0).sum())]
    kept: dict[str, Any] = {"updates": _plain(updates)}
    weights = arrays.get(WEIGHT)
    if weights is not None and len(weights) >= len(updates) and weights.shape[1] == weights.shape[2]:
        rows = [row.astype(np.float64) for row in weights[: len(updates)]]
        kept["rho"] = np.array([np.abs(np.linalg.eigvals(row)).max() if _tame(row) else np.nan for row in rows])
        kept["sigma"] = np.array([np.linalg.norm(row, 2) if _tame(row) else np.nan for row in rows])
    if (np.diff(updates) <= 0).any():
        return kept
    for name in SUMMED:
        sums, curve = arrays.get(f"anchor_{name}"), arrays.get(name)
        if sums is not None and curve is not None and len(updates) and updates[-1] <= len(curve):
            edges, curve = [0, *updates.tolist()], curve.astype(np.float64)
            again = [curve[begin:end].sum() for begin, end in pairwise(edges)]
            kept[name], kept[f"{name}_again"] = _plain(sums[: len(updates)]), np.array(again)
    return kept


def _tame(matrix: np.ndarray) -> bool:
    return bool(np.isfinite(matrix).all() and np.abs(matrix).max(initial=0) < 1e100)


def records(folder: Path) -> list[Path]:
    """Every final record below a folder, in order; links are not followed."""
    paths = (path for path in folder.rglob(f"*{FINAL}") if not path.is_dir())
    return sorted(paths, key=lambda path: (path.parent, path.name))


def lines(folder: Path) -> Iterator[str]:
    """One line of JSON for each record: its path, and its `summary` or the ``problem`` that it has."""
    left = OUTPUT
    for number, path in enumerate(records(folder)):
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()[-300:]
        try:
            if number >= FILES:
                raise Unreadable(f"expected at most {FILES} records, got more; this one was not read")
            line = json.dumps(encode({"file": name, "problem": None, **summary(path)}))
            if len(line) > left:
                raise Unreadable("the records before it are too large together; this one was not read")
        except BadValue as error:
            line = json.dumps({"file": name, "problem": str(error)[:400]})
        except Exception as error:  # whatever numpy says of numbers that no training makes
            line = json.dumps({"file": name, "problem": f"cannot be read ({short(error)})"})
        left -= len(line)
        yield line
        if number >= FILES:
            return


def main(argv: Sequence[str]) -> int:
    """Writes the lines to standard output."""
    for line in lines(Path(*argv)):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
