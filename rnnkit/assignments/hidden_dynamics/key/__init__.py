"""The lab's answer key: what the grader draws, and what is right for it. It is never shipped to students."""

from __future__ import annotations

import numpy as np

from rnnkit.assignments.hidden_dynamics.inputs import SIZES, made
from rnnkit.assignments.hidden_dynamics.key.reference import RIGHT
from rnnkit.assignments.hidden_dynamics.questions import CODE
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.observe import answers

CANARY = "rnnkit-canary-c81f0a6e3b574d0f9e27d4455ab1f0c9"  # to be looked for wherever students can read


def draw(question_id: str, rng: np.random.Generator) -> Inputs:
    """Random inputs of a question, in sizes that differ from one another and from the public ones."""
    return made(question_id, _sizes(rng), lambda shape, low, high: np.asarray(rng.uniform(low, high, shape)))


def _sizes(rng: np.random.Generator) -> dict[str, int]:
    while True:
        sizes = dict(zip("TBIHNC", (int(size) for size in rng.permutation(np.arange(2, 11))), strict=False))
        if all(size != SIZES[letter] for letter, size in sizes.items()) and 3 <= sizes["H"] <= 6 and sizes["T"] > 3:
            return sizes | {"N": sizes["N"] + 4, "1": 1}


def right(question_id: str, inputs: Inputs) -> dict[str, dict[str, np.ndarray]]:
    """What right code gives, by case and quantity."""
    (question,) = (question for question in CODE if question.id == question_id)
    return answers(question, RIGHT[question_id], inputs)
