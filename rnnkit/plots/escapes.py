"""Which seeds of a sweep left a plateau: the smallest loss of each, by setting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from rnnkit.plots.style import BLACK, BLUE, ORANGE, label_ends, legend_below, new_figure


def plot_escapes(rows: Sequence[dict[str, str]], plateau: float, limit: float) -> Figure:
    """The smallest loss of every seed (filled) and that at its end (hollow), a column for each α and kind of Ω.

    Arguments:
        rows: of a sweep's table, with the columns alpha, omega_on, best_nll and valid_nll.
        plateau: the loss of one who guesses (nats), drawn as a line.
        limit: a seed is out where its smallest loss is below (nats), drawn as a line.
    """
    figure, (ax,) = new_figure(width=7.0, height=3.6)
    kinds = sorted({(row["alpha"], row["omega_on"]) for row in rows}, key=lambda kind: (float(kind[0]), kind[1]))
    named = set()
    for place, (alpha, on) in enumerate(kinds):
        runs = [row for row in rows if (row["alpha"], row["omega_on"]) == (alpha, on)]
        best, last = (np.array([float(row[key] or "nan") for row in runs]) for key in ("best_nll", "valid_nll"))
        color, marker = (ORANGE, "s") if on == "direct" else (BLUE, "o")
        across = place + 0.7 * ((np.arange(len(runs)) + 0.5) / len(runs) - 0.5)
        label = None if on in named else f"Ω on the {on} derivative: smallest loss"
        named.add(on)
        ax.plot([across, across], [best, last], color=color, linewidth=0.8)
        ax.plot(across, last, marker, color=color, markerfacecolor="white", markersize=5)
        ax.plot(across, best, marker, color=color, markersize=5, label=label)
        out = np.sum(best < limit)
        ax.text(place, 1.02, f"{out} of {len(runs)} out", ha="center", fontsize=9, transform=ax.get_xaxis_transform())
    ax.set_xticks(range(len(kinds)), [f"α {float(alpha):g}, {on}" for alpha, on in kinds])
    ends = [-0.5, max(len(kinds), 1) - 0.5]
    ax.set_xlim(*ends)
    (floor,) = ax.plot(ends, [plateau] * 2, color=BLACK, linestyle=":", linewidth=1)
    (line,) = ax.plot(ends, [limit] * 2, color=BLACK, linestyle="--", linewidth=1)
    ax.set_ylabel("loss (nats); hollow: at the end")
    label_ends(ax, {f"guessing, {plateau:.3f}": floor, f"out, below {limit:g}": line})
    legend_below(ax, columns=2)
    return figure
