"""What ``rnnkit bench`` found, as one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.bench.bench import NAMES, Row
from rnnkit.plots.style import LINES, new_figure

HATCH = ("", "..", "//", "xx", "++", "oo", "--")


def figure(result: Mapping[str, Any]) -> Figure:
    """A panel of bars for each part that was timed."""
    titles, machine = result["titles"], result["about"]
    made, axes = new_figure(len(titles), 1, width=4.8, height=3.5)
    for ax, (part, words) in zip(axes, titles.items(), strict=True):
        title, _, sizes = words.partition(", ")
        ax.set_title(f"{title}\n{sizes}", fontsize=8)
        longest = max(row.seconds.median for row in result[part])
        _bars(ax, result[part], *((1, "s") if longest > 0.1 else (1e3, "ms")))
    note = f"{machine['processor']}, {machine['threads']} thread; {machine['time']} time, medians and quartiles"
    made.suptitle(note, fontsize=10)
    return made


def _bars(ax: Axes, rows: Sequence[Row], scale: float, unit: str) -> None:
    """Bars of a case side by side; above each, how many times faster than the plain loop it is."""
    cases, engines = (list(dict.fromkeys(getattr(row, name) for row in rows)) for name in ("case", "engine"))
    width = 0.8 / len(engines)
    for number, engine in enumerate(engines):
        of_it = [row for row in rows if row.engine == engine]
        places = [cases.index(row.case) + width * (number - (len(engines) - 1) / 2) for row in of_it]
        heights = [scale * row.seconds.median for row in of_it]
        errors = [[scale * (s.median - s.low) for s in (row.seconds for row in of_it)]]
        errors += [[scale * (s.high - s.median) for s in (row.seconds for row in of_it)]]
        bars = ax.bar(
            places, heights, width, yerr=errors, color=LINES[number][0], hatch=HATCH[number], edgecolor="white",
            label=NAMES.get(engine, engine),
        )  # fmt: skip
        ax.bar_label(bars, [f"{row.over_plain.median:.1f}x" for row in of_it], padding=3, fontsize=6)
    ax.set_ylim(0, 1.35 * max(scale * row.seconds.high for row in rows))  # room for the legend
    ax.set_xticks(range(len(cases)), [case.replace(", ", "\n") for case in cases])
    ax.set_ylabel(unit)
    ax.legend(fontsize=8, ncols=3, loc="upper center")
