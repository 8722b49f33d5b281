"""Facts of a finished or half-finished run, computed from its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnkit.diagnostics import Summary, log10_grad, summarize
from rnnkit.record.file import last_filled, regime_of
from rnnkit.regimes import Regime
from rnnkit.tasks import Floor

Record = dict[str, np.ndarray]
CLOSE = 0.1  # relative distance at which a loss counts as being at a floor


def floors_of(record: Record) -> dict[str, Floor]:
    """The task's floors on this record's frozen validation set."""
    regime = regime_of(record)
    return regime.make_task().floors([int(length) for length in record["valid_lengths"]], regime.err_abs)


@dataclass(frozen=True)
class Facts:
    """One run in numbers; losses in nats (squared error for regression), errors in percent, times in seconds.

    Fields:
        profile: full, smoke, tiny or custom.
        status: running, finished, solved or diverged.
        wall_time: until the last check.
        valid_nll, valid_error: at the last check; best_nll, best_error: the smallest of all checks.
        median_gradient_norm, largest_gradient_norm: over all updates, before clipping.
        rho_start, rho_end: spectral radius before training and at the last check.
        log10_grad: summary over time steps of log10 g_t at the last check.
        sat: summary over time steps of the hidden distance to saturation at the last check.
        units_saturated: share of saturated units at the last check (percent).
    """

    regime: Regime
    profile: str
    status: str
    updates: int
    wall_time: float
    valid_nll: float
    valid_error: float
    best_nll: float
    best_error: float
    median_gradient_norm: float
    largest_gradient_norm: float
    rho_start: float
    rho_end: float
    log10_grad: Summary
    sat: Summary
    units_saturated: float

    def row(self) -> dict[str, Any]:
        """The facts as one row of a table, rounded for reading."""
        return {
            "regime": self.regime.name,
            "profile": self.profile,
            "status": "unfinished" if self.status == "running" else self.status,
            "updates": self.updates,
            "valid nll": round(self.valid_nll, 4),
            "valid error %": round(self.valid_error, 2),
            "best nll": round(self.best_nll, 4),
            "best error %": round(self.best_error, 2),
            "median grad norm": round(self.median_gradient_norm, 4),
            "largest grad norm": round(self.largest_gradient_norm, 2),
            "rho start": round(self.rho_start, 3),
            "rho end": round(self.rho_end, 3),
            "median log10 g": round(self.log10_grad.p50, 2),
            "mean sat": round(self.sat.mean, 3),
            "saturated units %": round(self.units_saturated, 1),
            "seconds": round(self.wall_time, 1),
        }


def facts_of(record: Record) -> Facts:
    """Computes the facts of a record with at least one check."""
    last, norms = last_filled(record), _filled(record["gradient_norm"])
    return Facts(
        regime=regime_of(record),
        profile=str(record["profile"]),
        status=str(record["status"]),
        updates=int(record["updates"]),
        wall_time=float(record["wall_time"][last]),
        valid_nll=float(record["valid_nll"][last]),
        valid_error=float(record["valid_error"][last]),
        best_nll=float(_filled(record["valid_nll"]).min()),
        best_error=float(_filled(record["valid_error"]).min()),
        median_gradient_norm=float(np.median(norms)),
        largest_gradient_norm=float(norms.max()),
        rho_start=float(record["rho_Whh"][0]),
        rho_end=float(record["rho_Whh"][last]),
        log10_grad=summarize(log10_grad(record["grad_time"][last])),
        sat=summarize(record["sat_time"][last]),
        units_saturated=100 * summarize(record["unit_sat_time"][last]).mean,
    )


def learnt_at(record: Record) -> int | None:
    """Updates done at the first check with a loss at least `CLOSE` below what is reached without memory; None if never.

    *Source:* handout section 6, question 1, whose floors are `floors_of`.
    """
    limit = (1 - CLOSE) * floors_of(record)["memoryless"].nll
    below = (record["check_updates"] >= 0) & (record["valid_nll"] < limit)
    return int(record["check_updates"][below.argmax()]) if below.any() else None


def clipped_percent(record: Record) -> float:
    """How many of the updates that were done had their gradient clipped, in percent."""
    done = np.isfinite(record["gradient_norm"])
    return 100 * float(np.mean(record["gradient_norm"][done] != record["gradient_norm_clipped"][done]))


def _filled(values: np.ndarray) -> np.ndarray:
    """What is no NaN; one NaN where all are."""
    filled = values[~np.isnan(values)]
    return filled if filled.size else np.full(1, np.nan)
