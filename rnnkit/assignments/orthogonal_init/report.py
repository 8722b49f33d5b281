"""What the report shows: tables and figures of the files in ``sweeps/``, each made of what it says there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init.spectra import Band, drawn_bands
from rnnkit.assignments.orthogonal_init.tables import Rate, markdown, rates
from rnnkit.plots.markdown import Table, missing
from rnnkit.plots.style import LINES, new_figure
from rnnkit.runs.rows import Row, chosen, grid, read_table, read_tables, spread

SWEEPS = Path("sweeps")
MARKS = "os^Dv"


def table(*names: str, by: Sequence[str] | None = None, folder: Path = SWEEPS) -> Table:
    """The rates of sweeps of equal columns, see `rnnkit.assignments.orthogonal_init.tables.rates`."""
    found = _rates(names, by, folder)
    return Table(markdown(found)) if found else missing(names, SWEEPS)


def _rates(names: Sequence[str], by: Sequence[str] | None, folder: Path) -> list[Rate]:
    rows = read_tables(names, folder)
    return rates(rows, by) if rows else []


def solved_by(column: str, *names: str, lines: str = "init", label: str = "", folder: Path = SWEEPS) -> Figure | Table:
    """The share of seeds that solve a task against a setting, with 95 % intervals: a panel a task.

    Arguments:
        column: the setting.
        names: the sweeps.
        lines: the column of which each value has a line.
        label: of the axis.
    """
    found = _rates(names, ["task", lines, column], folder)
    if not found:
        return missing(names, SWEEPS)
    tasks = list(dict.fromkeys(rate.kind["task"] for rate in found))
    figure, axes = new_figure(len(tasks), width=4.6, height=3.2, sharey=True)
    for ax, task in zip(axes, tasks, strict=True):
        here = [rate for rate in found if rate.kind["task"] == task]
        ticks = sorted({float(rate.kind[column]) for rate in here})
        for n, value in enumerate(dict.fromkeys(rate.kind[lines] for rate in here)):
            shift = 0.01 * n * (ticks[-1] - ticks[0])  # side by side
            _line(ax, [rate for rate in here if rate.kind[lines] == value], column, n, value, shift)
        ax.set(xlabel=label or column, title=task, ylim=(-0.05, 1.05))
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[0].set_ylabel("share of seeds that solve it")
    if len({rate.kind[lines] for rate in found}) > 1:
        axes[0].legend(frameon=False)
    return figure


def _line(ax: Axes, found: Sequence[Rate], column: str, n: int, name: str, shift: float) -> None:
    found = sorted(found, key=lambda rate: float(rate.kind[column]))
    x = np.array([float(rate.kind[column]) for rate in found]) + shift
    share = np.array([rate.solved / rate.runs for rate in found])
    low, high = np.array([rate.interval for rate in found]).T
    color, style = LINES[n]
    ax.errorbar(x, share, [share - low, high - share], color=color, linestyle=style, marker=MARKS[n], capsize=3,
                label=name)  # fmt: skip


def of_networks(facts: Mapping[str, str], folder: Path = SWEEPS, **only: str) -> Table:
    """Median and range over the seeds of facts of trained networks, a column for each arm.

    Arguments:
        facts: how they are called here, by their names in ``networks.csv``.
    """
    arms: dict[tuple[str, str], list[Row]] = {}
    for row in chosen(read_table(folder / "networks.csv"), **only):
        arms.setdefault((row["task"], row["init"]), []).append(row)
    lines = [["", *(f"{task}, {init}, {len(rows)} seeds" for (task, init), rows in arms.items())]]
    for name, said in facts.items():
        lines.append([said, *(spread([float(row[name]) for row in rows], ".3g") for rows in arms.values())])
    return Table(grid(lines))


def reach(folder: Path = SWEEPS) -> Figure:
    """Norms of the product of Jacobians against lag, a panel for each scale of the input weights; `networks`."""
    bands: dict[str, dict[str, Band]] = {}
    for row in (rows := read_table(folder / "jacobians.csv")):
        starts = bands.setdefault(row["input_scale"], {})
        if row["start"] not in starts:
            here = chosen(rows, input_scale=row["input_scale"], start=row["start"])
            columns = ([float(one[name]) for one in here] for name in ("lag", "median", "low", "high"))
            starts[row["start"]] = Band(*map(np.array, columns))
    return drawn_bands(bands)


def reach_table(folder: Path = SWEEPS) -> Table:
    """The same at the longest lag: median and range of the draws."""
    rows = read_table(folder / "jacobians.csv")
    longest = max((row["lag"] for row in rows), key=int)
    scales = list(dict.fromkeys(row["input_scale"] for row in rows))
    lines = [["start", *(f"input weights {scale}" for scale in scales)]]
    for start in dict.fromkeys(row["start"] for row in rows):
        here = chosen(rows, start=start, lag=longest)
        lines.append([start, *(f"{row['median']} ({row['low']} to {row['high']})" for row in here)])
    return Table(grid(lines))
