"""The page of the lab's runs: accuracy by lag, the loss beside its plateau, and how far gradients reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.assignments.bptt import jacobians, lag_map
from rnnkit.assignments.bptt.facts import LEARNT, facts_of
from rnnkit.assignments.bptt.figures import style_of
from rnnkit.assignments.bptt.networks import ARMS
from rnnkit.assignments.bptt.settings import EVERY, Trial
from rnnkit.assignments.bptt.tables import longest
from rnnkit.plots.margins import Margins
from rnnkit.plots.page_parts import Group, Picture, Section, picture
from rnnkit.plots.seeds import draw_band
from rnnkit.plots.style import BLACK, GREY, NARROW, legend_below, new_figure
from rnnkit.runs.rows import spread

UNITS = (
    "loss and metric are means of the last 50 updates: nats and accuracy, of waves squared errors. plateau is the loss "
    "without memory. learnt: an accuracy of at least 95 %, of text and waves a loss below the plateau."
)
BY_LAG = (
    "What a network remembers over each lag: the median of the seeds, dots for each of them; dotted chance, dashed "
    "what counts as learnt. In brackets the range over seeds."
)
PLATEAU = (
    f"Means of {EVERY} updates, whose sequences are new every time. Dotted: the loss without memory, ln K where there "
    "are K symbols. Several seeds are one line, their median, with a band: quartiles, or the range where there are "
    "under 4."
)
PRODUCTS = (
    "What is left of a change of h after k steps, before training and after: the median of a few sequences, with their "
    "range. Dotted: the bound by the largest singular value, of the arms that have one; it bounds from above, and "
    "nothing from below. Of several lags the longest, of several seeds the first."
)
MAPS = (
    "The gradient of W_hh by the step at which a loss stands and the lag over which it goes back: the colour is the "
    "norm of that part. Of several lags the longest, of several seeds the first."
)


class One(NamedTuple):
    """A run that has begun."""

    trial: Trial
    record: Mapping[str, Any]


Runs = Sequence[One]


def page_of(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What `rnnkit.plots.page.write_page` writes of runs besides their facts and commands."""
    all_of_them = [One(Trial.from_json(str(record["settings"])), record) for record in records.values()]
    runs = [one for one in all_of_them if len(one.record["loss"])]
    sizes = {f"{one.trial.updates} updates of {one.trial.batch} sequences, {one.trial.H} units" for one in runs}
    made = {
        "by_lag": Section("by_lag", "By lag", BY_LAG, [_by_lag(runs)]),
        "plateau": Section("plateau", "The plateau", PLATEAU, [_plateaus(runs)]),
        "products": Section("products", "How far a change reaches", PRODUCTS, [_products(runs)]),
        "map": Section("map", "Lag and time", MAPS, [_maps(runs)]),
    }
    about = f"{'; '.join(sorted(sizes))}. Everything below is computed from the records."
    there = [section for section in made.values() if section.groups[0].pictures]
    return {"title": "Lags and gradients", "about": about, "units": UNITS, "sections": there}


def kinds(runs: Runs) -> dict[tuple[str, int], dict[str, list[One]]]:
    """Runs by task and lag, and there by arm, in the arms' order; one with other settings is another arm."""
    found: dict[tuple[str, int], dict[str, list[One]]] = {}
    for one in sorted(runs, key=lambda one: (one.trial.task, one.trial.lag, [*ARMS].index(one.trial.arm))):
        found.setdefault((one.trial.task, one.trial.lag), {}).setdefault(_label(one.trial), []).append(one)
    return found


def _label(trial: Trial) -> str:
    """The arm, and what else is not usual."""
    usual = Trial()
    names = ("link", "phi", "gain", "method", "clip_by", "chunk")
    other = [f"{name} {getattr(trial, name)}" for name in names if getattr(trial, name) != getattr(usual, name)]
    return ", ".join([trial.arm, *other])


def _plain(runs: Runs) -> list[One]:
    """Runs of tasks with a lag."""
    return [one for one in runs if one.trial.kind.plain]


def _farthest(runs: Runs) -> dict[str, dict[str, One]]:
    """Of each task with lags the longest, and there of each arm the first run: by what the task and lag are called."""
    found = kinds(_plain(runs))
    longest = {task: max(lag for name, lag in found if name == task) for task, _ in found}
    return {f"{task}, lag {lag}": {arm: seeds[0] for arm, seeds in found[task, lag].items()}
            for task, lag in longest.items()}  # fmt: skip


