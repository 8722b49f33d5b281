"""act_time: how much of a gradient the nonlinearity lets through."""

from __future__ import annotations

import numpy as np

from rnnkit.engines.base import Pass
from rnnkit.engines.bptt import PHI_SLOPE


def act_time(run: Pass) -> np.ndarray:
    r"""Mean slope of the hidden nonlinearity, :math:`a_t = \mathbb{E}[\phi'(W x_t + \dots)]` over batch and units.

    Returns:
        ``(T,)`` float64; NaN for a gated cell, whose state is a mixture and has no such slope.
    """
    if run.phi is None:
        return np.full(len(run.hidden), np.nan)
    return PHI_SLOPE[run.phi](run.hidden.double()).mean((1, 2)).cpu().numpy()
