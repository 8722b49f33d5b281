"""What there is to say of one run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.lookback.baselines import majority, prior, unigram
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.settings import Net
from rnnkit.common.names import BadValue

DIGITS = 6
BINS = {"1": (1, 1), "2_3": (2, 3), "4_5": (4, 5), "6": (6, math.inf)}  # distance from subject to verb
FALL = (1, 6)  # the lags between which the norms' mean factor per step is taken


def facts_of(settings: Net, record: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of one run.

    Returns:
        task, model, H, lookback; the smallest loss on dev (nats), its epoch from 1 and its perplexity; all at that
        epoch: the loss on training sentences, accuracy on dev (of a language model: of the verb's number), the mean of
        the two classes' accuracies, and the same by distance and by attractors; what is reached without reading; of a
        language model the adjusted loss; mean norm of what an update adds to U, a GRU's U_h; the norm of its terms at
        some lags, and by which factor they fall per step; epochs done and seconds of one; empty: not there.
    """
    s, dev = settings, np.asarray(record["dev_loss"], np.float64)
    row: dict[str, Any] = {"task": s.task, "model": s.model, "H": s.H, "lookback": s.lookback}
    if not len(dev) or not np.isfinite(dev).any():
        return row
    best = int(np.nanargmin(dev))
    row |= {"best_loss": _round(dev[best]), "perplexity": _round(math.exp(dev[best])), "best_epoch": best + 1}
    row |= {"last_loss": _round(dev[-1]), "train_loss": _round(record["train_loss"][best])}
    row |= {"grad_norm": _round(record["grad_norm"][best])}
    row |= _right(record) | _baselines(s, dev[best]) | _norms(record)
    return row | {"epochs": len(dev), "seconds_per_epoch": round(float(record["seconds"]) / len(dev), 3)}


def _round(value: Any) -> float:
    return round(float(value), DIGITS)


def _right(record: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracy of the verb's number: of all, balanced, by distance, by attractors."""
    predicted, label, distance, attractors = (
        np.asarray(record[name]) for name in ("predicted", "label", "distance", "attractors")
    )
    asked = predicted >= 0
    right = predicted == label

    def share(which: np.ndarray) -> Any:
        which = which & asked
        return _round(right[which].mean()) if which.any() else ""

    out = {"acc": share(asked)}
    each = [share(label == one) for one in (0, 1)]
    out["balanced"] = _round(np.mean(each)) if "" not in each else ""
    out |= {f"acc_{name}": share((low <= distance) & (distance <= high)) for name, (low, high) in BINS.items()}
    return out | {f"acc_attr{n}": share(attractors == n if n < 2 else attractors >= n) for n in range(3)}


def _baselines(settings: Net, loss: float) -> dict[str, Any]:
    """What is reached without reading: the classes' shares or a unigram model; and a language model's adjusted loss."""
    try:
        splits = splits_of(settings)
    except BadValue:  # a record whose sentences are elsewhere
        return dict.fromkeys(("prior_loss", "majority", "adjusted_loss"), "")
    if settings.task == "language":
        adjusted = _round(splits.vocabulary.adjusted(loss))
        return {"prior_loss": _round(unigram(splits)), "majority": "", "adjusted_loss": adjusted}
    return {"prior_loss": _round(prior(splits)), "majority": _round(majority(splits)), "adjusted_loss": ""}


def _norms(record: Mapping[str, Any]) -> dict[str, Any]:
    """The candidate's, or the only U's, is the last gate."""
    out: dict[str, Any] = {}
    for when, name in (("", "norms"), ("_initial", "norms_initial")):
        norms = np.asarray(record[name], np.float64)
        values = norms[-1] if len(norms) else np.array([])
        out |= {f"norm{when}_{k}": float(f"{values[k]:.4g}") if k < len(values) else "" for k in (1, 5, 10)}
        low, high = FALL
        fall = (values[high] / values[low]) ** (1 / (high - low)) if len(values) > high and values[low] else math.nan
        out[f"fall{when}"] = round(float(fall), 4) if np.isfinite(fall) else ""
    return out
