"""Plain gradient descent and gradient clipping by global norm."""

from __future__ import annotations

import math
from typing import NamedTuple

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
