"""Colours, sizes, titles and labels that all figures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.lines import Line2D

from rnnkit.plots.contrast import as_ink
from rnnkit.plots.figures import Drawn
from rnnkit.plots.margins import Margins
from rnnkit.plots.seeds import LEAST, Seeds, draw_curve, members_of
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of
from rnnkit.record.find import LEFT, unfinished

# Okabe and Ito's palette, told apart by colour-blind readers too; its three lightest darker, to be seen on white.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#C48700", "#009E73", "#D55E00", "#CC79A7", "#4A9BC9", "#9E962B", "#000000",
)  # fmt: skip
GREY = "0.55"  # of levels and of what stands beside the matter: the lightest that is seen on white, with a little room
FLOOR_STYLES = {"constant": ":", "marginal": "--", "memoryless": "-.", "marginal_error": (0, (6, 4, 1, 4, 1, 4))}
# Colour and line style of the runs of one figure, in order: told apart in black and white, too.
LINES = [
    (BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (RED, ":"), (PURPLE, (0, (5, 1))),
    (BLACK, (0, (3, 1, 1, 1))), (SKY, (0, (1, 1))), (YELLOW, "-"), (BLUE, ":"),
]  # fmt: skip
MAP = "cividis"  # one scale from dark to light: in print and for colour-blind readers as for all others
NARROW = 4.2  # inches: what a phone shows without making it smaller
SMALL = 8  # points: legends, labels at the ends of lines
GAP = 0.085  # between two labels, of an axis' height
Runs = Mapping[str, Record]


class Canvas(FigureCanvasAgg):
    """Draws once: elsewhere a figure is drawn before, for its layout, and in notebooks to see what sticks out of it.

    The layout keeps everything inside.
    """

    def print_figure(self, filename: Any, dpi: Any = None, *args: Any, bbox_inches: Any = None, **how: Any) -> Any:
        """As matplotlib's own, within the figure's edges."""
        bbox_inches = None if bbox_inches == "tight" else bbox_inches
        figure, engine = self.figure, self.figure.get_layout_engine()
        if engine is None or dpi not in (None, "figure", figure.dpi):
            return super().print_figure(filename, dpi, *args, bbox_inches=bbox_inches, **how)
        engine.execute(figure)
        figure.set_layout_engine(None)
        try:
            return super().print_figure(filename, dpi, *args, bbox_inches=bbox_inches, **how)
        finally:
            figure.set_layout_engine(engine)


def new_figure(
    columns: int = 1,
    rows: int = 1,
    *,
    width: float = 5.0,
    height: float = 3.4,
    layout: Literal["constrained", "compressed", "tight"] | LayoutEngine = "constrained",
    **how: Any,
) -> tuple[Figure, list[Axes]]:
    """A figure of ``rows`` x ``columns`` axes (in reading order), each of the given size in inches.

    Arguments:
        layout: as of matplotlib's ``Figure``; `Margins` takes a third of the time.
        how: further arguments of matplotlib's ``Figure.subplots``.
    """
    figure = Drawn(figsize=(width * columns, height * rows), layout=layout)
    Canvas(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **how)
    for ax in axes.flat:
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, list(axes.flat)


def panels(count: int = 1, narrow: bool = False, *, height: float = 2.8, **how: object) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` axes: side by side, or for narrow screens under one another."""
    columns, rows = (1, count) if narrow else (count, 1)
    return new_figure(columns, rows, width=NARROW, height=height, layout=Margins(), **how)


def panel(ax: Axes | None) -> tuple[Figure, Axes]:
    """A new figure of one panel; or these axes, in the figure that they are part of."""
    if ax is None:
        figure, (ax,) = panels()
        return figure, ax
    whole = ax.get_figure(root=True)
    assert whole is not None
    return whole, ax


def profiles_beside_histograms(rows: int = 1) -> tuple[Figure, list[Axes]]:
    """Rows of two axes with one vertical axis: a quantity over time, and how often it has each value."""
    return new_figure(2, rows, width=NARROW / 2, height=2.7, layout=Margins(), width_ratios=(2.2, 1), sharey="row")


def marked(runs: Runs) -> dict[str, Record]:
    """The runs of one figure, with "(unfinished)" behind the labels of those on their way."""
    left = {label for label, record in runs.items() if left_of(record) and not isinstance(record, Seeds)}
    return {f"{label} ({LEFT})" if label in left else label: record for label, record in runs.items()}


def title_of(record: Record) -> str:
    """The run's name, with its profile where that is not the handout's full size, and how far it is if unfinished."""
    regime, profile = regime_of(record), str(record["profile"])
    if isinstance(record, Seeds):
        size = "" if profile in ("full", "custom") else f" ({profile} profile)"
        return f"{record.label}{size}\nmedian and {'quartiles' if len(record.members) >= LEAST else 'range'}"
    said = ", ".join(filter(None, ["" if profile == "full" else f"{profile} profile", left_of(record)]))
    return f"{regime.name}  ({said})" if said else regime.name


