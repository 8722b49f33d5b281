"""The lab's answer key: what the grader draws, and what is right for it. It is never shipped to students."""

from __future__ import annotations

import numpy as np

from rnnkit.assignments.orthogonal_init.inputs import MAKERS
from rnnkit.assignments.orthogonal_init.key.reference import RIGHT
from rnnkit.assignments.orthogonal_init.questions import CODE
from rnnkit.checks import drawn
from rnnkit.checks.inputs import Expected, Inputs

CANARY = "rnnkit-canary-5b0e7d41c2f94a86b3d1f07a96e8c254"  # to be looked for wherever students can read


def draw(question_id: str, rng: np.random.Generator) -> Inputs:
    """Random inputs of a question, in sizes that differ from one another and from the public ones."""
    return drawn.draw(MAKERS, question_id, rng)


def right(question_id: str, inputs: Inputs) -> Expected:
    """What right code gives, by case and quantity."""
    return drawn.right(CODE, RIGHT, question_id, inputs)
