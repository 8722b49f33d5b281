"""The answer key: draws, reference, hints. Never in what students have."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnkit.assignments.training_dynamics.key import draws, reference
from rnnkit.assignments.training_dynamics.key.called import called
from rnnkit.assignments.training_dynamics.key.variants import variants
from rnnkit.assignments.training_dynamics.key.ways import WAYS
from rnnkit.assignments.training_dynamics.questions import PICTURES
from rnnkit.checks.inputs import Expected, Inputs
from rnnkit.checks.report import Report

CANARY = "rnnkit-canary-5d1f0c7be94a4e0fa6b27c93e8d4416b"  # to be looked for wherever students can read
BANK = "bank"  # in the clone's tests: what is known to go wrong
# Settings that solve temporal order, which are asked for: they stay with instructors, and tables lose their columns.
FILES_KEPT_HOME = ("sweeps/solved.toml", "sweeps/short.toml", "sweeps/short.csv", "sweeps/tasks.toml")
COLUMNS_KEPT_HOME = {"sweeps/tasks.csv": ("alpha", "cutoff", "nhid", "lr", "init")}


def draw(question_id: str, rng: np.random.Generator) -> Inputs:
    """Random inputs of a question; none for one that is asked with nothing."""
    return PICTURES.inputs if question_id == PICTURES.id else draws.draw(question_id, rng)


def right(question_id: str, inputs: Inputs) -> Expected:
    """The right answers to a question for any inputs."""
    if question_id != PICTURES.id:
        return reference.right(question_id, inputs)
    from rnnkit.assignments.training_dynamics.key import letters

    return letters.right()


def why(question_id: str, report: Report) -> list[str]:
    """Explains what is wrong in a question whose right answer no check knows."""
    from rnnkit.assignments.training_dynamics.key import letters

    return letters.why(report)


def with_hints(*given: Any, **more: Any) -> Any:
    """`key.hints.with_hints`, imported when it is called: it reads records, whose regimes take a setting from here."""
    from rnnkit.assignments.training_dynamics.key import hints

    return hints.with_hints(*given, **more)


__all__ = [
    "BANK",
    "CANARY",
    "COLUMNS_KEPT_HOME",
    "FILES_KEPT_HOME",
    "WAYS",
    "called",
    "draw",
    "right",
    "variants",
    "why",
    "with_hints",
]
