"""gate_z_sat_time and gate_r_sat_time: how decided the gates are; their mean_time: which way; their units: each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from rnnkit.diagnostics.saturation import fractions, sigmoid_distance
from rnnkit.engines.base import Pass

if TYPE_CHECKING:
    from jaxtyping import Float, Float64


def gate_sat_time(run: Pass, gate: str) -> Float64[np.ndarray, " T"]:
    r"""Mean distance of a gate from 0 and 1, :math:`\mathbb{E}[\min(v_t, 1 - v_t)]` over batch and units.

    Arguments:
        run: a `Pass`; its gate traces are values after the sigmoid.
        gate: ``z`` (update) or ``r`` (reset).

    Returns:
        ``(T,)`` float64 in [0, 0.5]; NaN for a cell without gates.

    *Source:* handout section 2.3, item 5.
    """
    return sigmoid_distance(_trace(run, gate).double()).mean((1, 2)).cpu().numpy()


def gate_mean_time(run: Pass, gate: str) -> Float64[np.ndarray, " T"]:
    """Mean value of a gate over batch and units: unlike its distance, it tells open (1) from shut (0).

    Returns:
        ``(T,)`` float64 in [0, 1]; NaN for a cell without gates.
    """
    return _trace(run, gate).double().mean((1, 2)).cpu().numpy()


def gate_units(run: Pass, gate: str, bins: int) -> Float64[np.ndarray, " bins"]:
    """Values of a gate, of every unit at every step, in bins of equal width from 0 (shut) to 1 (open).

    Returns:
        ``(bins,)`` float64, fractions; NaN for a cell without gates.

    *Source:* handout section 6, question 4.
    """
    if not run.gates or gate not in run.gates:
        return np.full(bins, np.nan)
    return fractions(run.gates[gate], bins, 1.0)


def _trace(run: Pass, gate: str) -> Float[Tensor, "T B H"]:
    """``(T, B, H)``; NaN for a cell without such a gate."""
    return (run.gates or {}).get(gate, torch.full_like(run.hidden, torch.nan))
