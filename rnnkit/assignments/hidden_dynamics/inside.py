"""What a trained network of the document's does inside: kinds of units, what they are good for, where gradients go.

States are of layer 2, ``(T, N, H)`` without h_0, unless a layer is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnkit.assignments.hidden_dynamics import network
from rnnkit.assignments.hidden_dynamics.network import Array, Weights
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import first_row, named

KINDS = ACCUMULATOR, OSCILLATOR, TRANSIENT = "accumulator", "oscillator", "transient"
CLOSE, SWINGS, START = 0.5, -0.1, 8  # limits of |c| and of a, and the step, from 0, from which a is taken
FRESH, STREAM = 5000, 90_000  # sequences that no training has seen, and from a seed to that of theirs
MOST = 200_000  # steps of them all: of long sequences there are fewer, which fit into memory
FIFTHS = 5


class Flow(NamedTuple):
    """Gradient and sensitivity by step, for the mean loss of a batch.

    Fields:
        reaching: of each layer, Frobenius norm of dL/dh_t over the batch, ``(2, T)``.
        adding: of each layer, norm of step t's term of dL/dW_hh, ``(2, T)``.
        sensitivity: mean of d(logit_1 - logit_0)/d(all channels of x_t), ``(T,)``.
    """

    reaching: Array
    adding: Array
    sensitivity: Array


def both(settings: Net, record: Mapping[str, Any]) -> dict[str, Weights]:
    """The document's network before and after training, in float64."""
    rows = {"before": first_row(settings), "after": np.asarray(record["weights"])}
    return {when: named(row.astype(np.float64)) for when, row in rows.items()}


