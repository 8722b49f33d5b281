"""Sweeps as figures: error over training, which seeds left a plateau, how often a task is solved by length."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from rnnkit.common.names import BadValue
from rnnkit.common.statistics import rate_in_words, wilson
from rnnkit.plots.seeds import counted_label, draw_band
from rnnkit.plots.style import BLACK, BLUE, GREEN, LINES, ORANGE, RED, label_ends, legend_below, log_updates, new_figure
from rnnkit.runs.tables import alike, shared_name

Row = dict[str, str]
METHODS = {"SGD": (RED, "o"), "SGD-C": (BLUE, "s"), "SGD-CR": (GREEN, "^")}
# Points of the paper's curves, read off its figure: 5 seeds, at most 5 million updates, alpha 4, cutoff 1. Its curve of
# SGD for the sigmoid lies under that of SGD-C. *Source:* Pascanu et al. 2013, figure 7.
PAPER: dict[tuple[str, str], list[tuple[int, float]]] = {
    ("sigmoid", "SGD-C"): [(16, 1.0), (20, 0.2), (22, 0.0)],
    ("sigmoid", "SGD-CR"): [(200, 1.0), (250, 0.8)],
    ("basic_tanh", "SGD"): [(35, 1.0), (45, 0.4), (50, 0.0)],
    ("basic_tanh", "SGD-C"): [(50, 1.0), (55, 0.8), (65, 0.6), (75, 0.4), (100, 0.0)],
    ("basic_tanh", "SGD-CR"): [(250, 1.0)],
    ("smart_tanh", "SGD"): [(20, 1.0), (50, 0.0)],
    ("smart_tanh", "SGD-C"): [(100, 1.0), (150, 0.4), (200, 0.0)],
    ("smart_tanh", "SGD-CR"): [(250, 1.0)],
}
_SIDE = {"SGD": -0.015, "SGD-C": 0.0, "SGD-CR": 0.015}  # curves that coincide are drawn side by side


def read_table(path: str | Path, columns: Sequence[str] = ("length", "init", "method", "status")) -> list[Row]:
    """The rows of a sweep's table.

    Arguments:
        columns: those that it has to have.

    Raises:
        BadValue: no such file, or one without those columns.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise BadValue(f"{path}: expected a sweep's table, got: {error.strerror}; make it with rnnkit sweep") from None
    missing = set(columns) - set(rows[0] if rows else {})
    if missing:
        raise BadValue(f"{path}: expected the columns of a sweep, found none named {', '.join(sorted(missing))}")
    return rows


