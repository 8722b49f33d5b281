"""`check`: from a question's id and a student's object to a report and its points."""

from __future__ import annotations

import functools
import inspect
import json
from importlib import resources
from typing import Any

import numpy as np
import torch

from rnnkit.checks import cases_cells, cases_diagnostics, rules
from rnnkit.checks.cases_cells import Case
from rnnkit.checks.diagnose import Outcomes, difference, from_numbers, graph_only, known_mistake, of_error, where
from rnnkit.checks.outcome import Outcome, equal, kind_of
from rnnkit.checks.questions import QUESTIONS, Question
from rnnkit.checks.report import CaseReport, Report, show
from rnnkit.checks.sandbox import quiet
from rnnkit.names import unknown

CASES: dict[str, tuple[Case, ...]] = cases_cells.CASES | cases_diagnostics.CASES
NOT_WRITTEN = "not written yet"
GIVEN = ("rnnkit.cells", "torch.nn.modules.module")  # methods from there are inherited, not the student's own
METHODS = {(question.target, question.method): id for id, question in QUESTIONS.items()}


def check(question_id: str, obj: Any = None) -> float:
    """Checks a student's class or function, shows a report, and returns the points.

    Nothing is raised for a wrong answer, and nothing is written to stderr.

    Arguments:
        question_id: an id of `QUESTIONS`.
        obj: the class (1_cells) or function (2_diagnostics) to check.

    Returns:
        The points of the named cases that passed, a plain float: 0.0 for a stub.
    """
    if not isinstance(question_id, str) or question_id not in QUESTIONS:
        show(Report(str(question_id), "", 0.0, 0.0, "no such question", [], [_no_question(question_id)]))
        return 0.0
    question = QUESTIONS[question_id]
    try:
        report = examine(question, obj)
    except Exception as error:  # an object that defeats the check itself
        message = f"this object could not be checked: {type(error).__name__}"
        report = _failed(question, "cannot be checked", message)
    show(report)
    return float(report.points)


def examine(question: Question, obj: Any) -> Report:
    """The report of a check, not shown."""
    with quiet():
        if names := rules.in_source(obj, question):
            return _failed(question, "against the rules", rules.verdict(names, question))
        if problem := _contract(question, obj):
            return _failed(question, *problem)
        with rules.tripwire(question) as used:
            outcomes = run_cases(question.id, obj)
        report = _judge(question, obj, outcomes)
        if used - {rules.SWITCHED_OFF} or (used and report.points):
            return _failed(question, "against the rules", rules.verdict(sorted(used), question))
        return report


def run_cases(id: str, obj: Any) -> Outcomes:
    """Every case of a question, in float64; it must run in float32 too, as training does.

    Code that makes float32 tensors of its own is checked in float32.
    """
    outcomes = {}
    for case in CASES[id]:
        double, single = _run(case, obj, torch.float64), _run(case, obj, torch.float32)
        if _mixes_dtypes(double.error) and single.error is None:
            single.notes.append("checked in float32: your code makes float32 tensors; x.new_zeros follows x")
            double = single
        elif double.error is None and single.error is not None:
            double.error = single.error
            double.notes.append("it fails in float32, in which training runs: x.new_zeros follows x's dtype")
        outcomes[case.name] = double
    return outcomes


def _run(case: Case, obj: Any, dtype: torch.dtype) -> Outcome:
    outcome = Outcome()
    try:
        case.run(obj, dtype, outcome)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        outcome.error = error
    return outcome


def _mixes_dtypes(error: BaseException | None) -> bool:
    text = str(error)
    return isinstance(error, RuntimeError) and ("dtype" in text or ("Float" in text and "Double" in text))


@functools.cache
def expectations() -> dict[str, Any]:
    """question -> ``{"expected": {case: {quantity: numbers}}, "mistakes": [...]}``: shipped instead of answers."""
    folder = resources.files("rnnkit.checks") / "data"
    found: dict[str, Any] = {}
    for name in ("cells.json", "diagnostics.json"):
        found |= json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def _expected(question: Question, case: str) -> dict[str, np.ndarray]:
    numbers = expectations()[question.id]["expected"][case]
    return {name: np.asarray(value, dtype=np.float64) for name, value in numbers.items()}


# ---- the contract ------------------------------------------------------------------------------------------------


