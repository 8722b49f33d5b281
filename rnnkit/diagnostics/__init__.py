"""What one can read off a pass through time: one quantity, one function, named as its key in the record."""

from __future__ import annotations

import numpy as np

from rnnkit.common.statistics import EPS, Summary, log10_grad, mean_log10_grad, over_steps, summarize
from rnnkit.diagnostics.gates import gate_mean_time, gate_sat_time, gate_units
from rnnkit.diagnostics.grad_norm import gradient_norm
from rnnkit.diagnostics.grad_time import grad_time, grad_time_direct
from rnnkit.diagnostics.saturation import (
    act_time,
    distance,
    farthest,
    sat_time,
    sat_units,
    sigmoid_distance,
    tanh_distance,
    unit_sat_time,
)
from rnnkit.diagnostics.spectrum import rho_Whh, sigma_max_Whh
from rnnkit.engines.base import Pass


def over_time(run: Pass, *, satThresh: float = 0.05, gates: bool = False) -> dict[str, np.ndarray]:
    """All diagnostics of a pass that have one value per time step, by their names in the record.

    Arguments:
        run: a `Pass` with ``flow`` and ``direct``.
        satThresh: a unit nearer than this to saturation counts as saturated.
        gates: also the two gates' distances and means.

    Returns:
        name -> ``(T,)`` float64.
    """
    curves = {quantity.__name__: quantity(run) for quantity in (grad_time, grad_time_direct, act_time, sat_time)}
    curves["unit_sat_time"] = unit_sat_time(run, satThresh)
    if gates:
        curves |= {f"gate_{gate}_sat_time": gate_sat_time(run, gate) for gate in "zr"}
        curves |= {f"gate_{gate}_mean_time": gate_mean_time(run, gate) for gate in "zr"}
    return curves


def over_units(run: Pass, *, bins: int = 50, gates: bool = False) -> dict[str, np.ndarray]:
    """All histograms of a pass over units, steps and sequences, by their names in the record.

    Arguments:
        bins: of each histogram.
        gates: also of the two gates' values.

    Returns:
        name -> ``(bins,)`` float64, fractions.
    """
    histograms = {"sat_units": sat_units(run, bins)}
    if gates:
        histograms |= {f"gate_{gate}_units": gate_units(run, gate, bins) for gate in "zr"}
    return histograms


__all__ = [
    "EPS", "Summary", "log10_grad", "mean_log10_grad", "over_steps", "summarize",
    "gradient_norm", "grad_time", "grad_time_direct", "act_time", "over_time", "over_units",
    "distance", "farthest", "sat_time", "sat_units", "sigmoid_distance", "tanh_distance", "unit_sat_time",
    "gate_mean_time", "gate_sat_time", "gate_units", "rho_Whh", "sigma_max_Whh",
]  # fmt: skip
