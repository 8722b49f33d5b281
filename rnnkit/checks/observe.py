"""What a student's object does in the cases of a question: it is run here, and nothing here knows a right number."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from rnnkit.checks import recurrence, repeats, rules
from rnnkit.checks.case import Case
from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.outcome import SPELT, Outcome, Outcomes, equal, kind_of, later
from rnnkit.checks.question import Question

NOT_WRITTEN = "not written yet"
LOOSE = 2e-3  # what rounding to float32 may change
GIVEN = ("rnnkit.cells", "torch.nn.modules.module")  # methods from there are inherited, not the student's own


@dataclass
class Seen:
    """What an object did when it was asked a question.

    Fields:
        outcomes: by case; empty where it was not run.
        rules: the forbidden things that it uses.
        verdict: status and message where it is no such object at all.
        probes: gives the outcomes of the question's probes; asked only where the answer is wrong and unknown.
    """

    outcomes: Outcomes = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    verdict: tuple[str, str] | None = None
    probes: Callable[[], Outcomes] = dict


def observe(question: Question, obj: Any, inputs: Inputs | None = None) -> Seen:
    """What an object does in the cases of a question; nothing of it is compared with anything here."""
    if names := rules.in_source(obj, question):
        return Seen(rules=names)
    if problem := _contract(question, obj):
        return Seen(verdict=problem)
    with rules.tripwire(question) as used:
        outcomes = run_cases(question, obj, inputs)
    probes = (lambda: run_probes(question, obj) | run_more(question, obj)) if inputs is None else dict
    return Seen(outcomes=outcomes, rules=sorted(used), probes=probes)


def run_probes(question: Question, obj: Any) -> Outcomes:
    """The outcome of every probe of a question, in float64; they say something of a wrong answer only."""
    asked = [case for case in question.cases if case.name in question.probed] or question.cases[:1]
    outcomes = {}
    for name, inputs in question.probe_inputs.items():
        whole = Outcome(sizes=inputs.sizes)
        for case in asked:
            part = run_case(case, obj, torch.float64, inputs)
            whole.values |= part.values
            whole.problems |= part.problems
            whole.error = whole.error or part.error
        outcomes[name] = whole
    return outcomes


def run_more(question: Question, obj: Any) -> Outcomes:
    """Of a cell: which rounds come out otherwise where they are asked first; of a sequence: the steps from its states.

    They say something of a wrong answer only, as probes do.
    """
    if not question.method:
        return {}
    case = question.cases[0]
    given = question.inputs.of(case.name)
    whole = run_case(case, obj, torch.float64, given)
    first = Outcome(sizes=given.sizes)
    if whole.error is None and not [name for name in whole.problems if not later(name)]:
        first.notes = [
            name
            for name, inputs in given.rounds.items()
            if not repeats.as_first(whole, name, run_case(case, obj, torch.float64, inputs.alone()))
        ]
    outcomes = {repeats.FIRST: first}
    if question.of_cell and question.method == "forward":
        steps = recurrence.own_steps(question.target)
        outcomes[steps.name] = run_case(steps, obj, torch.float64, question.inputs.alone())
    return outcomes


def run_cases(question: Question, obj: Any, inputs: Inputs | None = None) -> Outcomes:
    """Every case of a question, in float64; it must run in float32 too, as training does.

    Code that makes float32 tensors of its own is checked in float32.
    """
    inputs, outcomes = inputs or question.inputs, {}
    for case in question.cases:
        given = inputs.of(case.name)
        alone = given.alone()
        double = run_case(case, obj, torch.float64, given)
        single = run_case(case, obj, torch.float32, alone, seed=1)
        if _mixes_dtypes(double.error) and single.error is None:
            single = run_case(case, obj, torch.float32, given)
            single.notes.append("checked in float32: your code makes float32 tensors; x.new_zeros follows x")
            double = single
        elif trouble := repeats.unsteady(double, single, partial(run_case, case, obj, torch.float64, alone)):
            random = trouble == repeats.RANDOM or repeats.seeds_itself(rules._functions(obj, question))
            double.problems[repeats.CALLS] = repeats.RANDOM if random else trouble
        elif double.error is None and single.error is not None:
            double.error = single.error
            advice = ": x.new_zeros follows x's dtype" if _mixes_dtypes(single.error) else ""
            double.notes.append(f"it fails in float32, in which training runs{advice}")
        elif double.error is None and not double.problems:
            double.problems |= _only_in_float32(double, single)
        outcomes[case.name] = double
    return outcomes


def answers(question: Question, right: Any, inputs: Inputs) -> dict[str, Arrays]:
    """What right code gives in every case, later rounds included: case -> quantity -> numbers.

    Raises:
        ValueError: it does not pass through a case.
    """
    numbers = {}
    for case in question.cases:
        outcome = run_case(case, right, torch.float64, inputs.of(case.name))
        if outcome.error or outcome.problems:
            problem = f"{question.id}, {case.name}: the solution does not pass: {outcome.problems}"
            raise ValueError(problem) from outcome.error
        numbers[case.name] = outcome.values
    return numbers


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
    """What is wrong in float32, in which training runs, and not in float64; rounding is not, nor a word at an edge."""
    problems = {name: f"in float32, {text}" for name, text in single.problems.items()}
    for name, value in single.values.items():
        right = None if name.startswith(SPELT) else double.values.get(name)
        if not problems and right is not None and right.shape == value.shape and not equal(value, right, LOOSE):
            problems[name] = f"{name}: in float32, in which training runs, the numbers are others than in float64"
    return problems


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
        wanted = f"expected the class {question.target} itself, got {kind_of(obj)}: hand over {question.target}"
        return "not a class", wanted
    if not issubclass(obj, torch.nn.Module):
        return "not a cell", f"expected a class made with `class {question.target}(Cell)`, got one that is no nn.Module"
    method = rules._method(obj, question.method)
    owner = getattr(method, "__module__", "")
    if method is None or (owner in GIVEN and obj.__module__ != owner):
        return NOT_WRITTEN, f"{question.name}: your class has no method {question.call} of its own yet"
    return _signature(question, method, (None,)) if callable(method) else None


def _signature(question: Question, function: Any, first: tuple) -> tuple[str, str] | None:
    signature = None
    try:
        signature = inspect.signature(function)
        signature.bind(*first, *question.arguments)
    except (TypeError, ValueError):
        if signature is not None:
            return "wrong signature", f"expected {question.call}, got {getattr(function, '__name__', '?')}{signature}"
    return None


# ---- what is needed before -----------------------------------------------------------------------------------------


def reached(question: Question, obj: Any) -> Iterator[tuple[Question, Any]]:
    """The earlier questions whose code this one calls, with the object that each is to be asked of."""
    functions = {function.__name__ for function in rules._functions(obj, question)}
    for need in question.needed:
        other = obj if need.method else getattr(obj, "__globals__", {}).get(need.target)
        if (need.method or need.target) in functions and not _contract(need, other):
            yield need, other
