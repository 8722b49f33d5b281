"""`check`: from a question's id and a student's object to a report and its points."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from rnnkit.checks import own_setting, recurrence, repeats, rules
from rnnkit.checks.cases_cells import Case
from rnnkit.checks.diagnose import Outcomes
from rnnkit.checks.inputs import Inputs, fixed
from rnnkit.checks.judge import CASES, NOT_WRITTEN, Seen, expectations, failed, judge, report_of
from rnnkit.checks.outcome import Outcome, equal, kind_of, later
from rnnkit.checks.probes import asked, probe_inputs
from rnnkit.checks.questions import CELLS, OWN_SETTING, QUESTIONS, Question
from rnnkit.checks.report import Report, show
from rnnkit.checks.sandbox import quiet
from rnnkit.names import unknown
from rnnkit.notebook import find_run

__all__ = ["CASES", "check", "examine", "expectations", "observe", "reached", "run_cases", "run_probes"]

LOOSE = 2e-3  # what rounding to float32 may change
GIVEN = ("rnnkit.cells", "torch.nn.modules.module")  # methods from there are inherited, not the student's own


def check(question_id: str, obj: Any = None) -> float:
    """Checks a student's class or function, shows a report, and returns the points.

    Nothing is raised for a wrong answer, and nothing is written to stderr.

    Arguments:
        question_id: an id of `QUESTIONS`, or ``own_setting``.
        obj: the class (1_cells) or function (2_diagnostics) to check; for ``own_setting`` the name of a run.

    Returns:
        The points of the named cases that passed, a float: 0.0 for a stub. A notebook shows the report alone.
    """
    if question_id == OWN_SETTING:
        report = own_setting.from_record(find_run(obj) if isinstance(obj, str) and len(obj) <= 100 else None)
        return show(report)
    if not isinstance(question_id, str) or question_id not in QUESTIONS:
        return show(Report(str(question_id), "", 0.0, 0.0, "no such question", [], [_no_question(question_id)]))
    question = QUESTIONS[question_id]
    try:
        report = examine(question, obj)
    except Exception as error:  # an object that defeats the check itself
        message = f"this object could not be checked: {type(error).__name__}"
        report = failed(question, "cannot be checked", message)
    return show(report)


def examine(question: Question, obj: Any) -> Report:
    """The report of a check, not shown."""
    with quiet():
        return report_of(question, observe(question, obj), _needs(question, obj))


def observe(question: Question, obj: Any, inputs: Inputs | None = None) -> Seen:
    """What an object does in the cases of a question; nothing of it is compared with anything here."""
    if names := rules.in_source(obj, question):
        return Seen(rules=names)
    if problem := _contract(question, obj):
        return Seen(verdict=problem)
    with rules.tripwire(question) as used:
        outcomes = run_cases(question.id, obj, inputs)
    probes = (lambda: run_probes(question.id, obj) | run_more(question, obj)) if inputs is None else dict
    return Seen(outcomes=outcomes, rules=sorted(used), probes=probes)


def run_probes(id: str, obj: Any) -> Outcomes:
    """The outcome of every probe of a question, in float64; they say something of a wrong answer only."""
    cases, found = {case.name: case for case in CASES[id]}, {}
    for name, inputs in probe_inputs(id).items():
        whole = Outcome(sizes=inputs.sizes)
        for case in asked(id, CASES[id][0].name):
            part = run_case(cases[case], obj, torch.float64, inputs)
            whole.values |= part.values
            whole.problems |= part.problems
            whole.error = whole.error or part.error
        found[name] = whole
    return found


def run_more(question: Question, obj: Any) -> Outcomes:
    """Of a cell: which rounds come out otherwise where they are asked first; of a sequence: the steps from its states.

    They say something of a wrong answer only, as probes do.
    """
    if question.notebook != CELLS:
        return {}
    case, found = CASES[question.id][0], {}
    given = fixed(question.id).of(case.name)
    whole = run_case(case, obj, torch.float64, given)
    first = Outcome()
    if whole.error is None and not [name for name in whole.problems if not later(name)]:
        for name, inputs in given.rounds.items():
            if not repeats.as_first(whole, name, run_case(case, obj, torch.float64, replace(inputs, rounds={}))):
                first.notes.append(name)
    found[repeats.FIRST] = first
    if question.method == "forward":
        found[recurrence.OWN] = recurrence.own_steps(question.target, obj)
    return found


def run_cases(id: str, obj: Any, inputs: Inputs | None = None) -> Outcomes:
    """Every case of a question, in float64; it must run in float32 too, as training does.

    Code that makes float32 tensors of its own is checked in float32.

    Arguments:
        id: the question's.
        obj: the student's class or function.
        inputs: by default the public ones.
    """
    inputs, outcomes = inputs or fixed(id), {}
    for case in CASES[id]:
        given = inputs.of(case.name)
        alone = replace(given, rounds={})
        double = run_case(case, obj, torch.float64, given)
        single = run_case(case, obj, torch.float32, alone, seed=1)
        if _mixes_dtypes(double.error) and single.error is None:
            single = run_case(case, obj, torch.float32, given)
            single.notes.append("checked in float32: your code makes float32 tensors; x.new_zeros follows x")
            double = single
        elif found := repeats.unsteady(double, single, partial(run_case, case, obj, torch.float64, alone)):
            random = found == repeats.RANDOM or repeats.seeds_itself(rules._functions(obj, QUESTIONS[id]))
            double.problems[repeats.CALLS] = repeats.RANDOM if random else found
        elif double.error is None and single.error is not None:
            double.error = single.error
            about = ": x.new_zeros follows x's dtype" if _mixes_dtypes(single.error) else ""
            double.notes.append(f"it fails in float32, in which training runs{about}")
        elif double.error is None and not double.problems:
            double.problems |= _only_in_float32(double, single)
        outcomes[case.name] = double
    return outcomes


def run_case(case: Case, obj: Any, dtype: torch.dtype, inputs: Inputs, seed: int = 0) -> Outcome:
    """One case once, in all its rounds; an exception becomes part of the outcome."""
    outcome = Outcome(sizes=inputs.sizes)
    repeats.sow(seed)
    try:
        case.run(obj, dtype, outcome, inputs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        outcome.error = error
    return outcome


def _only_in_float32(double: Outcome, single: Outcome) -> dict[str, str]:
    """What is wrong in float32, in which training runs, and not in float64; rounding is not."""
    found = {name: f"in float32, {text}" for name, text in single.problems.items()}
    for name, value in single.values.items():
        right = double.values.get(name)
        if not found and right is not None and right.shape == value.shape and not equal(value, right, LOOSE):
            found[name] = f"{name}: in float32, in which training runs, the numbers are others than in float64"
    return found


def _mixes_dtypes(error: BaseException | None) -> bool:
    text = str(error)
    return isinstance(error, RuntimeError) and ("dtype" in text or ("Float" in text and "Double" in text))


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


# ---- what is needed before -----------------------------------------------------------------------------------------


def reached(question: Question, obj: Any) -> Iterator[tuple[Question, Any]]:
    """The earlier questions whose code this one calls, with the object that each is to be asked of."""
    functions = {function.__name__ for function in rules._functions(obj, question)}
    for need in map(QUESTIONS.get, question.needs):
        other = obj if need.method else getattr(obj, "__globals__", {}).get(need.target)
        if (need.method or need.target) in functions and not _contract(need, other):
            yield need, other


def _needs(question: Question, obj: Any) -> Iterator[tuple[Question, Report]]:
    for need, other in reached(question, obj):
        yield need, judge(need, run_cases(need.id, other), _needs(need, other))


def _no_question(id: Any) -> str:
    return unknown(id, QUESTIONS, "question") if isinstance(id, str) else f"expected a question's id, got {kind_of(id)}"
