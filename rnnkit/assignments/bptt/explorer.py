"""The lab's explorer: the bound (gamma sigma)^k beside the product of Jacobians that it bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from rnnkit.assignments.bptt.bounded import LONGEST, SLOPES, STARTS, Bounded, Settings, bounded, said_of
from rnnkit.plots.controls import Controls, Pair, decades, limit, menu, notches, plain, slider, where_it_moves
from rnnkit.plots.moving import Moving
from rnnkit.plots.style import BLACK, BLUE, ORANGE, RED, new_figure

SIGMAS = (0.5, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.6, 2.0, 3.0, 3.5, 4.0, 5.0)
SCALES = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
FLOORS, TOPS = (
    (1, 3, 6, 12, 24, 48, 100),
    (1, 3, 6, 12, 24, 48, 80),
)  # decades where the axis may end, so that it seldom moves
TINY = 1e-300
EXAMPLES = {
    Settings("orthogonal", 0.9, "tanh", 1.0): LONGEST, Settings("orthogonal", 1.0, "identity"): LONGEST,
    Settings("orthogonal", 1.0, "tanh", 1.0): LONGEST, Settings("normal numbers", 1.6, "identity"): LONGEST,
    Settings("shift", 2.0, "identity"): 12, Settings("orthogonal", 1.1, "tanh", 0.0): LONGEST,
}  # fmt: skip


class Curves:
    """The bound, the same with typical slopes, and the norm of the product, against the lag; and one lag of them."""

    def __init__(self, ax: Axes) -> None:
        self.ax, self._lags = ax, np.arange(1, LONGEST + 1)
        plain(ax)
        (self._bound,) = ax.plot([], [], "--", color=RED, label="(γσ)^k, the bound")
        (self._typical,) = ax.plot([], [], ":", color=BLACK, label="with typical φ′, no bound")
        (self._norms,) = ax.plot([], [], color=BLUE, label="the true norm")
        (self._lag,) = ax.plot([], [], "o", color=BLUE, markersize=5)
        (self._there,) = ax.plot([], [], "o", color=RED, markersize=5, fillstyle="none")
        ax.set(xlabel="lag k", ylabel="‖dh_T / dh_(T−k)‖")
        decades(ax)
        self.moving: tuple[Artist, ...] = (self._bound, self._typical, self._norms, self._lag, self._there)

    def show(self, seen: Bounded, k: int = 0, last: int = LONGEST) -> set[Axes]:
        """Sets the curves, not drawn yet; the axes that got other limits.

        Arguments:
            k: the lag that is marked; 0 for none.
            last: where the axis of lags ends.
        """
        norms = np.where(seen.norms > 0, seen.norms, np.nan)  # a norm of 0 has no place on this axis
        for line, values in ((self._bound, seen.bound), (self._typical, seen.typical), (self._norms, norms)):
            line.set_data(self._lags, np.where(values > TINY, values, np.nan))
        for line, values in ((self._lag, norms), (self._there, seen.bound)):
            line.set_data([k] if k else [], [values[k - 1]] if k else [])
        ends = seen.bound[last - 1], np.nanmin(norms[:last]), np.nanmax(norms[:last])
        floor = next((one for one in FLOORS if one >= -np.log10(min(ends))), FLOORS[-1])
        top = next((one for one in TOPS if one >= np.log10(max(ends))), TOPS[-1])
        return {self.ax} if limit(self.ax, (0.0, last + 1.0), (10.0**-floor, 10.0**top)) else set()


class Steps:
    """The slopes of all units over time, and the largest that there can be."""

    def __init__(self, ax: Axes) -> None:
        plain(ax)
        self._steps = np.arange(1, LONGEST + 1)
        self._band = Polygon(np.ones((3, 2)), color=BLUE, alpha=0.25, linewidth=0, label="units")
        ax.add_patch(self._band)
        (self._gamma,) = ax.plot([], [], "--", color=RED, label="γ")
        (self._median,) = ax.plot([], [], color=BLUE, label="median")
        (self._first,) = ax.plot([], [], color=ORANGE, linewidth=1, label="T − k")
        ax.set(xlabel="step t", ylabel="slope φ′", xlim=(0, LONGEST + 1), ylim=(0, 1.05))
        self.moving: tuple[Artist, ...] = (self._band, self._gamma, self._median, self._first)

    def show(self, seen: Bounded, k: int) -> set[Axes]:
        """Sets them, not drawn yet."""
        t, (low, middle, high) = self._steps, np.quantile(seen.slopes[::-1], (0, 0.5, 1), axis=1)
        self._band.set_xy(np.concatenate([np.stack([t, low], 1), np.stack([t, high], 1)[::-1]]))
        self._median.set_data(t, middle)
        self._gamma.set_data(t, np.full(LONGEST, SLOPES[seen.settings.phi][2]))
        self._first.set_data([LONGEST - k] * 2, [0, 1.05])
        return set()


def told(seen: Bounded, k: int) -> str:
    """The settings, what the bound says of them, and what is so, in three lines of HTML."""
    s, bound, norm = seen.settings, seen.bound[k - 1], seen.norms[k - 1]
    share = f"{norm / bound:.1e} of what the bound allows" if norm > 0 else "nothing is left"
    return (
        f"{s.matrix}, σ = {s.sigma:g}, ρ = {seen.radius:.2f}; {s.phi}, inputs of scale {s.scale:g}, untrained; "
        f"median slope of the last {k} steps {np.median(seen.slopes[:k]):.2f}<br>{said_of(seen.factor)}<br>"
        f"k = {k}: (γσ)^k = {bound:.2e}, true norm {norm:.2e}, {share}"
    )


def explore(static: bool = False) -> Any:
    """Controls for sigma, the nonlinearity, the inputs and the lag: the bound beside the true norm.

    Arguments:
        static: the same curves for a few settings instead.

    Returns:
        see `rnnkit.plots.controls.where_it_moves`.
    """
    return where_it_moves(Explorer, _grid, static)


class Explorer(Controls):
    """The widget itself; the grid is its picture without a kernel."""

    def __init__(self) -> None:
        start, self._drawing = Settings(), Pair((Curves, Steps), 1.7, (3, 4))
        controls: dict[str, Any] = {
            "matrix": menu("W_hh", STARTS, start.matrix),
            "sigma": notches("σ of W_hh", SIGMAS, start.sigma),
            "phi": menu("φ", SLOPES, start.phi),
            "scale": notches("input scale", SCALES, start.scale),
            "k": slider("lag k", 1, LONGEST, 1, LONGEST // 2),
        }
        super().__init__(controls, self._picture, _grid)

    def _picture(self, k: int, **values: Any) -> tuple[str, Moving]:
        seen = bounded(Settings(**values))
        return told(seen, k), self._drawing.show(seen, k)


def _grid() -> Figure:
    figure, axes = new_figure(3, 2, width=4.0, height=2.9)
    for ax, (settings, last) in zip(axes, EXAMPLES.items(), strict=True):
        seen = bounded(settings)
        Curves(ax).show(seen, last=last)
        phi = settings.phi if settings.phi == "identity" else f"{settings.phi}, inputs of scale {settings.scale:g}"
        ax.set_title(f"{settings.matrix}, σ = {settings.sigma:g}, ρ = {seen.radius:.2f}; {phi}", fontsize=8)
    axes[0].legend(fontsize=7, frameon=False, loc="lower left")
    return figure
