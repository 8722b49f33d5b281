"""The answers once more, in plain numpy and by other ways than the solutions': what drawn inputs are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from torch import Tensor

from rnnkit.checks.drawn import in_numpy

Array = np.ndarray


def addition_batch(values: Array, i1: Array, i2: Array) -> tuple[Array, Array]:
    """The two markers, and the sum of the values under them."""
    steps = np.arange(values.shape[1])
    marked = ((steps == i1[:, None]) | (steps == i2[:, None])).astype(values.dtype)
    return np.stack([values, marked], -1), (values * marked).sum(1)


def orthogonal(A: Array) -> Array:
    """Gram and Schmidt, twice for its rounding: the diagonal of R is positive by itself."""
    Q = np.zeros_like(A)
    for j in range(len(A)):
        column = A[:, j].copy()
        for _ in range(2):
            column -= Q @ (Q.T @ column)
        Q[:, j] = column / np.sqrt((column**2).sum())
    return Q


def to_radius(A: Array, rho: float) -> Array:
    """The largest modulus of an eigenvalue becomes rho."""
    values = np.linalg.eigvals(A)
    return A * (rho / float(np.sqrt((values * values.conj()).real.max())))


def bptt(x: Array, hidden: Array, W_hh: Array, dh_T: Array) -> dict[str, Array]:
    """All dL/da_t first, then the sums over steps and sequences."""
    T = x.shape[1]
    back = [dh_T * (1 - hidden[T] ** 2)]
    for t in range(T - 1, 0, -1):
        back.append((back[-1] @ W_hh.T) * (1 - hidden[t] ** 2))
    da = np.stack(back[::-1])  # (T, B, H)
    return {
        "W_ih": np.einsum("bti,tbh->ih", x, da), "W_hh": np.einsum("tbk,tbh->kh", hidden[:-1], da),
        "b_h": da.sum((0, 1)),
    }  # fmt: skip


def heavy_ball(p: Array, v: Array, g: Array, lr: float, mu: float) -> tuple[Array, Array]:
    """The new velocity, and where it leads."""
    return p + mu * v - lr * g, mu * v - lr * g


def nesterov(p: Tensor, v: Tensor, grad: Callable[[Tensor], Tensor], lr: float, mu: float) -> tuple[Tensor, Tensor]:
    """The gradient is asked where the momentum alone would lead."""
    ahead = p + mu * v
    step = lr * grad(ahead)
    return ahead - step, mu * v - step


def momentum_schedule(t: int, mu_max: float) -> float:
    """1 - 1 / (2 (k + 1)) with k = floor(t / 250), which is the paper's formula."""
    return min(1 - 1 / (2 * (t // 250 + 1)), mu_max)


def jacobian_norms(W_hh: Array, hidden: Array) -> Array:
    """The norms from the eigenvalues of P^T P."""
    product, norms = np.eye(len(W_hh), dtype=W_hh.dtype), []
    for h in hidden[::-1]:
        product = product @ (np.diag(1 - h**2) @ W_hh.T)  # dh_t / dh_(t-1) with states as columns
        norms.append(math.sqrt(max(np.linalg.eigvalsh(product.T @ product).max(), 0.0)))
    return np.array(norms)


def result_row(
    task: str,
    init: str,
    T: int,
    chance: float,
    metric_name: str,
    metric: list,
    loss: list,
    threshold: float,
    higher: bool,
) -> dict[str, Any]:
    """The keys of results.json, and the first epoch beyond the threshold."""
    beyond = np.array(metric) > threshold if higher else np.array(metric) < threshold
    return {
        "task": task, "init": init, "T": T, "chance": chance, "metric_name": metric_name, "final_metric": metric[-1],
        "final_loss": loss[-1], "solved_epoch": int(beyond.argmax()) + 1 if beyond.any() else None,
    }  # fmt: skip


RIGHT: dict[str, Callable[..., Any]] = {
    "addition_batch": in_numpy(addition_batch), "orthogonal": in_numpy(orthogonal), "to_radius": in_numpy(to_radius),
    "bptt": in_numpy(bptt), "heavy_ball": in_numpy(heavy_ball), "nesterov": nesterov,
    "momentum_schedule": momentum_schedule, "jacobian_norms": in_numpy(jacobian_norms), "result_row": result_row,
}  # fmt: skip
