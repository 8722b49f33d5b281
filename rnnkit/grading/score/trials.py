"""The score of a test that a student wrote: tried on right cells and on ones with known mistakes, in random order.

The student's process never sees what computes a cell. It has the numbers of the calls that the test makes, and tells
whether the test raised: that, and nothing else that it says, counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
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

REQUESTS = 60  # for one trial: calls that need one another's results take one each
AT_ONCE = 24  # trials that are asked for in one message
MOST_S = 120.0  # of all trials together; the usual test takes a few
NOT_ALIKE = "its calls of the cell are others each time: its random numbers must come from torch, numpy or random"

AskSeveral = Callable[[list[str]], list[str]]  # the replies to the first of the requests, to one at least


def tried(question: Question, ask: Ask, rng: np.random.Generator, ask_several: AskSeveral | None = None) -> Report:
    """Tries a student's test on all variants of the assignment's key, in random order.

    There are no points where it gives no answer in any trial, or one that cannot be read.

    Arguments:
        question: of an assignment whose key is here.
        ask: hands a request to `rnnkit.checks.remote.answer` in the student's process and returns its reply.
        rng: where the order, and the sizes and weights of the cells come from.
        ask_several: the same for several requests at once; by default one after another.
    """
    try:
        return _tried(question, ask_several or (lambda requests: [ask(requests[0])]), rng)
    except (NoAnswer, BadReply) as reason:
        return failed(question, NO_ANSWER, one_line(reason) or "the code gave no answer")


def _tried(question: Question, ask: AskSeveral, rng: np.random.Generator) -> Report:
    end, variants = monotonic() + MOST_S, question.assignment.key.variants(question.id)
    rows, order = dict[int, Tried](), rng.permutation(len(variants)).tolist()
    for k, trial in _in_order(question, ask, rng, [(k, variants[k]) for k in order], end):
        variant = variants[k]
        if trial.verdict:
            return failed(question, *trial.verdict)
        if unwritten_question(question, trial.error):
            return failed(question, NOT_WRITTEN, f"{question.name} is not written yet")
        said = one_line(of_error(trial.error)) if trial.error else ""
        rows[k] = Tried(variant.kind, variant.told, trial.refused, said)
        if trial.refused and not variant.kind:
            break
    return report_of(question, [rows[k] for k in sorted(rows)])


def _in_order(
    question: Question, ask: AskSeveral, rng: np.random.Generator, cells: Sequence[tuple[int, Any]], end: float
) -> Iterator[tuple[int, Trial]]:
    """The trials of some cells one by one: the first alone, since one is enough of a test that answers nothing."""
    for first, last in pairwise([0, *range(1, len(cells), AT_ONCE), len(cells)]):
        part = cells[first:last]
        yield from zip((k for k, _ in part), _trials(question, ask, rng, [one for _, one in part], end), strict=True)


def _trials(
    question: Question, ask: AskSeveral, rng: np.random.Generator, variants: Sequence[Any], end: float
) -> list[Trial]:
    """Some cells, each asked about again and again until all of its calls are known."""
    drawn = [(question.assignment.key.draw(question.id, rng), int(rng.integers(1 << 31))) for _ in variants]
    known: list[dict[str, Any]] = [{} for _ in variants]
    asked, done = [0] * len(variants), dict[int, Trial]()
    while waiting := [k for k in range(len(variants)) if k not in done]:
        if monotonic() > end:
            raise NoAnswer(f"took longer than {MOST_S:.0f} s for all cells together")
        replies = ask([trial_request(question, *drawn[k], known[k]) for k in waiting])
        for k, text in zip(waiting, replies, strict=False):  # there may be fewer replies
            trial, asked[k] = read_trial(text, question), asked[k] + 1
            if not trial.calls or trial.verdict:
                done[k] = trial
            elif asked[k] == REQUESTS:
                raise NoAnswer(NOT_ALIKE)
            else:
                known[k] |= answers(variants[k], trial.calls, drawn[k][0])
    return [done[k] for k in range(len(variants))]
