"""The picture of one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.bptt.facts import LEARNT
from rnnkit.assignments.bptt.networks import ARMS
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.plots.style import BLACK, BLUE, LINES, ORANGE, new_figure


def style_of(arm: str, n: int) -> tuple[str, Any]:
    """Colour and line style of an arm, the same in all figures; of anything else by its place n."""
    return LINES[[*ARMS].index(arm) if arm in ARMS else (len(ARMS) + n) % len(LINES)]


def learning(settings: Trial, record: Mapping[str, Any]) -> Figure:
    """Loss with its plateau, accuracy with the threshold, and the norm of the gradient before clipping, by update.

    Arguments:
        record: curves ``(N,)`` by name: loss (nats, or squared error), metric, grad_norm.
    """
    classes = settings.kind.classes
    figure, axes = new_figure(3 if classes else 2, 1, width=3.9, height=2.8)
    updates = 1 + np.arange(len(record["loss"]))
    loss, norm = axes[0], axes[-1]
    loss.semilogy(updates, record["loss"], color=BLUE, linewidth=0.8)
    said = f"ln {settings.K}: nothing is remembered" if classes else "the last value again"
    loss.axhline(float(record["plateau"]), color=BLACK, linestyle=":", label=said)
    loss.set(xlabel="update", ylabel="loss (nats)" if classes else "mean squared error")
    loss.legend(fontsize=8)
    if classes:
        axes[1].plot(updates, 100 * np.asarray(record["metric"]), color=BLUE, linewidth=0.8)
        axes[1].axhline(100 / settings.K, color=BLACK, linestyle=":", label="chance")
        axes[1].axhline(100 * LEARNT, color=ORANGE, linestyle="--", label="learnt")
        axes[1].set(xlabel="update", ylabel="accuracy (%)", ylim=(0, 105))
        axes[1].legend(fontsize=8, loc="lower right")
    norm.semilogy(updates, record["grad_norm"], color=BLUE, linewidth=0.8)
    if settings.clip_by == "norm":
        norm.axhline(settings.clip, color=ORANGE, linestyle="--", label="clipped above")
        norm.legend(fontsize=8)
    norm.set(xlabel="update", ylabel="norm of the gradient")
    figure.suptitle(f"{settings.name}: {settings.arm}, {settings.task}, lag {settings.lag}", fontsize=10)
    return figure
