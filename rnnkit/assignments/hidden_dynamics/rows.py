"""What tables say of one network that was trained: its units, what it is without them, its gradients, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.hidden_dynamics import inside, network
from rnnkit.assignments.hidden_dynamics.inside import ACCUMULATOR, KINDS
from rnnkit.assignments.hidden_dynamics.settings import Net

DRAWS = 20  # of as many random accumulators
BATCH = 320  # sequences for gradients
Rows = Iterator[dict[str, Any]]


def units_rows(net: Net, record: Mapping[str, Any]) -> Rows:
    """Counts of each kind before and after training, and the units' lag-1 autocorrelation."""
    x, _ = inside.fresh(net)
    for when, weights in inside.both(net, record).items():
        c, a = inside.features(network.run(weights, x).states[1][1:], x)
        found = inside.kinds(c, a).tolist()
        counts = {f"{kind}s": found.count(kind) for kind in KINDS}
        yield {"when": when} | counts | {"a_min": a.min(), "a_median": np.median(a), "c_median": np.median(np.abs(c))}


def held_rows(net: Net, record: Mapping[str, Any], draws: int = DRAWS) -> Rows:
    """Accuracy, on all and on the fifth nearest to 0, with units of each kind held at their mean.

    Beside each kind stand as many random accumulators: the mean of so many draws, and their range.
    """
    x, y = inside.fresh(net)
    weights = network.single(inside.both(net, record)["after"])
    passed = network.run(weights, x.astype(np.float32))
    found = inside.kinds(*inside.features(passed.states[1][1:].astype(np.float64), x))
    rng = np.random.default_rng(net.seed)

    def accuracy(units: np.ndarray) -> tuple[float, float]:
        guesses = inside.held(weights, passed, units).argmax(1)
        return float((guesses == y).mean()), float(inside.right_by_fifth(guesses, x, y)[0])

    yield {"held": "none", "units": 0} | _named(np.array([accuracy(np.array([], int))]))
    for kind in KINDS:
        units = np.flatnonzero(found == kind)
        if not len(units):
            continue
        yield {"held": kind, "units": len(units)} | _named(np.array([accuracy(units)]))
        others = np.flatnonzero(found == ACCUMULATOR)
        if kind != ACCUMULATOR and len(others) >= len(units):
            drawn = [accuracy(rng.choice(others, len(units), replace=False)) for _ in range(draws)]
            yield {"held": f"as many accumulators as {kind}s", "units": len(units)} | _named(np.array(drawn))


def _named(found: np.ndarray) -> dict[str, float]:
    row = {}
    for name, values in zip(("accuracy", "nearest"), found.T, strict=True):
        row |= {name: values.mean(), f"{name}_low": values.min(), f"{name}_high": values.max()}
    return row


def flow_rows(net: Net, record: Mapping[str, Any]) -> Rows:
    """Gradient, contribution and sensitivity at every step, before and after; the accumulators' running mean after."""
    x, y = inside.fresh(net)
    for when, weights in inside.both(net, record).items():
        flow = inside.flow_of(weights, x[:, :BATCH], y[:BATCH])
        states = network.run(weights, x).states[1][1:]
        chosen = inside.kinds(*inside.features(states, x)) == ACCUMULATOR
        mean = inside.running(states, x, chosen) if chosen.any() else np.full((net.T, 1), np.nan)
        for t in range(net.T):
            row: dict[str, Any] = {"when": when, "t": t + 1}
            for layer in (0, 1):
                row |= {f"reaching_{layer + 1}": flow.reaching[layer, t], f"adding_{layer + 1}": flow.adding[layer, t]}
            yield row | {"sensitivity": flow.sensitivity[t], "running_mean": np.median(mean[t])}


def fifths_rows(net: Net, record: Mapping[str, Any]) -> Rows:
    """Accuracy on fresh sequences, and by fifth of their mean's size: the network's and that of regressions."""
    x, y = inside.fresh(net)
    guesses = {"network": network.run(inside.both(net, record)["after"], x).logits.argmax(1)}
    for name, one in (guesses | inside.baselines(net, x)).items():
        fifths = {f"fifth_{k + 1}": share for k, share in enumerate(inside.right_by_fifth(one, x, y))}
        yield {"who": name, "accuracy": (one == y).mean()} | fifths


TABLES: dict[str, Callable[[Net, Mapping[str, Any]], Rows]] = {
    "units": units_rows, "held": held_rows, "flow": flow_rows, "fifths": fifths_rows,
}  # fmt: skip
