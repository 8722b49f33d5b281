"""The error of several runs of a sweep over training."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from rnnkit.plots.style import BLACK, LINES, legend_below, new_figure


def plot_curves(rows: Sequence[dict[str, str]], label: str = "run", floor: float | None = None) -> Figure:
    """Validation error (percent) against updates, a line for each run.

    Arguments:
        rows: of a sweep's table of curves, see `rnnkit.runs.tables.curve_rows`.
        label: the column that names a line.
        floor: the error of one who guesses (percent).
    """
    figure, (ax,) = new_figure(width=7.0, height=3.4)
    runs: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(row)
    for number, checks in enumerate(runs.values()):
        color, style = LINES[number % len(LINES)]
        updates, errors = ([float(row[name]) for row in checks] for name in ("updates", "valid_error"))
        ax.plot(updates, errors, color=color, linestyle=style, linewidth=1.2, label=f"{label} {checks[0][label]}")
        ax.plot(updates[-1], errors[-1], "o", color=color, markersize=4)
    if floor is not None:
        ax.axhline(floor, color=BLACK, linestyle=":", linewidth=0.9)
    ax.set(xlabel="updates", ylabel="wrong (%)", ylim=(-2, 102))
    legend_below(ax, columns=4)
    return figure