def _contract(question: Question, obj: Any) -> tuple[str, str] | None:
    """Status and message where the object is not of the right kind; None where it is."""
    if question.method is None:
        if isinstance(obj, type) or not callable(obj):
            return "not a function", f"expected the function {question.call}, got {kind_of(obj)}"
        return _signature(question, obj, ())
    if not isinstance(obj, type):
        return (
            "not a class",
            f"expected the class {question.target} itself, got {kind_of(obj)}: hand over {question.target}",
        )
    if not issubclass(obj, torch.nn.Module):
        return "not a cell", f"expected a class made with `class {question.target}(Cell)`, got one that is no nn.Module"
    method = rules._method(obj, question.method)
    owner = getattr(method, "__module__", "")
    if method is None or (owner in GIVEN and obj.__module__ != owner):
        return NOT_WRITTEN, f"{question.name}: your class has no method {question.call} of its own yet"
    return _signature(question, method, (None,)) if callable(method) else None


def _signature(question: Question, function: Any, first: tuple) -> tuple[str, str] | None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*first, *question.arguments)
    except TypeError:
        return "wrong signature", f"expected {question.call}, got {getattr(function, '__name__', '?')}{signature}"
    return None


# ---- the judgement -----------------------------------------------------------------------------------------------


def _judge(question: Question, obj: Any, outcomes: Outcomes) -> Report:
    if unwritten := _unwritten(question, outcomes):
        return _failed(question, NOT_WRITTEN, unwritten)
    cases, failed, told = [], [], set()
    for case in CASES[question.id]:
        report = _case(case, outcomes[case.name], _expected(question, case.name))
        if failed and "gradients" in case.name and not (outcomes[case.name].error or outcomes[case.name].problems):
            report.details = report.details and ["they differ as well, as they must where the values do"]
        report.details = [detail if detail not in told else "the same as above" for detail in report.details]
        told |= set(report.details)
        cases.append(report)
        if not report.passed:
            failed.append(case.name)
    points = float(sum(case.weight for case in cases if case.passed))
    status = "solved" if not failed else "not right yet" if points == 0 else "partly right"
    messages = [] if not failed else [_diagnosis(question, obj, outcomes, failed)]
    notes = [note for outcome in outcomes.values() for note in outcome.notes]
    return Report(
        question.id,
        question.name,
        points,
        question.points,
        status,
        cases,
        [*filter(None, messages), *dict.fromkeys(notes)],
    )


def _case(case: Case, outcome: Outcome, expected: dict[str, np.ndarray]) -> CaseReport:
    details = list(outcome.problems.values())
    if outcome.error is not None:
        details.append(of_error(outcome.error))
    else:
        wrong = [name for name in expected if not equal(outcome.values.get(name), expected[name])]
        shown = [name for name in wrong if name in outcome.values and name not in outcome.problems]
        details += [difference(name, outcome.values[name], expected[name]) for name in shown[:2]]
        if len(shown) > 2:
            details.append(f"also different: {', '.join(shown[2:])}")
        if wrong and not details:
            details.append(f"missing: {', '.join(wrong)}")
    return CaseReport(case.name, case.weight, not details, details)


def _diagnosis(question: Question, obj: Any, outcomes: Outcomes, failed: list[str]) -> str | None:
    if found := _needs(question, obj):
        return found
    if found := known_mistake(outcomes, failed, expectations()[question.id]["mistakes"]):
        return found
    for case in failed:
        outcome = outcomes[case]
        if outcome.error is None and (found := from_numbers(_expected(question, case), outcome)):
            return found
    only_gradients = question.method and all("gradients" in case for case in failed)
    return graph_only(_expected(question, failed[0]), outcomes[failed[0]]) if only_gradients else None


def _needs(question: Question, obj: Any) -> str | None:
    """The first earlier question that this code calls and that is not right either."""
    reached = {function.__name__ for function in rules._functions(obj, question)}
    for need in map(QUESTIONS.get, question.needs):
        other = obj if need.method else getattr(obj, "__globals__", {}).get(need.target)
        if (need.method or need.target) not in reached or _contract(need, other):
            continue
        report = _judge(need, other, run_cases(need.id, other))
        if report.points < need.points:
            why = f" {report.messages[0]}" if report.messages else ""
            return f"{need.name}, which this calls, is not right yet: mend question {need.id} first.{why}"
    return None


def _unwritten(question: Question, outcomes: Outcomes) -> str | None:
    """A message where the code, or what it calls, is still the stub."""
    for outcome in outcomes.values():
        if isinstance(outcome.error, NotImplementedError):
            function, _ = where(outcome.error)
            other = METHODS.get((question.target, function)) or METHODS.get((function, None))
            if other and other != question.id:
                return f"{QUESTIONS[other].name}, which this calls, is not written yet: question {other} comes first"
            return f"{question.name} is not written yet: replace the line that raises NotImplementedError"
    return None


def _failed(question: Question, status: str, message: str) -> Report:
    return Report(question.id, question.name, 0.0, question.points, status, [], [message])


def _no_question(id: Any) -> str:
    return unknown(id, QUESTIONS, "question") if isinstance(id, str) else f"expected a question's id, got {kind_of(id)}"
