"""What a figure shows, in words and in tables: read from its own lines, bars and images, for who does not see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch

from rnnkit.plots.contrast import as_ink

ROWS = 9  # of a table: enough to follow a curve
SERIES = 8  # of a panel that are told one by one in the words; the table has all
PANELS = 6  # that are told one by one
SIGNS = {
    "rho": "ρ", "sigma": "σ", "Omega": "Ω", "alpha": "α", "partial": "∂", "tau": "τ", "times": "×", "cdot": "·",
    "lambda": "λ", "phi": "φ", "Vert": "‖", "epsilon": "ε", "theta": "θ", "Delta": "Δ", "leq": "≤", "geq": "≥",
    "mathrm": "", "mathbf": "", "text": "", "left": "", "right": "", "quad": " ", "to": "→", "odot": "⊙",
}  # fmt: skip


class Table(NamedTuple):
    """What stands behind a panel, or behind some of it."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


class Part(NamedTuple):
    """Something that a panel shows: a sentence, and its numbers."""

    words: str
    table: Table | None = None


class Curve(NamedTuple):
    """A line: its name, and its points from left to right, ``(N,)`` each."""

    name: str
    x: np.ndarray
    y: np.ndarray


def told(figure: Figure) -> tuple[str, list[Table]]:
    """What a figure shows in a paragraph, and its numbers in tables.

    A table has of a curve what it is at some places, of a histogram all, of a map some of its cells.
    """
    panels = [ax for ax in figure.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]
    there = [(_name(ax), [*_parts(ax)]) for ax in panels]
    sentences = ((name, "; ".join(part.words for part in parts)) for name, parts in there if parts)
    said = [f"{name}: {words}." if name else f"{words}." for name, words in sentences]
    more = [f"And {len(said) - PANELS} more panels, in the tables."] if len(said) > PANELS else []
    title = label(figure.get_suptitle())
    paragraph = " ".join(filter(None, [title and f"{title}.", *said[:PANELS], *more]))
    return paragraph, [part.table for _, parts in there for part in parts if part.table and part.table.rows]


def label(text: Any) -> str:
    """A label without the marks of mathematics: ``$\\rho(W_{hh})$`` is ρ(W_hh)."""
    if "$" in (text := str(text)):
        text = re.sub(r"\\([A-Za-z]+)", lambda match: SIGNS.get(match[1], match[1]), text)
        text = re.sub(r"[$\\{}]", "", text)
    return " ".join(text.split())


def number(value: float) -> str:
    """Three digits, and whole numbers whole."""
    value = float(value)
    if not np.isfinite(value):
        return "none"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e6 else f"{value:.3g}"


def _name(ax: Axes) -> str:
    return label(ax.get_title() or ax.get_title(loc="left")) or _axis(ax, "y")


def _axis(ax: Axes, which: str) -> str:
    """The name of an axis; of a shared one it may stand at the panel beside or below."""
    siblings = ax.get_shared_x_axes() if which == "x" else ax.get_shared_y_axes()
    for one in (ax, *siblings.get_siblings(ax)):
        if said := label(getattr(one, f"get_{which}label")()):
            return said
    return ""


def _parts(ax: Axes) -> Iterator[Part]:
    yield from _histograms(ax)
    yield from _curves(ax)
    yield from _maps(ax)
    yield from _bars(ax)
    yield from _points(ax)
    ends = {tuple(np.ravel(text.xy)) for text in ax.texts if hasattr(text, "xy")}
    labels = {text.get_text() for text in ax.texts if hasattr(text, "xy") and ends}
    texts = [said for text in ax.texts if text.get_text() not in labels and (said := label(text.get_text()))]
    if texts:
        yield Part("it says: " + ", ".join(dict.fromkeys(texts)))


# ---- curves ---------------------------------------------------------------------------------------------------------


