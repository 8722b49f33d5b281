"""What stands in the page of regimes: sections in the order of the handout's questions, each with its pictures.

Pictures, facts and commands are on everybody's page. What they say of the questions, in classes and in words, is only
where `rnnkit.record.verdict` is: with instructors.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rnnkit import plots
from rnnkit.common.statistics import rate_in_words
from rnnkit.plots import compare
from rnnkit.plots.page_parts import Group, Section, picture
from rnnkit.plots.seeds import SAID, Seeds, grouped
from rnnkit.plots.style import Runs, marked
from rnnkit.record.facts import Record, facts_of, floors_of
from rnnkit.record.file import last_filled, regime_of


def page_of(runs: Runs, pairs: Mapping[str, Any]) -> dict[str, Any]:
    """What `rnnkit.plots.page.write_page` writes of runs of regimes, by their labels.

    Arguments:
        pairs: labels of runs that are set side by side: ``clipping`` (without and with it), ``gated`` (RNN and GRU) and
            ``sigmoid`` (tanh and sigmoid); ``direct``, the run on which total derivative and direct term are
            contrasted, if its loss is at the last step.
    """
    return {
        "title": "Training dynamics",
        "about": _about(runs),
        "units": "Losses in nats (squared error for mul and add), errors in percent, times in seconds; "
        "gradient norms before clipping.",
        "sections": sections(grouped(runs), pairs),
        "verdicts": _verdicts(runs),
        "facts": {label: facts_of(record).row() for label, record in runs.items()},
        "floors": _floors(runs),
        "runs": [_run(record) for record in runs.values()],
    }


def _about(runs: Runs) -> str:
    profiles = sorted({str(record["profile"]) for record in runs.values()})
    size = "the handout's full size"
    if profiles != ["full"]:
        size = f"not {size}: profile {', '.join(profiles)}"
    seeds = f" {SAID}" if len(grouped(runs)) < len(runs) else ""
    return f"Runs {', '.join(runs)}; {size}. Everything below is computed from the records.{seeds}"


def _verdicts(runs: Runs) -> dict[str, dict[str, str]]:
    """A row of classes and their evidence for each run; empty in the students' package, which has no verdicts."""
    if importlib.util.find_spec("rnnkit.record.verdict") is None:
        return {}
    from rnnkit.record.verdict import verdict

    return {label: verdict(record) for label, record in runs.items()}


def _floors(runs: Runs) -> dict[str, str]:
    """What the floors of these runs' tasks mean, by task and name."""
    return {
        f"{regime_of(record).task}: {name}".replace("_", " "): floor.meaning
        for record in runs.values()
        for name, floor in floors_of(record).items()
    }


def _run(record: Record) -> dict[str, Any]:
    regime, row = regime_of(record), facts_of(record).row()
    first, *flags = regime.command().split(" --")
    title = regime.name if row["profile"] == "full" else f"{regime.name} ({row['profile']} profile)"
    return {"title": title, "status": row["status"], "words": [first, *(f"--{flag}" for flag in flags)]}


def sections(runs: Runs, pairs: Mapping[str, Any]) -> list[Section]:
    """The sections for which there are runs: questions 1 to 5, then what else the records have."""
    seen = {label: one for label, one in runs.items() if np.isfinite(one["grad_time"][last_filled(one)]).any()}
    made = [*_questions(runs, seen, pairs), *_further(runs, seen, pairs)]
    for section in made:
        section.groups = [group for group in section.groups if group.pictures]
    return [section for section in made if section.groups]


def _questions(runs: Runs, seen: Runs, pairs: Mapping[str, Any]) -> Iterator[Section]:
    """What the handout's questions ask for; ``seen`` are the runs with diagnostics."""
    like, every = [*seen.values()], [*runs.values()]
    gated = {label: one for label, one in seen.items() if np.isfinite(one["gate_z_sat_time"][last_filled(one)]).any()}
    line = "At the last check; one vertical axis for all runs. g_t is the mean norm of the total derivative dL/dh_t."
    draw = partial(plots.gradient_histogram, like=like)
    groups = [_each(seen, draw, "{}: log10 g_t over the steps, and how often.")]
    yield Section("gradient", "1. Gradient through time", line, groups)
    line = "At the last check; the distance is 1 - |h| for tanh and min(h, 1 - h) for sigmoid units."
    groups = [_each(seen, plots.saturation_histogram, "{}: distance to saturation, means of the steps and all units.")]
    yield Section("saturation", "2. Saturation", line, groups)
    line = "Thin lines are the norm after clipping. Curves of the last check: log10 g_t and the distance to saturation."
    yield Section("clipping", "3. No clipping and clipping", line, _compared(seen, pairs["clipping"]))
    line = "Gates: value and distance from 0 and 1 at the last check."
    groups = [_each(gated, plots.gate_histograms, "{}: update gate z and reset gate r.")]
    yield Section("gru", "4. RNN and GRU", line, groups + _compared(seen, pairs["gated"]))
    line = "Over training, on common axes; in the lower row later is darker."
    caption = "{}: spectral radius and largest singular value of the recurrent matrix."
    groups = [_each(runs, partial(plots.spectrum, like=every), caption)]
    caption = "{}: mean log10 g_t against saturation and against rho, a point for each check."
    groups.append(_each(seen, partial(plots.over_training, narrow=True), caption))
    yield Section("rho", "5. Spectral radius", line, groups)


