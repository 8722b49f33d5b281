"""sat_units, gate_z_units and gate_r_units: all units at all steps, where the means over units hide how they differ."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rnnkit.diagnostics.saturation import sigmoid_distance, tanh_distance
from rnnkit.engines.base import Pass


def sat_units(run: Pass, bins: int) -> np.ndarray:
    """Distances to saturation of every unit at every step, in bins of equal width from 0 to `farthest`.

    Returns:
        ``(bins,)`` float64, fractions of all units, steps and sequences; the sum is 1 but for what is not finite.

    *Source:* handout sections 2.3 (ii) and 6, question 2, which speaks of units.
    """
    distance = sigmoid_distance if run.phi == "sigmoid" else tanh_distance
    return _fractions(distance(run.hidden), bins, farthest(run.phi))


def gate_units(run: Pass, gate: str, bins: int) -> np.ndarray:
    """Values of a gate, of every unit at every step, in bins of equal width from 0 (shut) to 1 (open).

    Returns:
        ``(bins,)`` float64, fractions; NaN for a cell without gates.

    *Source:* handout section 6, question 4.
    """
    if not run.gates or gate not in run.gates:
        return np.full(bins, np.nan)
    return _fractions(run.gates[gate], bins, 1.0)


def farthest(phi: str | None) -> float:
    """The largest distance to saturation that a unit can have."""
    return 0.5 if phi == "sigmoid" else 1.0


def _fractions(values: Tensor, bins: int, most: float) -> np.ndarray:
    return torch.histc(values.detach(), bins, 0.0, most).double().cpu().numpy() / values.numel()