def fresh(settings: Net) -> tuple[Array, Array]:
    """New sequences ``(T, N, C)``, and their labels ``(N,)``."""
    count = min(FRESH, max(1, MOST // settings.T))
    X, y = network.sequences(np.random.default_rng(STREAM + settings.seed), count, settings.T)
    return X.swapaxes(0, 1), y


# ---- units ----------------------------------------------------------------------------------------------------------


def correlation(p: Array, q: Array) -> Array:
    """Of the columns of p and q, over the first axis; NaN for one that does not vary."""
    p, q = p - p.mean(0), q - q.mean(0)
    with np.errstate(invalid="ignore"):
        return (p * q).sum(0) / np.sqrt((p * p).sum(0) * (q * q).sum(0))


def features(states: Array, x: Array, start: int = START) -> tuple[Array, Array]:
    r"""Two numbers for each unit, ``(H,)`` each.

    .. math::
        c = \mathrm{corr}_i(h_{T}, \textstyle\sum_t \bar x_t), \quad
        a = \mathrm{corr}_{i, t \ge \mathrm{start}}(h_t, h_{t+1})

    Arguments:
        states: ``(T, N, H)``, two steps at least.
        x: ``(T, N, C)``.
        start: counted from 0; of sequences that are not so long, the last two steps.
    """
    total, late = x.mean(2).sum(0), states[min(start, len(states) - 2) :]
    pairs = (part.reshape(-1, states.shape[2]) for part in (late[:-1], late[1:]))
    return correlation(states[-1], total[:, None]), correlation(*pairs)


def kinds(c: Array, a: Array) -> Array:
    """``(H,)``, one of `KINDS` for each unit: the first that fits."""
    return np.where(np.abs(c) >= CLOSE, ACCUMULATOR, np.where(a < SWINGS, OSCILLATOR, TRANSIENT))


def running(states: Array, x: Array, units: Array) -> Array:
    """``(T, K)``: the size of each unit's correlation, over sequences, with the mean so far."""
    so_far = x.mean(2).cumsum(0) / np.arange(1, len(x) + 1)[:, None]
    return np.abs([correlation(h[:, units], mean[:, None]) for h, mean in zip(states, so_far, strict=True)])


def held(weights: Weights, passed: network.Passed, units: Array) -> Array:
    """Logits ``(N, 2)`` where some units of layer 2 stand, at every step, at their mean over the sequences.

    Arguments:
        passed: of the whole network, whose means they are; all other units go on from there.
    """
    means = passed.states[1][1:].mean(1)
    driven = passed.inputs[1] @ weights["W_xh2"] + (weights["b_xh2"] + weights["b_hh2"])
    h = passed.states[1][0]
    for one, mean in zip(driven, means, strict=True):
        h = np.tanh(one + h @ weights["W_hh2"])
        h[:, units] = mean[units]
    return h @ weights["W_ho"] + weights["b_o"]


def right_by_fifth(guesses: Array, x: Array, y: Array) -> Array:
    """``(5,)``: accuracy by fifth of the size of the sequences' mean, the nearest to 0 first."""
    order = np.argsort(np.abs(x.mean((0, 2))), kind="stable")
    return np.array([(guesses == y)[part].mean() for part in np.array_split(order, FIFTHS)])


# ---- gradients ------------------------------------------------------------------------------------------------------


def terms(states: Array, flow: Array) -> Array:
    r"""``(T, H, H)``: what each step adds to :math:`\partial L / \partial W_{hh} = \sum_t h_{t-1}^\top \delta_t`.

    Arguments:
        states: ``(T + 1, N, H)``, h_0 first.
        flow: ``(T, N, H)``, dL/dh_t.
    """
    return np.einsum("tni,tnj->tij", states[:-1], flow * (1 - states[1:] ** 2), optimize=True)


def flow_of(weights: Weights, x: Array, y: Array) -> Flow:
    """All three by step, for sequences ``(T, N, C)`` and their labels."""
    passed = network.run(weights, x)
    _, flows = network.back(weights, passed, network.loss_of(passed.logits, y)[1])
    reaching = [np.sqrt((flow**2).sum((1, 2))) for flow in flows]
    adding = [np.linalg.norm(terms(h, flow), axis=(1, 2)) for h, flow in zip(passed.states, flows, strict=True)]
    slope = np.tile([-1.0, 1.0], (len(y), 1))
    _, (first, _) = network.back(weights, passed, slope)
    moved = first * (1 - passed.states[0][1:] ** 2) @ weights["W_xh1"].sum(0)
    return Flow(np.array(reaching), np.array(adding), moved.mean(1))


# ---- who needs no network ----------------------------------------------------------------------------------------


def logistic(X: Array, y: Array, ridge: float = 1e-4, steps: int = 30) -> Array:
    """Weights ``(K + 1,)``, the last for the constant, of a logistic regression by Newton's method.

    Arguments:
        X: ``(N, K)``.
        ridge: half of it times the squared weights (for columns of variance 1) is added to the sum of all losses, so
            that the weights stay finite where a line parts the labels.
    """
    scale = np.append(X.std(0), 1.0)
    X = np.column_stack([X, np.ones(len(X))]) / scale
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(X @ w, -30, 30)))
        curve = (X * (p * (1 - p))[:, None]).T @ X + ridge * np.eye(len(w))
        w -= np.linalg.solve(curve, X.T @ (p - y) + ridge * w)
    return w / scale


BASELINES = {  # what a regression sees of sequences ``(N, T, C)``
    "global mean": lambda X: X.mean((1, 2))[:, None],
    "channel means": lambda X: X.mean(1),
    "all numbers": lambda X: X.reshape(len(X), -1),
}


def baselines(settings: Net, x: Array) -> dict[str, Array]:
    """The guesses ``(N,)`` of regressions that were fitted to the network's training sequences, by what they see."""
    _, rng = settings.begun()
    (X, y), _ = settings.data(rng)
    found = {}
    for name, see in BASELINES.items():
        w = logistic(see(X.astype(np.float64)), y)
        found[name] = (see(x.swapaxes(0, 1)) @ w[:-1] + w[-1] > 0).astype(int)
    return found


def best_accuracy(k: Array | float, T: int) -> Any:
    r"""The best accuracy of who sees k of T steps: :math:`1/2 + \arcsin\sqrt{k / T} / \pi`."""
    return 0.5 + np.arcsin(np.sqrt(np.asarray(k, float) / T)) / np.pi


def steps_used(accuracy: Array | float, T: int) -> Any:
    r"""How many of T steps an accuracy needs at least: :math:`T \sin^2 \pi (\text{accuracy} - 1/2)`; 0 at chance."""
    return T * np.sin(np.pi * np.clip(np.asarray(accuracy, float) - 0.5, 0, 0.5)) ** 2
