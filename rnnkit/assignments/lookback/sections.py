"""What the lab's page of runs shows: how each was trained, how far its gradients reach, and what it got right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnkit.assignments.lookback.figures import learning, looking_back
from rnnkit.assignments.lookback.settings import Net
from rnnkit.plots.page_parts import Group, Section, picture

UNITS = (
    "best_loss, last_loss and train_loss in nats a sentence, of language models a word; prior_loss is reached without "
    "reading. Accuracies go from 0 to 1, those of language models are about the verb's two forms; majority is reached "
    "by who always says the more frequent number. norm_5 is the norm of lag 5's own term of the gradient, fall the "
    "mean factor per lag."
)
CURVES = "Loss and accuracy by epoch on dev and on training sentences. Dotted: what is reached without reading."
REACH = "Norm of each lag's own term of dL/dU, before training and after it; accuracy by distance from the subject."


def page_of(nets: Mapping[str, Net], records: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What `rnnkit.plots.page.write_page` writes of runs besides their facts and commands.

    Arguments:
        nets, records: settings and records of the same runs.
    """
    begun = {run: record for run, record in records.items() if len(record["dev_loss"])}
    ended = {run: record for run, record in begun.items() if len(record["norms"])}
    curves = [picture(learning(nets[run], record), f"{run}.") for run, record in begun.items()]
    reach = [picture(looking_back(nets[run], record), f"{run}.") for run, record in ended.items()]
    sections = (
        Section("curves", "Training curves", CURVES, [Group(curves)]),
        Section("reach", "Looking back", REACH, [Group(reach)]),
    )
    sizes = {f"{net.epochs} epochs of {net.train} sentences, {net.H} units" for net in nets.values()}
    about = f"{'; '.join(sorted(sizes))}. Everything below is computed from the records."
    return {
        "title": "Lookback and gradients", "about": about, "units": UNITS,
        "sections": [section for section in sections if section.groups[0].pictures],
    }  # fmt: skip
