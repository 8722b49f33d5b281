"""The page of the lab's runs: curves, where gradients go, what units do, and what an accuracy says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.hidden_dynamics import inside, pictures, report, rows
from rnnkit.assignments.hidden_dynamics.facts import facts_of
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.plots.page_parts import Group, Section, picture
from rnnkit.runs.tables import told_apart

ASIDE = ("name", "cell", "init", "T", "seed")  # not what tells two arms of a length apart
SEEDS, DRAWS = 5, 5  # whose units are held, and of as many random accumulators: of a folder of many runs, not all
Arms = dict[str, dict[str, Mapping[str, Any]]]  # records by label and run, of one length
UNITS = "Losses are in nats; accuracies in tables go from 0 to 1. The best epoch is chosen on the test sequences."
CURVES = (
    "After every epoch; training is measured during the epoch, with dropout. Several seeds of an arm are one line, "
    "their median, with a band: their quartiles, or their range where there are under 4. Grey: logistic regressions, "
    "fitted to the first run's training sequences, on new ones."
)
FLOW = (
    "New sequences, before and after training: the norm of dL/dh_t, what step t adds to dL/dW_hh, and by how much the "
    "answer moves with all of x_t. Of several seeds the first; gated cells have other weights and are left out."
)
KINDS = (
    "Layer 2, new sequences: how many units are of which kind, a dot for each seed, and the accuracy with all units of "
    f"a kind held at their mean, beside as many random accumulators ({DRAWS} draws). Of more seeds the first {SEEDS}."
)
LENGTHS = (
    "Who sees k of T steps is right in at most 1/2 + arcsin(sqrt(k / T)) / pi. The marks are accuracies of the last "
    "epoch, of several seeds the median, at the share of the steps that they need at least: sin^2(pi (accuracy - 1/2))."
)


def page_of(nets: Mapping[str, Net], records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What `rnnkit.plots.page.write_page` writes of runs besides their facts and commands.

    Arguments:
        nets, records: settings and records of the same runs.
    """
    begun = {run: record for run, record in records.items() if len(record["test_loss"])}
    sections = _sections(nets, begun) if begun else []
    return {"title": "Inside the networks", "about": _about(nets), "units": UNITS, "sections": sections}


def _sections(nets: Mapping[str, Net], begun: Mapping[str, Mapping[str, Any]]) -> list[Section]:
    labels = labels_of({run: nets[run] for run in begun})
    lengths: dict[int, Arms] = {}
    for run, record in begun.items():
        lengths.setdefault(nets[run].T, {}).setdefault(labels[run], {})[run] = record
    lengths = dict(sorted(lengths.items()))
    ours = {
        (T, label): found
        for T, arms in lengths.items() for label, found in arms.items() if nets[next(iter(found))].cell == "rnn"
    }  # fmt: skip
    flows, units = [], []
    for (T, label), found in ours.items():
        first = next(iter(found))
        flows.append(picture(pictures.flow(nets[first], found[first], narrow=True), f"{label}, T = {T}."))
        units.append(picture(_without(nets, found), f"{label}, T = {T}."))
    made = [
        Section("curves", "Curves", CURVES, [Group([_curves(nets, T, arms) for T, arms in lengths.items()])]),
        Section("flow", "Gradient and sensitivity by step", FLOW, [Group(flows)]),
        Section("units", "Kinds of units, and the network without them", KINDS, [Group(units)]),
        Section("lengths", "What an accuracy says of the steps", LENGTHS, _lengths(nets, begun, lengths)),
    ]
    return [one for one in made if any(group.pictures for group in one.groups)]


def labels_of(nets: Mapping[str, Net]) -> dict[str, str]:
    """What the runs are called in figures: cell, start, and what else is not usual, where that tells some apart."""
    begin = {run: f"rnn, {net.init}" if net.cell == "rnn" else net.cell for run, net in nets.items()}
    return {run: ", ".join([begin[run], *said]) for run, said in told_apart(nets, Net(), ASIDE).items()}


def _about(nets: Mapping[str, Net]) -> str:
    sizes = {f"{net.epochs} epochs of {net.batches} batches of {net.batch}" for net in nets.values()}
    return f"{'; '.join(sorted(sizes))}. Everything below is computed from the records."


def _curves(nets: Mapping[str, Net], T: int, arms: Arms) -> Any:
    net = nets[next(iter(next(iter(arms.values()))))]
    x, y = inside.fresh(net)
    guesses = inside.baselines(net, x)
    rules = {f"regression, {name}": float((guesses[name] == y).mean()) for name in ("global mean", "all numbers")}
    seeds = {label: [*found.values()] for label, found in arms.items()}
    return picture(pictures.curves(seeds, rules), f"T = {T}: {'; '.join(arms)}.")


def _without(nets: Mapping[str, Net], found: Mapping[str, Mapping[str, Any]]) -> Any:
    units: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    for run in [*found][:SEEDS]:
        seed = {"seed": nets[run].seed}
        units += [seed | row for row in rows.units_rows(nets[run], found[run])]
        held += [seed | row for row in rows.held_rows(nets[run], found[run], DRAWS)]
    return pictures.without(units, held)


def _lengths(
    nets: Mapping[str, Net], begun: Mapping[str, Mapping[str, Any]], lengths: Mapping[int, Arms]
) -> list[Group]:
    last = {
        f"{label}, T = {T}": float(np.median([record["test_acc"][-1] for record in found.values()]))
        for T, arms in lengths.items() for label, found in arms.items()
    }  # fmt: skip
    made = [picture(pictures.needed(last), "Accuracy in percent, and the share of the steps.")]
    if len(lengths) > 1:
        facts = [facts_of(nets[run], record) for run, record in begun.items()]
        drawn = report.lengths([{name: str(value) for name, value in row.items()} for row in facts])
        made.append(picture(drawn, "The last epoch's accuracy, by length."))
    used = (f"{name}: {inside.steps_used(value, int(name.split()[-1])):.1f}" for name, value in last.items())
    return [Group(made, line=f"Steps needed. {'; '.join(used)}.")]
