"""The score of a question whose code runs elsewhere: asked with random inputs, compared here.

Nothing that the other process says about itself raises a score. What it can do is give numbers; points are for the
numbers that a right answer would have to compute anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnnkit.checks import rules
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.judge import NOT_WRITTEN, Seen, case_report, failed, report_of, unwritten, whole
from rnnkit.checks.outcome import later
from rnnkit.checks.question import Question
from rnnkit.checks.remote import request
from rnnkit.checks.report import CaseReport, Named, Report
from rnnkit.checks.standins import ERRORS, Call
from rnnkit.common.text import one_line
from rnnkit.grading.score.reply import BadReply, Reply, read, read_calls

DRAWS = 2
REQUESTS = 60  # until all calls of earlier questions are known; one step of a sequence takes one, and one back
NO_ANSWER = "no answer"
AGAINST = "against the rules"
ELSEWHERE = "right on the public example, wrong on others: is something hard-coded?"

Ask = Callable[[str], str]  # request -> reply, both JSON; raises NoAnswer


class NoAnswer(Exception):
    """The other process gave no reply; the message says why."""


def score(
    question: Question, ask: Ask, rng: np.random.Generator, earlier: Mapping[str, Report] | None = None
) -> Report:
    """Asks a question with random inputs and, where anything is wrong, with the public ones for a better explanation.

    An answer that calls earlier questions which are not right is judged with right ones in their place, too. There are
    no points where there is no answer, or one that cannot be read, whatever was sent.

    Arguments:
        question: of an assignment whose key is here.
        ask: hands a request to `rnnkit.checks.remote.answer` in the student's process and returns its reply.
        rng: where the random inputs come from.
        earlier: the reports of the earlier questions; None where nothing is known of them.
    """
    with np.errstate(all="ignore"):
        asked = AsWritten(question, ask)
        report = _guarded(question, asked, rng)
        wrong = asked.wrong if earlier is None else _not_right(question, earlier)
        return _followed(question, ask, rng, report, wrong) if _may_follow(question, report, wrong) else report


def _guarded(question: Question, asked: AsWritten, rng: np.random.Generator) -> Report:
    try:
        return _score(question, asked, rng)
    except (NoAnswer, BadReply) as reason:
        return failed(question, NO_ANSWER, one_line(reason) or "the code gave no answer")


def _score(question: Question, asked: AsWritten, rng: np.random.Generator) -> Report:
    cases: list[CaseReport] = []
    notes: list[str] = []
    used: list[str] = []
    key = question.assignment.key
    for number in range(DRAWS):
        inputs = key.draw(question.id, rng)
        if number:  # the later rounds of one draw tell what they can; other numbers and sizes cost little
            inputs = inputs.alone()
        seen = asked(inputs).seen
        if settled := _settled(question, seen):
            return settled
        used += seen.rules
        notes += [note for outcome in seen.outcomes.values() for note in outcome.notes]
        cases = _worse(cases, _compared(question, seen, inputs))
        if not any(case.passed for case in cases):
            break
    report = whole(question, cases, list(dict.fromkeys(notes)))
    if report.points < report.most:
        report = _told_by_key(question, report) if question.judge else _explained(question, asked, report)
    return _forbidden(question, used) if used and report.points else report


class AsWritten:
    """Asks for what the student's code does as it is.

    Fields:
        wrong: the earlier questions that are not known to be right in public; None where nothing is known of them.
    """

    def __init__(self, question: Question, ask: Ask) -> None:
        self.question, self.ask = question, ask
        self.wrong: list[str] | None = None

    def __call__(self, inputs: Inputs | None) -> Reply:
        """The reply for these inputs, None for the public ones."""
        sizes = (inputs or self.question.inputs).sizes
        return read(self.ask(request(self.question, inputs)), self.question, sizes)


# ---- with right ones in the place of earlier questions -------------------------------------------------------------


class WithRight(AsWritten):
    """Asks for what it does with right code in the place of the earlier questions.

    That code stays here: only numbers come in and only numbers go out. A request comes again, with the results of the
    calls that were made, until all are known.

    Fields:
        called: ids of the earlier questions that were called.
    """

    def __init__(self, question: Question, ask: Ask, plain: bool = False) -> None:
        super().__init__(question, ask)
        self.plain, self.called = plain, []

    def __call__(self, inputs: Inputs | None) -> Reply:
        given = inputs or self.question.inputs
        known: dict[str, Any] = {}
        for _ in range(REQUESTS):
            text = self.ask(request(self.question, inputs, known, self.plain))
            reply, calls, self.called = read_calls(text, self.question, given.sizes)
            if not calls:
                return reply
            known |= answers(self.question.assignment.key, calls, given)
        raise NoAnswer("the code calls earlier questions in another way each time")


def answers(key: Any, calls: dict[str, Call], inputs: Inputs) -> dict[str, Any]:
    """Key of a call -> what right code does in it, computed here: its values, or the error that it raises."""
    return {name: _answer(key, call, inputs) for name, call in calls.items()}


def _answer(key: Any, call: Call, inputs: Inputs) -> dict[str, Any]:
    try:
        values = {"values": key.called(call, inputs)}
        return values | {"form": form} if (form := getattr(key, "form", "")) else values
    except tuple(ERRORS.values()) as error:
        kind = next(name for name, known in ERRORS.items() if isinstance(error, known))
        return {"error": [kind, str(error)]}


def _not_right(question: Question, earlier: Mapping[str, Report]) -> list[str]:
    return [need.id for need in question.behind if need.id in earlier and earlier[need.id].points < need.points]


def _may_follow(question: Question, report: Report, wrong: list[str] | None) -> bool:
    """Whether what is missing may be due to earlier questions."""
    if not hasattr(question.assignment.key, "called"):
        return False
    if report.points == report.most or not (report.cases or report.status in (NO_ANSWER, NOT_WRITTEN)):
        return False
    return bool(question.needs if wrong is None else wrong)


def _followed(
    question: Question, ask: Ask, rng: np.random.Generator, report: Report, wrong: list[str] | None
) -> Report:
    """The better of a report and of that with right earlier questions, which says what is wrong besides these."""
    for plain in (False,) if question.method else (False, True):
        asked = WithRight(question, ask, plain)
        other = _guarded(question, asked, rng)
        if asked.called and other.cases and other.points >= report.points:
            put = [id for id in asked.called if id in (wrong or ())] or asked.called
            report = _with_right(question, report, other, put)
        if report.points == report.most:
            break
    return report


def _with_right(question: Question, before: Report, report: Report, put: list[str]) -> Report:
    """The second of two reports, with the first one's words."""
    *names, last = [question.assignment.questions[id].name for id in put]
    right = f"right {', '.join(names)} and {last}" if names else f"a right {last}"
    said = f"judged with {right} in the place of yours: {report.points:g} of {report.most:g} points"
    if report.points < report.most:
        said += f"; {question.name} has a mistake of its own"
    return replace(report, messages=list(dict.fromkeys([*before.messages, said, *report.messages])))


