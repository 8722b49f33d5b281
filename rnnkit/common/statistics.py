"""Summaries of what is finite, and how far a rate that was counted a few times can be from the true one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

EPS = 1e-12  # log10 of it, -12, is the floor of the histogram of g_t
Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point


# Student's distribution: its 97.5 % points for 1, 2, ... degrees of freedom; for more, the normal one's is near.
T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


class Interval(NamedTuple):
    """A mean, and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def said(self, form: str) -> str:
        """``-0.012 (-0.020 to -0.004)``."""
        return f"{self.mean:{form}} ({self.low:{form}} to {self.high:{form}})"


def mean_interval(values: Sequence[float]) -> Interval:
    r"""The mean of a few independent values with its interval of 95 %: :math:`\bar v \pm t\, s / \sqrt n`, Student's t.

    One value tells nothing of the spread: its interval is infinite.
    """
    n, mean = len(values), statistics.fmean(values)
    if n == 1:
        return Interval(mean, -math.inf, math.inf)
    half = (T_95[n - 2] if n - 2 < len(T_95) else Z_95) * statistics.stdev(values) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)


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
