"""Figures of results: training curves, the table of outcomes, and one example of each task.

They take histories, as `results.history_of` makes them and ``results.json`` holds them. What is said of a run is
decided by its own numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from rnnkit.assignments.orthogonal_init.drawing import Drawn
from rnnkit.assignments.orthogonal_init.facts import SUSTAINED
from rnnkit.assignments.orthogonal_init.pictures import styles_of
from rnnkit.assignments.orthogonal_init.tasks import HEADLINE, LINEAR, chance, get_task
from rnnkit.common.statistics import wilson
from rnnkit.plots.contrast import as_ink
from rnnkit.plots.margins import Margins
from rnnkit.plots.seeds import draw_band
from rnnkit.plots.style import BLACK, BLUE, GREY, NARROW, RED, SMALL, YELLOW, legend_below, new_figure

History = Mapping[str, Any]
Arms = Mapping[str, Sequence[History]]  # histories of each arm's seeds
SOLVED, LOST, FAILED = "solved", "fell back", "failed"
TINTS = {SOLVED: "#cfe8d5", LOST: "#fbe3bd", FAILED: "#f7cfcb"}
EXAMPLES = 42  # the seed of the document's
LETTERS = "ABCDEF"


def outcome(history: History) -> str:
    """`SOLVED`, `FAILED`, or `LOST`: the threshold was crossed, but not all of the last epochs since are past it."""
    task, first = get_task(history["task"]), history["solved_epoch"]
    if not first:
        return FAILED
    late = np.asarray(history["metric"])[max(first - 1, len(history["metric"]) - SUSTAINED) :]
    return SOLVED if task.better(late, task.solved).all() else LOST


def by_task(histories: Sequence[History]) -> dict[tuple[str, int], dict[str, list[History]]]:
    """Histories by task and length, and there by arm, each in the order in which it comes first."""
    found: dict[tuple[str, int], dict[str, list[History]]] = {}
    for one in histories:
        found.setdefault((one["task"], one["sequence_len"]), {}).setdefault(one["init"], []).append(one)
    return found


def in_words(seeds: Sequence[History]) -> str:
    """``solved at 14``, ``crossed at 68, fell back``, ``never solved``; of several seeds ``9 of 10 seeds solved``."""
    if len(seeds) > 1:
        return f"{sum(bool(one['solved_epoch']) for one in seeds)} of {len(seeds)} seeds crossed"
    first, how = seeds[0]["solved_epoch"], outcome(seeds[0])
    return {SOLVED: f"solved at {first}", LOST: f"crossed at {first}, fell back", FAILED: "never solved"}[how]


# ---- curves ---------------------------------------------------------------------------------------------------------


def ortho_vs_random(histories: Sequence[History]) -> Figure:
    """A column for each task: training loss above, metric below; of several seeds the median with its band."""
    tasks = by_task(histories)
    figure, axes = new_figure(len(tasks), 2, width=NARROW, height=2.9, layout=Margins())
    for column, ((task, T), arms) in enumerate(tasks.items()):
        loss, metric = axes[column], axes[column + len(tasks)]
        loss.set_title(f"{task}, T = {T}", fontsize=10)
        _curves(loss, metric, task, T, arms)
    return figure


def _curves(loss: Axes, metric: Axes, task: str, T: int, arms: Arms) -> None:
    kind = get_task(task)
    share = 1 if kind.head == LINEAR else 100
    for arm, (color, style) in styles_of([*arms]).items():
        how: dict[str, Any] = {"color": color, "linestyle": style, "linewidth": 1.3}
        seeds = arms[arm]
        draw_band(loss, [(np.asarray(one["epoch"]), np.asarray(one["loss"])) for one in seeds], **how)
        curves = [(np.asarray(one["epoch"]), share * np.asarray(one["metric"])) for one in seeds]
        draw_band(metric, curves, label=f"{arm}: {in_words(seeds)}", **how)
        for one in seeds if arm == "ortho" else ():
            if one["solved_epoch"]:
                for ax in (loss, metric):
                    ax.axvline(one["solved_epoch"], color=color, linestyle="--", linewidth=max(0.3, 0.9 / len(seeds)))
    metric.axhline(share * chance(task, T), color=BLACK, linestyle=":", linewidth=1, label="chance")
    metric.axhline(share * kind.solved, color="0.5", linewidth=0.8, label="threshold")
    loss.set(yscale="log", ylabel="training loss")
    metric.set(xlabel="epoch", ylabel="half MSE" if kind.head == LINEAR else "accuracy (%)", ylim=(0, None))
    if kind.head != LINEAR:
        metric.set_ylim(0, 105)
    legend_below(metric)


# ---- the table ------------------------------------------------------------------------------------------------------


def summary_table(histories: Sequence[History]) -> Figure:
    """A row for each task, a cell for each arm, coloured by what became of it."""
    tasks = by_task(histories)
    arms = [*dict.fromkeys(arm for one in tasks.values() for arm in one)]
    rows, tints = [], []
    for (task, T), found in tasks.items():
        name = "half MSE" if get_task(task).head == LINEAR else "accuracy"
        cells = [_cell(found[arm]) if arm in found else ("", "white") for arm in arms]
        rows.append([f"{task}\nT = {T}", f"{name}\n{chance(task, T):.3f}", *(text for text, _ in cells)])
        tints.append(["white", "white", *(tint for _, tint in cells)])
    widths = [1.25, 0.75, *[1.5] * len(arms)]
    figure, (ax,) = new_figure(width=sum(widths), height=0.75 + 0.5 * len(rows))
    ax.axis("off")
    shares = [width / sum(widths) for width in widths]
    labels, place = ["task", "chance", *arms], Bbox.from_bounds(0, 0.1, 1, 0.9)
    made = ax.table(rows, tints, colLabels=labels, colWidths=shares, bbox=place, cellLoc="center")
    made.auto_set_font_size(False)
    made.set_fontsize(SMALL)
    for cell in made.get_celld().values():
        cell.set_edgecolor("0.7")
    said = "green: solved, red: never past the threshold,\nyellow: past it once and fell back, or some seeds only"
    ax.text(0.5, 0.06, said, ha="center", va="top", fontsize=SMALL - 0.5, transform=ax.transAxes)
    return figure


def _cell(seeds: Sequence[History]) -> tuple[str, str]:
    """What is written there, and its colour."""
    if len(seeds) > 1:
        solved, count = sum(bool(one["solved_epoch"]) for one in seeds), len(seeds)
        low, high = (round(100 * end) for end in wilson(solved, count))
        tint = TINTS[SOLVED if solved == count else LOST if solved else FAILED]
        return f"{solved} of {count} crossed\n{low} to {high} % at 95 %", tint
    task, metric = get_task(seeds[0]["task"]), np.asarray(seeds[0]["metric"])
    best = np.nanmin(metric) if task.head == LINEAR else np.nanmax(metric)
    numbers = f"{metric[-1]:.3f}" if f"{metric[-1]:.3f}" == f"{best:.3f}" else f"{metric[-1]:.3f}, best {best:.3f}"
    return f"{numbers}\n{in_words(seeds)}", TINTS[outcome(seeds[0])]


# ---- examples -------------------------------------------------------------------------------------------------------


def task_examples(tasks: Sequence[str] = HEADLINE, width: float = 7.5) -> Figure:
    """One sequence of each task, with its target: the document's, for the tasks of its table in their order."""
    rng = np.random.default_rng(EXAMPLES)
    figure, axes = new_figure(1, len(tasks), width=width, height=1.6)
    for ax, task in zip(axes, tasks, strict=True):
        kind = get_task(task)
        EXAMPLE[task](ax, kind.draw(rng, kind.T, 1, False))
        size = 9 if width > NARROW else 7
        ax.set_title(f"{task}, T = {kind.T}: {ax.get_title()}", fontsize=size)
        for text in ax.texts:
            text.set_fontsize(size)
        ax.set_xlim(-0.7, kind.T - 0.3)
        ax.grid(False)
    axes[-1].set_xlabel("step")
    return figure


