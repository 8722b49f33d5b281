"""Room around axes, reckoned from the letters and lines that stand there: nothing is drawn in order to be measured."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

EM = 0.66  # a letter's width, of its size: more than DejaVu Sans has in the mean
LINE = 1.35  # a line's height, of its letters' size
LETTERS = 10  # points: of an axis' label and its ticks'
PAD = 4  # points around each thing
EDGE = 10  # points at each side of axes at least: half a tick's label sticks out there
NUMBER = 5  # letters of a tick's label at least: there are other ticks where axes are smaller
COMMAND = re.compile(r"\\mathdefault|\\([a-z]+)|[\\{}$^_]")


class Margins(LayoutEngine):
    """Gives labels, titles, legends below axes and labels at lines' ends the room that they need.

    Only what `rnnkit.plots.style` puts there is looked at; elsewhere matplotlib's constrained layout is right.
    """

    _adjust_compatible, _colorbar_gridspec = True, True

    def execute(self, figure: Figure) -> None:
        """Sets the figure's margins and the gaps between its axes."""
        (across, down), cells = 72 * figure.get_size_inches(), {}
        for ax in figure.axes:
            if (spec := ax.get_subplotspec()) is None:
                continue
            place = spec.get_topmost_subplotspec()
            sides = cells.setdefault((place.rowspan.start, place.colspan.start), [])
            sides.append(_around(ax))
        most = {place: [max(side) for side in zip(*sides, strict=True)] for place, sides in cells.items()}
        rows, columns = (1 + max(place[way] for place in most) for way in (0, 1))
        beside = [[max(most[p][side] for p in most if p[1] == n) for side in (0, 2)] for n in range(columns)]
        above = [[max(most[p][side] for p in most if p[0] == n) for side in (3, 1)] for n in range(rows)]
        title = figure.get_suptitle()
        above[0][0] += PAD + 0.02 * down + _high(title, 9) if title else 0
        left, right, wide = _spread(beside, across)
        top, bottom, high = _spread(above, down)
        figure.subplots_adjust(left=left, right=1 - right, top=1 - top, bottom=bottom, wspace=wide, hspace=high)


def _spread(sides: list[list[float]], whole: float) -> tuple[float, float, float]:
    """The margins as shares of the whole, and the widest gap as a share of the axes' mean size."""
    first, last, count = sides[0][0], sides[-1][1], len(sides)
    gap = max((one[1] + other[0] for one, other in pairwise(sides)), default=0.0)
    mean = max((whole - first - last - gap * (count - 1)) / count, 0.1 * whole / count)
    return first / whole, last / whole, gap / mean


def _around(ax: Axes) -> tuple[float, float, float, float]:
    """Points to the left of axes, below, to the right and above."""
    left = right = float(EDGE)
    bottom = top = 2.0 * PAD
    beside = _beside(ax.yaxis, _widest(ax.yaxis))
    if ax.yaxis.get_ticks_position() == "right":
        right = max(right, beside)
    else:
        left = max(left, beside)
    bottom = max(bottom, _beside(ax.xaxis, LINE * LETTERS))
    figure = ax.get_figure(root=True)
    width = 72 * (figure.get_figwidth() if figure else 0) * ax.get_position().width
    if (legend := ax.get_legend()) is not None:
        size, texts = legend._fontsize, legend.get_texts()  # type: ignore[attr-defined]
        lines = -(-len(texts) // legend._ncols)  # type: ignore[attr-defined]
        bottom = max(bottom, (legend.borderaxespad + 2 * legend.borderpad + 1.75 * lines) * size)
        columns = [
            max(_wide(text.get_text(), size) for text in texts[n : n + lines]) for n in range(0, len(texts), lines)
        ]
        out = (sum(columns) + (legend.handlelength + legend.handletextpad + 1) * size * len(columns) - width) / 2
        left, right = max(left, out), max(right, out)
    if ax.texts:
        ends = [text for text in ax.texts if text.get_position()[0] > 1]
        right = max(
            [right, *(0.05 * width + PAD + _wide(text.get_text(), float(text.get_fontsize())) for text in ends)]
        )
    if title := ax.get_title():
        top = PAD + _high(title, float(ax.title.get_fontsize()))
    return left, bottom, right, top


def _beside(axis: Axis, ticks: float) -> float:
    """Room for an axis' label and its ticks', which take so much."""
    shown = axis.get_tick_params()
    ticks = ticks + 2 * PAD if shown.get("labelleft", shown.get("labelbottom", True)) or shown.get("labelright") else 0
    label: Text = axis.get_label()
    return ticks + (_high(label.get_text(), LETTERS) + PAD if label.get_text() and label.get_visible() else 0)


def _widest(axis: Axis) -> float:
    """Of the labels of an axis' ticks."""
    labels: Iterable[str] = axis.get_major_formatter().format_ticks(list(axis.get_majorticklocs()))
    if axis.get_scale() == "log":
        labels = [*labels, *axis.get_minor_formatter().format_ticks(list(axis.get_minorticklocs()))]
    least = 0.0 if isinstance(axis.get_major_formatter(), FixedFormatter) else EM * LETTERS * NUMBER
    return max([least, *(_wide(text, LETTERS) for text in labels)])


def _wide(text: str, size: float) -> float:
    plain = COMMAND.sub(lambda match: "x" if match[1] else "", text)
    return EM * size * max(map(len, plain.split("\n")))


def _high(text: str, size: float) -> float:
    return LINE * size * (1 + text.count("\n"))
