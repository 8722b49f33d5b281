"""The page of the lab's runs: curves, outcomes, spectra, how far a change reaches, and what the tasks look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnnkit.assignments.orthogonal_init.figures import (
    History,
    by_task,
    ortho_vs_random,
    summary_table,
    task_examples,
)
from rnnkit.assignments.orthogonal_init.results import history_of
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.spectra import Pair, jacobians, pair_of, reaches, spectrum_W_hh
from rnnkit.assignments.orthogonal_init.tasks import HEADLINE
from rnnkit.common.statistics import rate_in_words
from rnnkit.plots.page_parts import Group, Section, picture
from rnnkit.plots.style import NARROW
from rnnkit.runs.tables import told_apart

ASIDE = ("name", "task", "init", "T", "seed", "weight_seed", "data_seed")  # not what tells two arms of a task apart
UNITS = (
    "half_mse is half the mean squared error, mse all of it; accuracies go from 0 to 1. solved_epoch: the first past "
    "the threshold; sustained: all of the last five are."
)
CURVES = (
    "Each epoch's own batches, which are new every time. Dashed: where ortho crosses the threshold first. Several "
    "seeds of an arm are one line, their median, with a band: their quartiles, or their range where there are under 4."
)
OUTCOMES = "Last value, best value where it is another, and the first epoch past the threshold."
SPECTRA = "Of W_hh before and after training, with its spectral radius; of several seeds the first."
REACH = (
    "Untrained networks of 64 units that read random symbols: what is left of a change of the state after k steps. "
    "Lines are medians, bands the range of five draws."
)


def labels_of(arms: Mapping[str, Arm]) -> dict[str, str]:
    """What the arms are called in figures: their init, and what else is not usual, where that tells some apart."""
    return {run: ", ".join([arms[run].init, *said]) for run, said in told_apart(arms, Arm(), ASIDE).items()}


def page_of(arms: Mapping[str, Arm], records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What `rnnkit.plots.page.write_page` writes of runs besides their facts and commands.

    Arguments:
        arms, records: settings and records of the same runs.
    """
    labels = labels_of(arms)
    begun = {run: record for run, record in records.items() if len(record["loss"])}
    histories = [history_of(arms[run], record) | {"init": labels[run]} for run, record in begun.items()]
    pairs: dict[str, dict[str, Pair]] = {}
    for run, record in begun.items():
        of_task = pairs.setdefault(f"{arms[run].task}, T = {arms[run].T}", {})
        if labels[run] not in of_task:
            of_task[labels[run]] = pair_of(arms[run], record)
    spectra = [picture(spectrum_W_hh(of_task, narrow=True), f"{task}.") for task, of_task in pairs.items()]
    reached = reaches()
    reach = [
        picture(jacobians({scale: starts}), f"Input weights {scale:g} N(0, 1).") for scale, starts in reached.items()
    ]
    examples = [picture(task_examples(width=NARROW), "Seed 42, as in the document.")]
    made = (
        Section("curves", "Training curves", CURVES, _curves(histories)),
        Section("outcomes", "Outcomes", OUTCOMES, [_table(histories)]),
        Section("spectra", "Singular values", SPECTRA, [Group(spectra)]),
        Section("reach", "How far a change reaches", REACH, [Group(reach)]),
        Section("tasks", "The tasks", f"One sequence each of {', '.join(HEADLINE)}.", [Group(examples)]),
    )
    return {"title": "Curves and spectra", "about": _about(arms), "units": UNITS, "sections": made if histories else ()}


def _about(arms: Mapping[str, Arm]) -> str:
    sizes = {f"{arm.epochs} epochs of {arm.batches} batches of {arm.batch}, {arm.H} units" for arm in arms.values()}
    return f"{'; '.join(sorted(sizes))}. Everything below is computed from the records."


def _curves(histories: Sequence[History]) -> list[Group]:
    pictures = []
    for (task, T), found in by_task(histories).items():
        several = [one for seeds in found.values() for one in seeds]
        pictures.append(picture(ortho_vs_random(several), f"{task}, T = {T}: {', '.join(found)}."))
    return [Group(pictures)]


def _table(histories: Sequence[History]) -> Group:
    rates = [
        f"{task}, T = {T}, {arm}: {rate_in_words(sum(bool(one['solved_epoch']) for one in seeds), len(seeds))}."
        for (task, T), found in by_task(histories).items()
        for arm, seeds in found.items()
        if len(seeds) > 1
    ]
    return Group([picture(summary_table(histories), "Each arm's own outcome.")], line=" ".join(rates))
