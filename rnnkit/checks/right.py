"""The right numbers for the public inputs and for the probes, as they are shipped."""

from __future__ import annotations

import functools
from pathlib import PurePath
from typing import Any

import numpy as np

from rnnkit.checks.inputs import Expected
from rnnkit.checks.question import Question


@functools.cache
def expected(question: Question) -> Expected:
    """The right numbers of a question's cases, from ``expected/NOTEBOOK.json``."""
    return _read(question.assignment.stored(PurePath(question.notebook).stem)[question.id]["expected"])


@functools.cache
def probe_expected(question: Question) -> Expected:
    """The right numbers of a question's probes."""
    return _read(question.assignment.stored("probes").get(question.id, {}))


def _read(stored: dict[str, dict[str, Any]]) -> Expected:
    return {
        case: {name: np.asarray(value, dtype=np.float64) for name, value in numbers.items()}
        for case, numbers in stored.items()
    }
