"""How often a task is solved, by length: our sweep beside the paper's Figure 7."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from rnnkit.common.interval import wilson
from rnnkit.common.names import BadValue
from rnnkit.plots.style import BLUE, GREEN, RED, new_figure

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
