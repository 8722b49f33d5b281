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
from rnnkit.assignments.lookback.settings import Net
from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import BLACK, BLUE, ORANGE, new_figure
from rnnkit.runs.rows import Row, chosen, numbers, read_table

SWEEPS = Path("sweeps")
LOOKBACK, NORMS = "figure2abc", "norms"  # the sweep over lookbacks; the norms by lag of its networks
CANDIDATE = {"rnn": "", "gru": "h"}  # which of a network's matrices U is looked at
LOOKS: dict[str, tuple[str, str]] = {"rnn": (ORANGE, "-"), "gru": (BLUE, "--")}  # the document's
FACTORS = {"figure3a": "train", "figure4a": "epochs", "figure4b": "H", "figure5ab": "batch", "figure5c": "lr"}
LABELS = {"best_loss": "best loss (nats)", "last_loss": "loss at the end (nats)", "acc": "accuracy"}
FLOORS = {"best_loss": "prior_loss", "last_loss": "prior_loss"}  # what is reached without reading
BINS = {"acc_1": "1", "acc_2_3": "2-3", "acc_4_5": "4-5", "acc_6": "6+"}  # steps from subject to verb
ATTRACTORS = {"acc_attr0": "no attractor", "acc_attr1": "one", "acc_attr2": "two or more"}


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


def beside(name: str, by: Sequence[str], columns: Sequence[str] = (), folder: Path = SWEEPS) -> Table:
    """A sweep's networks by these columns, and with them those of `LOOKBACK` at the same lookbacks."""
    rows = with_usual(name, by, folder)
    return Table(tables.markdown(rows, by, columns)) if rows else missing([name], SWEEPS)


def with_usual(name: str, by: Sequence[str], folder: Path = SWEEPS) -> list[Row]:
    """A sweep's rows, with those of `LOOKBACK` at the same lookbacks; usual values of settings that a row lacks."""
    rows, usual = rows_of(name, folder), Net()
    there = {row["lookback"] for row in rows}
    rows = [*rows, *(row for row in rows_of(LOOKBACK, folder) if row["lookback"] in there)]
    return [{**row, **{one: row.get(one) or str(getattr(usual, one)) for one in by}} for row in rows]


def measured(name: str, folder: Path = SWEEPS) -> Table:
    """One of the tables of trained networks: ``norms``, ``costs``, ``tested``, ``hardest``."""
    rows = rows_of(name, folder)
    _, command, made = tables.MADE[name]
    return Table(made(rows) if rows else f"The table is not there: `{command}` makes it.")


def draw_lookbacks(ax: Axes, rows: Sequence[Row], column: str, label: str, **how: Any) -> None:
    """A column against the lookback: the median over seeds as a line, the range as a band."""
    lookbacks = sorted({int(row["lookback"]) for row in rows if numbers([row], column)})
    found = [numbers(chosen(rows, lookback=str(tau)), column) for tau in lookbacks]
    how = dict[str, Any](marker="o", markersize=3) | how
    ax.plot(lookbacks, [np.median(values) for values in found], label=label, **how)
    ax.fill_between(lookbacks, [*map(min, found)], [*map(max, found)], color=how["color"], alpha=0.15, linewidth=0)
    ax.set_xlabel("lookback tau")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def by_lookback(*columns: str, name: str = LOOKBACK, folder: Path = SWEEPS, **only: str) -> Figure | Table:
    """These columns against the lookback, of both networks, with what is reached without reading."""
    rows = rows_of(name, folder, **only)
    return (
        _panels(rows, {column: LABELS.get(column, column) for column in columns}) if rows else missing([name], SWEEPS)
    )


def time(folder: Path = SWEEPS) -> Figure | Table:
    """Seconds of processor of an epoch by lookback, of both networks: figure 2a; see `measured.costs`."""
    rows = rows_of("costs", folder, batch=str(Net().batch))
    return _panels(rows, {"seconds": "seconds of processor an epoch"}) if rows else measured("costs", folder)