def _curves(ax: Axes) -> Iterator[Part]:
    curves, levels = _lines(ax)
    if not curves:
        return
    across = _axis(ax, "x") or "x"
    words = [_course(one) for one in curves[:SERIES]]
    words += [f"and {len(curves) - SERIES} more lines, in the table"] if len(curves) > SERIES else []
    longest = max(curves, key=lambda one: (one.x[-1], len(one.x)))
    places = longest.x[some(len(longest.x))]
    columns = [one.name for one in curves]
    found = ((x, [until(one, x) for one in curves]) for x in places)
    rows = [[number(x), *("" if value is None else number(value) for value in values)] for x, values in found]
    caption = f"{_name(ax) or 'Values'}, at {len(places)} of {len(longest.x)} places"
    said = [f"over {across}", *words, *levels]
    yield Part("; ".join(said), Table(caption, [across, *columns], rows))


def _lines(ax: Axes) -> tuple[list[Curve], list[str]]:
    """The curves of a panel, and what its level lines say."""
    curves, levels = [], []
    for line in ax.get_lines():
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        named = "" if str(line.get_label()).startswith("_") else label(line.get_label())
        if not line.get_visible() or (line.get_color() == "white" and not named):
            continue  # what makes a line hollow
        if line.get_transform() is not ax.transData:
            if len({*y}) == 1 and named:
                levels.append(f"a line at {number(y[0])}, {named}")
            continue
        seen = np.isfinite(x) & np.isfinite(y)
        if seen.sum() > 1 or (named and seen.any()):
            named = named or _at_its_end(ax, line) or _axis(ax, "y") or "values"
            order = np.argsort(x[seen], kind="stable")
            curves.append(Curve(named, x[seen][order], y[seen][order]))
    return curves, levels


def _at_its_end(ax: Axes, line: Line2D) -> str:
    """The label that stands beside a line, in its colour."""
    inks = line.get_color(), as_ink(line.get_color())
    beside = [text for text in ax.texts if hasattr(text, "xy") and text.get_color() in inks]
    x, y = (np.asarray(values) for values in line.get_data())
    for text in beside:
        if any(tuple(text.xy) == point for point in zip(x[::-1], y[::-1], strict=True)):
            return label(text.get_text())
    return ""


def _course(one: Curve) -> str:
    (first, last), low, high = (one.y[0], one.y[-1]), one.y.argmin(), one.y.argmax()
    said = f"{one.name} from {number(first)} at {number(one.x[0])} to {number(last)} at {number(one.x[-1])}"
    if one.y[low] < min(first, last):
        said += f", lowest {number(one.y[low])} at {number(one.x[low])}"
    if one.y[high] > max(first, last):
        said += f", highest {number(one.y[high])} at {number(one.x[high])}"
    return said


def until(one: Curve, x: float) -> float | None:
    """The last value of a curve until a place; none before its begin and after its end."""
    at = int(np.searchsorted(one.x, x, side="right")) - 1
    return None if at < 0 or x > one.x[-1] else float(one.y[at])


def some(count: int, most: int = ROWS) -> np.ndarray:
    """Places from the first to the last, as many as a table takes."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


# ---- histograms, bars -----------------------------------------------------------------------------------------------


def _histograms(ax: Axes) -> Iterator[Part]:
    steps = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    for patch in steps:
        given: Any = patch.get_data()
        values, edges, baseline = (np.asarray(one, dtype=float) for one in given)
        heights = values - np.nan_to_num(baseline)
        upright = patch.orientation == "vertical"
        what, counted = (_axis(ax, "x"), _axis(ax, "y")) if upright else (_axis(ax, "y"), _axis(ax, "x"))
        named = "" if str(patch.get_label()).startswith("_") else label(patch.get_label())
        if len(steps) > 1:  # above one another: named at the axis, each to its own height
            named, counted = _tick_at(ax, float(np.ravel(baseline)[0])) or named, "share of the tallest"
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


def _bars(ax: Axes) -> Iterator[Part]:
    for bars in ax.containers:
        if not isinstance(bars, BarContainer) or not len(bars):
            continue
        named = "" if str(bars.get_label()).startswith("_") else label(bars.get_label())
        upright = bars.orientation != "horizontal"
        which = "x" if upright else "y"
        rows = []
        for bar in bars:
            middle = bar.get_x() + bar.get_width() / 2 if upright else bar.get_y() + bar.get_height() / 2
            height = bar.get_height() if upright else bar.get_width()
            rows.append([_tick_at(ax, middle, which) or number(middle), number(height)])
        counted = _axis(ax, "y" if upright else "x") or "height"
        words = f"bars{f', {named}' if named else ''}: " + ", ".join(f"{name} {value}" for name, value in rows[:SERIES])
        yield Part(words, Table(named or _name(ax) or "Bars", [_axis(ax, which) or "bar", counted], rows))


def _tick_at(ax: Axes, place: float, which: str = "y") -> str:
    """What an axis says at a place, where its ticks have words."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    for tick, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False):
        if abs(tick - place) < 1e-6:
            return label(text.get_text())
    return ""


