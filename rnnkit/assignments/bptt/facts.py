"""What there is to say of one run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.text import TEXTS, topics

LATE = 50  # updates at the end, whose mean is the last value
LEARNT = 0.95  # accuracy
DIGITS = 5


def facts_of(settings: Trial, curves: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of one run.

    Returns:
        task, arm, lag; mean loss and metric of the last updates, the plateau that they are compared with, whether the
        task is `learnt`; the largest norm of a gradient and the mean angle by which clipping turned it; `lost_at`, the
        update at which a number is none any more (empty: never).
    """
    loss, metric, norm = (np.asarray(curves[name], np.float64) for name in ("loss", "metric", "grad_norm"))
    late = {name: float(np.mean(values[-LATE:])) if len(values) else math.nan
            for name, values in (("loss", loss), ("metric", metric))}  # fmt: skip
    lost = ~(np.isfinite(loss) & np.isfinite(norm))
    plateau = float(curves["plateau"]) if "plateau" in curves else settings.kind.plateau(settings.K)
    learnt = late["metric"] >= LEARNT if settings.kind.plain else late["loss"] < plateau
    finite, turned = norm[np.isfinite(norm)], np.asarray(curves["angle"], np.float64)
    return {
        "task": settings.task,
        "arm": settings.arm,
        "lag": settings.lag,
        "loss": round(late["loss"], DIGITS),
        "metric": round(late["metric"], DIGITS),
        "plateau": round(plateau, DIGITS),
        "learnt": bool(learnt),
        "largest_norm": float(f"{finite.max():.4g}") if len(finite) else math.nan,
        "turned": round(float(np.nanmean(turned)), 2) if np.isfinite(turned).any() else math.nan,
        "lost_at": int(np.argmax(lost)) + 1 if lost.any() else "",
    } | _spoken(settings, curves)


def _spoken(settings: Trial, record: Mapping[str, Any]) -> dict[str, Any]:
    """Of a character model: which text, and nats on what was held out; of one of sentences, how many verbs are right.

    Nothing is held out where the record's text is not the one that is here.
    """
    if settings.task not in TEXTS or "weights" not in record:
        return {}
    from rnnkit.assignments.bptt.speaking import agreement, held_out

    weights, corpus = np.asarray(record["weights"]), str(record.get("corpus", ""))
    if corpus and corpus != topics()[1]:
        return {"corpus": corpus, "held_out": ""}
    right = agreement(settings, weights) if settings.task == "grammar" else {}
    counts = {f"right_{n}": f"{good} of {count}" for n, (good, count) in right.items()}
    return {"corpus": corpus, "held_out": round(held_out(settings, weights), DIGITS)} | counts
