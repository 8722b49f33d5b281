"""Which terms a wrong sum is made of: the numbers of possible terms are stored, and it is taken apart into them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.checks.question import Question

CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "sigmoid": lambda v: np.log(v / (1 - v)),
    "": lambda v: v,
}  # by name, how to get back to the sum
MOST = 5  # terms that a sum may be made of: with more of them anything could be
EXACT = 1e-6


def made_of(question: Question, quantity: str, got: np.ndarray, right: np.ndarray) -> str | None:
    """How the terms of an answer's sum differ from those of the right one; None where it is no sum of these terms.

    Arguments:
        question: that was asked.
        quantity: what is wrong.
        got: what came back for it with the public inputs.
        right: what should.
    """
    terms = question.assignment.stored("terms").get(question.id, {}).get(quantity)
    if terms is None or got.shape != right.shape:
        return None
    names, columns = list(terms), np.array([np.ravel(values) for values in terms.values()]).T
    wanted, made = _parts(right, columns), _parts(got, columns)
    if wanted is None or made is None:
        return None
    (curve, should), (other, does) = wanted, made
    said = []
    if other != curve:
        said.append(f"it goes through {other or 'nothing'} where it should go through {curve or 'nothing'}")
    for name, one, two in zip(names, should, does, strict=True):
        if abs(one - two) > 1e-4:
            said.append(_counted(name, one, two))
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


def _parts(value: np.ndarray, columns: np.ndarray) -> tuple[str, np.ndarray] | None:
    """The nonlinearity and how often each term counts, where few terms give the numbers exactly."""
    for curve, inverse in CURVES.items():
        with np.errstate(all="ignore"):
            total = inverse(value).ravel()
        if not np.isfinite(total).all():
            continue
        counts, _, rank, _ = np.linalg.lstsq(columns, total, rcond=1e-10)
        few = np.count_nonzero(np.abs(counts) > 1e-5) <= MOST
        if (
            rank == columns.shape[1]
            and few
            and np.abs(columns @ counts - total).max() < EXACT * (1 + np.abs(total).max())
        ):
            return curve, counts
    return None
