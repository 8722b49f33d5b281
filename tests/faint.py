"""What of a figure is hard to see: lines, marks and letters with too little contrast to what they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import same_color, to_rgba
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text

from rnnkit.plots.contrast import GRAPHICS, TEXT, contrast


def faint(figure: Figure) -> list[str]:
    """What has less contrast than graphics or letters need.

    The lines of a grid only help, a band stands behind its line, and what is drawn in white parts lines that cross.
    """
    found = []
    for ax in figure.axes:
        ground = ax.get_facecolor()
        for what, color, alpha in _drawn(ax):
            seen = _on(color, alpha, ground)
            if not same_color(color, "white") and contrast(seen, ground) < GRAPHICS:
                found.append(f"{what}: {color} at {alpha} has {contrast(seen, ground):.2f}")
        for text in ax.findobj():
            if not (isinstance(text, Text) and text.get_visible() and text.get_text().strip()):
                continue
            seen = _on(text.get_color(), text.get_alpha() or 1, ground)
            if not same_color(text.get_color(), "white") and contrast(seen, ground) < TEXT:
                found.append(f"{text.get_text()!r}: {text.get_color()} has {contrast(seen, ground):.2f}")
    return [*dict.fromkeys(found)]


def _drawn(ax: Axes) -> Iterator[tuple[str, Any, float]]:
    for line in ax.lines:
        alpha = line.get_alpha() or 1
        if not line.get_visible():
            continue
        if line.get_linestyle() not in ("None", "", " "):
            yield f"line {line.get_label()!r}", line.get_color(), alpha
        if line.get_marker() not in ("None", "", " ", None):
            yield f"marks of {line.get_label()!r}", line.get_markeredgecolor(), alpha
    for patch in ax.patches:
        if isinstance(patch, StepPatch):
            yield "histogram", patch.get_facecolor() if patch.get_fill() else patch.get_edgecolor(), 1
    for bars in ax.containers:
        for patch in bars.patches if isinstance(bars, BarContainer) else ():
            edged = patch.get_linewidth() and to_rgba(patch.get_edgecolor())[3]
            yield "bar", patch.get_edgecolor() if edged else patch.get_facecolor(), patch.get_alpha() or 1
    for marks in ax.collections:
        if isinstance(marks, PathCollection) and marks.get_visible():
            edges, fills = np.asarray(marks.get_edgecolor()), np.asarray(marks.get_facecolor())
            for color in edges if len(edges) else fills:
                yield "mark", color, marks.get_alpha() or 1


def _on(color: Any, alpha: float, ground: Any) -> np.ndarray:
    """A colour as it is seen through."""
    *parts, own = to_rgba(color)
    share = own if own < 1 else alpha
    return share * np.asarray(parts) + (1 - share) * np.asarray(to_rgba(ground))[:3]
