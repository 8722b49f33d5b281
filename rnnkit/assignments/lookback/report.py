"""What the report shows: tables and figures of the files in ``sweeps/``, each made of what it says there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.assignments.lookback import tables
from rnnkit.assignments.lookback.figures import BINS, COLOURS
from rnnkit.assignments.lookback.settings import Net
from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import BLACK, new_figure
from rnnkit.runs.rows import Row, chosen, numbers, read_table

SWEEPS = Path("sweeps")
LOOKBACK, NORMS = "figure2abc", "norms"  # the sweep over lookbacks; the norms by lag of its networks
CURVES = "figure4a_curves"  # every epoch of that sweep's runs
CANDIDATE = {"rnn": "U", "gru": "Uh"}  # which of a network's matrices U is looked at
FACTORS = {"figure3a": "train", "figure4a": "epochs", "figure4b": "H", "figure5ab": "batch", "figure5c": "lr"}
LABELS = {"best_loss": "best loss (nats)", "last_loss": "loss at the end (nats)", "acc": "accuracy"}
FLOORS = {"best_loss": "prior_loss", "last_loss": "prior_loss"}  # what is reached without reading
ATTRACTORS = {"no attractor": "acc_attr0", "one": "acc_attr1", "two or more": "acc_attr2"}
OTHERS = {"rnn": ("gates", "legacy_coursework_grad"), "gru": ("phi",)}  # settings that are the other network's
WHEN = {"norm_initial": "before", "norm": "after", "accumulated": "after"}  # training


def rows_of(name: str, folder: Path = SWEEPS, **only: str) -> list[Row]:
    """The rows of a table; none where it is not there."""
    path = folder / f"{name}.csv"
    return chosen(read_table(path), **only) if path.exists() else []


def table(
    *names: str, by: Sequence[str] | None = None, columns: Sequence[str] = (), folder: Path = SWEEPS, **only: str
) -> Table:
    """Runs of sweeps by these columns, or by all that varied; see `rnnkit.assignments.lookback.tables.markdown`.

    Arguments:
        only: values that rows have in other columns.
    """
    rows = [row for name in names for row in rows_of(name, folder, **only)]
    return Table(tables.markdown(rows, by, columns)) if rows else missing(names, SWEEPS)


def beside(name: str, by: Sequence[str], columns: Sequence[str] = (), folder: Path = SWEEPS, **only: str) -> Table:
    """A sweep's networks by these columns, and with them those of `LOOKBACK` at the same lookbacks."""
    rows = chosen(with_usual(name, by, folder), **only)
    return Table(tables.markdown(rows, by, columns)) if rows else missing([name], SWEEPS)


def with_usual(name: str, by: Sequence[str], folder: Path = SWEEPS) -> list[Row]:
    """A sweep's rows, with those of `LOOKBACK` at the same lookbacks; usual values of settings that a row lacks."""
    rows = rows_of(name, folder)
    there = {row["lookback"] for row in rows}
    if name != LOOKBACK:
        rows = [*rows, *(row for row in rows_of(LOOKBACK, folder) if row["lookback"] in there)]
    return [{**row, **{one: row.get(one) or _usual(row, one) for one in by}} for row in rows]


def _usual(row: Row, name: str) -> str:
    return "" if name in OTHERS.get(row["model"], ()) else str(getattr(Net(), name))


def measured(name: str, folder: Path = SWEEPS) -> Table:
    """One of the tables of trained networks: ``norms``, ``costs``, ``tested``, ``hardest``."""
    rows = rows_of(name, folder)
    _, command, made = tables.MADE[name]
    return Table(made(rows) if rows else f"The table is not there: `{command}` makes it.")


def draw_lookbacks(ax: Axes, rows: Sequence[Row], column: str, label: str, at: str = "lookback", **how: Any) -> None:
    """A column against the lookback, or another column: the median over seeds as a line, the range as a band."""
    steps = sorted({int(row[at]) for row in rows if numbers([row], column)})
    found = [numbers(chosen(rows, **{at: str(step)}), column) for step in steps]
    how = dict[str, Any](marker="o", markersize=3) | how
    ax.plot(steps, [np.median(values) for values in found], label=label, **how)
    ax.fill_between(steps, [*map(min, found)], [*map(max, found)], color=how["color"], alpha=0.15, linewidth=0)
    ax.set_xlabel("lookback tau")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def draw_terms(ax: Axes, rows: Sequence[Row], columns: dict[str, float]) -> None:
    """Norms against the lag, of both networks' candidates: each column's lines so wide."""
    for model, (color, style) in COLOURS.items():
        here = chosen(rows, model=model, gate=CANDIDATE[model])
        for column, width in columns.items() if here else ():
            told = f"{model}, {WHEN[column]}"
            draw_lookbacks(ax, here, column, told, "lag", color=color, linestyle=style, linewidth=width)


def by_lookback(*columns: str, name: str = LOOKBACK, folder: Path = SWEEPS, **only: str) -> Figure | Table:
    """These columns against the lookback, of both networks, with what is reached without reading."""
    rows = rows_of(name, folder, **only)
    return (
        _panels(rows, {column: LABELS.get(column, column) for column in columns}) if rows else missing([name], SWEEPS)
    )


