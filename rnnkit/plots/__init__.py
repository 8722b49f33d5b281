"""Figures of records. Every function takes records and returns a matplotlib figure; none touches global state.

Figures of one run are here; those that set several side by side are in `rnnkit.plots.compare`.
"""

from __future__ import annotations

from rnnkit.plots.single import (
    gate_histograms,
    gradient_histogram,
    gradient_norms,
    saturation_histogram,
    spectrum,
    validation,
)

__all__ = [
    "gate_histograms",
    "gradient_histogram",
    "gradient_norms",
    "saturation_histogram",
    "spectrum",
    "validation",
]
