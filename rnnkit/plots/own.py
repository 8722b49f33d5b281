"""A student's diagnostics over the kit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.diagnostics import EPS
from rnnkit.plots.style import BLACK, BLUE, ORANGE, new_figure, title_of
from rnnkit.record.facts import Record


class Compared(Protocol):
    """What is drawn of a quantity; see `rnnkit.assignments.training_dynamics.own_diagnostics.Compared`."""

    label: str
    right: np.ndarray
    own: np.ndarray | None


def own_and_ours(record: Record, compared: Sequence[Compared]) -> Figure:
    """Quantities over time steps as curves, one panel each; single numbers as a share of the right one.

    Arguments:
        record: of the run, for the title.
        compared: the quantities; those without an own value show the kit's alone.
    """
    curves = [one for one in compared if one.right.ndim == 1]
    numbers = [one for one in compared if one.right.ndim == 0]
    count = len(curves) + 1
    columns = min(3, count)
    figure, axes = new_figure(columns, -(-count // columns), width=3.9, height=2.6)
    for ax, one in zip(axes, curves, strict=False):
        _curve(ax, one)
    _shares(axes[len(curves)], numbers)
    for ax in axes[count:]:
        ax.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8)
    figure.suptitle(f"{title_of(record)}: diagnostic batch, weights at the end", fontsize=10)
    return figure


def _curve(ax: Axes, one: Compared) -> None:
    logs = one.label == "g_t"
    steps = np.arange(1, len(one.right) + 1)
    for values, name, color, style, width in (
        (one.right, "ours", BLUE, "-", 3.5), (one.own, "yours", ORANGE, "--", 1.5)
    ):  # fmt: skip
        if values is not None:
            shown = np.log10(np.abs(values) + EPS) if logs else values
            ax.plot(steps, shown, color=color, linestyle=style, linewidth=width, label=name)
    ax.set(xlabel="time step t", ylabel=r"$\log_{10} g_t$" if logs else f"{one.label}: mean distance")
    if not logs:
        both = np.concatenate([v for v in (one.right, one.own) if v is not None])
        ax.set_ylim(0, 1.1 * both[np.isfinite(both)].max(initial=0) or 1)


def _shares(ax: Axes, numbers: Sequence[Compared]) -> None:
    ax.axhline(1, color=BLUE, linewidth=3.5)
    for place, one in enumerate(numbers):
        if one.own is not None and one.right:
            ax.plot(place, one.own / one.right, "o", color=ORANGE, markeredgecolor=BLACK)
    ax.set_xticks(range(len(numbers)), [one.label.replace(" ", "\n") for one in numbers], fontsize=8)
    ax.set(xlim=(-0.6, len(numbers) - 0.4), ylabel="yours / ours")
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, 0.5), max(high, 1.5))