def time(folder: Path = SWEEPS) -> Figure | Table:
    """Seconds of processor of an epoch by lookback, of both networks: figure 2a; see `measured.costs`."""
    rows = rows_of("costs", folder, H=str(Net().H), batch=str(Net().batch))
    return _panels(rows, {"seconds": "seconds of processor an epoch"}) if rows else measured("costs", folder)


def by_distance(name: str = LOOKBACK, folder: Path = SWEEPS, bins: Mapping[str, str] = BINS) -> Figure | Table:
    """Accuracy against the lookback in each bin of distances, of both networks; `ATTRACTORS` are other bins."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    figure = _panels(rows, dict.fromkeys(bins.values(), ""), width=2.6, height=2.6)
    for ax, title in zip(figure.axes, bins, strict=True):
        ax.set(title=f"distance {title}" if bins is BINS else title, ylim=(-0.02, 1.02))
    figure.axes[0].set_ylabel("accuracy")
    return figure


def _panels(rows: Sequence[Row], columns: Mapping[str, str], width: float = 4.4, height: float = 3.2) -> Figure:
    figure, axes = new_figure(len(columns), width=width, height=height)
    for ax, (column, label) in zip(axes, columns.items(), strict=True):
        for model, (color, style) in COLOURS.items():
            draw_lookbacks(ax, chosen(rows, model=model), column, model, color=color, linestyle=style)
        _floor(ax, rows, column)
        ax.set_ylabel(label)
    axes[0].legend(frameon=False)
    return figure


def _floor(ax: Axes, rows: Sequence[Row], column: str) -> None:
    """What is reached without reading."""
    if floor := numbers(rows, "majority" if column.startswith("acc") else FLOORS.get(column, "")):
        ax.axhline(float(np.median(floor)), color=BLACK, linestyle=":", linewidth=0.8)


def by_factor(name: str, factor: str, column: str = "best_loss", folder: Path = SWEEPS) -> Figure | Table:
    """A column against the lookback for each value of a setting, the thicker the larger, of both networks.

    The networks of `LOOKBACK`, where nothing is changed, are among them.
    """
    if factor == "epochs":
        name, rows = CURVES, epochs_of(folder)
    else:
        rows = with_usual(name, [factor], folder)
    if not rows_of(name, folder):
        return missing([name], SWEEPS)
    figure, (ax,) = new_figure(1, width=5.4, height=3.2)
    values = sorted({row[factor] for row in rows}, key=float)
    for model, (color, style) in COLOURS.items():
        for n, value in enumerate(values, 1):
            here = chosen(rows, **{"model": model, factor: value})
            told, width = f"{model}, {factor} {value}", 0.5 + 2 * n / len(values)
            draw_lookbacks(ax, here, column, told, color=color, linestyle=style, linewidth=width)
    _floor(ax, rows, column)
    ax.set_ylabel(LABELS.get(column, column))
    ax.legend(frameon=False, fontsize=7, ncols=2)
    return figure


def epochs_of(folder: Path = SWEEPS) -> list[Row]:
    """What the networks of `CURVES` had reached after some of their epochs; see `tables.after`."""
    return tables.after(rows_of(CURVES, folder))


def epochs(folder: Path = SWEEPS) -> Table:
    """The same as a table, with the loss at the end beside the smallest, and that on training sentences."""
    rows = epochs_of(folder)
    by, columns = ["model", "epochs", "lookback"], ["best_loss", "best_epoch", "train_loss", "last_loss"]
    return Table(tables.markdown(rows, by, columns)) if rows else missing([CURVES], SWEEPS)


def curves(*lookbacks: int, folder: Path = SWEEPS) -> Figure | Table:
    """Loss on dev (lines) and on training sentences (dots) over 40 epochs, a panel for each lookback."""
    rows = rows_of(CURVES, folder)
    if not rows:
        return missing([CURVES], SWEEPS)
    lookbacks = lookbacks or tuple(sorted({int(row["lookback"]) for row in rows}))
    figure, axes = new_figure(len(lookbacks), width=3.0, height=2.8, sharey=True)
    for ax, tau in zip(axes, lookbacks, strict=True):
        for model, (color, _) in COLOURS.items():
            for column, style in (("dev_loss", "-"), ("train_loss", ":")):
                how = {"color": color, "linestyle": style, "marker": ""}
                here = chosen(rows, model=model, lookback=str(tau))
                draw_lookbacks(ax, here, column, f"{model}, {column[:-5]}", "epoch", **how)
        ax.set(title=f"lookback {tau}", xlabel="epoch", yscale="log")
    axes[0].set_ylabel("loss (nats)")
    axes[0].legend(frameon=False, fontsize=7)
    return figure


def norms(folder: Path = SWEEPS) -> Figure | Table:
    """The norm of each lag's term alone, before training and after, and of all terms up to it together."""
    rows = rows_of(NORMS, folder)
    if not rows:
        return measured(NORMS, folder)
    figure, (alone, together) = new_figure(2, width=4.4, height=3.2)
    draw_terms(alone, rows, {"norm_initial": 0.6, "norm": 1.5})
    draw_terms(together, rows, {"accumulated": 1.5})
    for ax, title in ((alone, "the tau-th term alone"), (together, "terms 0 to tau together")):
        ax.set(xlabel="lookback tau", title=title)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    alone.set_yscale("log")
    alone.legend(frameon=False)
    return figure