def _addition(ax: Axes, drawn: Drawn) -> None:
    values, marker = drawn.x[:, 0].T
    ax.bar(range(len(values)), values, color=[BLUE if one else "0.57" for one in marker])
    for step in np.flatnonzero(marker).tolist():
        ax.text(step, values[step] + 0.03, f"{values[step]:.3f}", ha="center")
    ax.set(ylabel="value", ylim=(0, 1.2), title=f"target {drawn.y.item():.8f}, the sum of the marked values")


def _temporal_order(ax: Axes, drawn: Drawn) -> None:
    symbols = drawn.x[:, 0].argmax(axis=1)
    for step, symbol in enumerate(symbols):
        cue = symbol < 2
        color = as_ink(RED) if cue else "0.45"
        ax.text(step, symbol, LETTERS[symbol], ha="center", va="center", color=color, weight="bold" if cue else None)
    cues = "".join(LETTERS[symbol] for symbol in symbols[drawn.marks[0]])
    ax.set(yticks=range(6), yticklabels=[*LETTERS], ylim=(5.7, -0.7), title=f"class {cues}")


def _bits(ax: Axes, drawn: Drawn) -> None:
    symbols = drawn.x[:, 0].argmax(axis=1)
    colors = [BLUE if one < 2 else YELLOW if one == 2 else GREY for one in symbols]
    ax.bar(range(len(symbols)), 1, color=colors, width=0.9)
    for step, symbol in enumerate(symbols[:3]):
        ax.text(step, 0.5, symbol, ha="center", va="center", color="white", weight="bold")
    ax.text(len(symbols) - 1, 0.5, "?", ha="center", va="center", weight="bold")
    bits = " ".join(map(str, symbols[:3]))
    ax.set(yticks=[], ylim=(0, 1.1), title=f"bits {bits}, then noise, a query: class {drawn.y.item()}")


EXAMPLE = {"addition": _addition, "temporal_order": _temporal_order, "3bit_memorization": _bits}
