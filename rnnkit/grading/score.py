"""The score of a question whose code runs elsewhere: asked with random inputs, compared here.

Nothing that the other process says about itself raises a score. What it can do is give numbers; points are for the
numbers that a right answer would have to compute anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from rnnkit.checks import rules
from rnnkit.checks.inputs import SIZES, Inputs
from rnnkit.checks.judge import CASES, NOT_WRITTEN, Seen, case_report, failed, report_of, unwritten, whole
from rnnkit.checks.outcome import later
from rnnkit.checks.questions import CELLS, QUESTIONS, Question
from rnnkit.checks.remote import request
from rnnkit.checks.report import CaseReport, Report
from rnnkit.grading.reference import draw, expected
from rnnkit.grading.reply import BadReply, Reply, clean, read

DRAWS = 2
NO_ANSWER = "no answer"
AGAINST = "against the rules"
ELSEWHERE = "right on the public example, wrong on others: is something hard-coded?"

Ask = Callable[[str], str]  # request -> reply, both JSON; raises NoAnswer


class NoAnswer(Exception):
    """The other process gave no reply; the message says why."""


def score(question_id: str, ask: Ask, rng: np.random.Generator) -> Report:
    """Asks a question with random inputs and, where anything is wrong, with the public ones for a better explanation.

    Arguments:
        question_id: an id of `QUESTIONS`.
        ask: hands a request to `rnnkit.checks.remote.answer` in the student's process and returns its reply.
        rng: where the random inputs come from.

    Returns:
        The report; no points where there is no answer, or one that cannot be read, whatever was sent.
    """
    question = QUESTIONS[question_id]
    with np.errstate(all="ignore"):
        try:
            return _score(question, ask, rng)
        except NoAnswer as reason:
            return failed(question, NO_ANSWER, clean(str(reason)) or "the code gave no answer")
        except BadReply as bad:
            return failed(question, NO_ANSWER, clean(str(bad)))


def _score(question: Question, ask: Ask, rng: np.random.Generator) -> Report:
    found: list[CaseReport] = []
    notes: list[str] = []
    used: list[str] = []
    for number in range(DRAWS):
        inputs = draw(question.id, rng)
        if number:  # the later rounds of one draw tell what they can; other numbers and sizes cost little
            inputs = replace(inputs, rounds={})
        seen = _ask(question, ask, inputs).seen
        if settled := _settled(question, seen):
            return settled
        used += seen.rules
        notes += [note for outcome in seen.outcomes.values() for note in outcome.notes]
        found = _worse(found, _compared(question, seen, inputs))
        if not any(case.passed for case in found):
            break
    report = whole(question, found, list(dict.fromkeys(notes)))
    if report.points < report.most:
        report = _explained(question, ask, report)
    return _forbidden(question, used) if used and report.points else report


def _ask(question: Question, ask: Ask, inputs: Inputs | None) -> Reply:
    sizes = SIZES if inputs is None else inputs.sizes
    return read(ask(request(question.id, inputs)), question, sizes)


def _settled(question: Question, seen: Seen) -> Report | None:
    """The report where no numbers need to be looked at."""
    if seen.verdict:
        return failed(question, *seen.verdict)
    if set(seen.rules) - {rules.SWITCHED_OFF}:
        return _forbidden(question, seen.rules)
    if message := unwritten(question, seen.outcomes):
        return failed(question, NOT_WRITTEN, message)
    return None


def _forbidden(question: Question, used: list[str]) -> Report:
    return failed(question, AGAINST, clean(rules.verdict(sorted(set(used)), question)))


def _compared(question: Question, seen: Seen, inputs: Inputs) -> list[CaseReport]:
    """Every case for one draw."""
    right = expected(question.id, inputs)
    reports = [case_report(case, seen.outcomes[case.name], right[case.name], question) for case in CASES[question.id]]
    if question.notebook == CELLS or "hs" in question.arguments:
        sizes = ", ".join(f"{letter} = {size}" for letter, size in inputs.sizes.items())
        for report in reports:
            told = [detail if later(detail) else f"{detail} (with {sizes})" for detail in report.details[:1]]
            report.details = told + report.details[1:]
    return reports


def _worse(before: list[CaseReport], now: list[CaseReport]) -> list[CaseReport]:
    """Of each case the report in which it failed."""
    return [one if not one.passed else other for one, other in zip(before, now, strict=True)] if before else now


def _explained(question: Question, ask: Ask, report: Report) -> Report:
    """The same with the public check's own words, where that check fails too; it never has more points."""
    try:
        reply = _ask(question, ask, None)
        public = report_of(question, reply.seen, _needed(reply))
    except (NoAnswer, BadReply):
        return report
    except Exception:  # numbers that defeat the diagnosis
        return report
    if not public.cases:
        return public
    cases = [_both(drawn, shown) for drawn, shown in zip(report.cases, public.cases, strict=True)]
    only_here = any(shown.passed and not drawn.passed for drawn, shown in zip(report.cases, public.cases, strict=True))
    return whole(question, cases, [ELSEWHERE] * only_here + public.messages)


def _both(drawn: CaseReport, shown: CaseReport) -> CaseReport:
    return drawn if shown.passed else CaseReport(drawn.name, drawn.weight, False, shown.details)


def _needed(reply: Reply) -> Iterator[tuple[Question, Report]]:
    for need, other in reply.needs:
        yield need, report_of(need, other.seen, _needed(other))
