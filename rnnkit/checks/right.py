"""The right numbers for the public inputs, as they are shipped."""

from __future__ import annotations

import functools
from pathlib import PurePath

import numpy as np

from rnnkit.checks.question import Question

Expected = dict[str, dict[str, np.ndarray]]  # case -> quantity -> numbers


@functools.cache
def expected(question: Question) -> Expected:
    """The right numbers of a question's cases, from ``expected/NOTEBOOK.json``."""
    stored = question.assignment.stored(PurePath(question.notebook).stem)[question.id]["expected"]
    return {
        case: {name: np.asarray(value, dtype=np.float64) for name, value in numbers.items()}
        for case, numbers in stored.items()
    }
