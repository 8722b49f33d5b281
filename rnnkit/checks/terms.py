"""Which terms a wrong sum is made of: the numbers of possible terms are stored, and it is taken apart into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rnnkit.checks.numbers import EXACT, Parts, counts_of
from rnnkit.checks.question import Question

CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "sigmoid": lambda v: np.log(v / (1 - v)),
    "": lambda v: v,
}  # by name, how to get back to the sum
MOST = 5  # terms that a sum may be made of: with more of them anything could be


def made_of(question: Question, quantity: str, got: np.ndarray, right: np.ndarray) -> str | None:
    """How the terms of an answer's sum differ from those of the right one; None where it is no sum of these terms."""
    terms = question.assignment.stored("terms").get(question.id, {}).get(quantity)
    if terms is None or got.shape != right.shape:
        return None
    wanted, made = _in_terms(right, terms), _in_terms(got, terms)
    if wanted is None or made is None:
        return None
    (curve, should), (other, does) = wanted, made
    said = []
    if other != curve:
        said.append(f"it goes through {other or 'nothing'} where it should go through {curve or 'nothing'}")
    said += [_counted(name, should[name], does[name]) for name in terms if abs(should[name] - does[name]) > 1e-4]
    if not said:
        return None
    inside = f" inside the {other}" if other else ""
    return f"{quantity}, taken apart into terms{inside}: {'; '.join(said)}."


def _counted(name: str, should: float, does: float) -> str:
    if abs(should) < 1e-4:
        return f"there is also {name}{'' if abs(does - 1) < 1e-4 else f', {does:.4g} times'}"
    if abs(does) < 1e-4:
        return f"{name} is missing"
    return f"{name} counts {does:.4g} times, not {should:.4g}"


def _in_terms(value: np.ndarray, terms: Mapping[str, np.ndarray]) -> tuple[str, Parts] | None:
    """The nonlinearity and how often each term counts, where few terms give the numbers exactly."""
    for curve, inverse in CURVES.items():
        with np.errstate(all="ignore"):
            total = inverse(value)
        counts = counts_of(total, terms, 10 * EXACT) if np.isfinite(total).all() else None
        if counts and sum(abs(count) > 1e-5 for count in counts.values()) <= MOST:
            return curve, counts
    return None