def by_distance(name: str = LOOKBACK, folder: Path = SWEEPS, bins: Mapping[str, str] = BINS) -> Figure | Table:
    """Accuracy against the lookback in each bin of distances, of both networks; `ATTRACTORS` are other bins."""
    rows = rows_of(name, folder)
    if not rows:
        return missing([name], SWEEPS)
    figure = _panels(rows, dict.fromkeys(bins, ""), width=2.6, height=2.6)
    for ax, title in zip(figure.axes, bins.values(), strict=True):
        ax.set(title=title, ylim=(-0.02, 1.02))
    figure.axes[0].set_ylabel("accuracy")
    return figure


def _panels(rows: Sequence[Row], columns: Mapping[str, str], width: float = 4.4, height: float = 3.2) -> Figure:
    figure, axes = new_figure(len(columns), width=width, height=height)
    for ax, (column, label) in zip(axes, columns.items(), strict=True):
        for model, (color, style) in LOOKS.items():
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
    """A column against the lookback for each value of a setting, the darker the larger, of both networks.

    The networks of `LOOKBACK`, where nothing is changed, are among them.
    """
    rows = epochs_of(folder) if factor == "epochs" else with_usual(name, [factor], folder)
    if not rows_of(name, folder) or not rows:
        return missing([name], SWEEPS)
    figure, (ax,) = new_figure(1, width=5.4, height=3.2)
    values = sorted({row[factor] for row in rows}, key=float)
    for model, (color, style) in LOOKS.items():
        for n, value in enumerate(values, 1):
            here = chosen(rows, **{"model": model, factor: value})
            how = {"color": color, "linestyle": style, "alpha": n / len(values)}
            draw_lookbacks(ax, here, column, f"{model}, {factor} {value}", **how)
    _floor(ax, rows, column)
    ax.set_ylabel(LABELS.get(column, column))
    ax.legend(frameon=False, fontsize=7, ncols=2)
    return figure


def epochs_of(folder: Path = SWEEPS) -> list[Row]:
    """What the networks of ``figure4a`` had reached after some of their epochs; see `tables.after`."""
    return tables.after(rows_of("figure4a_curves", folder))


def epochs(folder: Path = SWEEPS) -> Table:
    """The same as a table, with the loss at the end beside the smallest, and that on training sentences."""
    rows = epochs_of(folder)
    by, columns = ["model", "epochs", "lookback"], ["best_loss", "best_epoch", "train_loss", "last_loss"]
    return Table(tables.markdown(rows, by, columns)) if rows else missing(["figure4a"], SWEEPS)


def curves(*lookbacks: int, folder: Path = SWEEPS) -> Figure | Table:
    """Loss on dev (lines) and on training sentences (dots) over 40 epochs, a panel for each lookback."""
    rows = rows_of("figure4a_curves", folder)
    if not rows:
        return missing(["figure4a"], SWEEPS)
    lookbacks = lookbacks or tuple(sorted({int(row["lookback"]) for row in rows}))
    figure, axes = new_figure(len(lookbacks), width=3.0, height=2.8, sharey=True)
    for ax, tau in zip(axes, lookbacks, strict=True):
        for model, (color, _) in LOOKS.items():
            for column, style in (("dev_loss", "-"), ("train_loss", ":")):
                here = [{**row, "lookback": row["epoch"]} for row in chosen(rows, model=model, lookback=str(tau))]
                draw_lookbacks(ax, here, column, f"{model}, {column[:-5]}", color=color, linestyle=style, marker="")
        ax.set(title=f"lookback {tau}", xlabel="epoch", yscale="log")
    axes[0].set_ylabel("loss (nats)")
    axes[0].legend(frameon=False, fontsize=7)
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
        ax.set_title({"alone": "the tau-th term alone", "together": "terms 0 to tau"}[column])
    axes[0].set_yscale("log")
    axes[0].legend(frameon=False)
    return figure
