"""What tests ask the checks and the hidden scoring: a question, an answer to it, and the report."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, remote
from rnnkit.checks.report import Report
from rnnkit.checks.runner import examine
from rnnkit.grading.score.score import score

BANK = generate.bank()
every_question = pytest.mark.parametrize("id", [pytest.param(id, marks=getattr(pytest.mark, id)) for id in QUESTIONS])
THIRD = 3  # of what is alike and takes long, every third is tested each time, the others are slow


def of_many(values, name, question=None):
    """Parameters: a value each, marked with its question's id where that is a marker; two of three are slow."""
    return [
        pytest.param(
            one,
            marks=[
                *([getattr(pytest.mark, question(one))] if question else []),
                *([pytest.mark.slow] if k % THIRD else []),
            ],
            id=name(one).replace(" ", "_"),
        )
        for k, one in enumerate(values)
    ]


def report_of(id: str, obj) -> Report:
    return examine(QUESTIONS[id], obj)


def answer(id: str, body: str):
    """The class or function of a question with this body under its signature."""
    head = generate.solution(id).split("    ### BEGIN")[0]
    return generate.student_object(id, f"{head}    {body}\n")


def stub(id: str) -> str:
    """The released cell: nbgrader's stub between the delimiters."""
    pattern = r"( *)### BEGIN SOLUTION.*?### END SOLUTION"
    text, count = re.subn(
        pattern, r"\1# YOUR CODE HERE\n\1raise NotImplementedError()", generate.solution(id), flags=re.S
    )
    assert count == 1
    return text


def scored(id: str, obj, seed: int = 0) -> Report:
    """The score of an object in this process."""
    return score(QUESTIONS[id], lambda request: remote.answer(request, obj), np.random.default_rng(seed))
