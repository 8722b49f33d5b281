"""What a figure shows, in words and in tables: read from its own lines, bars and images, for who does not see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from rnnkit.plots.contrast import as_ink
from rnnkit.plots.naming import (
    MANY,
    SERIES,
    Part,
    Table,
    axis_of,
    is_number,
    label,
    name_of,
    name_of_values,
    number,
    own_name,
    tick_at,
)
from rnnkit.plots.told_bars import bars_told, histograms_told

ROWS = 9  # of a table: enough to follow a curve
PANELS = 6  # that are told one by one


class Curve(NamedTuple):
    """A line: its name, and its points from left to right, ``(N,)`` each."""

    name: str
    x: np.ndarray
    y: np.ndarray


def told(figure: Figure, places: int = ROWS) -> tuple[str, list[Table]]:
    """What a figure shows in a paragraph, and its numbers in tables.

    A table has of a curve what it is at some places, of a histogram all, of a map some of its cells.

    Arguments:
        places: of a curve.
    """
    panels = [ax for ax in figure.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]
    there = [(name_of(ax), [*_parts(ax, places)]) for ax in panels]
    sentences = ((name, "; ".join(part.words for part in parts)) for name, parts in there if parts)
    said = [f"{name}: {words}." if name else f"{words}." for name, words in sentences]
    more = [f"And {len(said) - PANELS} more panels, in the tables."] if len(said) > PANELS else []
    title = label(figure.get_suptitle())
    paragraph = " ".join(filter(None, [title and f"{title}.", *said[:PANELS], *more]))
    return paragraph, [part.table for _, parts in there for part in parts if part.table and part.table.rows]


def _parts(ax: Axes, places: int) -> Iterator[Part]:
    if said := label(ax.get_label()):
        yield Part(said.removesuffix("."))  # a drawing, which no numbers are behind
        return
    yield from histograms_told(ax)
    yield from _curves(ax, places)
    yield from _maps(ax)
    yield from bars_told(ax)
    yield from _points(ax)
    ends = {tuple(np.ravel(text.xy)) for text in ax.texts if hasattr(text, "xy")}
    labels = {text.get_text() for text in ax.texts if hasattr(text, "xy") and ends}
    texts = [said for text in ax.texts if text.get_text() not in labels and (said := label(text.get_text()))]
    if texts:
        yield Part("it says: " + ", ".join(dict.fromkeys(texts)))


# ---- curves ---------------------------------------------------------------------------------------------------------


def _curves(ax: Axes, most: int) -> Iterator[Part]:
    curves, levels = _lines(ax)
    if not curves:
        return
    across = axis_of(ax, "x") or "x"
    words = _courses(curves)
    longest = max(curves, key=lambda one: (one.x[-1], len(one.x)))
    places = longest.x[some(len(longest.x), most)]
    columns = [one.name for one in curves]
    found = ((x, [until(one, x) for one in curves]) for x in places)
    rows = [[number(x), *("" if value is None else number(value) for value in values)] for x, values in found]
    caption = f"{name_of(ax) or 'Values'}, at {len(places)} of {len(longest.x)} places"
    said = [f"over {across}", *words, *levels]
    yield Part("; ".join(said), Table(caption, [across, *columns], rows))


def _courses(curves: Sequence[Curve]) -> list[str]:
    """A phrase for each line, and one for all that have the same name."""
    alike: dict[str, list[Curve]] = {}
    for one in curves:
        alike.setdefault(one.name, []).append(one)
    told: list[tuple[int, str]] = []
    for several in alike.values():
        many = len(several) >= MANY
        told += [(len(several), _together(several))] if many else [(1, _course(one)) for one in several]
    more = sum(count for count, _ in told[SERIES:])
    return [words for _, words in told[:SERIES]] + ([f"and {more} more lines, in the table"] if more else [])


def _lines(ax: Axes) -> tuple[list[Curve], list[str]]:
    """The curves of a panel, and what its level lines say."""
    curves, levels, names = [], [], _names(ax)
    for line in ax.get_lines():
        x, y = (np.asarray(values, dtype=float) for values in line.get_data())
        named = own_name(line)
        if not line.get_visible() or (line.get_color() == "white" and not named):
            continue  # what makes a line hollow
        if line.get_transform() is not ax.transData:
            if len({*y}) == 1 and named:
                levels.append(f"a line at {number(y[0])}, {named}")
            continue
        seen = np.isfinite(x) & np.isfinite(y)
        if seen.sum() > 1 or (named and seen.any()):
            named = named or _at_its_end(ax, line) or names.get(_look(line), "") or name_of_values(ax)
            order = np.argsort(x[seen], kind="stable")
            curves.append(Curve(named, x[seen][order], y[seen][order]))
    return curves, levels


def _names(ax: Axes) -> dict[tuple[Any, ...], str]:
    """The names that lines have in the whole figure, by how these look: a legend may stand in one panel for all."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for panel in ax.figure.axes:
        for line in panel.get_lines():
            if (named := own_name(line)) and line.get_transform() is panel.transData:
                found.setdefault(_look(line), set()).add(named)
    return {look: names.pop() for look, names in found.items() if len(names) == 1}


