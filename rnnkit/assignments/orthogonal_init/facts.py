"""What there is to say of one arm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, chance
from rnnkit.assignments.orthogonal_init.training import solved_epoch

SUSTAINED = 5  # epochs at the end that must all be past the threshold
DIGITS = 5


def facts_of(settings: Arm, curves: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of one arm: whatever the curves decide.

    Returns:
        task, init, T, metric, chance; the metric's last and best value; `solved_epoch`, the first past the threshold
        (empty: none), whether all of the last epochs were, and for regressions the mean squared error, twice the loss.
    """
    task, metric = settings.kind, np.asarray(curves["metric"], np.float64)
    linear, last = task.head == LINEAR, float(metric[-1]) if len(metric) else math.nan
    whole = np.asarray(curves["steps"]) == settings.T  # a curriculum's shorter sequences do not count
    finite = metric[np.isfinite(metric) & whole]
    best = (finite.min() if linear else finite.max()) if len(finite) else math.nan
    full_at = int(curves.get("full_at", 0))
    reached = {"full_at": full_at if full_at >= 0 else ""} if settings.curriculum else {}
    return {
        "task": settings.task,
        "init": settings.init,
        "T": settings.T,
        "metric": task.metric,
        "chance": round(chance(settings.task, settings.T), DIGITS),
        "final": round(last, DIGITS),
        "best": round(float(best), DIGITS),
        "solved_epoch": solved_epoch(settings, curves) or "",
        "sustained": bool(len(metric) >= SUSTAINED and (whole & task.better(metric, task.solved))[-SUSTAINED:].all()),
        "mse": round(2 * last, DIGITS) if linear else "",
    } | reached
