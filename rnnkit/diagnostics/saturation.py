"""sat_time and unit_sat_time: how close the hidden units are to the flat ends of their nonlinearity."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rnnkit.engines.base import Pass


def tanh_distance(h: Tensor) -> Tensor:
    """``1 - |h|``, elementwise: 0 at -1 and 1, largest (1) at 0."""
    return 1 - h.abs()


def sigmoid_distance(v: Tensor) -> Tensor:
    """``min(v, 1 - v)``, elementwise: 0 at 0 and 1, largest (0.5) at 0.5."""
    return v.minimum(1 - v)


def distance(run: Pass) -> Tensor:
    """``(T, B, H)``: every unit's distance from saturation; that of a sigmoid for sigmoid units, else that of tanh.

    *Source:* handout section 2.3, item 4.
    """
    return (sigmoid_distance if run.phi == "sigmoid" else tanh_distance)(run.hidden.double())


def sat_time(run: Pass) -> np.ndarray:
    r"""Mean distance from saturation, :math:`s_t = \mathbb{E}[d(h_t)]` over batch and units.

    Returns:
        ``(T,)`` float64, in [0, 1] for tanh, [0, 0.5] for sigmoid.

    *Source:* handout section 2.3, item 4.
    """
    return distance(run).mean((1, 2)).cpu().numpy()


def unit_sat_time(run: Pass, threshold: float = 0.05) -> np.ndarray:
    """Share of saturated units: those nearer than ``threshold`` to saturation, over batch and units.

    Unlike `sat_time`, whose mean hides a half of units at 0 beside a half at 1.

    Returns:
        ``(T,)`` float64, fraction in [0, 1].

    *Source:* handout section 6, question 2, which speaks of units.
    """
    return (distance(run) < threshold).double().mean((1, 2)).cpu().numpy()
