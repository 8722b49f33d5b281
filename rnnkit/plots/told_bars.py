"""What bars and histograms show, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.patches import StepPatch

from rnnkit.plots.naming import MANY, SERIES, Part, Table, axis_of, name_of, number, own_name, tick_at


def histograms_told(ax: Axes) -> Iterator[Part]:
    """Where most, half and all of each histogram's values lie."""
    steps = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    for patch in steps:
        given: Any = patch.get_data()
        values, edges, baseline = (np.asarray(one, dtype=float) for one in given)
        heights = values - np.nan_to_num(baseline)
        upright = patch.orientation == "vertical"
        what, counted = (axis_of(ax, "x"), axis_of(ax, "y")) if upright else (axis_of(ax, "y"), axis_of(ax, "x"))
        named = own_name(patch)
        if len(steps) > 1:  # above one another: named at the axis, each to its own height
            named, counted = tick_at(ax, float(np.ravel(baseline)[0])) or named, "share of the tallest"
            heights = heights / max(float(np.max(heights, initial=0.0)), 1e-300)
        if heights.size and np.nansum(heights) > 0:
            yield _histogram(named, what, counted, heights, edges)


def _histogram(named: str, what: str, counted: str, heights: np.ndarray, edges: np.ndarray) -> Part:
    shares = np.cumsum(np.nan_to_num(heights)) / np.nansum(heights)
    tallest, half = int(np.nanargmax(heights)), int(np.searchsorted(shares, 0.5))
    span = lambda k: f"{number(float(edges[k]))} to {number(float(edges[k + 1]))}"  # noqa: E731
    words = f"{named + ', ' if named else ''}histogram of {what or 'the values'}: the most lie from {span(tallest)}, "
    words += f"the median from {span(half)}, all from {number(edges[np.flatnonzero(heights)[0]])} "
    words += f"to {number(edges[np.flatnonzero(heights)[-1] + 1])}"
    rows = [[span(k), number(height)] for k, height in enumerate(heights) if height]
    return Part(words, Table(f"Histogram {named}".strip(), [what or "value", counted or "how many"], rows))


def bars_told(ax: Axes) -> Iterator[Part]:
    """How high bars are; those that touch one another are a histogram."""
    for bars in ax.containers:
        if not isinstance(bars, BarContainer) or not len(bars):
            continue
        named = own_name(bars) or own_name(bars[0])  # of a histogram the first has it
        which, other = ("x", "y") if bars.orientation != "horizontal" else ("y", "x")
        begins, wide, heights = _sizes(bars, which)
        counted = axis_of(ax, other) or "height"
        if len(bars) >= MANY and heights.sum() > 0 and np.allclose(begins[:-1] + wide[:-1], begins[1:]):
            yield _histogram(named, axis_of(ax, which), counted, heights, np.append(begins, begins[-1] + wide[-1]))
            continue
        middles = begins + wide / 2
        apart = float(np.diff(middles).min()) if len(bars) > 1 else 1.0
        names = [tick_at(ax, middle, which, apart / 2) or number(middle) for middle in middles]
        rows = [[name, number(height)] for name, height in zip(names, heights, strict=True)]
        words = f"bars{f', {named}' if named else ''}: " + ", ".join(f"{name} {value}" for name, value in rows[:SERIES])
        if len(rows) > SERIES:
            low, high = rows[int(np.nanargmin(heights))], rows[int(np.nanargmax(heights))]
            words += f" and {len(rows) - SERIES} more, in the table; lowest {low[0]} with {low[1]}, "
            words += f"highest {high[0]} with {high[1]}"
        yield Part(words, Table(named or name_of(ax) or "Bars", [axis_of(ax, which) or "bar", counted], rows))


def _sizes(bars: BarContainer, which: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where bars begin along an axis, how wide they are, and how high."""
    upright = which == "x"
    begins = [bar.get_x() if upright else bar.get_y() for bar in bars]
    sizes = np.array([(bar.get_width(), bar.get_height()) for bar in bars], dtype=float)
    return np.array(begins, dtype=float), sizes[:, 1 - upright], sizes[:, int(upright)]
