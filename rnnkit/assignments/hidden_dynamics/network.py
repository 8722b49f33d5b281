"""The document's network and its training, in plain numpy: what the figures of the questions look at.

Weights are by name, in row form, with the number of their layer at the end: ``W_xh1`` (C, H), ``W_hh1`` (H, H),
``b_xh1``, ``b_hh1`` (H,), the same with 2, and the readout ``W_ho`` (H, 2), ``b_o`` (2,). Time comes first.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

Array = np.ndarray
Weights = dict[str, Array]
C, H, T = 10, 64, 20  # channels, units, steps
TRAIN, TEST = 5000, 1000  # sequences
EPOCHS, BATCHES, BATCH = 50, 10, 32
DROP, RATE = 0.2, 1e-3


class Passed(NamedTuple):
    """What a pass through both layers leaves.

    Fields:
        inputs: what each layer reads, ``(T, B, C)`` and ``(T, B, H)``, dropout included.
        states: of each layer, ``(T + 1, B, H)``, the first is 0.
        last: the last state of layer 2, dropout included, ``(B, H)``.
        logits: ``(B, 2)``.
    """

    inputs: tuple[Array, Array]
    states: tuple[Array, Array]
    last: Array
    logits: Array


class Trained(NamedTuple):
    """A network at its start and after training, and its curves.

    Fields:
        start, end: weights.
        curves: ``(E,)`` each: train_loss, train_acc (in training, with dropout), test_loss, test_acc.
        X, y: the test sequences ``(N, T, C)`` and their labels ``(N,)``.
    """

    start: Weights
    end: Weights
    curves: dict[str, Array]
    X: Array
    y: Array


def sequences(rng: np.random.Generator, count: int, steps: int = T) -> tuple[Array, Array]:
    """Normal numbers ``(N, T, C)``, and whether the mean of each sequence is above 0 ``(N,)``."""
    X = rng.standard_normal((count, steps, C))
    return X, (X.mean((1, 2)) > 0).astype(int)


def initial(rng: np.random.Generator) -> Weights:
    """Glorot's uniform weights and no biases; the readout as torch's ``Linear`` begins."""
    weights = {}
    for k, size in ((1, C), (2, H)):
        for name, shape in ((f"W_xh{k}", (size, H)), (f"W_hh{k}", (H, H))):
            edge = np.sqrt(6 / sum(shape))
            weights[name] = rng.uniform(-edge, edge, shape)
        weights |= {f"b_xh{k}": np.zeros(H), f"b_hh{k}": np.zeros(H)}
    edge = 1 / np.sqrt(H)
    return weights | {"W_ho": rng.uniform(-edge, edge, (H, 2)), "b_o": rng.uniform(-edge, edge, 2)}


def run(weights: Weights, x: Array, keep: tuple[Array, Array] | None = None) -> Passed:
    """A pass forwards.

    Arguments:
        weights: by name.
        x: ``(T, B, C)``.
        keep: factors of dropout on what layer 2 reads ``(T, B, H)`` and on its last state ``(B, H)``.
    """
    inputs, states = [x], []
    for k in (1, 2):
        at = inputs[-1] @ weights[f"W_xh{k}"] + (weights[f"b_xh{k}"] + weights[f"b_hh{k}"])
        h, W = np.zeros((len(x) + 1, *at.shape[1:]), at.dtype), weights[f"W_hh{k}"]
        for t, one in enumerate(at):
            h[t + 1] = np.tanh(one + h[t] @ W)
        states.append(h)
        if k == 1:
            inputs.append(h[1:] * keep[0] if keep else h[1:])
    last = states[1][-1] * keep[1] if keep else states[1][-1]
    return Passed((inputs[0], inputs[1]), (states[0], states[1]), last, last @ weights["W_ho"] + weights["b_o"])


def loss_of(logits: Array, y: Array) -> tuple[float, Array]:
    """Mean cross-entropy in nats, and its derivative with respect to the logits."""
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    rows = np.arange(len(y))
    loss = -float(np.log(np.maximum(shares[rows, y], 1e-300)).mean())
    shares[rows, y] -= 1
    return loss, shares / np.asarray(len(y), shares.dtype)


def back(
    weights: Weights, passed: Passed, slope: Array, keep: tuple[Array, Array] | None = None
) -> tuple[Weights, tuple[Array, Array]]:
    """A pass backwards from ``slope``, dL/dlogits ``(B, 2)``.

    Returns:
        the gradients by the weights' names, and of each layer the total derivative dL/dh_t ``(T, B, H)``.
    """
    found = {"W_ho": passed.last.T @ slope, "b_o": slope.sum(0)}
    dh = slope @ weights["W_ho"].T
    direct = np.zeros_like(passed.states[1][1:])
    direct[-1] = dh * keep[1] if keep else dh
    flows = []
    for k in (2, 1):
        h, W = passed.states[k - 1], weights[f"W_hh{k}"].T
        flow, da = np.empty_like(direct), np.empty_like(direct)
        handed: Array | float = 0.0
        for t in range(len(direct) - 1, -1, -1):
            flow[t] = direct[t] + handed
            da[t] = flow[t] * (1 - h[t + 1] ** 2)
            handed = da[t] @ W
        flat = da.reshape(-1, da.shape[-1])
        x = passed.inputs[k - 1]
        found[f"W_xh{k}"] = x.reshape(-1, x.shape[-1]).T @ flat
        found[f"W_hh{k}"] = h[:-1].reshape(-1, h.shape[-1]).T @ flat
        found[f"b_xh{k}"] = found[f"b_hh{k}"] = flat.sum(0)
        flows.append(flow)
        if k == 2:
            direct = da @ weights["W_xh2"].T
            direct = direct * keep[0] if keep else direct
    return found, (flows[1], flows[0])


def _adam(weights: Weights, found: Weights, moments: dict[str, list[Array]], step: int, rate: float) -> None:
    """One update in place. *Source:* Kingma and Ba 2015."""
    for name, g in found.items():
        m, v = moments.setdefault(name, [np.zeros_like(g), np.zeros_like(g)])
        m += 0.1 * (g - m)
        v += 0.001 * (g * g - v)
        weights[name] = weights[name] - rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)


def single(weights: Weights) -> Weights:
    """The same in float32, in which training runs."""
    return {name: value.astype(np.float32) for name, value in weights.items()}


def judged(weights: Weights, X: Array, y: Array) -> tuple[float, float]:
    """Loss and accuracy on sequences ``(N, T, C)``, without dropout."""
    logits = run(weights, X.swapaxes(0, 1).astype(weights["W_ho"].dtype)).logits
    return loss_of(logits, y)[0], float((logits.argmax(1) == y).mean())


@functools.cache
def trained(seed: int = 0, epochs: int = EPOCHS) -> Trained:
    """The document's training: Adam, whose rate is halved after 20 and after 40 epochs of ten batches each."""
    rng = np.random.default_rng(seed)
    start = initial(rng)
    weights, moments = single(start), dict[str, list[Array]]()
    (X, y), (test, its) = sequences(rng, TRAIN), sequences(rng, TEST)
    X = X.astype(np.float32)
    curves: dict[str, list[float]] = {name: [] for name in ("train_loss", "train_acc", "test_loss", "test_acc")}
    for epoch in range(epochs):
        seen = []
        for k, batch in enumerate(rng.permutation(TRAIN)[: BATCHES * BATCH].reshape(BATCHES, BATCH)):
            keep = _kept(rng, (T, BATCH, H)), _kept(rng, (BATCH, H))
            passed = run(weights, X[batch].swapaxes(0, 1), keep)
            loss, slope = loss_of(passed.logits, y[batch])
            found, _ = back(weights, passed, slope, keep)
            _adam(weights, found, moments, epoch * BATCHES + k + 1, RATE * 0.5 ** (epoch // 20))
            seen.append((loss, (passed.logits.argmax(1) == y[batch]).mean()))
        for name, value in zip(curves, (*np.mean(seen, axis=0), *judged(weights, test, its)), strict=True):
            curves[name].append(float(value))
    end = {name: value.astype(np.float64) for name, value in weights.items()}
    return Trained(start, end, {name: np.array(curve) for name, curve in curves.items()}, test, its)


def _kept(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return (rng.random(shape, np.float32) > DROP) / np.float32(1 - DROP)
