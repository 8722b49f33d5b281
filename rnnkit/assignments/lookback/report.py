"""What the report shows: tables and figures of the files in ``sweeps/``, each made of what it says there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import BLACK, BLUE, ORANGE, new_figure
from rnnkit.runs.rows import Row, chosen, grid, grouped, read_table, spread

SWEEPS = Path("sweeps")
LOOKBACK, NORMS = "figure2abc", "norms"  # the sweep over lookbacks; the norms by lag of its networks
CANDIDATE = {"rnn": "", "gru": "h"}  # which of a network's matrices U is looked at
LOOKS: dict[str, tuple[str, str]] = {"rnn": (ORANGE, "-"), "gru": (BLUE, "--")}  # the document's
FACTORS = {"figure3a": "train", "figure4a": "epochs", "figure4b": "H", "figure5ab": "batch", "figure5c": "lr"}
LABELS = {"best_loss": "best loss (nats)", "acc": "accuracy", "seconds_per_epoch": "seconds per epoch"}
FLOORS = {"best_loss": "prior_loss", "acc": "majority"}  # what is reached without reading
BINS = {"acc_1": "1", "acc_2_3": "2-3", "acc_4_5": "4-5", "acc_6": "6+"}
SHOWN = {"best_loss": ".4f", "acc": ".3f", "balanced": ".3f", "acc_1": ".3f", "acc_6": ".3f", "perplexity": ".1f",
         "seconds_per_epoch": ".2f"}  # fmt: skip


def rows_of(name: str, folder: Path = SWEEPS, **only: str) -> list[Row]:
    """The rows of a table; none where it is not there."""
    path = folder / f"{name}.csv"
    return chosen(read_table(path), **only) if path.exists() else []


def numbers(rows: Sequence[Row], name: str) -> list[float]:
    """A column's numbers, of the rows that have one."""
    return [float(row[name]) for row in rows if row.get(name) and row[name] != "nan"]


def table(name: str, by: Sequence[str], folder: Path = SWEEPS) -> Table:
    """The runs of a sweep by these columns: medians over seeds, with the smallest and the largest."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    columns = [one for one in SHOWN if numbers(rows, one)]
    lines = [[*by, "seeds", *columns]]
    for kind, of in grouped(rows, by):
        lines.append([*kind.values(), str(len(of)), *(spread(numbers(of, one), SHOWN[one]) for one in columns)])
    return Table(grid(lines))


def draw_lookbacks(ax: Axes, rows: Sequence[Row], column: str, label: str, **how: Any) -> None:
    """A column against the lookback: the median over seeds as a line, the range as a band."""
    lookbacks = sorted({int(row["lookback"]) for row in rows if numbers([row], column)})
    found = [numbers(chosen(rows, lookback=str(tau)), column) for tau in lookbacks]
    ax.plot(lookbacks, [np.median(values) for values in found], marker="o", markersize=3, label=label, **how)
    ax.fill_between(lookbacks, [*map(min, found)], [*map(max, found)], color=how["color"], alpha=0.15, linewidth=0)


def by_lookback(*columns: str, name: str = LOOKBACK, folder: Path = SWEEPS) -> Figure | Table:
    """These columns against the lookback, of both networks, with what is reached without reading."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    figure, axes = new_figure(len(columns), width=4.4, height=3.2)
    for ax, column in zip(axes, columns, strict=True):
        for model, (color, style) in LOOKS.items():
            draw_lookbacks(ax, chosen(rows, model=model), column, model, color=color, linestyle=style)
        if floor := numbers(rows, FLOORS.get(column, "")):
            ax.axhline(float(np.median(floor)), color=BLACK, linestyle=":", linewidth=0.8)
        ax.set(xlabel="lookback tau", ylabel=LABELS.get(column, column))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].legend(frameon=False)
    return figure


def by_distance(name: str = LOOKBACK, folder: Path = SWEEPS) -> Figure | Table:
    """Accuracy against the lookback in each bin of distances, of both networks."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    figure, axes = new_figure(4, width=2.6, height=2.6)
    for ax, (column, distance) in zip(axes, BINS.items(), strict=True):
        for model, (color, style) in LOOKS.items():
            draw_lookbacks(ax, chosen(rows, model=model), column, model, color=color, linestyle=style)
        ax.set(title=f"distance {distance}", xlabel="lookback tau", ylim=(0.3, 1.02))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_ylabel("accuracy")
    axes[0].legend(frameon=False)
    return figure


def by_factor(name: str, factor: str, column: str = "best_loss", folder: Path = SWEEPS) -> Figure | Table:
    """A column against the lookback for each value of a setting, the darker the larger, of both networks."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    figure, (ax,) = new_figure(1, width=5.4, height=3.2)
    values = sorted({row[factor] for row in rows}, key=float)
    for model, (color, style) in LOOKS.items():
        for n, value in enumerate(values, 1):
            here = chosen(rows, **{"model": model, factor: value})
            how = {"color": color, "linestyle": style, "alpha": n / len(values)}
            draw_lookbacks(ax, here, column, f"{model}, {factor} {value}", **how)
    ax.set(xlabel="lookback tau", ylabel=LABELS.get(column, column))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, fontsize=7, ncols=2)
    return figure


def norms(folder: Path = SWEEPS) -> Figure | Table:
    """The norm of each lag's term alone, and of all up to it together, of its last gate."""
    rows = rows_of(NORMS, folder)
    if not rows:
        return missing([NORMS], SWEEPS)
    figure, axes = new_figure(2, width=4.4, height=3.2)
    for ax, column in zip(axes, ("alone", "together"), strict=True):
        for model, (color, style) in LOOKS.items():
            for when, alpha in (("before", 0.4), ("after", 1.0)):
                here = chosen(rows, model=model, gate=CANDIDATE[model], when=when)
                how = {"color": color, "linestyle": style, "alpha": alpha}
                if numbers(here, column):
                    draw_lookbacks(ax, here, column, f"{model}, {when}", **how)
        ax.set(xlabel="lookback tau", title={"alone": "the tau-th term alone", "together": "terms 0 to tau"}[column])
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_yscale("log")
    axes[0].legend(frameon=False)
    return figure


def explore(folder: Path = SWEEPS, static: bool = False) -> Any:
    """A slider for the lookback: loss, norms and accuracy by distance; see `slider.explore`."""
    from rnnkit.assignments.lookback.slider import explore as moving

    rows = rows_of(LOOKBACK, folder)
    return moving(rows, rows_of(NORMS, folder), static) if rows else missing([LOOKBACK], SWEEPS)
