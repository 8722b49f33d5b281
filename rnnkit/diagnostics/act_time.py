"""act_time: how much of a gradient the nonlinearity lets through."""

from __future__ import annotations

import numpy as np

from rnnkit.engines.base import Pass

# phi' as a function of h = phi(a)
DERIVATIVES = {
    "tanh": lambda h: 1 - h**2,
    "sigmoid": lambda h: h * (1 - h),
    "identity": lambda h: h * 0 + 1,
}


def act_time(run: Pass) -> np.ndarray:
    r"""Mean slope of the hidden nonlinearity, :math:`a_t = \mathbb{E}[\phi'(W x_t + \dots)]` over batch and units.

    Returns:
        ``(T,)`` float64; NaN for a gated cell, whose state is a mixture and has no such slope.
    """
    if run.phi is None:
        return np.full(len(run.hidden), np.nan)
    return DERIVATIVES[run.phi](run.hidden.double()).mean((1, 2)).cpu().numpy()
