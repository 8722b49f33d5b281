"""What stands at a figure's panels and axes, as words: names, ticks and numbers without the marks of mathematics."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

SERIES = 8  # of a panel that are told one by one in the words; the table has all
MANY = 3  # lines of the same name that are told together, and bars that are a histogram where they touch
EXACT = 1e-6
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


def name_of(ax: Axes) -> str:
    """A panel's title, or what its values are."""
    return label(ax.get_title() or ax.get_title(loc="left")) or axis_of(ax, "y")


def name_of_values(ax: Axes) -> str:
    """What a panel's values are: its axis says it, or its title."""
    return axis_of(ax, "y") or name_of(ax) or "values"


def axis_of(ax: Axes, which: str) -> str:
    """The name of an axis; of a shared one it may stand at the panel beside or below."""
    siblings = ax.get_shared_x_axes() if which == "x" else ax.get_shared_y_axes()
    for one in (ax, *siblings.get_siblings(ax)):
        if said := label(getattr(one, f"get_{which}label")()):
            return said
    return ""


def own_name(one: Any) -> str:
    """The name that a line or bars were given; empty for matplotlib's own."""
    return "" if str(one.get_label()).startswith("_") else label(one.get_label())


def tick_at(ax: Axes, place: float, which: str = "y", within: float = EXACT) -> str:
    """What an axis says at a place, and if that is no number, less than so far from it."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    for tick, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False):
        said = label(text.get_text())
        if abs(tick - place) < (EXACT if is_number(said) else within):
            return said
    return ""


def is_number(text: str) -> bool:
    """Whether matplotlib wrote a number."""
    return text.lstrip("-−").replace(".", "", 1).isdecimal()
