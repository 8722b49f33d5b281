"""gate_z_sat_time and gate_r_sat_time: how decided the gates are; gate_z_mean_time and gate_r_mean_time: which way."""

from __future__ import annotations

import numpy as np

from rnnkit.diagnostics.saturation import sigmoid_distance
from rnnkit.engines.base import Pass


def gate_sat_time(run: Pass, gate: str) -> np.ndarray:
    r"""Mean distance of a gate from 0 and 1, :math:`\mathbb{E}[\min(v_t, 1 - v_t)]` over batch and units.

    Arguments:
        run: a `Pass`; its gate traces are values after the sigmoid.
        gate: ``z`` (update) or ``r`` (reset).

    Returns:
        ``(T,)`` float64 in [0, 0.5]; NaN for a cell without gates.

    *Source:* handout section 2.3, item 5.
    """
    if not run.gates or gate not in run.gates:
        return np.full(len(run.hidden), np.nan)
    return sigmoid_distance(run.gates[gate].double()).mean((1, 2)).cpu().numpy()


def gate_mean_time(run: Pass, gate: str) -> np.ndarray:
    """Mean value of a gate over batch and units: unlike its distance, it tells open (1) from shut (0).

    Returns:
        ``(T,)`` float64 in [0, 1]; NaN for a cell without gates.
    """
    if not run.gates or gate not in run.gates:
        return np.full(len(run.hidden), np.nan)
    return run.gates[gate].double().mean((1, 2)).cpu().numpy()
