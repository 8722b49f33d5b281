"""What the report shows: tables and figures of the files in ``sweeps/``, each made of what it says there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.assignments.hidden_dynamics import tables
from rnnkit.assignments.hidden_dynamics.inside import best_accuracy
from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import BLACK, BLUE, GREY, LINES, ORANGE, legend_below, new_figure
from rnnkit.runs.rows import Row, chosen, read_tables

SWEEPS = Path("sweeps")
ARMS = "cell", "init"  # columns that tell arms apart; a sweep has one of them, or none
SHARES = (0.25, 0.5, 0.75)  # of the steps, as lines to read accuracies by
WHEN = {"before": ORANGE, "after": BLUE}


def _table(made: Callable[[Sequence[Row]], str], names: Sequence[str], folder: Path, **only: str) -> Table:
    rows = read_tables(names, folder, **only)
    return Table(made(rows)) if rows else missing(names, SWEEPS)


def table(*names: str, by: Sequence[str] | None = None, folder: Path = SWEEPS, **only: str) -> Table:
    """Networks by these columns, or by all that varied; see `rnnkit.assignments.hidden_dynamics.tables.markdown`.

    Arguments:
        only: values that rows have in other columns.
    """
    return _table(lambda rows: tables.markdown(rows, by), names, folder, **only)


def windows(folder: Path = SWEEPS) -> Table:
    """The document's run, held against its windows by epoch."""
    return _table(tables.windows, ["seeds"], folder, init="xavier")


def scheduler(folder: Path = SWEEPS) -> Table:
    """How much the test loss moves where the rate is halved after 20 and 40 epochs, and where it is not."""
    halved, never = (read_tables([name], folder) for name in ("seeds", "scheduler"))
    if not halved or not never:
        return missing(["seeds", "scheduler"], SWEEPS)
    return Table(tables.spreads(halved_after_20_epochs=chosen(halved, init="xavier"), never_halved=never))


def inside(name: str, folder: Path = SWEEPS) -> Table:
    """One of the tables that are made from the networks of ``seeds``: ``units``, ``held``, ``fifths``, ``flow``."""
    return _table(tables.TABLES[name], [name], folder)


def costs(folder: Path = SWEEPS) -> Table:
    """Time and memory of a recurrent layer and of self-attention, by length."""
    return _table(tables.costs, ["cost"], folder)


def by_length(*names: str, folder: Path = SWEEPS) -> Figure | Table:
    """Test accuracy at the end against T; see `lengths`."""
    rows = read_tables(names, folder)
    return lengths(rows) if rows else missing(names, SWEEPS)


def lengths(rows: Sequence[Row]) -> Figure:
    """Test accuracy at the end against T, a line for each arm: medians, with the range of the seeds.

    Grey lines are the best accuracies of who uses so large a share of the steps.
    """
    arms: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        arm = row["cell"] if row["cell"] != "rnn" else f"rnn, {row['init']}"
        arms.setdefault(arm, {}).setdefault(int(row["T"]), []).append(100 * float(row["test_acc"]))
    figure, (ax,) = new_figure(1, width=5.4, height=3.6)
    for (arm, found), (color, style) in zip(arms.items(), LINES, strict=False):
        T = sorted(found)
        middle, low, high = (np.array([of(found[t]) for t in T]) for of in (np.median, np.min, np.max))
        ax.errorbar(T, middle, [middle - low, high - middle], color=color, linestyle=style, marker="o", markersize=4,
                    capsize=3, label=arm)  # fmt: skip
    for share in SHARES:
        level = 100 * float(best_accuracy(100 * share, 100))
        ax.axhline(level, color=GREY, linewidth=0.8)
        ax.text(ax.get_xlim()[1], level, f" {share:.0%} of the steps", fontsize=7, va="center")
    ticks = sorted({int(row["T"]) for row in rows})
    ax.axhline(50, color=BLACK, linestyle=":", linewidth=0.8)
    ax.set(xscale="log", xlabel="steps T", ylabel="test accuracy, last epoch (%)", ylim=(45, 101))
    ax.set_xticks(ticks, [str(T) for T in ticks])
    ax.minorticks_off()
    legend_below(ax, columns=4)
    return figure


def flow(folder: Path = SWEEPS, init: str = "xavier") -> Figure | Table:
    """dL/dh_t, contribution and input sensitivity by step, before and after training: median and range of the seeds."""
    rows = read_tables(["flow"], folder, init=init)
    if not rows:
        return missing(["flow"], SWEEPS)
    figure, axes = new_figure(3, 1, width=3.8, height=3.0)
    for ax, (column, layers) in zip(axes, {"reaching": 2, "adding": 2, "sensitivity": 0}.items(), strict=True):
        for when, color in WHEN.items():
            for layer in range(1, layers + 1) if layers else [0]:
                name = f"{column}_{layer}" if layer else column
                steps, middle, low, high = _by_step(chosen(rows, when=when), name)
                told = f"layer {layer}, {when}" if layer else when
                ax.plot(steps, middle, "--" if layer == 2 else "-", color=color, label=told)
                ax.fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
        ax.set(xlabel="step t", yscale="log" if layers else "linear")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax, title in zip(axes, ("||dL/dh_t||", "contribution to dL/dW_hh", "d(logit_1 - logit_0)/d(all of x_t)"),
                         strict=True):  # fmt: skip
        ax.set_title(title, fontsize=9)
    axes[0].legend(fontsize=7)
    return figure


def running_mean(folder: Path = SWEEPS) -> Figure | Table:
    """The median accumulator's correlation with the mean so far, at every step: median and range of the seeds."""
    rows = read_tables(["flow"], folder, when="after")
    if not rows:
        return missing(["flow"], SWEEPS)
    figure, (ax,) = new_figure(1, width=4.6, height=2.8)
    for init, (color, style) in zip(dict.fromkeys(row["init"] for row in rows), LINES, strict=False):
        steps, middle, low, high = _by_step(chosen(rows, init=init), "running_mean")
        ax.plot(steps, middle, color=color, linestyle=style, label=init)
        ax.fill_between(steps, low, high, color=color, alpha=0.15, linewidth=0)
    ax.set(xlabel="step t", ylabel="|correlation|\nwith the mean so far", ylim=(0, 1.02))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False)
    return figure


def _by_step(rows: Sequence[Row], column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps whose values are numbers, not all 0; their median, smallest and largest over the seeds."""
    found: dict[int, list[float]] = {}
    for row in rows:
        found.setdefault(int(row["t"]), []).append(float(row[column] or "nan"))
    steps = [t for t, values in sorted(found.items()) if np.isfinite(values).all() and any(values)]
    values = np.array([found[t] for t in steps])
    return np.array(steps), np.median(values, 1), values.min(1), values.max(1)
