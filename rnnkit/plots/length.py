"""Error against length, beyond the lengths of training."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from rnnkit.common.statistics import wilson
from rnnkit.plots.style import BLACK, BLUE, SKY, legend_below, new_figure, title_of
from rnnkit.record.facts import Record, floors_of
from rnnkit.record.file import regime_of
from rnnkit.runs.lengths import Row


def plot_error_by_length(record: Record, rows: Sequence[Row]) -> Figure:
    """Percent wrong with Wilson's 95 % intervals; the lengths of training shaded, guessing as a line."""
    regime = regime_of(record)
    figure, (ax,) = new_figure(width=6.0, height=3.6)
    ends = [wilson(row.wrong, row.sequences) for row in rows]
    bars = [
        [row.error - 100 * low for row, (low, _) in zip(rows, ends, strict=True)],
        [100 * high - row.error for row, (_, high) in zip(rows, ends, strict=True)],
    ]
    ax.axvspan(regime.min_length, regime.max_length, color=SKY, alpha=0.25, label="lengths of training")
    ax.errorbar([row.length for row in rows], [row.error for row in rows], bars, color=BLUE, marker="o", capsize=3)
    floor = floors_of(record).get("constant")
    if floor is not None:
        ax.axhline(floor.error, color=BLACK, linestyle=":", label="guessing")
    ax.set(xscale="log", xlabel="length (steps)", ylabel="wrong (%)", title=title_of(record))
    ax.set_ylim(bottom=-2)
    ax.set_xticks([row.length for row in rows], [str(row.length) for row in rows], fontsize=8)
    ax.minorticks_off()
    legend_below(ax, columns=3)
    return figure
