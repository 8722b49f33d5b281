"""Whether a record's numbers can be those of a training: rules that every honest record keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnkit.record.anchors import anchor_slots
from rnnkit.record.keys import KEYS, NEWER, OVER_TIME, PER_CHECK, REGRESSION_ONLY, SUMMED, TEXTS
from rnnkit.regimes import Regime

CLOSE = 1e-3  # relative: another machine's last digits, and 32 bits
FINITE = ("valid_nll", "valid_error", "rho_Whh", "sigma_max_Whh")
ENDED = ("finished", "solved", "diverged")


def strange(content: dict[str, Any], regime: Regime) -> list[str]:
    """What is missing from a record, see `rnnkit.record.read_npz.summary`, or cannot be, in short sentences."""
    flags = [f"{name}: {reason}"[:160] for name, reason in content["problems"].items()]
    for rule in (_missing, _shapes, _status, _checks, _ranges, _norms, _anchors):
        flags += rule(content, regime)
    return flags


def _missing(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    regression = regime.make_task().head == "lastLinear"
    wanted = [name for name in (*SUMMED, *PER_CHECK, *OVER_TIME) if regression or name not in REGRESSION_ONLY]
    there = {*content["about"], *content["texts"], *content["numbers"], *content["problems"], *NEWER}
    if missing := [name for name in (*wanted, *TEXTS, "updates") if name not in there]:
        yield f"keys are missing: {', '.join(missing)}"


def _shapes(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    steps = regime.make_task().max_steps(regime.max_length)
    size = {"N": regime.maxiters, "C": regime.checkpoints, "D": steps, "B": regime.diagBins}
    done = size | {"N": content["numbers"].get("updates"), "C": _made(content)}  # without the rows of what was to come
    for name, key in KEYS.items():
        told = content["about"].get(name)
        if told is None:
            continue
        expected = [size[letter] for letter in key.shape]
        if told["shape"] not in (expected, [done[letter] for letter in key.shape]):
            yield f"{name} has shape {tuple(told['shape'])}, not {tuple(expected)}"
        elif told["dtype"] != np.dtype(key.dtype).name:
            yield f"{name} is {told['dtype']}, not {np.dtype(key.dtype).name}"


def _made(content: dict[str, Any]) -> int:
    """The checks that were made."""
    return int((content["checks"].get("check_updates", np.full(1, -1)) >= 0).sum())


def _status(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    status, updates = content["texts"].get("status"), content["numbers"].get("updates")
    if status == "running":
        yield f"unfinished, {updates} of {regime.maxiters} updates"
    elif status == "diverged":
        yield f"diverged after {updates} updates"
    elif status is not None and status not in ENDED:
        yield "a status that no run has"
    if updates is None:
        return
    if status == "finished" and updates != regime.maxiters:
        yield f"finished after {updates} of {regime.maxiters} updates"
    losses = content["about"].get("train_nll")
    if losses and len(losses["shape"]) == 1 and status != "diverged" and 0 <= updates <= regime.maxiters:
        done = losses["shape"][0] - losses["nan"]
        if done != updates:
            yield f"train_nll of {done} updates, {updates} were done"
    errors = _filled(content, "valid_error")
    if status == "solved" and errors.size and not errors[-1] < regime.stop_error:
        yield f"solved, but {errors[-1]:.4g} % are wrong at the last check"


def _filled(content: dict[str, Any], name: str) -> np.ndarray:
    """A curve over the checks that were made."""
    seen, values = content["checks"].get("check_updates"), content["checks"].get(name)
    if seen is None or values is None or len(seen) != len(values):
        return np.zeros(0)
    return values[seen >= 0]


def _checks(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    seen, updates = content["checks"].get("check_updates"), content["numbers"].get("updates")
    if seen is None or updates is None:
        return
    made = int((seen >= 0).sum())
    due = max(0, min(updates, regime.maxiters) - 1) // regime.checkFreq + 1
    if seen[:made].tolist() != [0, *(slot * regime.checkFreq + 1 for slot in range(1, made))][:made]:
        yield "checks are not one after each checkFreq updates, in order"
    elif made != due and not (made == due - 1 and content["texts"].get("status") == "diverged"):  # in that very update
        yield f"{made} checks, {due} were due"
    times = _filled(content, "wall_time")
    if times.size and not (np.isfinite(times).all() and (np.diff(times) > 0).all() and times[0] >= 0):
        yield "wall_time does not increase from check to check"
    diverged = content["texts"].get("status") == "diverged"
    for name in FINITE:
        values = _filled(content, name)
        if values.size and not diverged and not np.isfinite(values).all():
            yield f"{name} is not finite at {int((~np.isfinite(values)).sum())} checks"
    rho, sigma = _filled(content, "rho_Whh"), _filled(content, "sigma_max_Whh")
    if rho.size == sigma.size and (rho > sigma * (1 + CLOSE) + 1e-6).any():
        yield "rho_Whh is above sigma_max_Whh, which no matrix can have"
    if regime.collectDiags and not np.isfinite(content["last"].get("grad_time", np.zeros(1))).any():
        yield "no gradient through time at the last check"


def _ranges(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    for name, (low, high) in {name: key.range for name, key in KEYS.items() if name in content["about"]}.items():
        least, most = float(content["about"][name]["low"]), float(content["about"][name]["high"])
        if least < low - 1e-6 or most > high * (1 + 1e-6):
            yield f"{name} goes from {least:.4g} to {most:.4g}, possible is {low} to {high}"


def _norms(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    norms = {name: float(value) for name, value in content["norms"].items()}
    if not norms:
        return
    if norms["enlarged"] > 0:
        yield "gradients that are larger after clipping than before"
    if regime.clipstyle == "nothing" and norms["changed"] > 0:
        yield "gradient_norm_clipped is not gradient_norm, without clipping"
    elif regime.clipstyle == "rescale" and norms["largest_clipped"] > regime.cutoff * (1 + 1e-5):
        yield f"gradient_norm_clipped up to {norms['largest_clipped']:.4g}, the cutoff is {regime.cutoff:g}"


def _anchors(content: dict[str, Any], regime: Regime) -> Iterator[str]:
    """Whether weights and curves tell the same story where the record has both."""
    anchors, seen = content["anchors"], content["checks"].get("check_updates")
    if not anchors or seen is None or not len(anchors["updates"]):
        yield "no anchors (an older rnnkit made it)"
        return
    updates, made = anchors["updates"], _made(content)
    due = {int(seen[slot]) for slot in anchor_slots(regime.checkpoints) if slot < made}
    due |= {content["numbers"].get("updates")}
    if updates[0] > 0:
        due = {update for update in due if update is not None and update >= updates[0]} | {int(updates[0])}
        yield f"anchors only from update {updates[0]} on"
    if (np.diff(updates) <= 0).any() or set(updates.tolist()) != due:
        yield f"{len(updates)} anchors, not at the {len(due)} places where they are due"
    where = {int(update): slot for slot, update in enumerate(seen) if update >= 0}
    for name, key in {"rho": "rho_Whh", "sigma": "sigma_max_Whh"}.items():
        curve = content["checks"].get(key)
        if name not in anchors or curve is None or len(curve) != len(seen):
            continue
        at = [(row, where[update]) for row, update in enumerate(updates.tolist()) if update in where]
        wrong = [slot for row, slot in at if not _same(anchors[name][row], curve[slot])]
        if wrong:
            yield f"{key} is not that of the weights at {len(wrong)} of {len(at)} anchors"
    for name in SUMMED:
        if name in anchors and not all(map(_same, anchors[name], anchors[f"{name}_again"])):
            yield f"{name} does not add up to the sums at the anchors"


def _same(left: float, right: float) -> bool:
    return bool(np.isclose(left, right, rtol=CLOSE, atol=1e-6, equal_nan=True))