# ---- maps, points ---------------------------------------------------------------------------------------------------


def _maps(ax: Axes) -> Iterator[Part]:
    for image in (*ax.images, *ax.collections):
        if not isinstance(image, AxesImage | QuadMesh):
            continue
        values = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
        if values.ndim != 2 or not np.isfinite(values).any():
            continue
        bar = getattr(image, "colorbar", None)
        what = label(bar.ax.get_ylabel() or bar.ax.get_xlabel()) if bar else ""
        low, high = np.nanmin(values), np.nanmax(values)
        words = f"map of {what or _name(ax) or 'values'}, {values.shape[0]} rows over {_axis(ax, 'x') or 'columns'}, "
        yield Part(words + f"from {number(low)} to {number(high)}", _cells(ax, image, values, what))


def _cells(ax: Axes, image: AxesImage | QuadMesh, values: np.ndarray, what: str) -> Table:
    down, across = some(values.shape[0]), some(values.shape[1])
    if isinstance(image, AxesImage):
        left, right, bottom, top = image.get_extent()
        begin, end = (bottom, top) if image.origin == "lower" else (top, bottom)
        places = lambda a, b, count: a + (b - a) * (np.arange(count) + 0.5) / count  # noqa: E731
        x, y = places(left, right, values.shape[1]), places(begin, end, values.shape[0])
    else:
        corners = np.asarray(image.get_coordinates())
        x, y = (corners[0, :-1, 0] + corners[0, 1:, 0]) / 2, (corners[:-1, 0, 1] + corners[1:, 0, 1]) / 2
    columns = [f"{_axis(ax, 'y') or 'row'} \\ {_axis(ax, 'x') or 'column'}", *(number(x[k]) for k in across)]
    rows = [[number(y[j]), *(number(values[j, k]) for k in across)] for j in down]
    return Table(f"{what or _name(ax) or 'Map'}, some of its cells", columns, rows)


def _points(ax: Axes) -> Iterator[Part]:
    names = _axis(ax, "x") or "x", _axis(ax, "y") or "y"
    for cloud in ax.collections:
        offsets = np.ma.filled(np.ma.asarray(cloud.get_offsets(), dtype=float), np.nan)
        offsets = offsets[np.isfinite(offsets).all(axis=1)]
        if not isinstance(cloud, PathCollection) or not len(offsets):
            continue
        named = "" if str(cloud.get_label()).startswith("_") else f"{label(cloud.get_label())}, "
        told = [f"{name} from {number(low)} to {number(high)}" for name, low, high in _ends(names, offsets)]
        first, last = (f"({number(point[0])}, {number(point[1])})" for point in (offsets[0], offsets[-1]))
        words = f"{named}{len(offsets)} points, {', '.join(told)}, the first at {first}, the last at {last}"
        rows = [[number(value) for value in offsets[k]] for k in some(len(offsets))]
        yield Part(words, Table(f"{named}points, {len(rows)} of {len(offsets)}", [*names], rows))


def _ends(names: Sequence[str], offsets: np.ndarray) -> Iterator[tuple[str, float, float]]:
    for name, values in zip(names, offsets.T, strict=True):
        yield name, values.min(), values.max()
