"""grad_time: how much gradient arrives at each time step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from rnnkit.engines.base import Pass

if TYPE_CHECKING:
    from jaxtyping import Float, Float64


def grad_time(run: Pass) -> Float64[np.ndarray, " T"]:
    r"""Gradient through time, from the *total* derivative.

    .. math:: g_t = \frac1B \sum_b \left\lVert \frac{dL}{dh_t^{(b)}} \right\rVert_2, \quad t = 1..T

    Arguments:
        run: a `Pass` with ``flow``.

    Returns:
        ``(T,)`` float64. The squares are taken in float64: in float32 they underflow to 0 where g_t is below 1e-23.

    *Source:* handout section 2.3, item 3.
    """
    return _mean_norm(run.flow, "flow")


def grad_time_direct(run: Pass) -> Float64[np.ndarray, " T"]:
    r"""The same norm of the direct term :math:`\partial^+ L/\partial h_t` alone: *not* gradient through time.

    For a loss at the last step it is 0 at every earlier step, however well the gradient flows. Kept for the contrast.

    Arguments:
        run: a `Pass` with ``direct``.

    Returns:
        ``(T,)`` float64.
    """
    return _mean_norm(run.direct, "direct")


def _mean_norm(derivative: Float[Tensor, "T B H"] | None, name: str) -> Float64[np.ndarray, " T"]:
    if derivative is None:
        raise ValueError(f"expected a Pass with {name}, got one without; run the engine with flow=True")
    return derivative.double().norm(dim=-1).mean(-1).cpu().numpy()  # (T, B, H) -> (T, B) -> (T,)
