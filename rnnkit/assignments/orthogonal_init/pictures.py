"""The picture of one arm, and the colours of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, chance
from rnnkit.assignments.orthogonal_init.training import solved_epoch
from rnnkit.plots.style import BLACK, BLUE, LINES, ORANGE, RED, new_figure

OURS: dict[str, tuple[str, Any]] = {"ortho": (BLUE, "-"), "random": (RED, "-")}


def styles_of(arms: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Colour and line style of each arm of a figure, by its name; the document's arms always have theirs."""
    others = [style for style in LINES if style[0] not in {color for color, _ in OURS.values()}]
    rest = [arm for arm in arms if arm not in OURS]
    return {arm: OURS.get(arm) or others[rest.index(arm) % len(others)] for arm in arms}


def learning(settings: Arm, record: Mapping[str, Any]) -> Figure:
    """Loss, metric and gradient norm by epoch.

    Arguments:
        record: curves ``(E,)`` by name: loss (nats, or half squared error), metric, grad_norm, steps.
    """
    figure, (loss, metric, norm) = new_figure(3, 1, width=3.9, height=2.8)
    epochs, task = 1 + np.arange(len(record["loss"])), settings.kind
    share = 1 if task.head == LINEAR else 100
    loss.semilogy(epochs, record["loss"], color=BLUE)
    loss.set(xlabel="epoch", ylabel="loss")
    metric.plot(epochs, share * np.asarray(record["metric"]), color=BLUE)
    metric.axhline(share * chance(settings.task, settings.T), color=BLACK, linestyle=":", label="chance")
    metric.axhline(share * task.solved, color=ORANGE, linestyle="--", label="threshold")
    if first := solved_epoch(settings, record):
        metric.axvline(first, color=BLUE, linestyle="--", linewidth=1, label=f"solved at {first}")
    metric.set(xlabel="epoch", ylabel="half MSE" if task.head == LINEAR else "accuracy (%)")
    if task.head != LINEAR:
        metric.set_ylim(0, 105)
    metric.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, frameon=False)
    norm.semilogy(epochs, record["grad_norm"], color=BLUE)
    norm.set(xlabel="epoch", ylabel="norm of the gradient")
    figure.suptitle(f"{settings.name}: {settings.task}, T = {settings.T}, {settings.init}", fontsize=10)
    return figure
