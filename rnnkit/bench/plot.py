"""What ``rnnkit bench`` found, as one figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from rnnkit.bench.text import name_of
from rnnkit.plots.style import BLUE, GREEN, ORANGE, RED, new_figure

COLOURS = {"autograd": BLUE, "torch.nn": ORANGE, "fused": GREEN}
HATCH = {"autograd": "", "torch.nn": "//", "fused": ".."}
STYLES = {"autograd": ("o", "-"), "torch.nn": ("s", "--"), "fused": ("^", "-.")}
ORDER = tuple(COLOURS)


def figure(found: dict[str, Any]) -> Figure:
    """Bars of training steps, validation chunks and whole regimes, and growth on logarithmic axes; what was timed."""
    panels: list[Callable[[Axes], None]] = []
    for kind, title in (("step", "training step"), ("chunk", "validation chunk")):
        if kind in found:
            panels.append(lambda ax, kind=kind, title=title: _kernels(ax, found[kind], title))
    if "regimes" in found:
        panels.append(lambda ax: _regimes(ax, found["regimes"]))
    for row in found.get("growth", ()):
        if row["model"] == "rnn" and row["engine"] == "autograd":
            same = [r for r in found["growth"] if (r["kind"], r["axis"]) == (row["kind"], row["axis"])]
            panels.append(lambda ax, same=same: _growth(ax, same))
    columns = min(3, max(1, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    made, axes = new_figure(columns, rows, width=4.8, height=3.5)
    for ax, panel in zip(axes, panels, strict=False):
        panel(ax)
    for ax in axes[len(panels) :]:
        ax.set_visible(False)
    about = found["about"]
    note = f"{about['processor']}, {about['threads']} thread; {about['time']} time, medians"
    made.suptitle(note, fontsize=10)
    return made


def _kernels(ax: Axes, rows: Sequence[dict[str, Any]], title: str) -> None:
    groups = list(dict.fromkeys((row["model"], row["task"]) for row in rows))
    place = {group: number for number, group in enumerate(groups)}
    first = rows[0]
    _bars(
        ax, [(place[row["model"], row["task"]], row["engine"], row["seconds"], row["over_plain"]) for row in rows], 1e3
    )
    ax.set_xticks(range(len(groups)), [f"{model.upper()}, {task}" for model, task in groups])
    ax.set_ylabel("ms")
    ax.set_title(f"{title} (T {first['T']}, B {first['B']}, H {first['H']})", fontsize=10)


def _regimes(ax: Axes, rows: Sequence[dict[str, Any]]) -> None:
    keys = list(dict.fromkeys(row["regime"] for row in rows))
    _bars(ax, [(keys.index(row["regime"]), row["engine"], row["seconds"], row["over_plain"]) for row in rows], 1)
    engines = [engine for engine in ORDER if any(row["engine"] == engine for row in rows)]
    for row in rows:
        left, width = _slot(engines, row["engine"])
        x = keys.index(row["regime"]) + left
        label = None if row is not rows[-1] else "of which updates"
        ax.hlines(row["seconds_updates"].median, x - width / 2, x + width / 2, color=RED, linewidth=2, label=label)
    ax.set_xticks(range(len(keys)), keys)
    ax.set_ylabel("s")
    ax.set_title(f"{rows[0]['updates']} updates and one check", fontsize=10)
    ax.legend(fontsize=8, ncols=3, loc="upper center")


def _bars(ax: Axes, rows: Sequence[tuple], scale: float) -> None:
    """Bars side by side with their quartiles; above the fused ones, how many times faster than the plain loop."""
    engines = [engine for engine in ORDER if any(row[1] == engine for row in rows)]
    named = set()
    for group, engine, seconds, over_plain in rows:
        left, width = _slot(engines, engine)
        low, high = scale * (seconds.median - seconds.low), scale * (seconds.high - seconds.median)
        ax.bar(
            group + left, scale * seconds.median, width, yerr=[[low], [high]], color=COLOURS[engine],
            hatch=HATCH[engine], edgecolor="white", label=None if engine in named else name_of(engine),
        )  # fmt: skip
        named.add(engine)
        if engine == "fused":
            top = (group + left, scale * seconds.high)
            ax.annotate(f"{over_plain.median:.1f}x", top, (0, 3), textcoords="offset points", ha="center", fontsize=8)
    ax.set_ylim(0, 1.3 * max(scale * seconds.high for _, _, seconds, _ in rows))  # room for the legend
    ax.legend(fontsize=8, ncols=3, loc="upper center")


def _slot(engines: Sequence[str], engine: str) -> tuple[float, float]:
    """Where an engine's bar stands in its group, and how wide it is."""
    width = 0.8 / len(engines)
    return width * (engines.index(engine) - (len(engines) - 1) / 2), width


def _growth(ax: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """One line for each model and engine; GRUs with open markers."""
    for row in sorted(rows, key=lambda row: (row["model"] == "rnn", ORDER.index(row["engine"]))):  # slowest first
        marker, style = STYLES[row["engine"]]
        colour, gated = COLOURS[row["engine"]], row["model"] == "gru"
        ax.loglog(
            row["sizes"], 1e3 * np.array(row["seconds"]), marker=marker, linestyle=style, color=colour,
            markerfacecolor="white" if gated else colour, alpha=0.75 if gated else 1,
            label=f"{row['model'].upper()} {name_of(row['engine'])}: {row['slope']:.2f}",
        )  # fmt: skip
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.4)  # room for the legend above the lines
    ax.set_xticks(rows[0]["sizes"])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(rows[0]["axis"])
    ax.set_ylabel("ms")
    what = {"step": "training step", "chunk": "validation chunk"}[rows[0]["kind"]]
    ax.set_title(f"{what}: growth with {rows[0]['axis']}, and slope", fontsize=10)
    ax.legend(fontsize=7, ncols=2, loc="upper center")
