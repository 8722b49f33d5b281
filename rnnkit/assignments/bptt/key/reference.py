"""The answers once more, by other ways than the solutions': what drawn inputs are compared with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.checks.drawn import in_numpy

Array = np.ndarray


class VanillaRNN(nn.Module):
    """All inputs go through their layer at once, and all states through theirs."""

    def __init__(self, n_in: int, n_hid: int, n_out: int) -> None:
        super().__init__()
        self.W_xh, self.W_hy = nn.Linear(n_in, n_hid), nn.Linear(n_hid, n_out)
        self.W_hh = nn.Linear(n_hid, n_hid, bias=False)

    def forward(self, x: Tensor, h_prev: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs (B, T, O) and the last state (B, H)."""
        driven = self.W_xh(x)  # (B, T, H)
        states = [torch.zeros_like(driven[:, 0]) if h_prev is None else h_prev]
        for a in driven.transpose(0, 1):
            states.append(torch.tanh(a + states[-1] @ self.W_hh.weight.T))
        return self.W_hy(torch.stack(states[1:], 1)), states[-1]


def flow(hidden: Array, direct: Array, W_hh: Array) -> Array:
    """The sum over all later losses, each handed back by its own product of Jacobians."""
    total = direct.copy()
    for s in range(len(hidden)):  # a loss at step s
        g = direct[s]
        for t in range(s, 0, -1):
            g = np.einsum("bh,kh->bk", g * (1 - hidden[t] ** 2), W_hh)
            total[t - 1] += g
    return total


def weight_gradients(x: Array, h_0: Array, hidden: Array, flow: Array) -> dict[str, Array]:
    """All steps at once."""
    da = flow * (1 - hidden**2)
    before = np.concatenate([h_0[None], hidden[:-1]])
    return {
        "W_xh": np.einsum("tbi,tbh->ih", x, da), "W_hh": np.einsum("tbk,tbh->kh", before, da), "b_h": da.sum((0, 1)),
    }  # fmt: skip


def grad_bound(sigma: float, slope: float, k: int) -> float:
    """By logarithms."""
    return math.exp(k * math.log(sigma * slope))


def what_the_bound_says(W: Array, phi: str) -> str:
    """The largest singular value from the eigenvalues of W^T W, against 1 / gamma, without a hair's breadth."""
    sigma = math.sqrt(np.linalg.eigvalsh(W.astype(np.float64).T @ W)[-1])
    return "vanishes" if sigma < (4 if phi == "sigmoid" else 1) - 1e-6 else "undecided"


def clip_and_monitor(grads: dict[str, Tensor], by: str, limit: float) -> tuple[dict, dict]:
    """One long vector of all gradients."""
    arrays = {name: one.numpy() for name, one in grads.items()}

    def length(several: dict[str, Array]) -> float:
        return float(np.linalg.norm(np.concatenate([one.ravel() for one in several.values()])))

    total = length(arrays)
    new = {
        name: np.clip(one, -limit, limit) if by == "value" else one * (limit / total if total > limit else 1.0)
        for name, one in arrays.items()
    }
    norms = {name: length({name: one}) for name, one in arrays.items()}
    return new, norms | {"total": total, "clipped": length(new)}


def truncated(step: Callable[[Tensor, Tensor], Tensor], x: Tensor, h_0: Tensor, k: int) -> list[Tensor]:
    """Chunk by chunk."""
    hs, start = [], h_0
    for first in range(0, len(x), k):
        h = start.detach()
        for x_t in x[first : first + k]:
            h = step(x_t, h)
            hs.append(h)
        start = h
    return hs


def echo(symbols: Array, lag: int, classes: int) -> tuple[Array, Array, float]:
    """The symbols, moved by the lag."""
    steps = np.arange(symbols.shape[1])
    return np.roll(symbols, lag, axis=1), np.tile(steps >= lag, (len(symbols), 1)), -math.log(1 / classes)


def highway(W: Array, g_T: Array, k: int) -> tuple[Array, float]:
    """The powers one by one; the distance by the squares of all entries."""
    powers = [np.linalg.matrix_power(W.T, j) for j in range(k + 1)]
    norms = [np.sqrt(((g_T @ power) ** 2).sum(1)).mean() for power in powers]
    return np.array(norms), float(np.sqrt(((W.T @ W - np.eye(len(W))) ** 2).sum()))


RIGHT: dict[str, Callable[..., Any]] = {
    "vanilla_forward": VanillaRNN, "flow": in_numpy(flow), "weight_gradients": in_numpy(weight_gradients),
    "grad_bound": grad_bound, "what_the_bound_says": in_numpy(what_the_bound_says),
    "clip_and_monitor": clip_and_monitor, "truncated": truncated, "echo": in_numpy(echo),
    "highway": in_numpy(highway),
}  # fmt: skip
