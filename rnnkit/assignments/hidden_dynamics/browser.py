"""Widgets of the lab: the units of a network over sequences, and the best accuracy of who sees k steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from rnnkit.assignments.hidden_dynamics import inside, network
from rnnkit.assignments.hidden_dynamics.network import H, Weights
from rnnkit.assignments.hidden_dynamics.pictures import trajectories
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.plots.controls import Controls, limit, menu, notches, plain, slider, where_it_moves
from rnnkit.plots.figures import Drawn
from rnnkit.plots.moving import Moving
from rnnkit.plots.style import BLACK, BLUE, GREY, LINES, ORANGE, Canvas

SIZE, DPI = (8.0, 3.0), 80
MARGINS = {"left": 0.085, "right": 0.985, "bottom": 0.17, "top": 0.9, "wspace": 0.25}
ROOM = (0.08, 0.16, 0.012, 0.1)  # for a panel's labels, see `Moving`
SHOWN = 40  # sequences to browse
NEXT = 16  # the first unit that no figure of the notebook shows
LENGTHS = (20, 50, 100, 200, 500)


def browse(settings: Net, networks: Mapping[str, Weights], static: bool = False) -> Any:
    """A unit of layer 2, a sequence, and which of some networks: what the unit does while the sequence comes.

    Arguments:
        settings: of the sequences.
        networks: the document's, by what they are called: ``before`` and ``after`` training.
        static: sixteen more units of the last one instead.

    Returns:
        see `rnnkit.plots.controls.where_it_moves`.
    """

    def still() -> Figure:
        return trajectories(settings, [*networks.values()][-1], NEXT)

    return where_it_moves(lambda: Browser(settings, networks), still, static)


class Browser(Controls):
    """The browser itself."""

    def __init__(self, settings: Net, networks: Mapping[str, Weights]) -> None:
        x, y = inside.fresh(settings)
        self._x, self._y = x[:, :SHOWN].mean(2), y[:SHOWN]
        self._units = {name: _Units(weights, x) for name, weights in networks.items()}
        self._steps = np.arange(1, settings.T + 1)
        self._draw()
        controls: dict[str, Any] = {
            "when": menu("network", networks, [*networks][-1]),
            "unit": slider("unit", 0, H - 1, 1, 0),
            "sequence": slider("sequence", 0, SHOWN - 1, 1, 0),
        }
        last = [*networks.values()][-1]
        super().__init__(controls, self._picture, lambda: trajectories(settings, last, NEXT))

    def _draw(self) -> None:
        figure = Drawn(figsize=SIZE, dpi=DPI)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(**MARGINS)
        for ax in (left, right):
            _plain(ax)
            ax.set(xlabel="step t", xlim=(0.5, self._steps[-1] + 0.5))
            ax.axhline(0, color=GREY, linewidth=0.8)
        edge = 1.1 * float(np.abs(self._x).max())
        left.set(title="input: mean of the channels, and mean so far", ylim=(-edge, edge))
        right.set(title="the unit: this sequence, and all others", ylim=(-1.05, 1.05))
        others = [right.plot(self._steps, 0 * self._steps, color=GREY, linewidth=0.3)[0] for _ in range(SHOWN)]
        (come,) = left.plot([], [], "o-", color=GREY, markersize=3, linewidth=0.8)
        (mean,) = left.plot([], [], color=BLUE)
        (chosen,) = right.plot([], [], color=BLUE, linewidth=2)
        self._lines: tuple[list[Line2D], Line2D, Line2D, Line2D] = (others, come, mean, chosen)
        self._moving = Moving(figure, (*others, come, mean, chosen), ROOM)

    def _picture(self, when: str, unit: int, sequence: int) -> tuple[str, Moving]:
        units, (others, come, mean, chosen) = self._units[when], self._lines
        x, states = self._x[:, sequence], units.states[:, :, unit]
        color = BLUE if self._y[sequence] else ORANGE
        for line, curve in zip(others, states.T, strict=True):
            line.set_ydata(curve)
        come.set_data(self._steps, x)
        for line, curve in ((mean, np.cumsum(x) / self._steps), (chosen, states[:, sequence])):
            line.set_data(self._steps, curve)
            line.set_color(color)
        said = (
            f"unit {unit}, {units.kinds[unit]}: c = {units.c[unit]:.2f}, a = {units.a[unit]:.2f} &nbsp; "
            f"sequence {sequence}: mean {x.mean():+.3f}, label {self._y[sequence]}"
        )
        return said, self._moving


class _Units:
    """States of layer 2 for the sequences to browse ``(T, N, H)``; features and kind of each unit, over many."""

    def __init__(self, weights: Weights, x: np.ndarray) -> None:
        states = network.run(weights, x).states[1][1:]
        self.c, self.a = inside.features(states, x)
        self.kinds, self.states = inside.kinds(self.c, self.a), states[:, :SHOWN]


# ---- the bound ------------------------------------------------------------------------------------------------------


def explore_bound(accuracy: float = 0.937, static: bool = False) -> Any:
    """Steps k and length T: the best accuracy of who sees k of T steps; and the steps that an accuracy needs.

    Arguments:
        accuracy: a network's, between 0.5 and 1.
        static: the curves for all lengths instead.

    Returns:
        see `rnnkit.plots.controls.where_it_moves`.
    """
    return where_it_moves(lambda: Bound(accuracy), lambda: bounds(accuracy), static)


def bounds(accuracy: float) -> Figure:
    """The best accuracy by steps seen, for all lengths, with the steps that this accuracy needs."""
    figure = Drawn(figsize=SIZE, layout="constrained")
    Canvas(figure)
    ax = figure.subplots()
    _plain(ax)
    for T, (color, style) in zip(LENGTHS, LINES, strict=False):
        k = np.geomspace(0.5, T, 400)
        ax.plot(k, 100 * inside.best_accuracy(k, T), color=color, linestyle=style, label=f"T = {T}")
        ax.plot(inside.steps_used(accuracy, T), 100 * accuracy, "o", color=color)
    ax.axhline(100 * accuracy, color=BLACK, linestyle=":", linewidth=0.8)
    ax.set(xscale="log", xlabel="steps seen, k", ylabel="best accuracy (%)")
    ax.legend(fontsize=8, frameon=False)
    return figure


class Bound(Controls):
    """The widget itself."""

    def __init__(self, accuracy: float) -> None:
        figure = Drawn(figsize=SIZE, dpi=DPI)
        self._ax = figure.subplots()
        figure.subplots_adjust(**MARGINS)
        _plain(self._ax)
        (self._curve,) = self._ax.plot([], [], color=BLUE)
        (self._seen,) = self._ax.plot([], [], "o", color=BLUE)
        (self._needed,) = self._ax.plot([], [], "s", color=ORANGE)
        self._ax.set(xlabel="steps seen, k", ylabel="best accuracy (%)")
        self._moving = Moving(figure, (self._curve, self._seen, self._needed), ROOM)
        controls: dict[str, Any] = {
            "T": notches("length T", LENGTHS, LENGTHS[0]),
            "k": slider("steps seen, k", 0, LENGTHS[0], 1, LENGTHS[0] // 2),
            "accuracy": slider("an accuracy", 0.5, 1.0, 0.001, accuracy),
        }
        controls["T"].observe(lambda change: setattr(controls["k"], "max", change["new"]), "value")
        super().__init__(controls, self._picture, lambda: bounds(accuracy))

    def _picture(self, T: int, k: int, accuracy: float) -> tuple[str, Moving]:
        k, every = min(k, T), np.linspace(0, T, 200)
        best, needed = float(inside.best_accuracy(k, T)), float(inside.steps_used(accuracy, T))
        self._curve.set_data(every, 100 * inside.best_accuracy(every, T))
        self._seen.set_data([k], [100 * best])
        self._needed.set_data([needed], [100 * accuracy])
        if limit(self._ax, (0.0, 1.02 * T), (48.0, 102.0)):
            self._moving.changed |= {self._ax}
        said = f"who sees {k} of {T} steps is right in at most {best:.1%}; {accuracy:.1%} needs {needed:.1f} steps"
        return said, self._moving


def _plain(ax: Axes) -> None:
    plain(ax)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.title.set_fontsize(9)