def _look(line: Line2D) -> tuple[Any, ...]:
    return to_hex(line.get_color()), line.get_linestyle(), line.get_marker()


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


def _together(several: Sequence[Curve]) -> str:
    begin, end = several[0].x[0], several[0].x[-1]
    sides = [f"{_span([one.y[k] for one in several])} at {number(x)}" for k, x in ((0, begin), (-1, end))]
    whole = _span(np.concatenate([one.y for one in several]))
    return f"{len(several)} lines, {several[0].name}, from {' to '.join(sides)}; all of them {whole}"


def _span(values: Any) -> str:
    return f"between {number(min(values))} and {number(max(values))}"


def until(one: Curve, x: float) -> float | None:
    """The last value of a curve until a place; none before its begin and after its end."""
    at = int(np.searchsorted(one.x, x, side="right")) - 1
    return None if at < 0 or x > one.x[-1] else float(one.y[at])


def some(count: int, most: int = ROWS) -> np.ndarray:
    """Places from the first to the last, as many as a table takes."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


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
        words = (
            f"map of {what or name_of(ax) or 'values'}, {values.shape[0]} rows over {axis_of(ax, 'x') or 'columns'}, "
        )
        x, y = _centres(image, values)
        row, column = np.unravel_index(np.nanargmax(values), values.shape)
        words += f"from {number(low)} to {number(high)}, which is first at {axis_of(ax, 'x') or 'column'} "
        words += f"{number(x[column])}, {axis_of(ax, 'y') or 'row'} {_row(ax, y[row])}"
        yield Part(words, _cells(ax, values, what, x, y))


def _centres(image: AxesImage | QuadMesh, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the columns and the rows of a map are."""
    if isinstance(image, AxesImage):
        left, right, bottom, top = image.get_extent()
        begin, end = (bottom, top) if image.origin == "lower" else (top, bottom)
        places = lambda a, b, count: a + (b - a) * (np.arange(count) + 0.5) / count  # noqa: E731
        return places(left, right, values.shape[1]), places(begin, end, values.shape[0])
    corners = np.asarray(image.get_coordinates())
    return (corners[0, :-1, 0] + corners[0, 1:, 0]) / 2, (corners[:-1, 0, 1] + corners[1:, 0, 1]) / 2


def _row(ax: Axes, y: float) -> str:
    """The name of a map's row, or its place."""
    said = tick_at(ax, y)
    return number(y) if not said or is_number(said) else said


def _cells(ax: Axes, values: np.ndarray, what: str, x: np.ndarray, y: np.ndarray) -> Table:
    down, across = some(values.shape[0]), some(values.shape[1])
    columns = [f"{axis_of(ax, 'y') or 'row'} \\ {axis_of(ax, 'x') or 'column'}", *(number(x[k]) for k in across)]
    rows = [[_row(ax, y[j]), *(number(values[j, k]) for k in across)] for j in down]
    return Table(f"{what or name_of(ax) or 'Map'}, some of its cells", columns, rows)


def _points(ax: Axes) -> Iterator[Part]:
    names = axis_of(ax, "x") or "x", axis_of(ax, "y") or "y"
    for cloud in ax.collections:
        offsets = np.ma.filled(np.ma.asarray(cloud.get_offsets(), dtype=float), np.nan)
        offsets = offsets[np.isfinite(offsets).all(axis=1)]
        if not isinstance(cloud, PathCollection) or not len(offsets):
            continue
        named = f"{own}, " if (own := own_name(cloud)) else ""
        told = [f"{name} from {number(low)} to {number(high)}" for name, low, high in _ends(names, offsets)]
        first, last = (f"({number(point[0])}, {number(point[1])})" for point in (offsets[0], offsets[-1]))
        words = f"{named}{len(offsets)} points, {', '.join(told)}, the first at {first}, the last at {last}"
        rows = [[number(value) for value in offsets[k]] for k in some(len(offsets))]
        yield Part(words, Table(f"{named}points, {len(rows)} of {len(offsets)}", [*names], rows))


def _ends(names: Sequence[str], offsets: np.ndarray) -> Iterator[tuple[str, float, float]]:
    for name, values in zip(names, offsets.T, strict=True):
        yield name, values.min(), values.max()
