"""The lab's explorer: how far a change of the state reaches, by initial matrix, scale of the inputs and length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from rnnkit.assignments.orthogonal_init.explored import DRAWS, LONGEST, STARTS, Explored, Settings, explored
from rnnkit.plots.controls import Controls, Pair, decades, limit, menu, notches, plain, slider, where_it_moves
from rnnkit.plots.figures import Drawn
from rnnkit.plots.moving import Moving
from rnnkit.plots.style import BLACK, BLUE, RED, Canvas

ROW = 2.9  # inches, of a row of the static grid
SCALES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
FLOORS, LASTS = (6, 12, 24, 48, 96, 300), (30, 60, 100, LONGEST)  # where the axes may end, so that they seldom change
HIGHEST, FARTHEST = 4, 2.0  # decades, and of the plane of eigenvalues
TINY = 1e-300
EXAMPLES = tuple(
    Settings(start, scale) for start in ("orthogonal", "0.1 N(0, 1)", "N(0, 1/n)") for scale in (0.01, 0.1, 1.0)
)


class Curves:
    """The norm of dh_T/dh_(T-k) against k: median and range of the draws, the bound, and what rho alone says."""

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        plain(ax)
        self._band = Polygon(np.ones((3, 2)), color=BLUE, alpha=0.25, linewidth=0, label=f"range of {DRAWS} draws")
        ax.add_patch(self._band)
        (self._bound,) = ax.plot([], [], "--", color=RED, linewidth=1, label="σ_max^k, the bound")
        (self._radius,) = ax.plot([], [], ":", color=BLACK, label="ρ^k")
        (self._median,) = ax.plot([], [], color=BLUE, label="median")
        ax.set(xlabel="lag k", ylabel="‖dh_T / dh_(T−k)‖")
        decades(ax)
        self.moving: tuple[Artist, ...] = (self._band, self._bound, self._radius, self._median)

    def show(self, seen: Explored) -> set[Axes]:
        """Sets the curves, not drawn yet; the axes that got other limits."""
        lags, norms = seen.lags, np.maximum(seen.norms, TINY)
        low, middle, high = np.quantile(norms, (0, 0.5, 1), axis=0)
        self._band.set_xy(np.concatenate([np.stack([lags, low], 1), np.stack([lags, high], 1)[::-1]]))
        self._median.set_data(lags, middle)
        self._radius.set_data(lags, np.median(seen.start.radius) ** lags)
        self._bound.set_data(lags, np.median(seen.start.sigma) ** lags)
        floor = next(one for one in FLOORS if one >= min(-np.log10(low.min()), FLOORS[-1]))
        time = (1.0, float(next(last for last in LASTS if last >= lags[-1])))
        return {self.ax} if limit(self.ax, time, (10.0**-floor, 10.0**HIGHEST)) else set()


class Plane:
    """The eigenvalues of all draws, and circles of radius 1 and sigma_max."""

    def __init__(self, ax: Axes) -> None:
        plain(ax)
        ax.set_box_aspect(1)
        ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor=BLACK, linewidth=0.9))
        self._sigma = Circle((0, 0), 1, fill=False, edgecolor=RED, linestyle="--", label="radius σ_max")
        ax.add_patch(self._sigma)
        (self._values,) = ax.plot([], [], "o", color=BLUE, markersize=2.5, fillstyle="none", label="of W_hh")
        span = (-FARTHEST, FARTHEST)
        ax.set(xlabel="eigenvalue: real part", ylabel="imaginary part", xlim=span, ylim=span)
        self.moving: tuple[Artist, ...] = (self._sigma, self._values)

    def show(self, seen: Explored) -> set[Axes]:
        """Sets them, not drawn yet."""
        values = seen.start.eigenvalues.ravel()
        self._values.set_data(values.real, values.imag)
        self._sigma.set_radius(float(np.median(seen.start.sigma)))
        return set()


def pictures(seen: Sequence[Explored], columns: int = 3) -> Figure:
    """The curves of several settings side by side: what the explorer shows, and does not move."""
    rows = -(-len(seen) // columns)
    figure = Drawn(figsize=(4.0 * columns, ROW * rows), layout="constrained")
    Canvas(figure)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, one in zip(axes, seen, strict=False):
        Curves(ax).show(one)
        ax.set_title(f"{one.settings.start}; W_ih: {one.settings.input_scale:g} N(0, 1)", fontsize=9)
    axes[0].legend(fontsize=7, frameon=False, loc="lower left")
    return figure


def told(seen: Explored) -> str:
    """The settings and what they come to, in two lines of HTML."""
    s, last = seen.settings, seen.norms[:, -1]
    values = (("ρ", seen.start.radius, ".2f"), ("σ_max", seen.start.sigma, ".2f"), ("‖dh_T/dh_0‖", last, ".1e"))
    return (
        f"{s.start}, W_ih: {s.input_scale:g} N(0, 1), T = {s.length}; 64 tanh units read {s.length} random symbols, "
        f"one of 4, before any training<br>" + "; ".join(f"{name} {_spread(all_, how)}" for name, all_, how in values)
    )


def explore(static: bool = False) -> Any:
    """Controls for the start of a network, and how far a change of its state reaches.

    Arguments:
        static: the same curves for a few settings instead.

    Returns:
        see `rnnkit.plots.controls.where_it_moves`.
    """
    return where_it_moves(Explorer, _grid, static)


class Explorer(Controls):
    """The widget itself; the grid is its picture without a kernel."""

    def __init__(self) -> None:
        start, self._drawing = Settings(), Pair((Curves, Plane), 2.2, (4, 2))
        controls: dict[str, Any] = {
            "start": menu("W_hh", STARTS, start.start),
            "input_scale": notches("W_ih scale", SCALES, start.input_scale),
            "length": slider("length T", 5, LONGEST, 5, start.length),
        }
        super().__init__(controls, self._picture, _grid)

    def _picture(self, **values: Any) -> tuple[str, Moving]:
        seen = explored(Settings(**values))
        return told(seen), self._drawing.show(seen)


def _grid() -> Figure:
    return pictures([*map(explored, EXAMPLES)])


def _spread(values: np.ndarray, how: str) -> str:
    low, middle, high = np.quantile(values, (0, 0.5, 1))
    texts = [format(one, how) for one in (middle, low, high)]
    return texts[0] if len({*texts}) == 1 else f"{texts[0]} ({texts[1]} to {texts[2]})"
