"""Summaries of a diagnostic over time: what a histogram shows, in a few numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rnnkit.common.statistics import EPS


class Summary(NamedTuple):
    """Statistics over the finite entries; all NaN where there are none."""

    low: float
    high: float
    mean: float
    p05: float
    p10: float
    p50: float
    p90: float
    p95: float


def log10_grad(g: np.ndarray) -> np.ndarray:
    """``log10(g + 1e-12)`` of the finite entries of ``g``, ``(T,)`` or any shape.

    *Source:* handout sections 2.3 (item 3) and 4.
    """
    g = np.asarray(g, dtype=np.float64)
    return np.log10(g[np.isfinite(g)] + EPS)


def summarize(values: np.ndarray) -> Summary:
    """Outer edges of the histogram, mean and percentiles of the finite entries of ``values`` (any shape).

    The edges are the smallest and the largest value; 0.5 to either side where the two are one.
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return Summary(*[float("nan")] * len(Summary._fields))
    low, high = values.min(), values.max()
    margin = 0.5 if low == high else 0.0
    p05, p10, p50, p90, p95 = np.percentile(values, [5, 10, 50, 90, 95])
    return Summary(*map(float, (low - margin, high + margin, values.mean(), p05, p10, p50, p90, p95)))