# ---- one reply ----------------------------------------------------------------------------------------------------


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
    return failed(question, AGAINST, one_line(rules.verdict(sorted(set(used)), question)))


def _compared(question: Question, seen: Seen, inputs: Inputs) -> list[CaseReport]:
    """Every case for one draw."""
    right = question.assignment.key.right(question.id, inputs)
    reports = [case_report(case, seen.outcomes[case.name], right[case.name], question) for case in question.cases]
    if question.method or "hs" in question.arguments:
        sizes = ", ".join(f"{letter} = {size}" for letter, size in inputs.sizes.items())
        for report in reports:
            told = [detail if later(detail) else f"{detail} (with {sizes})" for detail in report.details[:1]]
            report.details = told + report.details[1:]
    return reports


def _worse(before: list[CaseReport], now: list[CaseReport]) -> list[CaseReport]:
    """Of each case the report in which it failed."""
    return [one if not one.passed else other for one, other in zip(before, now, strict=True)] if before else now


def _explained(question: Question, asked: AsWritten, report: Report) -> Report:
    """The same with the public check's own words, where that check fails too; it never has more points."""
    try:
        reply = asked(None)
        needs = list(_needed(reply))
        right = [need.id for need, other in needs if other.points == other.most]
        asked.wrong = [id for id in question.needs if id not in right]
        public = report_of(question, reply.seen, needs)
    except Exception:  # no answer, a bad one, or numbers that defeat the diagnosis
        return report
    if not public.cases:
        return public
    pairs = list(zip(report.cases, public.cases, strict=True))
    cases = [one if shown.passed else CaseReport(one.name, one.weight, False, shown.details) for one, shown in pairs]
    only_here = any(shown.passed and not one.passed for one, shown in pairs)
    return whole(question, cases, [Named(ELSEWHERE)] * only_here + public.messages)


def _told_by_key(question: Question, report: Report) -> Report:
    """The same with the key's words, where the public check knows nothing that is right."""
    told = map(Named, question.assignment.key.why(question.id, report))
    return replace(report, messages=[*report.messages, *told])


def _needed(reply: Reply) -> Iterator[tuple[Question, Report]]:
    for need, other in reply.needs:
        yield need, report_of(need, other.seen, _needed(other))