def left_of(record: Record) -> str:
    """How far a run on its way is; empty for one that came to its end."""
    return unfinished(str(record["status"]), int(record["updates"]), regime_of(record).maxiters)


def entitle(figure: Figure, record: Record) -> None:
    """Run and check of a figure of the last check."""
    ends = sorted({int(one["check_updates"][last_filled(one)]) for one in members_of(record)})
    updates = " to ".join(map(str, ends[:1] + ends[1:][-1:]))
    figure.suptitle(f"{title_of(record)}\nafter {updates} updates", fontsize=9)


def legend_below(ax: Axes, columns: int = 1) -> None:
    """A legend under the axis' label, where there is no data to cover."""
    if ax.get_legend_handles_labels()[0]:
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 4.4}
        ax.legend(**place, ncols=columns, fontsize=SMALL, frameon=False, handlelength=1.6, columnspacing=1.2)


def label_ends(ax: Axes, lines: Mapping[str, Line2D]) -> None:
    """Writes the label of each line beside its right end: apart, though the lines may lie on each other."""
    ends, place = {}, ax.transScale + ax.transLimits
    low, high = ax.get_ylim()
    for label, line in lines.items():
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        drawn = np.flatnonzero(np.isfinite(y) & (y >= low) & (y <= high))
        if drawn.size:
            ends[label] = (x[drawn[-1]], y[drawn[-1]])
    order = sorted(ends, key=lambda label: ends[label][1])
    gap = GAP * max((1 + _broken(label).count("\n") for label in order), default=1)
    heights = spread([float(place.transform(ends[label])[1]) for label in order], gap)
    for label, height in zip(order, heights, strict=True):
        color = lines[label].get_color()
        tie = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0}
        ax.annotate(
            _broken(label), ends[label], (1.04, height), textcoords="axes fraction", va="center", color=as_ink(color),
            fontsize=SMALL, arrowprops=tie, annotation_clip=False,
        )  # fmt: skip


def _broken(label: str) -> str:
    """In two lines, where something is said of several seeds."""
    return label.replace(" seeds (", " seeds\n(")


def log_updates(*axes: Axes) -> None:
    """A log axis for updates, of axes that are drawn: the untrained network, after none, is at its left end."""
    for ax in axes:
        ax.set_xscale("symlog", linthresh=1, linscale=1)
        ax.set_xlim(left=0)


def spread(heights: list[float], gap: float = GAP) -> list[float]:
    """Rising numbers, moved apart to at least ``gap``, not above 1 where there is room."""
    apart: list[float] = []
    for height in heights:
        apart.append(max(height, apart[-1] + gap) if apart else height)
    for place in range(len(apart) - 1, -1, -1):
        apart[place] = min(apart[place], apart[place + 1] - gap if place + 1 < len(apart) else 1.0)
    return apart


def along(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve over time steps or updates, counted from 1."""
    return np.arange(1, len(values) + 1), values


def overlay(ax: Axes, runs: Runs, curve: Callable[[Record], tuple[np.ndarray, np.ndarray]]) -> dict[str, Line2D]:
    """A line for each run, by its label."""
    lines = {}
    for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
        lines[label] = draw_curve(ax, record, curve, color=color, linestyle=style)
    return lines


def draw_ridges(ax: Axes, shapes: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Histograms above one another on one horizontal axis, each to its own height: the first on top.

    Arguments:
        shapes: heights and edges by label.
    """
    places = range(len(shapes) - 1, -1, -1)
    for place, (heights, edges), (color, _) in zip(places, shapes.values(), LINES, strict=False):
        tallest = max(float(np.max(heights, initial=0.0)), 1e-300)
        ax.stairs(place + 0.88 * heights / tallest, edges, baseline=place, fill=True, color=color)
        ax.axhline(place, color=color, linewidth=0.8)
    ax.set(yticks=[*places], yticklabels=[*map(_broken, shapes)], ylim=(-0.05, len(shapes)))
    ax.grid(False, axis="y")


def span_of(values: Iterable[np.ndarray], least: float, margin: float = 0.05) -> tuple[float, float]:
    """The range of all finite values, a little wider, and never narrower than ``least``: no axis magnifies a speck."""
    finite = np.concatenate([np.asarray(each, dtype=float).ravel() for each in values] or [np.empty(0)])
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, least
    low, high = float(finite.min()), float(finite.max())
    wider = max(margin * (high - low), (least - (high - low)) / 2)
    return low - wider, high + wider
