"""Gradient descent: plain, with momentum, and Adam; gradient clipping by global norm."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.common.names import unknown
from rnnkit.diagnostics.grad_norm import gradient_norm

CLIPSTYLES = ("rescale", "nothing")
LARGEST_NORM = 1e10  # a norm above it is treated like NaN
SHRINK = 0.02  # what a bad gradient is replaced by: this times W_hh


class Clipped(NamedTuple):
    """Gradients ready to be used, with their global norm before and after clipping."""

    grads: dict[str, Tensor]
    norm: float
    norm_clipped: float


def clip(grads: dict[str, Tensor], W_hh: Tensor, clipstyle: str = "rescale", cutoff: float = 1.0) -> Clipped:
    r"""Rescales all gradients together where their global norm exceeds the cutoff.

    .. math::
        g \leftarrow g \cdot \frac{\text{cutoff}}{\lVert g \rVert} \quad\text{if}\quad \lVert g \rVert > \text{cutoff}

    A bad norm (NaN, infinite, over 1e10) means that the direction is worthless: every gradient becomes 0 but that of
    W_hh, which becomes 0.02 W_hh, so that the update shrinks the recurrent weights a little.

    Arguments:
        grads: dL/dW by parameter name; not changed.
        W_hh: ``(H, H)``, the current recurrent weights.
        clipstyle: ``rescale``, or ``nothing``: no clipping and no guard.
        cutoff: largest norm let through.

    Raises:
        ValueError: unknown clipstyle.

    *Source:* Pascanu et al. 2013, algorithm 1; handout sections 2.3 and 3.2; the bad-norm rule is the original code's.
    """
    norm = gradient_norm(grads)
    if clipstyle == "nothing":
        return Clipped(grads, norm, norm)
    if clipstyle != "rescale":
        raise ValueError(unknown(clipstyle, CLIPSTYLES, "clipstyle"))
    if not math.isfinite(norm) or norm > LARGEST_NORM:
        shrunk = {name: torch.zeros_like(g) for name, g in grads.items()}
        shrunk["W_hh"] = SHRINK * W_hh.detach()
        return Clipped(shrunk, norm, gradient_norm(shrunk))
    if norm <= cutoff:
        return Clipped(grads, norm, norm)
    return Clipped({name: g * (cutoff / norm) for name, g in grads.items()}, norm, cutoff)


@torch.no_grad()
def sgd(cell: nn.Module, grads: dict[str, Tensor], lr: float) -> None:
    r"""One update of every parameter in place, :math:`W \leftarrow W - \mathrm{lr}\, g`."""
    for name, parameter in cell.named_parameters():
        parameter.sub_(lr * grads[name])


# ---- on plain arrays: one row of all parameters, or ``(S, P)`` rows of several networks -----------------------------


def momentum_schedule(t: int, mu_max: float) -> float:
    r"""The momentum of update t, which grows from one half to its limit.

    .. math:: \mu_t = \min(1 - 2^{-1 - \log_2(\lfloor t / 250 \rfloor + 1)},\ \mu_{max})

    Arguments:
        t: updates done before, from 0.

    *Source:* Sutskever et al. 2013, equation 5.
    """
    return min(1 - 0.5 / (t // 250 + 1), mu_max)


def look_ahead(p: np.ndarray, v: np.ndarray, mu: np.ndarray | float) -> np.ndarray:
    r"""Where Nesterov's method takes its gradient: :math:`p + \mu v` (Sutskever et al. 2013, equation 4)."""
    return p + mu * v


def with_momentum(
    p: np.ndarray, v: np.ndarray, g: np.ndarray, lr: np.ndarray | float, mu: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    r"""One update with momentum: heavy ball where g was taken at p, Nesterov's where it was taken at `look_ahead`.

    .. math:: v \leftarrow \mu v - \mathrm{lr}\, g, \quad p \leftarrow p + v

    Returns:
        p and v, new.

    *Source:* Polyak 1964; Sutskever et al. 2013, equations 1 to 4.
    """
    v = mu * v - lr * g
    return p + v, v


def adam(
    p: np.ndarray, m: np.ndarray, s: np.ndarray, g: np.ndarray, lr: np.ndarray | float, t: np.ndarray | int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""One update of Adam, with its usual constants.

    .. math::
        m \leftarrow .9 m + .1 g, \quad s \leftarrow .999 s + .001 g^2, \quad
        p \leftarrow p - \mathrm{lr}\, \frac{m / (1 - .9^t)}{\sqrt{s / (1 - .999^t)} + 10^{-8}}

    Arguments:
        m, s: running means of the gradient and of its square, 0 before the first update.
        t: number of this update, from 1.

    Returns:
        p, m and s, new.

    *Source:* Kingma & Ba 2015, algorithm 1.
    """
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
    return p - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8), m, s
