"""Figures of records. Every function takes records and returns a matplotlib figure; none touches global state.

Figures of one run are here; those that set several side by side are in `rnnkit.plots.compare`.
"""

from __future__ import annotations

from rnnkit.plots.diagnostics import (
    gate_histograms,
    gradient_histogram,
    heat_map,
    over_training,
    saturation_histogram,
    total_and_direct,
)
from rnnkit.plots.training import gradient_norms, spectrum, validation

__all__ = [
    "gate_histograms",
    "gradient_histogram",
    "gradient_norms",
    "heat_map",
    "over_training",
    "saturation_histogram",
    "spectrum",
    "total_and_direct",
    "validation",
]
