"""The explorer: sliders for a small network, and four pictures of what they do to its gradient through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from rnnkit.plots.controls import Controls, decades, legend_above, limit, menu, plain, slider, where_it_moves
from rnnkit.plots.explored import LONGEST, Explored, Settings, explored
from rnnkit.plots.figures import Drawn
from rnnkit.plots.moving import Moving
from rnnkit.plots.style import BLACK, BLUE, MAP, ORANGE, RED, Canvas

SIZE, DPI = (8.8, 5.8), 80  # of the widget's picture
ROW = (11.6, 3.0)  # inches, of a row of the static grid
FARTHEST, STEEPEST = 2.1, 4.2  # of the axes: nothing of an RNN is further out
DECADES = (3, 6, 12, 25, 50, 100, 200, 300)  # where the gradient's axis may end, so that it seldom changes
LASTS = (25, 50, 100, LONGEST)  # and that of time
TINY = 1e-300
EXAMPLES = (
    Settings(phi="linear", radius=0.9),
    Settings(radius=1.8),
    Settings(radius=1.8, input_scale=2.0),
    Settings(phi="sigmoid", radius=1.8),
    Settings(cell="GRU", radius=0.9, gate_bias=-4.0),
)
MARGINS = {"left": 0.1, "right": 0.985, "bottom": 0.09, "top": 0.93, "wspace": 0.28, "hspace": 0.42}
ROOM = (0.098, 0.085, 0.012, 0.068)  # for its labels and legends, see `Moving`


class Panels:
    """The four pictures on four axes: eigenvalues, the state's path, the gradient and its bound, step by step.

    Arguments:
        axes: four.

    Attributes:
        moving: what changes from settings to settings.
    """

    def __init__(self, axes: Sequence[Axes]) -> None:
        self.axes = plane, path, profile, factor = [*axes]
        for ax in self.axes:
            plain(ax)
            ax.locator_params(nbins=5)
        plane.add_patch(Circle((0, 0), 1, facecolor=BLACK, alpha=0.06))
        plane.add_patch(Circle((0, 0), 1, fill=False, edgecolor=BLACK, linewidth=0.9))
        (self._weights,) = plane.plot([], [], "o", color=BLUE, markersize=4, fillstyle="none", label="of W_hh")
        (self._jacobian,) = plane.plot([], [], "o", color=ORANGE, markersize=3, label="of the last step's Jacobian")
        span = (-FARTHEST, FARTHEST)
        plane.set(xlabel="eigenvalue: real part", ylabel="imaginary part", xlim=span, ylim=span)
        self._path = LineCollection([], cmap=MAP, linewidths=1.2)
        path.add_collection(self._path)
        (self._first,) = path.plot([], [], "o", color=BLACK, markersize=5, fillstyle="none", label="h_1")
        (self._last,) = path.plot([], [], "o", color=RED, markersize=5, label="h_T")
        path.set(xlabel="1st principal component", ylabel="2nd, of h_t")
        (self._bound,) = profile.plot([], [], "--", color=RED, label="bound (‖W_hh‖ γ)^(T−t)")
        (self._gradient,) = profile.plot([], [], color=BLUE, label="‖dL/dh_t‖")
        profile.set(xlabel="time step t", ylabel="‖dL/dh_t‖")
        decades(profile, "{x:g}")
        (self._growth,) = factor.plot([], [], "--", color=RED, label="bound ‖W_hh‖ γ")
        (self._factor,) = factor.plot([], [], color=BLUE, label="‖dL/dh_t‖ / ‖dL/dh_{t+1}‖")
        factor.axhline(1, color=BLACK, linewidth=0.9, linestyle=":")
        factor.set(xlabel="time step t", ylabel="factor of one step back", ylim=(0, STEEPEST))
        for ax in (plane, path):
            ax.set_box_aspect(1)  # both of their axes always have one span
        for ax in self.axes:
            legend_above(ax)
        lines = self._weights, self._jacobian, self._path, self._first, self._last, self._bound, self._gradient
        self.moving: tuple[Artist, ...] = (*lines, self._growth, self._factor)

    def show(self, seen: Explored) -> set[Axes]:
        """Sets the pictures, not drawn yet; the axes that got other limits."""
        _, path, profile, factor = self.axes
        steps = np.arange(1, seen.settings.length + 1)
        gradient = np.maximum(seen.gradient, TINY)
        self._weights.set_data(seen.eigenvalues.real, seen.eigenvalues.imag)
        self._jacobian.set_data(seen.jacobian.real, seen.jacobian.imag)
        self._path.set_segments([*np.stack([seen.path[:-1], seen.path[1:]], axis=1)])
        self._path.set_array(steps[1:])
        self._path.autoscale()
        for point, place in ((self._first, seen.path[:1]), (self._last, seen.path[-1:])):
            point.set_data(*place.T)
        self._gradient.set_data(steps, gradient)
        self._bound.set_data(steps, np.maximum(seen.bound, TINY))
        self._factor.set_data(steps[:-1], gradient[:-1] / gradient[1:])
        self._growth.set_data(steps[[0, -2]], [seen.growth, seen.growth])
        reach = _round(1.1 * float(np.abs(seen.path).max()))
        ends = 10.0 ** -_decades(-np.log10(gradient.min())), 10.0 ** _decades(np.log10(gradient.max()))
        time = (1.0, float(next(last for last in LASTS if last >= steps[-1])))
        wanted = ((path, (-reach, reach), (-reach, reach)), (profile, time, ends),
                  (factor, time, (0.0, STEEPEST)))  # fmt: skip
        return {ax for ax, across, up in wanted if limit(ax, across, up)}


def pictures(*seen: Explored) -> Figure:
    """A row of the four pictures for each of several settings.

    Arguments:
        seen: what was computed for each.

    Returns:
        A figure that does not move: what the explorer shows, side by side.
    """
    width, height = ROW
    figure = Drawn(figsize=(width, height * len(seen)), layout="constrained")
    Canvas(figure)
    for axes, one in zip(figure.subplots(len(seen), 4, squeeze=False), seen, strict=True):
        Panels(axes).show(one)
        title = axes[0].set_title(told(one), loc="left", fontsize=9, pad=27)
        title.set_in_layout(False)  # it may go on above its neighbours
    return figure


def told(seen: Explored) -> str:
    """The settings, and what becomes of the gradient, in two lines."""
    s, first, last = seen.settings, float(seen.gradient[0]), float(seen.gradient[-1])
    what, whose = (f"GRU, b_z = {s.gate_bias:g}", " (an RNN's)") if s.cell == "GRU" else (f"RNN, {s.phi}", "")
    return (
        f"{what}, ρ(W_hh) = {s.radius:.2f}, inputs × {s.input_scale:g}, T = {s.length}; "
        f"bound ‖W_hh‖γ = {seen.growth:.2f}{whose}\n‖dL/dh_1‖ = {first / last:.1e} ‖dL/dh_T‖: a factor of "
        f"{(max(first, TINY) / last) ** (1 / (s.length - 1)):.2f} a step, on average"
    )


class Drawing:
    """The explorer's picture, drawn again and again in little time."""

    def __init__(self) -> None:
        figure = Drawn(figsize=SIZE, dpi=DPI)
        self.panels = Panels(figure.subplots(2, 2).flat)
        figure.subplots_adjust(**MARGINS)
        self.moving = Moving(figure, self.panels.moving, ROOM)

    def show(self, seen: Explored) -> Moving:
        """The picture of what was computed, not drawn yet."""
        self.moving.changed |= self.panels.show(seen)
        return self.moving


