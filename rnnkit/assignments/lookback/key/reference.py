"""The answers once more, in plain numpy and by other ways than the solutions': what drawn inputs are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from rnnkit.checks.drawn import in_numpy

Array = np.ndarray


def _plain(one: Any) -> Any:
    if isinstance(one, list):
        return [_plain(each) for each in one]
    return one.numpy() if isinstance(one, Tensor) else one


def _lists_in_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, called with arrays where tensors come in lists."""
    return lambda *given: function(*map(_plain, given))


def _sigmoid(a: Array) -> Array:
    return np.asarray((1 + np.tanh(a / 2)) / 2)


def rnn_forward(x: Array, U: Array, V: Array, W: Array) -> tuple[Array, Array]:
    """With states as columns, and words as one-hot columns."""
    states = np.zeros((len(x), len(U)))
    for t, word in enumerate(x):
        one_hot = np.eye(len(V))[word]
        states[t] = _sigmoid(V.T @ one_hot + U.T @ (states[t - 1] if t else np.zeros(len(U))))
    powers = np.exp(states @ W)
    return states, powers / powers.sum(1)[:, None]


def mean_loss(ys: list[Array], ds: list[Array]) -> tuple[float, float]:
    """All words in one row; the perplexity is one over their geometric mean."""
    chances = np.array([float(one[word]) for y, d in zip(ys, ds, strict=True) for one, word in zip(y, d, strict=True)])
    nats = float(-np.log(chances).mean())
    return nats, math.exp(nats)


def lookback_gradient(
    x: Array, d: Array, s: Array, y: Array, U: Array, V: Array, W: Array, tau: int
) -> tuple[Array, Array, Array]:
    """Lag by lag, all words at once."""
    words, classes = np.eye(len(V))[x], np.eye(W.shape[1])[d]
    slope, before = s * (1 - s), np.concatenate([0 * s[:1], s[:-1]])
    delta = (classes - y) @ W.T * slope  # row i is that of the loss at step i + lag
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    for lag in range(min(tau, len(x) - 1) + 1):
        if lag:
            delta = delta[1:] @ U.T * slope[: len(x) - lag]
        dU += before[: len(delta)].T @ delta
        dV += words[: len(delta)].T @ delta
    return dU, dV, s.T @ (classes - y)


def gru_step(
    x: int, s: Array, Ur: Array, Vr: Array, Uz: Array, Vz: Array, Uh: Array, Vh: Array
) -> tuple[Array, Array, Array, Array]:
    """Both gates; the candidate; from it a part of the way back to the old state."""
    r, z = (_sigmoid(V.T @ np.eye(len(V))[x] + U.T @ s) for U, V in ((Ur, Vr), (Uz, Vz)))
    c = np.tanh(Vh.T @ np.eye(len(Vh))[x] + Uh.T @ (r * s))
    return c + z * (s - c), r, z, c


def gru_backward(
    ds: Array, s: Array, c_prev: Array, r: Array, z: Array, c: Array, Ur: Array, Uz: Array, Uh: Array
) -> dict[str, Array]:
    """By Jacobians: of the new state by each sum inside a gate, and of each sum by the state before."""
    by_c, by_z = np.diag((1 - z) * (1 - c * c)), np.diag((s - c) * z * (1 - z))
    by_r = np.diag(s * r * (1 - r)) @ Uh @ by_c  # rows: what moves, columns: what is moved
    whole = np.diag(z) + np.diag(r) @ Uh @ by_c + Uz @ by_z + Ur @ by_r
    return {
        "s_prev": whole @ ds, "Ur": np.multiply.outer(s, by_r @ ds), "Uz": np.multiply.outer(s, by_z @ ds),
        "Uh": np.multiply.outer(r * s, by_c @ ds),
    }  # fmt: skip


def learning_rate(lr0: float, anneal: int, epoch: int) -> float:
    """Divided by how many times as far one is."""
    return lr0 / (1 + epoch / anneal) if anneal else lr0


def contribution_norms(deltas: list[list[Array]], states: list[Array]) -> dict[str, Array]:
    """A table of sentences by taus, without an entry where a sentence is too short."""
    count = max(map(len, deltas))
    terms = np.zeros((len(states), count, states[0].shape[1], states[0].shape[1]))
    there = np.zeros((len(states), count), dtype=bool)
    for n, (own, s) in enumerate(zip(deltas, states, strict=True)):
        before = np.concatenate([0 * s[:1], s[:-1]])
        for tau, delta in enumerate(own):
            terms[n, tau], there[n, tau] = np.einsum("ik,ih->kh", before[: len(delta)], delta), True
    norms = np.sqrt((terms**2).sum((2, 3)))
    together = np.sqrt((np.cumsum(terms, 1) ** 2).sum((2, 3)))
    return {"per_tau": norms.sum(0) / there.sum(0), "accumulated": together.mean(0)}


def by_distance(distance: Array, predicted: Array, label: Array) -> dict[str, float]:
    """By counting."""

    def share(which: Array) -> float:
        return int(((predicted == label) & which).sum()) / int(which.sum())

    bins = {"1": (1, 1), "2-3": (2, 3), "4-5": (4, 5), "6+": (6, math.inf), "all": (0, math.inf)}
    found = {name: share((low <= distance) & (distance <= high)) for name, (low, high) in bins.items()}
    counts = {one: int((label == one).sum()) for one in (0, 1)}
    recalls = [share(label == one) for one, count in counts.items() if count]
    return found | {"balanced": sum(recalls) / len(recalls), "majority": max(counts.values()) / len(label)}


def update_after(n: int, batch_size: int) -> tuple[list[int], list[int]]:
    """Sentence by sentence, as a training loop goes."""
    indices, divisors, waiting = [], [], 0
    for i in range(n):
        waiting += 1
        if i % batch_size == 0:
            indices, divisors, waiting = [*indices, i], [*divisors, batch_size], 0
    if n % batch_size and waiting:
        indices, divisors = [*indices, n - 1], [*divisors, n % batch_size]
    return indices, divisors


RIGHT: dict[str, Callable[..., Any]] = {
    "rnn_forward": in_numpy(rnn_forward), "mean_loss": _lists_in_numpy(mean_loss),
    "lookback_gradient": in_numpy(lookback_gradient), "gru_step": in_numpy(gru_step),
    "gru_backward": in_numpy(gru_backward), "learning_rate": learning_rate,
    "contribution_norms": _lists_in_numpy(contribution_norms), "by_distance": in_numpy(by_distance),
    "update_after": update_after,
}  # fmt: skip
