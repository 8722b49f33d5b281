"""What the report shows: tables and figures of the files in ``sweeps/``, each made of what it says there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.bptt.facts import LEARNT
from rnnkit.assignments.bptt.jacobians import finish, named_below
from rnnkit.assignments.bptt.jacobians import line as draw_line
from rnnkit.assignments.bptt.tables import by_lag, markdown
from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import BLACK, LINES, legend_below, new_figure
from rnnkit.runs.rows import chosen, grid, grouped, numbers, read_table, read_tables

SWEEPS = Path("sweeps")
PLAIN = {ord(one): f"\\{one}" for one in "|*`<_"}  # characters that are not to mean anything in markdown


def table(*names: str, by: Sequence[str] | None = None, folder: Path = SWEEPS, **only: str) -> Table:
    """Runs of sweeps by these columns, or by all that varied; see `rnnkit.assignments.bptt.tables.markdown`.

    Arguments:
        only: values that rows have in other columns.
    """
    rows = read_tables(names, folder, **only)
    return Table(markdown(rows, by)) if rows else missing(names, SWEEPS)


def lags(name: str = "echo", folder: Path = SWEEPS) -> Table:
    """Each arm with each lag: in how many seeds it is learnt; and the longest lag, over seeds."""
    rows = read_tables([name], folder)
    return Table(by_lag(rows)) if rows else missing([name], SWEEPS)


def lag_curves(name: str = "echo", folder: Path = SWEEPS) -> Figure | Table:
    """Accuracy and loss by lag, a line for each arm: medians, with the range of the seeds, and the plateau ln K."""
    rows = read_tables([name], folder)
    if not rows:
        return missing([name], SWEEPS)
    figure, axes = new_figure(2, width=4.8, height=3.4)
    for ax, column in zip(axes, ("metric", "loss"), strict=True):
        for n, (kind, of) in enumerate(grouped(rows, ["arm"])):
            found = sorted((int(at["lag"]), numbers(here, column)) for at, here in grouped(of, ["lag"]))
            x, middle = [lag for lag, _ in found], [float(np.median(values)) for _, values in found]
            low, high = [min(values) for _, values in found], [max(values) for _, values in found]
            color, style = LINES[n]
            ax.plot(x, middle, color=color, linestyle=style, marker="o", markersize=3, label=kind["arm"])
            ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
        ax.set(xlabel="lag (steps)", xscale="log")
        ax.set_xticks(x, [str(lag) for lag in x])
        ax.set_xticks([], minor=True)
    axes[0].axhline(LEARNT, color=BLACK, linestyle=":", linewidth=0.8)
    axes[0].set_ylabel("accuracy")
    axes[1].axhline(float(rows[0]["plateau"]), color=BLACK, linestyle=":", label="plateau ln K")
    axes[1].set_ylabel("loss (nats)")
    legend_below(axes[1], columns=4)
    return figure


def costs(folder: Path = SWEEPS) -> Table:
    """Time of one gradient and what it keeps for its way back, by the size of a chunk."""
    rows = read_table(folder / "costs.csv")
    whole = rows[0]
    lines = [["chunk", "seconds of processor", "of the whole", "MB kept", "of the whole"]]
    for row in rows:
        shares = [f"{100 * float(row[name]) / float(whole[name]):.0f} %" for name in ("seconds", "kept_mb")]
        lines.append([row["chunk"], row["seconds"], shares[0], row["kept_mb"], shares[1]])
    return Table(grid(lines))


def reach(folder: Path = SWEEPS) -> Figure | Table:
    """Parts of dL/dW_hh by lag, a line for each arm: before training and after."""
    if not (rows := read_tables(["map"], folder)):
        return missing(["map"], SWEEPS)
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    figure, axes = new_figure(len(stages), width=4.6, height=3.2, sharey=True)
    for ax, stage in zip(axes, stages, strict=True):
        for n, (kind, of) in enumerate(grouped([{**row, "status": ""} for row in chosen(rows, stage=stage)], ["arm"])):
            norms = np.array([float(row["norm"]) for row in of])
            color, style = LINES[n]
            ax.semilogy(np.where(norms > 0, norms, np.nan), color=color, linestyle=style, label=kind["arm"])
        ax.set(title=stage, xlabel="lag t - k (steps)")
    axes[0].set_ylabel("norms of the parts of dL/dW_hh")
    legend_below(axes[-1], columns=4)
    return figure


def products(folder: Path = SWEEPS) -> Figure | Table:
    """Norms of the products of Jacobians by lag, a line for each arm, with its bound: before training and after."""
    if not (rows := read_tables(["products"], folder)):
        return missing(["products"], SWEEPS)
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    figure, axes = new_figure(len(stages), width=4.6, height=3.4, sharey=True)
    for ax, stage in zip(axes, stages, strict=True):
        for n, arm in enumerate(dict.fromkeys(row["arm"] for row in rows)):
            here = chosen(rows, stage=stage, arm=arm)
            columns = ("median", "low", "high", "bound")
            draw_line(ax, n, arm, *(np.array([float(row[name] or "nan") for row in here]) for name in columns))
        finish(ax, stage)
    named_below(axes)
    return figure


def products_table(*lags: int, folder: Path = SWEEPS) -> Table:
    """The same at some lags: median and range of seeds and sequences, and the bound at the last of them."""
    if not (rows := read_tables(["products"], folder)):
        return missing(["products"], SWEEPS)
    lines = [["arm", "weights", *(f"k = {lag}" for lag in lags), f"bound at {lags[-1]}"]]
    for arm, stage in dict.fromkeys((row["arm"], row["stage"]) for row in rows):
        here = [next(iter(chosen(rows, arm=arm, stage=stage, lag=str(lag)))) for lag in lags]
        told = [f"{float(row['median']):.2g} ({float(row['low']):.2g} to {float(row['high']):.2g})" for row in here]
        bound = here[-1]["bound"]
        lines.append([arm, stage, *told, f"{float(bound):.2g}" if bound else "none of this form"])
    return Table(grid(lines))


def samples(folder: Path = SWEEPS) -> Table:
    """What the character models say, by temperature."""
    if not (rows := read_tables(["samples"], folder)):
        return missing(["samples"], SWEEPS)
    lines = [["read", "arm", "temperature", "said"]]
    for row in rows:
        text = re.sub(" {3,}", lambda blanks: f" [{len(blanks[0])} blanks] ", row["said"].replace("\n", " / "))
        lines.append([row["task"], row["arm"], row["temperature"], text.translate(PLAIN)])
    return Table(grid(lines))
