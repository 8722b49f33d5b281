"""What there is to say of one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnkit.assignments.hidden_dynamics.settings import Net

DIGITS = 5
EARLY = 10  # the epoch after which the document reads its curves
STRETCHES = ((11, 20), (21, 30), (31, 40))  # epochs before, between and after the rate is halved
# What ten seeds of the document's run lie within, by the name of the fact.
WINDOWS = {"first_train_acc": (0.44, 0.57), "early_test_loss": (0.20, 0.27), "test_acc": (0.904, 0.945)}
BEST = (0.91, 0.955)  # for the mean of the best epochs
CURVES = ("train_loss", "train_acc", "test_loss", "test_acc")


def facts_of(settings: Net, curves: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of one network: whatever the curves decide.

    Returns:
        cell, init, T; all four curves at the last epoch; the best test accuracy and its epoch; training accuracy after
        the first epoch and test loss after the tenth (empty: not so far); and the spread of the test loss over
        `STRETCHES`, its standard deviation.
    """
    found = {name: np.asarray(curves[name], np.float64) for name in CURVES}
    count = len(found["test_acc"])
    row: dict[str, Any] = {"cell": settings.cell, "init": settings.init, "T": settings.T}
    row |= {name: _value(curve, count) for name, curve in found.items()}
    best = int(np.argmax(found["test_acc"])) + 1 if count else 0
    row |= {"best_test_acc": _value(found["test_acc"], best), "best_epoch": best or ""}
    row |= {"first_train_acc": _value(found["train_acc"], 1), "early_test_loss": _value(found["test_loss"], EARLY)}
    for low, high in STRETCHES:
        stretch = found["test_loss"][low - 1 : high]
        row[f"spread_{low}_{high}"] = round(float(stretch.std(ddof=1)), DIGITS) if count >= high else ""
    return row


def _value(curve: Sequence[float] | np.ndarray, epoch: int) -> float | str:
    """A curve's value after an epoch, from 1; empty where it has none."""
    return round(float(curve[epoch - 1]), DIGITS) if 1 <= epoch <= len(curve) else ""