def explore(static: bool = False) -> Any:
    """Sliders for a small network, and four pictures of what they do to its gradient through time.

    Arguments:
        static: a grid of the same pictures for a few settings instead.

    Returns:
        A widget; the grid where nobody can move it: outside of a notebook, where ``RNNKIT_PLAIN`` is set, under
        papermill; and None in autograding.
    """
    return where_it_moves(Explorer, _grid, static)


class Explorer(Controls):
    """The widget itself; the grid is its picture without a kernel."""

    def __init__(self) -> None:
        start, self._drawing = Settings(), Drawing()
        controls: dict[str, Any] = {
            "cell": menu("cell", ["RNN", "GRU"], start.cell),
            "phi": menu("nonlinearity", ["linear", "tanh", "sigmoid", "relu"], start.phi),
            "radius": slider("spectral radius", 0.1, 2.0, 0.05, start.radius),
            "input_scale": slider("input scale", 0.0, 3.0, 0.1, start.input_scale),
            "gate_bias": slider("gate bias b_z", -6.0, 4.0, 0.25, start.gate_bias),
            "length": slider("length T", 10, LONGEST, 5, start.length),
        }
        super().__init__(controls, self._picture, _grid)

    def _picture(self, **values: Any) -> tuple[str, Moving]:
        settings = Settings(**values)
        self.controls["phi"].disabled = settings.cell == "GRU"
        self.controls["gate_bias"].disabled = settings.cell == "RNN"
        seen = explored(settings)
        return told(seen).replace("\n", "<br>"), self._drawing.show(seen)


def _grid() -> Figure:
    return pictures(*map(explored, EXAMPLES))


def _round(value: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(max(value, TINY)))
    return next(float(k * power) for k in (1, 2, 5, 10) if k * power >= value)


def _decades(value: float) -> int:
    return next((k for k in DECADES if k >= value), DECADES[-1])