def _further(runs: Runs, seen: Runs, pairs: Mapping[str, Any]) -> Iterator[Section]:
    """What else the records have."""
    like, every = [*seen.values()], [*runs.values()]
    line = "The same run with either nonlinearity."
    yield Section("sigmoid", "tanh and sigmoid", line, _compared(seen, pairs["sigmoid"]))
    line = "Loss and error of the frozen validation set; black lines are floors, whose meaning stands at the end."
    groups = [_by_task(runs), _each(runs, partial(plots.validation, narrow=True), "{}: validation over training.")]
    groups[1].line = " ".join(f"{label}: {_solved(one)}." for label, one in runs.items() if isinstance(one, Seeds))
    yield Section("validation", "Validation", line, groups)
    groups = [_each(runs, partial(plots.gradient_norms, like=every), "{}: norm of each update's gradient.")]
    yield Section("norms", "Gradient norms", "Before and after clipping, on one axis.", groups)
    if any(regime_of(record).alpha for record in every):
        line = "Of the runs that were trained with it. Steps in the past: the share of steps that it looks at."
        drawn = picture(compare.omegas(marked(runs), narrow=True), "Omega and the steps in the past over training.")
        yield Section("omega", "Omega", line, [Group([drawn])])
    line = "Time across, training downwards, one scale."
    groups = [_each(seen, partial(plots.heat_map, like=like), "{}: log10 g_t over steps and training.")]
    yield Section("heat", "Gradient through time over training", line, groups)
    if seen:
        yield _direct(seen, pairs["direct"])


def _each(runs: Runs, draw: Callable[[Record], Figure], caption: str) -> Group:
    """One picture for each run."""
    return Group([picture(draw(record), caption.format(label)) for label, record in runs.items()])


def _solved(seeds: Seeds) -> str:
    solved, ended = seeds.ended
    left = len(seeds.members) - ended
    return rate_in_words(solved, ended) + (f" ({left} more did not come to an end)" if left else "")


def _by_task(runs: Runs) -> Group:
    """Validation of the runs of each task that has several, side by side."""
    tasks: dict[str, dict[str, Record]] = {}
    for label, record in runs.items():
        tasks.setdefault(regime_of(record).task, {})[label] = record
    several = {task: some for task, some in tasks.items() if len(some) > 1}
    return Group(
        [
            picture(compare.validations(marked(some), narrow=True), f"{task}: {', '.join(some)}.")
            for task, some in several.items()
        ]
    )


def _compared(runs: Runs, pairs: Iterable[tuple[str, ...]]) -> list[Group]:
    """Runs side by side, as far as they are there."""
    groups = []
    for labels in pairs:
        named = {label.split(", ")[0]: label for label in runs}  # of several seeds, the name they share
        some = marked({named[label]: runs[named[label]] for label in labels if label in named})
        if len(some) > 1:
            names = ", ".join(some)
            draws = {
                compare.norms: f"Gradient norm of {names}.",
                compare.gradient_profile: f"log10 g_t of {names} over the steps.",
                compare.gradient_histograms: f"Histogram of log10 g_t of {names}.",
                compare.saturations: f"Distance to saturation of {names}, all units.",
            }
            pictures = [picture(draw(some), caption) for draw, caption in draws.items()]
            groups.append(Group(pictures, names, _differences(some)))
    return groups


def _differences(runs: Runs) -> str:
    """Which settings differ between these runs, in a sentence: a comparison is only as good as that."""
    settings = {label: regime_of(record).identity() for label, record in runs.items()}
    for label, one in runs.items():
        if isinstance(one, Seeds):
            settings[label]["seed"] = "/".join(map(str, sorted(one.seeds)))
    names = [name for name in next(iter(settings.values())) if len({s[name] for s in settings.values()}) > 1]
    listed = "; ".join(f"{name}: " + ", ".join(f"{label} {s[name]}" for label, s in settings.items()) for name in names)
    return f"Settings in which {', '.join(runs)} differ: {listed or 'none'}."


def _direct(runs: Runs, wanted: str) -> Section:
    """The contrast, on a run whose loss stands at the last step only, where there is one."""
    last_step = [label for label, record in runs.items() if str(record["classif_type"]) != "softmax"]
    label = wanted if wanted in last_step else (last_step or list(runs))[0]
    drawn = picture(plots.total_and_direct(runs[label], narrow=True), f"{label}: total derivative and direct term.")
    line = (
        "Total: through the output of step t and through every later step. Direct: what differentiating the stacked "
        "states gives, since no later state depends on the stack."
    )
    return Section("direct", "Total derivative and direct term", line, [Group([drawn])])
