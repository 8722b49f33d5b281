"""The answers once more, in plain numpy and by other ways than the solutions': what drawn inputs are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.drawn import in_numpy

Array = np.ndarray
STEP = 1e-4  # of a quotient of differences


def labels(X: Array) -> Array:
    """The sign of the sum, which is that of the mean."""
    return np.array([1 if math.fsum(one.ravel().tolist()) > 0 else 0 for one in X])


def parameters(n_in: int, n_hid: int, layers: int, n_out: int) -> int:
    """All shapes, one by one."""
    shapes = [(n_hid, n_out), (n_out,)]
    for k in range(layers):
        shapes += [(n_hid if k else n_in, n_hid), (n_hid,), (n_hid, n_hid), (n_hid,)]
    return sum(math.prod(shape) for shape in shapes)


def layer(x: Array, W_xh: Array, b_xh: Array, W_hh: Array, b_hh: Array) -> Array:
    """Sequence by sequence, with states as columns."""
    states = np.zeros((*x.shape[:2], len(W_hh)), dtype=x.dtype)
    for b, t in np.ndindex(*x.shape[:2]):
        before = states[b, t - 1] if t else np.zeros(len(W_hh))
        states[b, t] = np.tanh(W_xh.T @ x[b, t] + b_xh + W_hh.T @ before + b_hh)
    return states


def contributions(hidden: Array, flow: Array) -> Array:
    """From the squares: the norm of a sum of outer products, by the inner products of their parts."""
    da, before = flow * (1 - hidden[1:] ** 2), hidden[:-1]
    products = np.einsum("tbh,tch->tbc", da, da) * np.einsum("tbh,tch->tbc", before, before)
    return np.sqrt(np.maximum(products.sum((1, 2)), 0))


def input_sensitivity(logits: Callable[[Tensor], Tensor], x: Tensor) -> Array:
    """A quotient of differences: all channels of one step are moved at once, by the same amount."""
    moved = []
    for t in range(x.shape[1]):
        push = torch.zeros_like(x)
        push[:, t] = STEP
        apart = [logits(x + times * push) for times in (1, -1, 2, -2)]
        near, far = ((one - other)[:, 1] - (one - other)[:, 0] for one, other in (apart[:2], apart[2:]))
        moved.append(float(((8 * near - far) / (12 * STEP)).mean()))
    return np.array(moved)


def unit_features(hidden: Array, x: Array, start: int) -> tuple[Array, Array]:
    """Unit by unit, from Python's own sums."""
    total = x.sum((1, 2))
    units = range(hidden.shape[2])
    c = [_correlation(hidden[:, -1, k], total) for k in units]
    a = [_correlation(hidden[:, start:-1, k].ravel(), hidden[:, start + 1 :, k].ravel()) for k in units]
    return np.array(c), np.array(a)


def _correlation(one: Array, other: Array) -> float:
    p, q = one - one.mean(), other - other.mean()
    return float(p @ q / math.sqrt(float(p @ p) * float(q @ q)))


def taxonomy(c: Array, a: Array) -> list[str]:
    """The first that fits, for every unit."""
    return [
        "accumulator" if abs(one) >= 0.5 else "oscillator" if other < -0.1 else "transient"
        for one, other in zip(c.tolist(), a.tolist(), strict=True)
    ]


def best_accuracy(k: int, T: int) -> float:
    """By the angle between what is seen and the whole: 1 - angle / pi."""
    return 1 - math.acos(math.sqrt(k / T)) / math.pi


def steps_used(accuracy: float, T: int) -> float:
    """The squared cosine of that angle, of T."""
    return T * math.cos(math.pi * (1 - accuracy)) ** 2


def summary(train_loss: list, train_acc: list, test_loss: list, test_acc: list) -> dict[str, Any]:
    """The last epoch, and the first best one."""
    best = int(np.argmax(test_acc))
    last = {"train_loss": train_loss, "train_acc": train_acc, "test_loss": test_loss, "test_acc": test_acc}
    return {name: curve[-1] for name, curve in last.items()} | {
        "best_test_acc": test_acc[best], "best_epoch": best + 1,
    }  # fmt: skip


RIGHT: dict[str, Callable[..., Any]] = {
    "labels": in_numpy(labels), "parameters": parameters, "layer": in_numpy(layer),
    "contributions": in_numpy(contributions), "input_sensitivity": input_sensitivity,
    "unit_features": in_numpy(unit_features), "taxonomy": in_numpy(taxonomy), "best_accuracy": best_accuracy,
    "summary": summary,
}  # fmt: skip
