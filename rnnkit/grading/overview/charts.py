"""Distributions as small drawings inside the page: SVG, which is sharp on paper and loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

BINS = 20  # of the whole; a question has `PARTS`
PARTS = ("no point", "up to ¼", "up to ½", "up to ¾", "less than all", "all points")
COLOURS = ("#b3261e", "#c2703d", "#c79a3a", "#8d9a3f", "#5f8f52", "#1f7a3a")


class Bar(NamedTuple):
    """One bar: what it counts, and how many."""

    label: str
    number: int


def parts(points: Sequence[float], most: float) -> list[Bar]:
    """How many have no point, up to a quarter of them, … and all."""
    counts = [0] * len(PARTS)
    for one in points:
        if one <= 1e-9 or most <= 0:
            place = 0
        elif one >= most - 1e-9:
            place = len(PARTS) - 1
        else:
            place = 1 + min(3, int(4 * one / most - 1e-9))
        counts[place] += 1
    return [Bar(label, count) for label, count in zip(PARTS, counts, strict=True)]


def bins(points: Sequence[float], most: float) -> list[Bar]:
    """How many totals lie in each of `BINS` equal parts; what is above the most counts to the last."""
    width = most / BINS or 1.0
    counts = [0] * BINS
    for one in points:
        counts[min(BINS - 1, max(0, int(one / width)))] += 1
    return [Bar(f"{k * width:.3g} to {(k + 1) * width:.3g}", count) for k, count in enumerate(counts)]


def small(bars: Sequence[Bar], what: str) -> Markup:
    """A question's bars, a word's height tall; what they count is its text for who does not see it."""
    highest = max([bar.number for bar in bars] + [1])
    shapes = Markup("").join(
        Markup('<rect x="{}" y="{:.1f}" width="13" height="{:.1f}" fill="{}"><title>{}: {}</title></rect>').format(
            15 * k, 26 - (height := 24 * bar.number / highest), height, COLOURS[k], bar.label, bar.number
        )
        for k, bar in enumerate(bars)
        if bar.number
    )
    said = f"{what}: " + ", ".join(f"{bar.label} {bar.number}" for bar in bars)
    start = Markup('<svg class="small" viewBox="0 0 90 27" width="90" height="27" role="img" aria-label="{}">')
    return start.format(said) + shapes + Markup('<path d="M0 26.5H90" stroke="#8c959f"/></svg>')


def large(bars: Sequence[Bar], most: float, mean: float) -> Markup:
    """The distribution of totals, with an axis and the mean."""
    highest, width, height = max([bar.number for bar in bars] + [1]), 600, 150
    step = width / len(bars)
    shapes = [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{} points: {}</title></rect>').format(
            40 + k * step + 1, 12 + height * (1 - bar.number / highest), step - 2, height * bar.number / highest, *bar
        )
        for k, bar in enumerate(bars)
        if bar.number
    ]
    ticks = [
        Markup('<text x="{:.0f}" y="180" text-anchor="middle">{:g}</text>').format(
            40 + width * k / 4, round(most * k / 4, 1)
        )
        for k in range(5)
    ]
    at = 40 + width * min(1.0, mean / most if most else 0.0)
    line = Markup(
        '<path class="mean" d="M{0:.1f} 6V162"/><text x="{1:.1f}" y="10" text-anchor="{2}">mean {3:.1f}</text>'
    ).format(at, at + (6 if at < 500 else -6), "start" if at < 500 else "end", mean)
    axis = Markup('<path d="M40 162.5H640" stroke="#8c959f"/><text x="34" y="22" text-anchor="end">{}</text>')
    said = "Totals: " + ", ".join(f"{bar.label} points {bar.number}" for bar in bars if bar.number)
    start = Markup('<svg class="large" viewBox="0 0 660 190" role="img" aria-label="{}">').format(said)
    return start + Markup("").join(shapes) + axis.format(highest) + Markup("").join(ticks) + line + Markup("</svg>")