def _by_lag(runs: Runs) -> Group:
    found, pictures, said = kinds(_plain(runs)), [], []
    for task in dict.fromkeys(task for task, _ in found):
        lags: dict[str, dict[int, list[float]]] = {}
        rows: dict[str, list[dict[str, str]]] = {}
        for (name, lag), arms in found.items():
            for arm, seeds in arms.items() if name == task else ():
                facts = [facts_of(*one) for one in seeds]
                lags.setdefault(arm, {})[lag] = [fact["metric"] for fact in facts]
                rows.setdefault(arm, []).extend(
                    {"status": "", "seed": str(one.trial.seed), "lag": str(lag), "learnt": str(fact["learnt"])}
                    for one, fact in zip(seeds, facts, strict=True)
                )
        pictures.append(picture(_accuracies(task, lags), f"{task}: {', '.join(lags)}."))
        reached = {arm: longest(of) for arm, of in rows.items()}
        told = [f"{arm} {spread(of, '.0f') if len(of) > 1 else of[0]}" for arm, of in reached.items()]
        said.append(f"Longest lag learnt, with all shorter ones here, {task}: {', '.join(told)}.")
    return Group(pictures, line=" ".join(said))


def _accuracies(task: str, lags: Mapping[str, Mapping[int, Sequence[float]]]) -> Figure:
    figure, (ax,) = new_figure(width=NARROW, height=3.2, layout=Margins())
    for n, (arm, of) in enumerate(lags.items()):
        color, style = style_of(arm, n)
        x = sorted(of)
        ax.plot(x, [100 * np.median(of[lag]) for lag in x], color=color, linestyle=style, marker="o", markersize=3,
                label=arm)  # fmt: skip
        for lag in x:
            ax.plot([lag] * len(of[lag]), 100 * np.asarray(of[lag]), ".", color=color, markersize=3)
    ax.axhline(100 * LEARNT, color=GREY, linestyle="--", linewidth=0.8)
    ax.axhline(50, color=BLACK, linestyle=":", linewidth=0.8)
    every = sorted({lag for of in lags.values() for lag in of})
    ax.set(xscale="log", xlabel="lag (steps)", ylabel="accuracy (%)", title=task, ylim=(0, 105))
    ax.set_xticks(every, [str(lag) for lag in every])
    ax.set_xticks([], minor=True)
    legend_below(ax, columns=3)
    return figure


def _plateaus(runs: Runs) -> Group:
    pictures = []
    for (task, lag), arms in kinds(runs).items():
        called = f"{task}, lag {lag}" if arms and next(iter(arms.values()))[0].trial.kind.plain else task
        figure, (ax,) = new_figure(width=NARROW, height=2.9, layout=Margins())
        for n, (arm, seeds) in enumerate(arms.items()):
            color, style = style_of(arm, n)
            draw_band(ax, [_smooth(one.record["loss"]) for one in seeds], color=color, linestyle=style, label=arm)
        _finish(ax, called, next(iter(arms.values()))[0])
        pictures.append(picture(figure, f"{called}: {', '.join(arms)}."))
    return Group(pictures)


def _finish(ax: Axes, title: str, one: One) -> None:
    label = f"ln {one.trial.K}" if one.trial.kind.plain else "without memory"
    ax.axhline(float(one.record["plateau"]), color=BLACK, linestyle=":", label=label)
    ax.set(yscale="log", xlabel="update", ylabel="loss (nats)" if one.trial.kind.classes else "mean squared error",
           title=title)  # fmt: skip
    legend_below(ax, columns=4)


def _smooth(loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Updates done and the mean loss since the place before."""
    cuts = range(0, len(loss), EVERY)
    ends = np.array([min(cut + EVERY, len(loss)) for cut in cuts])
    return ends, np.array([np.mean(loss[cut : cut + EVERY]) for cut in cuts])


def _products(runs: Runs) -> Group:
    pictures: list[Picture] = []
    for called, arms in _farthest(runs).items():
        found = {arm: jacobians.before_and_after(*one) for arm, one in arms.items()}
        pictures.append(picture(jacobians.draw(found, narrow=True), f"{called}: {', '.join(found)}."))
    return Group(pictures)


def _maps(runs: Runs) -> Group:
    return Group([
        picture(lag_map.before_and_after(*one, columns=1), f"{called}, {arm}.")
        for called, arms in _farthest(runs).items()
        for arm, one in arms.items()
    ])  # fmt: skip
