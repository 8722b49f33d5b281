"""What students foretell of a run, and the rule by which its record decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.bptt.facts import LATE, facts_of
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.record.asked import Asked, Outcome

LEARNS, SOME, NOTHING = "learns it", "learns some", "stays at the plateau"
SHORT, LOST = "too short to tell", "nothing that can be said"  # of a run that is not whole, or whose numbers are none
CLOSE = 0.9  # of the plateau: a loss above this has learnt nothing


def does(record: Mapping[str, Any]) -> Outcome:
    """By the last updates: learnt, as `facts_of` has it; else whether their loss is a tenth below the plateau.

    A run of fewer updates than usual is told by it only where it learnt its task.
    """
    trial = Trial.from_json(str(record["settings"]))
    facts, loss = facts_of(trial, {name: value for name, value in record.items() if name != "weights"}), record["loss"]
    if not np.isfinite(loss).all():
        return Outcome(LOST, f"the loss is no number any more after update {facts['lost_at']}")
    measure = f"accuracy {facts['metric']:.3f}, " if trial.kind.classes else ""
    told = f"{measure}loss {facts['loss']:.4g}, plateau {facts['plateau']:.5g} (mean of the last {LATE} updates)"
    if facts["learnt"]:
        return Outcome(LEARNS, told)
    if len(loss) < Trial().updates:
        return Outcome(SHORT, f"only {len(loss)} updates: {told}")
    return Outcome(SOME if facts["loss"] < CLOSE * facts["plateau"] else NOTHING, told)


ASKED = (Asked("does", (LEARNS, SOME, NOTHING), does),)
