"""Whether the same call gives the same numbers: what is random in an answer, and what it keeps from call to call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from rnnkit.checks.inputs import Expected
from rnnkit.checks.numbers import wrong_in
from rnnkit.checks.outcome import Outcome, Outcomes, equal, later, named

CALLS = "calls"  # the problem's name
ONCE_MORE = "the first inputs once more"
FIRST = "rounds asked first"  # of an outcome whose notes are rounds that come out otherwise there
RANDOM = "two calls with the same inputs give different numbers: something random is in it"
KEPT = "a second call with the same inputs gives other numbers than the first: something is kept from call to call"
RAISES = "a second call with the same inputs raises, where the first does not: something is kept from call to call"
WHAT = "(a default argument, an attribute, a global)"
_SEEDING = {"default_rng", "RandomState", "SystemRandom", "urandom", "token_bytes", "seed"}
SAME = 1e-9
ROUNDED = 2e-5  # below it, a difference to float32 is no reason to ask again


def sow(seed: int) -> None:
    """Sets every usual source of random numbers."""
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def seeds_itself(functions: Iterable[Any]) -> bool:
    """Whether code has a source of random numbers of its own, which `sow` does not reach."""
    return any(_SEEDING & set(getattr(getattr(one, "__code__", None), "co_names", ())) for one in functions)


def unsteady(double: Outcome, single: Outcome, again: Callable[[int], Outcome]) -> str | None:
    """RANDOM, KEPT or RAISES, where the same inputs give another outcome; None where they do not.

    ``double`` came after `sow(0)`, ``single`` after `sow(1)`; ``again`` sows its argument and runs the first round.
    """
    if double.error is not None or not (_apart(double, single, ROUNDED) or _once_more(double)):
        return None
    second = again(0)
    if second.error is not None:
        return RAISES
    if _apart(double, second, SAME):
        return KEPT
    other = again(1)
    return RANDOM if other.error is not None or _apart(second, other, SAME) else _once_more(double)


def _apart(one: Outcome, other: Outcome, tolerance: float) -> bool:
    """Whether the first round came out otherwise."""
    wrong, other_wrong = ({name for name in each.problems if not later(name)} for each in (one, other))
    same = (_same(other.values.get(name), value, tolerance) for name, value in one.values.items() if not later(name))
    return other.error is not None or wrong != other_wrong or not all(same)


def _same(got: np.ndarray | None, value: np.ndarray, tolerance: float) -> bool:
    return got is not None and equal(np.nan_to_num(got), np.nan_to_num(value), tolerance)


def _once_more(outcome: Outcome) -> str | None:
    if named("error", ONCE_MORE) in outcome.problems:
        return RAISES
    values = outcome.values
    both = [
        (values[named(name, ONCE_MORE)], value) for name, value in values.items() if named(name, ONCE_MORE) in values
    ]
    shape = any(name.endswith(f"{ONCE_MORE})") for name in outcome.problems)
    return None if not shape and all(_same(more, value, SAME) for more, value in both if more is not None) else KEPT


def as_first(whole: Outcome, name: str, alone: Outcome) -> bool:
    """Whether a later round came out as it does where it is asked first."""
    raised = named("error", name) in whole.problems
    if alone.error is not None or raised:
        return (alone.error is not None) == raised
    return all(_same(whole.values.get(named(quantity, name)), value, SAME) for quantity, value in alone.values.items())


def said(outcomes: Outcomes, right: Expected) -> tuple[str | None, bool]:
    """What is said of calls that do not repeat, and whether it is all that is known."""
    troubles = {case: outcome.problems[CALLS] for case, outcome in outcomes.items() if CALLS in outcome.problems}
    if RANDOM in troubles.values():
        return f"{RANDOM}.", True
    if not troubles:
        return None, False
    raises = RAISES in troubles.values()
    wrong = ([*wrong_in(right[case], outcomes[case]), *outcomes[case].problems] for case in troubles)
    if not any(all(later(name) or name == CALLS for name in names) for names in wrong):
        return f"{RAISES if raises else KEPT} {WHAT}.", False
    return (
        f"the first call is right, and a later one with the same inputs {'raises' if raises else 'is not'}: something "
        f"is kept from call to call {WHAT}."
    ), True


def without(outcomes: Outcomes) -> Outcomes:
    """The outcomes as if nothing had been asked twice."""
    return {
        case: replace(outcome, problems={name: text for name, text in outcome.problems.items() if name != CALLS})
        for case, outcome in outcomes.items()
    }
