"""From a wrong outcome to sentences: what is known of exactly these numbers first, then what the numbers give away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from rnnkit.checks.clues import share, start, tried
from rnnkit.checks.errors import where
from rnnkit.checks.inputs import SIZES, Inputs, fixed
from rnnkit.checks.known import partly, prints, recognised
from rnnkit.checks.numbers import gradients, is_gradient, relation, wrong_in
from rnnkit.checks.outcome import WITH, Outcome, equal, later
from rnnkit.checks.questions import CELLS, Question
from rnnkit.checks.terms import made_of

Outcomes = dict[str, Outcome]
Expected = dict[str, dict[str, np.ndarray]]  # case -> quantity -> numbers
MOST = 4  # sentences
AGAIN = "the same cell, new weights"


def diagnosis(
    question: Question,
    outcomes: Outcomes,
    failed: list[str],
    right: Expected,
    probes: Callable[[], Outcomes] = dict,
) -> list[str]:
    """What can be said of a wrong answer, best first; every sentence is borne out by the outcomes.

    Arguments:
        question: that was asked.
        outcomes: of all cases, with the public inputs.
        failed: the cases that failed.
        right: the right numbers.
        probes: runs the question's probes, or has their outcomes.
    """
    seen = prints(question, outcomes, right)
    error = next((outcome.error for outcome in outcomes.values() if outcome.error is not None), None)
    if found := _only_later(question, outcomes, failed, right):
        return [found]
    if found := recognised(question.id, seen, where(error)[1] if error else ""):
        return [found]
    numbers = {case: sum(int((value != 0).sum()) for value in outcomes[case].values.values()) for case in failed}
    clues = [partly(question.id, seen, numbers)]
    in_steps = question.notebook == CELLS or bool({"hs", "hidden", "v", "flow"}.intersection(question.arguments))
    clues += [relation(right[case], outcomes[case], in_steps) for case in failed if outcomes[case].error is None]
    clues += [
        _apart(question, name, outcomes[case], numbers) for case in failed for name, numbers in right[case].items()
    ]
    clues += _only_gradients(question, outcomes, failed, right)
    clues += _probed(question, outcomes, failed, right, probes)
    clues.append(_where(outcomes, failed, right))
    return list(dict.fromkeys(filter(None, clues)))[:MOST] or _all_wrong(outcomes, failed, right)


def _features(inputs: Inputs) -> dict[str, Any]:
    others = {f"another {letter} than {size}": True for letter, size in SIZES.items() if inputs.sizes[letter] != size}
    return inputs.sizes | inputs.options | others


def _apart(question: Question, name: str, outcome: Outcome, numbers: np.ndarray) -> str | None:
    got = outcome.values.get(name)
    return None if got is None or equal(got, numbers) else made_of(question.id, name, got, numbers)


def _only_later(question: Question, outcomes: Outcomes, failed: list[str], right: Expected) -> str | None:
    """What to say where every failed case is right with its first inputs; None where one is not."""
    rounds: dict[str, None] = {}
    alike: list[list[str]] = []
    for case in failed:
        outcome = outcomes[case]
        wrong = [*wrong_in(right[case], outcome), *outcome.problems]
        if outcome.error is not None or not all(map(later, wrong)):
            return None
        names = dict.fromkeys(name.split(WITH, 1)[1][:-1] for name in wrong)
        rounds |= names
        alike.append(_alike(fixed(question.id).of(case), set(names)))
    common = [one for one in alike[0] if all(one in rest for rest in alike)]
    shared = f" What these have and the others have not: {', '.join(common)}." if common else ""
    again = (
        " Something that is kept from one call to the next would show there, too."
        if AGAIN in rounds and not re.search("head|phi", shared)
        else ""
    )
    return f"right with the first inputs, not with others: {'; '.join(rounds)}.{shared}{again}"


def _alike(inputs: Inputs, wrong: set[str]) -> list[str]:
    """What is common to the inputs of the rounds that are wrong and to no other, the first included."""
    about = {"": _features(inputs) | {"phi": "tanh", "last": "lastLinear"}}
    about |= {name: _features(given) for name, given in inputs.rounds.items()}
    failing = [about[name] for name in wrong if name in about]
    passing = [one for name, one in about.items() if name not in wrong]
    if not failing:
        return []
    common = set(failing[0].items()).intersection(*(one.items() for one in failing))
    names = {"last": "head", "grad": "gradients"}
    return [
        key if value is True else f"{names.get(key, key)} = {value}"
        for key, value in sorted(common, key=str)
        if not any(one.get(key) == value for one in passing) and key != "gates"
    ]


def _probed(
    question: Question, outcomes: Outcomes, failed: list[str], right: Expected, probes: Callable[[], Outcomes]
) -> list[str | None]:
    """What special inputs show of the quantities that are wrong."""
    whole = [case for case in failed if outcomes[case].error is None]
    wrong = [
        name
        for case in whole
        for name in wrong_in(right[case], outcomes[case])
        if name in outcomes[case].values and not later(name)
    ]
    if all(map(is_gradient, wrong)):
        return []
    probed, clues = probes(), []
    if "hidden" in wrong:
        clues.append(start(question.id, probed))
    if question.id == "gru_step" and whole:
        clues.append(share({name for name in wrong if not is_gradient(name)}, outcomes[whole[0]].values))
    shaped = [
        name
        for case in whole
        for name in right[case]
        if name in wrong and outcomes[case].values[name].shape == right[case][name].shape and not is_gradient(name)
    ]
    return clues + tried(question.id, shaped, probed)


def _only_gradients(question: Question, outcomes: Outcomes, failed: list[str], right: Expected) -> list[str | None]:
    """Of the gradients, where every case of values passed."""
    if question.method and all("gradients" in case for case in failed):
        return [gradients(right[case], outcomes[case]) for case in failed]
    return []


def _where(outcomes: Outcomes, failed: list[str], right: Expected) -> str | None:
    """Which parts are right and which are not, by name."""
    fine, wrong = [], []
    for case in failed:
        outcome = outcomes[case]
        if outcome.error is not None or any(is_gradient(name) for name in right[case]):
            continue
        for name, numbers in right[case].items():
            if name in outcome.values and not later(name):
                often = sum(name in right[other] for other in failed) > 1
                said = f"{name} in “{case}”" if often else name
                (fine if equal(outcome.values[name], numbers) else wrong).append(said)
    passed = [case for case in outcomes if case not in failed]
    if fine and wrong:
        return f"{_listed(fine)} {_are(fine)} right, {_listed(wrong)} {_are(wrong)} not."
    if passed:
        return f"{_quoted(passed)} {_are(passed)} right, {_quoted(failed)} {_are(failed)} not."
    return None


def _all_wrong(outcomes: Outcomes, failed: list[str], right: Expected) -> list[str]:
    """The last that can be said: that it is wrong everywhere."""
    wrong = [name for case in failed for name in wrong_in(right[case], outcomes[case]) if not later(name)]
    wrong = [name for name in wrong if any(name in outcomes[case].values for case in failed)]
    said = f"{_listed(wrong)}: nothing that is known here gives these numbers; begin with the first of them."
    return [said] if wrong else []


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _quoted(names: list[str]) -> str:
    return _listed([f"“{name}”" for name in names])


def _are(names: list[str]) -> str:
    return "is" if len(set(names)) == 1 else "are"
