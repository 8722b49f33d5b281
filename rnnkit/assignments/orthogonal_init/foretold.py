"""What students foretell of an arm, and the rule by which its record decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, chance
from rnnkit.assignments.orthogonal_init.training import solved_epoch
from rnnkit.record.asked import Asked, Outcome

SOLVES, LEARNS, NOTHING = "solves", "learns some", "stays at chance"
SHORT, LOST = "too short to tell", "nothing that can be said"  # of a run that is not whole, or whose numbers are none
TOGETHER = 5  # epochs, whose mean one lucky epoch does not decide
CLOSE = 0.1  # of the way from chance to no error


def does(record: Mapping[str, Any]) -> Outcome:
    """By the metric: past the threshold in some epoch; else whether the best five epochs together leave chance behind.

    That is where their mean has come a tenth of the way to no error. A run of fewer epochs than the document's is told
    by it only where it solves the task.
    """
    arm = Arm.from_json(str(record["settings"]))
    task, level, metric = arm.kind, chance(arm.task, arm.T), np.asarray(record["metric"], np.float64)
    measure = "half MSE" if task.head == LINEAR else "accuracy"
    if first := solved_epoch(arm, record):
        return Outcome(SOLVES, f"{measure} past {task.solved:g} in epoch {first}, T = {arm.T}")
    if not np.isfinite(metric).all():
        return Outcome(LOST, "the number is no number any more")
    if len(metric) < Arm().epochs:
        return Outcome(SHORT, f"only {len(metric)} epochs, {measure} {metric[-1]:.3f} in the last")
    together = np.convolve(metric, np.full(TOGETHER, 1 / TOGETHER), "valid")
    best = float(together.min() if task.head == LINEAR else together.max())
    limit = (1 - CLOSE) * level + CLOSE * (task.head != LINEAR)
    answer = LEARNS if task.better(best, limit) else NOTHING
    return Outcome(answer, f"{measure} {best:.3f} at best, chance {level:.3f}, T = {arm.T}")


ASKED = (Asked("does", (SOLVES, LEARNS, NOTHING), does),)
