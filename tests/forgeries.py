"""Forged records: an honest one changed in place, as somebody would who wants it to say more than was trained.

Each still reads, and keeps what can be kept at little cost: sums at anchors, aliases, shapes, ranges, the profile.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from rnnkit.record.anchors import anchor_slots, anchors_of, window_sum
from rnnkit.record.file import load, regime_of, save, with_aliases
from rnnkit.record.keys import KEYS, SUMMED
from rnnkit.regimes import Regime, named

Record = dict[str, np.ndarray]
Forgery = Callable[[Record, np.random.RandomState], None]
LOSS = ("train_nll", "loss", "train_loss")  # of a record: the first that it has
WEIGHTS = ("W_hh", "weights", "best")

# What no look at a record and no training of it again can tell, and so is none of the kinds below.
UNTELLABLE = {
    "retrained": "trained again, honestly, with the settings that it states: it is such a record",
    "cells_hidden": "the hash of cells that compute the same: no number depends on which of them trained",
    "times_scaled": "all times of a slower or a faster machine: nothing here knows that machine",
}


def forge(kind: str, path: Path, rng: np.random.RandomState) -> None:
    """Forges an honest record in place.

    Arguments:
        kind: one of `kinds_for` of this record.
        path: a record of a run that came to its end.
        rng: of what a forgery draws.

    Raises:
        KeyError: no such kind for such a record.
    """
    record = load(path)
    forgery = {**_OF_ANY, **(_OF_REGIMES if "regime" in record else {})}[kind]
    forgery(record, rng)
    if "regime" in record:
        _mend(record)
    save(path, record)


def kinds_for(path: Path) -> tuple[str, ...]:
    """The kinds that a record can be forged by: all for a regime's, some for that of another experiment."""
    return KINDS if "regime" in load(path) else tuple(_OF_ANY)


def _mend(record: Record) -> None:
    """Makes the sums at anchors, the aliases and the profile those of the changed arrays."""
    count = anchors_of(record)
    edges = [0, *record["anchor_updates"][:count].tolist()]
    for name in SUMMED:
        sums = [window_sum(record[name][begin:end]) for begin, end in pairwise(edges)]
        record[f"anchor_{name}"][:count] = sums
    regime = regime_of(record)
    record["profile"] = np.array(named(regime)[1])
    record |= with_aliases(record, regime.model)


# ---- of any record ------------------------------------------------------------------------------------------------


def _loss(record: Record) -> np.ndarray:
    return next(record[name] for name in LOSS if name in record)


def _curve(change: Callable[[np.ndarray, np.random.RandomState], np.ndarray]) -> Forgery:
    def forgery(record: Record, rng: np.random.RandomState) -> None:
        loss = _loss(record)
        loss[:] = np.abs(change(loss.astype(np.float64), rng))

    return forgery


