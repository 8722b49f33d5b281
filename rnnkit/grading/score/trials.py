"""The score of a test that a student wrote: tried on right cells and on ones with known mistakes, in random order.

The student's process never sees what computes a cell. It has the numbers of the calls that the test makes, and tells
whether the test raised: that, and nothing else that it says, counts.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np

from rnnkit.checks.errors import of_error, unwritten_question
from rnnkit.checks.judge import NOT_WRITTEN, failed
from rnnkit.checks.question import Question
from rnnkit.checks.remote import trial_request
from rnnkit.checks.report import Report
from rnnkit.checks.trial import Tried, report_of
from rnnkit.common.text import one_line
from rnnkit.grading.score.reply import BadReply, Trial, read_trial
from rnnkit.grading.score.score import NO_ANSWER, Ask, NoAnswer, answers

REQUESTS = 60  # of one trial: calls that need one another's results take one each
MOST_S = 120.0  # of all trials together; the usual test takes a few
NOT_ALIKE = "its calls of the cell are others each time: its random numbers must come from torch, numpy or random"


def tried(question: Question, ask: Ask, rng: np.random.Generator) -> Report:
    """Tries a student's test on all variants of the assignment's key, in random order.

    There are no points where it gives no answer in any trial, or one that cannot be read.

    Arguments:
        question: of an assignment whose key is here.
        ask: hands a request to `rnnkit.checks.remote.answer` in the student's process and returns its reply.
        rng: where the order, and the sizes and weights of the cells come from.
    """
    try:
        return _tried(question, ask, rng)
    except (NoAnswer, BadReply) as reason:
        return failed(question, NO_ANSWER, one_line(reason) or "the code gave no answer")


def _tried(question: Question, ask: Ask, rng: np.random.Generator) -> Report:
    key, end = question.assignment.key, monotonic() + MOST_S
    variants, rows = key.variants(question.id), dict[int, Tried]()
    for k in rng.permutation(len(variants)).tolist():
        variant = variants[k]
        trial = _trial(question, ask, rng, variant, end)
        if trial.verdict:
            return failed(question, *trial.verdict)
        if unwritten_question(question, trial.error):
            return failed(question, NOT_WRITTEN, f"{question.name} is not written yet")
        said = one_line(of_error(trial.error)) if trial.error else ""
        rows[k] = Tried(variant.kind, variant.told, trial.refused, said)
        if trial.refused and not variant.kind:
            break
    return report_of(question, [rows[k] for k in sorted(rows)])


def _trial(question: Question, ask: Ask, rng: np.random.Generator, variant: Any, end: float) -> Trial:
    """One cell, asked about again and again until all of its calls are known."""
    inputs, seed = question.assignment.key.draw(question.id, rng), int(rng.integers(1 << 31))
    known: dict[str, Any] = {}
    for _ in range(REQUESTS):
        if monotonic() > end:
            raise NoAnswer(f"took longer than {MOST_S:.0f} s for all cells together")
        trial = read_trial(ask(trial_request(question, inputs, seed, known)), question)
        if not trial.calls or trial.verdict:
            return trial
        known |= answers(variant, trial.calls, inputs)
    raise NoAnswer(NOT_ALIKE)