def plot_curves(rows: Sequence[Row], label: str = "run", floor: float | None = None, log: bool = False) -> Figure:
    """Validation error (percent) against updates, a line for each run; of several seeds the median, with a band.

    Thin lines are the seeds; a hollow dot is where one ended before others.

    Arguments:
        rows: of a sweep's table of curves, see `rnnkit.runs.tables.curve_rows`.
        label: the column that names a line of one run.
        floor: the error of one who guesses (percent).
        log: a log axis for updates.
    """
    figure, (ax,) = new_figure(width=7.0, height=3.4)
    runs: dict[str, list[Row]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(row)
    first = {run: checks[0] for run, checks in runs.items()}
    kinds = {run: tuple(row[name] for name in _settings(row)) for run, row in first.items()}
    seeds = {run: row.get("seed", "") for run, row in first.items()}
    for number, some in enumerate(alike(kinds, seeds)):
        color, style = LINES[number % len(LINES)]
        curves = [(_column(runs[run], "updates"), _column(runs[run], "valid_error")) for run in some]
        if len(some) == 1:
            ((updates, errors),) = curves
            name = f"{label} {first[some[0]][label]}"
            ax.plot(updates, errors, color=color, linestyle=style, linewidth=1.2, label=name)
            ax.plot(updates[-1], errors[-1], "o", color=color, markersize=4)
            continue
        for updates, errors in curves:
            ax.plot(updates, errors, color=color, linewidth=0.3)
        ends = [updates[np.isfinite(errors)].max(initial=0) for updates, errors in curves]
        name = counted_label(shared_name({run: seeds[run] for run in some}), len(some))
        name += f" ({there} to the end)" if (there := ends.count(max(ends))) < len(some) else ""
        draw_band(ax, curves, color=color, linestyle=style, linewidth=1.6, label=name)
    if floor is not None:
        ax.axhline(floor, color=BLACK, linestyle=":", linewidth=0.9)
    ax.set(xlabel="updates", ylabel="wrong (%)", ylim=(-2, 102))
    if log:
        log_updates(ax)
    legend_below(ax, columns=4)
    return figure


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([float(row[name] or "nan") for row in rows])


def _settings(row: Row) -> list[str]:
    """The columns of what a run was told: those before its updates, but for its name and seed."""
    columns = [*row]
    return [name for name in columns[: columns.index("updates")] if name not in ("run", "seed", "status")]


def plot_escapes(rows: Sequence[Row], plateau: float, limit: float) -> Figure:
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
        best, last = _column(runs, "best_nll"), _column(runs, "valid_nll")
        color, marker = (ORANGE, "s") if on == "direct" else (BLUE, "o")
        across = place + 0.7 * ((np.arange(len(runs)) + 0.5) / len(runs) - 0.5)
        for x, low, end in zip(across, best, last, strict=True):
            label = None if on in named else f"Ω on the {on} derivative: smallest loss"
            named.add(on)
            ax.plot([x, x], [low, end], color=color, linewidth=0.8)
            ax.plot(x, end, marker, color=color, markerfacecolor="white", markersize=5)
            ax.plot(x, low, marker, color=color, markersize=5, label=label)
        out = np.sum(best < limit)
        low, high = (100 * end for end in wilson(int(out), len(runs)))
        above: dict[str, Any] = {"ha": "center", "transform": ax.get_xaxis_transform()}
        ax.text(place, 1.08, f"{out} of {len(runs)} out", fontsize=9, **above)
        ax.text(place, 1.02, f"(95 %: {low:.0f} to {high:.0f} %)", fontsize=8, **above)
    ax.set_xticks(range(len(kinds)), [f"α {float(alpha):g}, {on}" for alpha, on in kinds])
    ends = [-0.5, max(len(kinds), 1) - 0.5]
    ax.set_xlim(*ends)
    (floor,) = ax.plot(ends, [plateau] * 2, color=BLACK, linestyle=":", linewidth=1)
    (line,) = ax.plot(ends, [limit] * 2, color=BLACK, linestyle="--", linewidth=1)
    ax.set_ylabel("loss (nats); hollow: at the end")
    label_ends(ax, {f"guessing, {plateau:.3f}": floor, f"out, below {limit:g}": line})
    legend_below(ax, columns=2)
    return figure


class Rate(NamedTuple):
    """How many runs of one kind solved their task, with Wilson's 95 % interval (fractions)."""

    solved: int
    runs: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The fraction solved."""
        return self.solved / self.runs

    @property
    def words(self) -> str:
        """The count with its interval, in a sentence."""
        return rate_in_words(self.solved, self.runs)


def success_rates(rows: Sequence[Row]) -> dict[tuple[str, str, int], Rate]:
    """Success by (init, method, length); a run that failed for another reason than training does not count."""
    counts: dict[tuple[str, str, int], list[bool]] = {}
    for row in rows:
        if row["status"] != "failed":
            key = row["init"], row["method"], int(row["length"])
            counts.setdefault(key, []).append(row["status"] == "solved")
    return {key: Rate(sum(each), len(each), *wilson(sum(each), len(each))) for key, each in sorted(counts.items())}


def plot_success(rows: Sequence[Row]) -> Figure:
    """A panel for each init: our rates with their intervals (filled), the paper's points (hollow, dashed)."""
    rates = success_rates(rows)
    inits = [init for init in dict.fromkeys(init for init, _ in PAPER) if any(key[0] == init for key in rates)]
    figure, axes = new_figure(max(len(inits), 1), width=4.2, height=3.4)
    for ax, init in zip(axes, inits, strict=False):
        for method, (color, marker) in METHODS.items():
            ours = [(length, rate) for (i, m, length), rate in rates.items() if (i, m) == (init, method)]
            if ours:
                x = [length * (1 + 2 * _SIDE[method]) for length, _ in ours]
                y = [rate.rate for _, rate in ours]
                bars = [[rate.rate - rate.low for _, rate in ours], [rate.high - rate.rate for _, rate in ours]]
                ax.errorbar(x, y, bars, color=color, marker=marker, capsize=3, label=method)
            if paper := PAPER.get((init, method)):
                lengths, shares = zip(*paper, strict=True)
                ax.plot(
                    lengths, [share + _SIDE[method] for share in shares], color=color, marker=marker,
                    markerfacecolor="white", linestyle="--", linewidth=1, label=f"{method}, paper",
                )  # fmt: skip
        ax.set(title=init, xlabel="length (steps)", xscale="log", ylim=(-0.06, 1.06))
        ticks = [16, 20, 35, 50, 100, 250]
        ax.set_xticks(ticks, [str(tick) for tick in ticks])
        ax.minorticks_off()
    axes[0].set_ylabel("share of seeds solved")
    axes[-1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
