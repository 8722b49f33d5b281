"""From what a student's object did to a report: compared with the shipped numbers, and a sentence on what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from rnnkit.checks import rules
from rnnkit.checks.case import Case
from rnnkit.checks.diagnose import diagnosis
from rnnkit.checks.errors import of_error, unwritten_question
from rnnkit.checks.numbers import difference, is_gradient, wrong_in
from rnnkit.checks.observe import NOT_WRITTEN, Seen
from rnnkit.checks.outcome import Outcome, Outcomes, later, plain_name
from rnnkit.checks.question import Question
from rnnkit.checks.repeats import CALLS
from rnnkit.checks.report import CaseReport, Report
from rnnkit.checks.right import expected
from rnnkit.checks.wrong import Wrong

Needs = Iterable[tuple[Question, Report]]
CALLED = "which this calls, is not right yet"


def report_of(question: Question, seen: Seen, needs: Needs = ()) -> Report:
    """The report on an object that was run with the public inputs.

    The reports of the earlier questions whose code it calls are looked at only where it fails.
    """
    if seen.verdict:
        return failed(question, *seen.verdict)
    if not seen.rules:
        return judge(question, seen.outcomes, needs, seen.probes)
    forbidden = failed(question, "against the rules", rules.verdict(seen.rules, question))
    if set(seen.rules) - {rules.SWITCHED_OFF}:
        return forbidden
    report = judge(question, seen.outcomes, needs, seen.probes)
    return forbidden if report.points else report


def judge(question: Question, outcomes: Outcomes, needs: Needs = (), probes: Callable[[], Outcomes] = dict) -> Report:
    """The report on the outcomes of all cases, for the public inputs."""
    if message := unwritten(question, outcomes):
        return failed(question, NOT_WRITTEN, message)
    right, cases, wrong, told = expected(question), [], [], set()
    for case in question.cases:
        report = case_report(case, outcomes[case.name], right[case.name], question)
        if wrong and any(map(is_gradient, right[case.name])) and not _broken(outcomes[case.name]):
            report.details = report.details and ["they differ as well, as they must where the values do"]
        report.details = [detail if detail not in told else "the same as above" for detail in report.details]
        told |= set(report.details)
        cases.append(report)
        if not report.passed:
            wrong.append(case.name)
    try:
        messages = _told(Wrong(question, outcomes, wrong, right, probes), needs) if wrong else []
    except Exception:  # numbers that defeat the diagnosis: the points stand without one
        messages = []
    notes = [note for outcome in outcomes.values() for note in outcome.notes]
    return whole(question, cases, [*messages, *dict.fromkeys(notes)])


def _broken(outcome: Outcome) -> bool:
    return bool(outcome.error or outcome.problems)


def whole(question: Question, cases: list[CaseReport], messages: list[str]) -> Report:
    """A report with its points and status, from those of the cases."""
    points = float(sum(case.weight for case in cases if case.passed))
    solved = all(case.passed for case in cases)
    status = "solved" if solved else "not right yet" if points == 0 else "partly right"
    return Report(question.id, question.name, points, question.points, status, cases, messages)


def failed(question: Question, status: str, message: str) -> Report:
    """A report without points."""
    return Report(question.id, question.name, 0.0, question.points, status, [], [message])


def case_report(
    case: Case, outcome: Outcome, expected: dict[str, np.ndarray], question: Question | None = None
) -> CaseReport:
    """One case: passed where there was no error and no problem, and every quantity is the expected one."""
    problems = outcome.problems
    if CALLS in problems:  # which later rounds fail, too, says nothing then
        problems = {name: text for name, text in problems.items() if not later(name)}
    details = list(problems.values())
    if outcome.error is not None:
        details.append(of_error(outcome.error, question, outcome.sizes))
    else:
        wrong = list(wrong_in(expected, outcome))
        wrong = [name for name in wrong if not later(name)] or wrong  # what is wrong at first is so later, too
        shown = [name for name in wrong if name in outcome.values and name not in outcome.problems]
        details += [difference(name, outcome.values[name], expected[name]) for name in shown[:2]]
        if len(shown) > 2:
            details.append(f"also different: {', '.join(map(plain_name, shown[2:]))}")
        if wrong and not details:
            details.append(f"missing: {', '.join(map(plain_name, wrong))}")
    return CaseReport(case.name, case.weight, not details, details)


def unwritten(question: Question, outcomes: Outcomes) -> str | None:
    """A message where the code, or what it calls, is still the stub."""
    for outcome in outcomes.values():
        stub = unwritten_question(question, outcome.error)
        if stub is question:
            return f"{question.name} is not written yet: replace the line that raises NotImplementedError"
        if stub:
            return f"{stub.name}, which this calls, is not written yet: question {stub.id} comes first"
    return None


def _told(answer: Wrong, needs: Needs) -> list[str]:
    for need, report in needs:  # the first earlier question that this code calls and that is not right either
        if report.points < need.points:
            why = report.messages[0] if report.messages else ""
            if CALLED in why:  # that one is not the first either, and may have no mistake of its own
                return [why]
            return [f"{need.name}, {CALLED}: mend question {need.id} first. {why}".rstrip()]
    return diagnosis(answer)
