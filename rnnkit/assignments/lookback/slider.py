"""The widget of the lab: a lookback, and what both networks have at it: loss, norms, accuracy by distance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rnnkit.assignments.lookback.figures import BINS, COLOURS
from rnnkit.assignments.lookback.report import LOOKBACK, NORMS, SWEEPS, draw_lookbacks, draw_terms, numbers, rows_of
from rnnkit.plots.controls import Controls, legend_above, notches, plain, where_it_moves
from rnnkit.plots.figures import Drawn
from rnnkit.plots.markdown import missing
from rnnkit.plots.moving import Moving
from rnnkit.runs.rows import Row, chosen

SIZE, DPI = (9.6, 2.9), 80
MARGINS = {"left": 0.07, "right": 0.99, "bottom": 0.18, "top": 0.86, "wspace": 0.28}
ROOM = (0.06, 0.17, 0.01, 0.13)  # for a panel's labels, see `Moving`


def explore(folder: Path = SWEEPS, static: bool = False) -> Any:
    """A lookback, and both networks at it: loss, norm of each lag's term, accuracy by distance.

    Arguments:
        folder: with the tables of the sweep over lookbacks and, where it is there, of its networks' norms.
        static: the figure at the middle one of the lookbacks instead.

    Returns:
        see `rnnkit.plots.controls.where_it_moves`; a line that says how to make the table, where it is not there.
    """
    rows, norms = rows_of(LOOKBACK, folder), rows_of(NORMS, folder)
    if not rows:
        return missing([LOOKBACK], SWEEPS)
    return where_it_moves(lambda: Lookbacks(rows, norms), lambda: _still(rows, norms), static)


class Lookbacks(Controls):
    """The widget itself."""

    def __init__(self, rows: Sequence[Row], norms: Sequence[Row]) -> None:
        self._rows = rows
        figure, marks, bars = _figure(rows, norms)
        self._marks, self._bars = marks, bars
        self._moving = Moving(figure, (*marks, *bars.values()), ROOM)
        controls: dict[str, Any] = {"tau": notches("lookback tau", _lookbacks(rows), _lookbacks(rows)[0])}
        super().__init__(controls, self._picture, lambda: _still(rows, norms))

    def _picture(self, tau: int) -> tuple[str, Moving]:
        said = []
        for model, (loss, shares) in _put(self._rows, tau, self._marks, self._bars).items():
            far = f"accuracy at distance 6+ {shares[-1]:.3f}" if shares else "no run"
            said.append(f"{model}: loss {loss:.4f}, {far}")
        return "<br>".join([f"lookback {tau}", *said]), self._moving


def _put(
    rows: Sequence[Row], tau: int, marks: Sequence[Line2D], bars: dict[str, Line2D]
) -> dict[str, tuple[float, list[float]]]:
    """Moves marks and accuracies to a lookback; what each network has there."""
    for mark in marks:
        mark.set(xdata=[tau, tau], visible=True)
    found = {model: _values(rows, model, tau) for model in bars}
    for model, line in bars.items():
        line.set_data(np.arange(len(found[model][1])), found[model][1])
    return found


def _still(rows: Sequence[Row], norms: Sequence[Row]) -> Figure:
    """What is shown where nothing moves: the middle one of the lookbacks, which the picture names."""
    figure, marks, bars = _figure(rows, norms)
    tau = _lookbacks(rows)[len(_lookbacks(rows)) // 2]
    _put(rows, tau, marks, bars)
    figure.axes[-1].set_xlabel(f"distance to the verb, at lookback {tau}")
    return figure


def _lookbacks(rows: Sequence[Row]) -> list[int]:
    return sorted({int(row["lookback"]) for row in rows})


def _values(rows: Sequence[Row], model: str, tau: int) -> tuple[float, list[float]]:
    """Medians over the seeds: the loss, and the accuracy in each bin; none where there is no run."""
    here = chosen(rows, model=model, lookback=str(tau))
    if not here:
        return float("nan"), []
    return float(np.median(numbers(here, "best_loss"))), [
        float(np.median(numbers(here, name))) for name in BINS.values()
    ]


def _figure(rows: Sequence[Row], norms: Sequence[Row]) -> tuple[Figure, list[Line2D], dict[str, Line2D]]:
    """All but what moves, the marks at the lookback, and the accuracies at it by model."""
    figure = Drawn(figsize=SIZE, dpi=DPI)
    losses, terms, shares = figure.subplots(1, 3)
    figure.subplots_adjust(**MARGINS)
    for ax in (losses, terms, shares):
        plain(ax)
    bars = {}
    for model, (color, style) in COLOURS.items():
        how = {"color": color, "linestyle": style}
        draw_lookbacks(losses, chosen(rows, model=model), "best_loss", model, **how)
        (bars[model],) = shares.plot([], [], marker="o", label=model, **how)
    draw_terms(terms, norms, {"norm_initial": 0.6, "norm": 1.5})
    marks = [ax.axvline(0, color="0.4", linewidth=0.8, visible=False) for ax in (losses, terms)]
    losses.set(xlabel="lookback tau", ylabel="best loss (nats)")
    terms.set(xlabel="lookback tau", ylabel="norm of the tau-th term", yscale="log")
    majority = numbers(rows, "majority")
    shares.axhline(float(np.median(majority)) if majority else 0.5, color="0.4", linestyle=":", linewidth=0.8)
    shares.set(xlabel="distance from subject to verb", ylabel="accuracy", xlim=(-0.3, 3.3), ylim=(0.3, 1.02))
    shares.set_xticks(range(len(BINS)), [*BINS])
    for ax in (losses, terms, shares):
        if ax.get_legend_handles_labels()[0]:
            legend_above(ax, 2)
    return figure, marks, bars
