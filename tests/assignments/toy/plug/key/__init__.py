"""The toy's answer key: what the grader draws, and what is right for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnkit.assignments import get_assignment
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.observe import answers

CANARY = "rnnkit-canary-91c5d2e07bb34f6a8de4407c1f2a9b53"  # to be looked for wherever students can read


def draw(question_id: str, rng: np.random.Generator) -> Inputs:
    """Random inputs of a question."""
    n = int(rng.integers(2, 7))
    numbers = {"rate": np.array(rng.uniform(0.1, 0.5)), "cutoff": np.array(rng.uniform(0.2, 0.6))}
    arrays = {"long": rng.normal(size=n) + 2, "short": rng.normal(size=n) / 99, "w": rng.normal(size=n) + 1}
    return Inputs({"N": n}, {**arrays, "curvature": rng.uniform(0.5, 2, n), **numbers})


def right(question_id: str, inputs: Inputs) -> dict[str, dict[str, np.ndarray]]:
    """What right code gives, by case and quantity."""
    return answers(
        get_assignment("toy").questions[question_id], {"clip": _clip, "descend": _descend}[question_id], inputs
    )


def _clip(gradient: Any, cutoff: float) -> Any:
    return gradient * min(1.0, cutoff / float(gradient.norm()))


def _descend(w: Any, curvature: Any, rate: float, cutoff: float) -> Any:
    return w - rate * _clip(curvature * w, cutoff), (curvature * w**2).sum() / 2
