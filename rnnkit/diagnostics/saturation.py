"""act_time, sat_time, unit_sat_time, sat_units: how close the hidden units are to their nonlinearity's flat ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from rnnkit.engines.base import Pass
from rnnkit.engines.bptt import PHI_SLOPE

if TYPE_CHECKING:
    from jaxtyping import Float, Float64


def act_time(run: Pass) -> Float64[np.ndarray, " T"]:
    r"""Mean slope of the hidden nonlinearity, :math:`a_t = \mathbb{E}[\phi'(W x_t + \dots)]` over batch and units.

    Returns:
        ``(T,)`` float64; NaN for a gated cell, whose state is a mixture and has no such slope.
    """
    if run.phi is None:
        return np.full(len(run.hidden), np.nan)
    return PHI_SLOPE[run.phi](run.hidden.double()).mean((1, 2)).cpu().numpy()


def tanh_distance(h: Tensor) -> Tensor:
    """``1 - |h|``, elementwise: 0 at -1 and 1, largest (1) at 0."""
    return 1 - h.abs()


def sigmoid_distance(v: Tensor) -> Tensor:
    """``min(v, 1 - v)``, elementwise: 0 at 0 and 1, largest (0.5) at 0.5."""
    return v.minimum(1 - v)


def distance(run: Pass) -> Float64[Tensor, "T B H"]:
    """``(T, B, H)``: every unit's distance from saturation; that of a sigmoid for sigmoid units, else that of tanh.

    *Source:* handout section 2.3, item 4.
    """
    return _distance(run.hidden.double(), run.phi)


def _distance(hidden: Float[Tensor, "T B H"], phi: str | None) -> Float[Tensor, "T B H"]:
    return sigmoid_distance(hidden) if phi == "sigmoid" else tanh_distance(hidden)


def sat_time(run: Pass) -> Float64[np.ndarray, " T"]:
    r"""Mean distance from saturation, :math:`s_t = \mathbb{E}[d(h_t)]` over batch and units.

    Returns:
        ``(T,)`` float64, in [0, 1] for tanh, [0, 0.5] for sigmoid.

    *Source:* handout section 2.3, item 4.
    """
    return distance(run).mean((1, 2)).cpu().numpy()


def unit_sat_time(run: Pass, threshold: float = 0.05) -> Float64[np.ndarray, " T"]:
    """Share of saturated units: those nearer than ``threshold`` to saturation, over batch and units.

    Unlike `sat_time`, whose mean hides a half of units at 0 beside a half at 1.

    Returns:
        ``(T,)`` float64, fraction in [0, 1].

    *Source:* handout section 6, question 2, which speaks of units.
    """
    return (distance(run) < threshold).double().mean((1, 2)).cpu().numpy()


def sat_units(run: Pass, bins: int) -> Float64[np.ndarray, " bins"]:
    """Distances to saturation of every unit at every step, in bins of equal width from 0 to `farthest`.

    All units at all steps, where the means over units hide how they differ.

    Returns:
        ``(bins,)`` float64, fractions of all units, steps and sequences; the sum is 1 but for what is not finite.

    *Source:* handout sections 2.3 (ii) and 6, question 2, which speaks of units.
    """
    return fractions(_distance(run.hidden, run.phi), bins, farthest(run.phi))


def farthest(phi: str | None) -> float:
    """The largest distance to saturation that a unit can have."""
    return 0.5 if phi == "sigmoid" else 1.0


def fractions(values: Tensor, bins: int, most: float) -> Float64[np.ndarray, " bins"]:
    """``(bins,)`` float64: the share of all values, of any shape, in each of the bins from 0 to ``most``."""
    return torch.histc(values.detach(), bins, 0.0, most).double().cpu().numpy() / values.numel()
