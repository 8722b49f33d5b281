"""Runs that differ in nothing but the seed: one line, their median, with a band around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rnnkit.common import variant
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of
from rnnkit.regimes import REGIMES, Regime, named
from rnnkit.runs.tables import alike, shared_name

LEAST = 4  # seeds that have quartiles; the band of fewer is their range
SAID = (
    "Runs that differ in nothing but the seed are one line, the median of those that are there, with a band: their "
    f"quartiles, or their range where fewer than {LEAST} are there. The line is hollow where not all are there, after "
    "the hollow dot of a seed that ended before others. Histograms are means of the seeds, heat maps medians; points "
    "are of all seeds."
)
Curve = tuple[np.ndarray, np.ndarray]


class Seeds(dict[str, np.ndarray]):
    """Several runs where figures take a record: the content of the longest, and all of them as ``members``.

    Arguments:
        members: records that differ in nothing but the seed.
        labels: of these, in the same order; what they share is the name, where no regime has one.
    """

    def __init__(self, members: Sequence[Record], labels: Sequence[str]) -> None:
        reach = [_reach(one) for one in members]
        super().__init__(members[reach.index(max(reach))])
        self.members = list(members)
        regime = regime_of(self)
        name, profile = _named_as(regime)
        self["profile"] = np.array(profile)
        self.name = name or shared_name(dict(zip(labels, self.seeds, strict=True)))

    @property
    def seeds(self) -> list[int]:
        """Of the members."""
        return [regime_of(one).seed for one in self.members]

    @property
    def notes(self) -> list[str]:
        """What is said of a group in which not all came equally far."""
        reach = [_reach(one) for one in self.members]
        there, left = reach.count(max(reach)), sum(str(one["status"]) == "running" for one in self.members)
        return [f"{there} to the end"] * (there < len(reach)) + [f"{left} unfinished"] * (left > 0)

    @property
    def label(self) -> str:
        """``A1, 5 seeds (3 to the end)``."""
        return counted_label(self.name, len(self.members)) + (f" ({', '.join(self.notes)})" if self.notes else "")

    @property
    def ended(self) -> tuple[int, int]:
        """How many solved their task, of those that came to their end."""
        statuses = [str(one["status"]) for one in self.members if str(one["status"]) not in ("running", "stopped")]
        return statuses.count("solved"), len(statuses)


def _reach(record: Record) -> int:
    """The update of the last check with a loss."""
    seen = np.flatnonzero(np.isfinite(record["valid_nll"][: last_filled(record) + 1]))
    return int(record["check_updates"][seen[-1]]) if seen.size else -1


def _named_as(regime: Regime) -> tuple[str, str]:
    """Which named regime these are seeds of, and its profile."""
    own = variant.known()
    seeds = {one.seed for one in REGIMES.values()} | ({*dict(own.values).values()} if own else set())
    found = [named(regime.replace(seed=seed)) for seed in seeds]
    return next((one for one in found if one[0]), ("", "custom"))


def counted_label(name: str, count: int) -> str:
    """``A1, 5 seeds``."""
    return f"{name}, {count} seeds" if name else f"{count} seeds"


def members_of(*records: Record) -> list[Record]:
    """The runs that these stand for."""
    return [member for one in records for member in (one.members if isinstance(one, Seeds) else [one])]


def grouped(runs: Mapping[str, Record]) -> dict[str, Record]:
    """Runs by label, with those that differ in nothing but the seed as one, in the place of the first."""
    kinds = {label: _kind(label, record) for label, record in runs.items()}
    found: dict[str, Record] = {}
    for labels in alike(kinds, {label: regime_of(record).seed for label, record in runs.items()}):
        if len(labels) == 1:
            found[labels[0]] = runs[labels[0]]
            continue
        one = Seeds([runs[label] for label in labels], labels)
        if one.label in found:  # another size of the same regime
            one.name = labels[0]
        found[one.label] = one
    return found


def _kind(label: str, record: Record) -> Any:
    if isinstance(record, Seeds):
        return label
    settings = regime_of(record).identity() | {"seed": None}
    return str(settings), str(record["cells_sha256"]) if "cells_sha256" in record else ""


def middle(curves: Sequence[Curve]) -> tuple[np.ndarray, ...]:
    """Median and band of curves at each place, over those that are there.

    Returns:
        places, those of the curve that comes farthest; median, lower and upper end of the band; how many are there.
    """
    places = max((x for x, _ in curves), key=lambda x: (x[-1], len(x)) if len(x) else (-1, 0))
    rows = [
        np.interp(places, x, y, left=np.nan, right=np.nan) if len(x) else np.full(len(places), np.nan)
        for x, y in curves
    ]
    values = np.asarray(rows, dtype=float)
    values[~np.isfinite(values)] = np.nan
    values.sort(axis=0)  # what is not there comes last
    there = np.isfinite(values).sum(axis=0)

    def quantile(share: float) -> np.ndarray:
        at = share * np.maximum(there - 1, 0)
        low, high = (np.take_along_axis(values, near(at).astype(int)[None], 0)[0] for near in (np.floor, np.ceil))
        return low + (at % 1) * (high - low)

    few = there < LEAST
    ends = [np.where(few, quantile(most), quantile(quarter)) for most, quarter in ((0.0, 0.25), (1.0, 0.75))]
    return places, quantile(0.5), *ends, there


def draw_curve(ax: Axes, record: Record, curve: Callable[[Record], Curve], **how: Any) -> Line2D:
    """A run's curve; of several seeds the median with a band, see `draw_band`.

    Arguments:
        how: arguments of matplotlib's ``Axes.plot``.
    """
    if not isinstance(record, Seeds):
        (line,) = ax.plot(*curve(record), **how)
        return line
    return draw_band(ax, [curve(one) for one in record.members], **how)


def draw_band(ax: Axes, curves: Sequence[Curve], **how: Any) -> Line2D:
    """The median of curves as a line with its band; hollow where not all are there, with a dot where one ended."""
    places, median, low, high, there = middle(curves)
    (line,) = ax.plot(places, median, **how)
    color: Any = line.get_color()
    ax.fill_between(places, low, high, color=color, alpha=0.2, linewidth=0)
    fewer = np.where(there < len(curves), median, np.nan)
    ax.plot(places, fewer, color="white", linewidth=line.get_linewidth() / 2)
    for x, y in curves:
        seen = np.flatnonzero(np.isfinite(y))
        if seen.size and x[seen[-1]] < places[-1]:
            ax.plot(x[seen[-1]], y[seen[-1]], "o", color=color, markerfacecolor="white", markersize=3.5)
    return line


def mean_of(record: Record, value: Callable[[Record], Any]) -> Any:
    """A number or an array of a run; of several seeds their mean."""
    return np.mean([value(one) for one in record.members], axis=0) if isinstance(record, Seeds) else value(record)


def median_of(record: Record, value: Callable[[Record], np.ndarray]) -> np.ndarray:
    """An array with a row for each check; of several seeds the median of those that are there."""
    if not isinstance(record, Seeds):
        return value(record)
    each = [value(one) for one in record.members]
    whole = np.full((len(each), *value(record).shape), np.nan)
    for place, rows in zip(whole, each, strict=True):
        place[: len(rows)] = rows
    return np.nanmedian(whole, axis=0)
