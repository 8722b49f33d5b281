"""Summaries of what is finite, and how far a rate that was counted a few times can be from the true one."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

EPS = 1e-12  # log10 of it, -12, is the floor of the histogram of g_t
Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point


def wilson(successes: int, trials: int) -> tuple[float, float]:
    r"""Wilson's interval of 95 % for a rate, z standard deviations to either side.

    .. math::
        \frac{\hat p + z^2 / 2n \pm z \sqrt{\hat p (1 - \hat p) / n + z^2 / 4 n^2}}{1 + z^2 / n}

    Arguments:
        successes, trials: :math:`\hat p n` and n.

    Returns:
        its two ends, 0 to 1.

    Raises:
        ValueError: no trials, or more successes than trials.

    *Source:* Wilson 1927, Probable inference, the law of succession, and statistical inference.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"expected 0 to {trials} successes of at least 1 trial, got {successes} of {trials}")
    p, share = successes / trials, Z_95 * Z_95 / trials
    half = Z_95 * math.sqrt(p * (1 - p) / trials + share / (4 * trials))
    low, high = ((p + share / 2 + sign * half) / (1 + share) for sign in (-1, 1))
    return max(0.0, low if successes else 0.0), min(1.0, high if successes < trials else 1.0)


def rate_in_words(successes: int, trials: int, did: str = "solved it") -> str:
    """``4 of 4 seeds solved it; between 51 and 100 % would, at 95 % confidence``: a rate with `wilson`'s."""
    if not trials:
        return f"0 of 0 seeds {did}"
    low, high = wilson(successes, trials)
    return (
        f"{successes} of {trials} seeds {did}; between {100 * low:.0f} and {100 * high:.0f} % would, at 95 % confidence"
    )


def over_steps(values: np.ndarray) -> np.ndarray:
    """``(C, D)`` to ``(C,)``: mean of the finite entries of each row; NaN where there are none."""
    finite = np.isfinite(values)
    counted = finite.sum(axis=1)
    return np.where(counted, np.where(finite, values, 0).sum(axis=1) / np.maximum(counted, 1), np.nan)


def mean_log10_grad(g: np.ndarray) -> np.ndarray:
    """``(C,)``: mean over time steps of log10 g_t at every check; NaN where there is none."""
    return over_steps(np.log10(g.astype(np.float64) + EPS))


def log10_grad(g: np.ndarray) -> np.ndarray:
    """``log10(g + 1e-12)`` of the finite entries of ``g``, ``(T,)`` or any shape.

    *Source:* handout sections 2.3 (item 3) and 4.
    """
    g = np.asarray(g, dtype=np.float64)
    return np.log10(g[np.isfinite(g)] + EPS)


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