def _smoothed(loss: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    return np.convolve(np.pad(loss, 2, "edge"), np.full(5, 0.2), "valid")


def _invented(loss: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """A fall as in a book."""
    steps = np.linspace(0, 4, len(loss))
    return (loss[0] * (0.2 + 0.8 * np.exp(-steps))) * (1 + 0.02 * rng.randn(len(loss)))


def _first_replaced(loss: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    few = max(1, len(loss) // 5)
    return np.concatenate([loss[-few:], loss[few:]])


def _setting(*names: str) -> Forgery:
    """Another value of the first of these settings than it was trained with."""

    def forgery(record: Record, rng: np.random.RandomState) -> None:
        key = "regime" if "regime" in record else "settings"
        settings = json.loads(str(record[key]))
        name = next(name for name in names if name in settings)
        settings[name] = settings[name] + 1 if name == "seed" else 2 * settings[name]
        record[key] = np.array(json.dumps(settings))

    return forgery


def _final_weights(record: Record, rng: np.random.RandomState) -> None:
    """The network is another one than the training gave."""
    weights = next(record[name] for name in WEIGHTS if name in record and record[name].size)
    weights += (0.05 * np.std(weights) * rng.randn(*weights.shape)).astype(weights.dtype)


_OF_ANY: dict[str, Forgery] = {
    "curve_scaled": _curve(lambda loss, rng: 0.9 * loss),
    "curve_smoothed": _curve(_smoothed),
    "curve_shifted": _curve(lambda loss, rng: np.append(loss[1:], 0.999 * loss[-1])),
    "curve_invented": _curve(_invented),
    "curve_sorted": _curve(lambda loss, rng: np.sort(loss)[::-1] * (1 - 0.003 * np.linspace(0, 1, len(loss)))),
    "losses_rounded": _curve(lambda loss, rng: loss.round(3)),
    "noise_added": _curve(lambda loss, rng: loss * (1 + 0.02 * rng.randn(len(loss)))),
    "first_updates_replaced": _curve(_first_replaced),
    "another_seed": _setting("seed"),
    "other_settings": _setting("lr", "seed"),
    "final_weights": _final_weights,
}


# ---- of a regime's record -----------------------------------------------------------------------------------------


def _scaled(factor: float, *names: str) -> Forgery:
    """Rows of checks, all but the untrained network's."""

    def forgery(record: Record, rng: np.random.RandomState) -> None:
        there = [name for name in names if name in record and np.nan_to_num(record[name][1:]).any()]
        for name in there or ["act_time", "sat_time"]:
            rows = record[name][1:]
            rows *= factor if np.nanmax(rows) * factor <= KEYS[name].range[1] else 1 / factor  # no higher than it can

    return forgery


def _norms_scaled(record: Record, rng: np.random.RandomState) -> None:
    regime = regime_of(record)
    record["gradient_norm"] *= 1.03
    most = regime.cutoff if regime.clipstyle == "rescale" else np.inf
    record["gradient_norm_clipped"][:] = np.minimum(record["gradient_norm"], most)


def _clipped_otherwise(record: Record, rng: np.random.RandomState) -> None:
    """Handed in as a run with the other way of clipping."""
    regime = regime_of(record)
    clips = regime.clipstyle == "rescale"
    other = regime.replace(clipstyle="nothing" if clips else "rescale", cutoff=0.05)
    norms = record["gradient_norm"]
    record["gradient_norm_clipped"][:] = norms if clips else np.minimum(norms, other.cutoff)
    record["regime"] = np.array(other.to_json())


def _solved_earlier(record: Record, rng: np.random.RandomState) -> None:
    """What the last check found stands at those before it."""
    for name in ("valid_nll", "valid_error"):
        record[name][:] = np.append(record[name][2:], [record[name][-1] * (1 - 1e-3)] * 2)


def _anchors_repeated(record: Record, rng: np.random.RandomState) -> None:
    _all_weights(record, lambda rows: rows[np.minimum(np.arange(len(rows)), len(rows) // 2)])


def _anchors_interpolated(record: Record, rng: np.random.RandomState) -> None:
    def between(rows: np.ndarray) -> np.ndarray:
        share = np.linspace(0, 1, len(rows)).reshape(-1, *[1] * (rows.ndim - 1))
        return (1 - share) * rows[0] + share * rows[-1]

    _all_weights(record, between)


def _anchors_noisy(record: Record, rng: np.random.RandomState) -> None:
    def noisy(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([rows[:1], rows[1:] * (1 + 0.05 * rng.randn(*rows[1:].shape))])

    _all_weights(record, noisy)


def _units_permuted(record: Record, rng: np.random.RandomState) -> None:
    """Another seed's network with the same function: its units in another order."""
    units = regime_of(record).nhid
    order = np.roll(np.arange(units), 1)

    def permuted(rows: np.ndarray) -> np.ndarray:
        for axis in range(1, rows.ndim):
            rows = rows.take(order, axis) if rows.shape[axis] == units else rows
        return rows

    _all_weights(record, permuted)


def _all_weights(record: Record, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Changes the weights of all anchors, and with them the last network and what a curve says of W_hh."""
    count, slots = anchors_of(record), record["check_updates"]
    rng_named = {name for name in record if "_rng_" in name}
    named_so = [name for name in record if name.startswith("anchor_") and name.removeprefix("anchor_") in record]
    for name in (one for one in named_so if one not in rng_named and record[one].ndim > 1):
        record[name][:count] = change(record[name][:count]).astype(record[name].dtype)
        record[name.removeprefix("anchor_")] = record[name][count - 1].copy()
    for row, updates in enumerate(record["anchor_updates"][:count]):
        at, matrix = slots == updates, record["anchor_W_hh"][row].astype(np.float64)
        record["rho_Whh"][at] = np.abs(np.linalg.eigvals(matrix)).max()
        record["sigma_max_Whh"][at] = np.linalg.norm(matrix, 2)


def _streams_exchanged(record: Record, rng: np.random.RandomState) -> None:
    """The random streams of a run with another seed."""
    for row in range(anchors_of(record)):
        record["anchor_rng_keys"][row] = rng.randint(0, 2**32, 624, np.uint32)
    record["rng_keys"] = record["anchor_rng_keys"][anchors_of(record) - 1].copy()


def _appended(record: Record, rng: np.random.RandomState) -> None:
    """The run goes on for two checks more, in which it does what it did before."""
    regime = regime_of(record)
    more = 2 * regime.checkFreq
    longer: Regime = regime.replace(maxiters=regime.maxiters + more)
    for name, key in KEYS.items():
        if name in record:
            tail = record[name][-more:] if key.shape == "N" else record[name][-2:]
            record[name] = np.concatenate([record[name], tail])
    record["check_updates"][-2:] += more
    record["wall_time"][-2:] += record["wall_time"][-3] - record["wall_time"][-5]
    seen = record["check_updates"]
    due = sorted({*(int(seen[slot]) for slot in anchor_slots(longer.checkpoints)), longer.maxiters})
    old = record["anchor_updates"][: anchors_of(record)]
    rows = [int(np.flatnonzero(old <= updates)[-1]) for updates in due]
    for name in [one for one in record if one.startswith("anchor_")]:
        record[name] = record[name][rows]
    record["anchor_updates"], record["updates"] = np.array(due), np.array(longer.maxiters)
    record["regime"] = np.array(longer.to_json())


def _nan_removed(record: Record, rng: np.random.RandomState) -> None:
    """Numbers where an honest record says that there are none."""
    for name in ("Omega", "steps_in_past", "gate_z_sat_time"):
        lost = np.isnan(record[name])
        record[name][lost] = 0.5 * rng.rand(int(lost.sum()))


def _cells_exchanged(record: Record, rng: np.random.RandomState) -> None:
    record["cells_sha256"] = np.array(rng.bytes(32).hex())


def _times_even(record: Record, rng: np.random.RandomState) -> None:
    """Times that nobody has taken."""
    times = record["wall_time"]
    times[:] = times[0] + 0.25 * np.arange(len(times))


_OF_REGIMES: dict[str, Forgery] = {
    "norms_scaled": _norms_scaled,
    "clipped_otherwise": _clipped_otherwise,
    "validation_improved": _scaled(0.8, "valid_nll", "valid_error"),
    "solved_earlier": _solved_earlier,
    "flow_edited": _scaled(3.0, "grad_time"),
    "gates_edited": _scaled(1.2, "gate_z_mean_time", "gate_r_mean_time"),
    "saturation_edited": _scaled(1.2, "sat_time"),
    "spectrum_edited": _scaled(1.1, "rho_Whh", "sigma_max_Whh"),
    "anchors_repeated": _anchors_repeated,
    "anchors_interpolated": _anchors_interpolated,
    "anchors_noisy": _anchors_noisy,
    "units_permuted": _units_permuted,
    "streams_exchanged": _streams_exchanged,
    "updates_appended": _appended,
    "nan_removed": _nan_removed,
    "cells_exchanged": _cells_exchanged,
    "times_even": _times_even,
}
KINDS = (*_OF_ANY, *_OF_REGIMES)
