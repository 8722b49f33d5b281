"""Whether a wrong answer is a sum of few known things or terms, or the same curve of the right one in every round."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.numbers import EXACT, Parts, counts_of, is_gradient, parts, summed
from rnnkit.checks.outcome import WITH, equal, later, named
from rnnkit.checks.question import Question
from rnnkit.checks.wrong import Wrong

ENOUGH = 5  # numbers that a curve must go through
CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "it": lambda v: v,
    "its square": lambda v: v**2,
    "1 divided by it": lambda v: 1 / v,
    "its logarithm": np.log,
}
INVERSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "sigmoid": lambda v: np.log(v / (1 - v)),
    "": lambda v: v,
}  # by name, how to get back to the sum
MOST_TERMS = 5  # that a sum may be made of: with more of them anything could be


def mixture(answer: Wrong, case: str) -> str | None:
    """How the first wrong array of a case is made of the right one and what was given."""
    question, right, values = answer.question, answer.right[case], answer.outcomes[case].values
    if not question.of_cell:
        return None
    inputs, known = question.inputs.of(case), answer.right.get("gate traces", {}) | right
    for name in answer.names(case):
        got, numbers = values.get(name), right[name]
        told = later(name) or is_gradient(name)
        if got is None or told or got.shape != numbers.shape or got.size < 10 or not np.ptp(numbers):
            continue
        # the weights are made so alike that one may be a multiple of another by chance
        counts = parts(got, _columns(question, name, known, "", inputs), whole=name == "W")
        if counts is None:
            continue
        for special, given in inputs.rounds.items():
            one, more = named(name, special), values.get(named(name, special))
            if more is None or one not in right or given.options.get("phi"):
                continue
            columns = _columns(question, name, known, special, given)
            made = [times * columns[part] for part, times in counts.items() if part in columns]
            if not equal(more, sum(made, np.zeros(()))):
                return None
        return f"{name}: it equals {summed(counts)}."
    return None


def _columns(question: Question, name: str, right: Arrays, special: str, inputs: Inputs) -> Arrays:
    """Arrays of the quantity's shape that it could be made of."""
    at = (lambda one: named(one, special)) if special else (lambda one: one)
    numbers = right[at(name)]
    columns = {f"the right {name}": numbers}
    arrays = inputs.arrays
    if name == "W":
        columns |= {one: arrays[one] for one in arrays if one.startswith("W_h") and one != "W_ho"}
        columns |= {f"{one} transposed": value.T for one, value in columns.items() if one.startswith("W_h")}
        del columns["the right W"]
        return columns | {"the identity": np.eye(len(numbers))}
    columns |= {"1": np.ones_like(numbers), f"the square of the right {name}": numbers**2}
    for other in right:
        if not later(other) and other != name and at(other) in right and right[at(other)].shape == numbers.shape:
            beside = right[at(other)]
            columns |= {f"the right {other}": beside, f"{other} * the right {name}": beside * numbers}
    for other in ("h_prev", "r_t"):
        if other in question.arguments and arrays[other].shape == numbers.shape:
            columns |= {other: arrays[other], f"{other} * the right {name}": arrays[other] * numbers}
            columns[f"the square of {other}"] = arrays[other] ** 2
    if "x_t" in question.arguments:
        own = [one for one in arrays if one not in ("W_ho", "b_o")]
        columns |= {f"x_t @ {one}": arrays["x_t"] @ arrays[one] for one in own if one.startswith("W_x")}
        columns |= {f"h_prev @ {one}": arrays["h_prev"] @ arrays[one] for one in own if one.startswith("W_h")}
        columns |= {one: arrays[one] + 0 * numbers for one in own if one.startswith("b_")}
    if name == "output":
        columns["b_o"] = arrays["b_o"] + 0 * numbers
    if numbers.ndim == 3:
        columns["the one before in time"] = np.concatenate([0 * numbers[:1], numbers[:-1]])
        columns["the one after it in time"] = np.concatenate([numbers[1:], 0 * numbers[:1]])
        columns["the sum up to there"] = numbers.cumsum(0)
        columns["the last one in time"] = numbers[-1:] + 0 * numbers
        columns["the mean over time"] = numbers.mean(0, keepdims=True) + 0 * numbers
        columns["the mean over the batch"] = numbers.mean(1, keepdims=True) + 0 * numbers
    elif numbers.ndim == 2:
        columns["the mean over the batch"] = numbers.mean(0, keepdims=True) + 0 * numbers
        columns["the mean over its last axis"] = numbers.mean(1, keepdims=True) + 0 * numbers
    return columns


def curve(answer: Wrong) -> str | None:
    """Whether a wrong quantity is one and the same curve of the right one, in all cases and rounds."""
    if answer.question.method:
        return None
    pooled: dict[str, list[tuple[np.ndarray, np.ndarray, dict[str, int]]]] = {}
    for case, numbers in answer.right.items():
        rounds = answer.question.inputs.of(case).rounds
        for name, value in numbers.items():
            got = answer.outcomes[case].values.get(name)
            base, _, special = name.partition(WITH)
            if got is not None and got.shape == value.shape and base in ("norm", "rho", "s", "d", "g", "Omega"):
                sizes = rounds.get(special[:-1], answer.question.inputs).sizes
                pooled.setdefault(base, []).append((got.ravel(), value.ravel(), sizes))
    for name, rounds_of_all in pooled.items():
        value = np.concatenate([one for _, one, _ in rounds_of_all])
        for letters in ("", "B", "H", "BH") if name in "sdg" else ("",):
            scaled = [got / math.prod(sizes[letter] for letter in letters) for got, _, sizes in rounds_of_all]
            got = np.concatenate(scaled)
            if not np.isfinite(got).all() or (equal(got, value) and not letters):
                break
            if how := _curve(got, value) if not equal(got, value) else "it is the right answer":
                plain = how.removeprefix("in every round ")
                if not letters:
                    return f"{name}: in every round {plain}."
                over = " and ".join({"B": "the batch", "H": "the units"}[letter] for letter in letters)
                return f"{name}: divided by {'·'.join(letters)}, {plain}: a sum over {over} stands where a mean should."
    return None


def _curve(got: np.ndarray, right: np.ndarray) -> str | None:
    for what, made in CURVES.items():
        with np.errstate(all="ignore"):
            one, other = made(got), made(right)
        kept = np.isfinite(one) & np.isfinite(other)
        if kept.sum() < ENOUGH or kept.sum() < len(got) - 2 or len(np.unique(other[kept].round(9))) < ENOUGH:
            continue
        table = np.array([other[kept], np.ones(kept.sum())]).T
        counts, _, rank, _ = np.linalg.lstsq(table, one[kept], rcond=1e-10)
        off = np.abs(table @ counts - one[kept])
        if rank < 2 or (off > 10 * EXACT * (np.abs(one[kept]).min() + np.abs(one[kept]) * 1e-2)).any():
            continue
        times, plus = map(float, counts)
        if abs(times) < 1e-4 or (abs(times - 1) < 1e-6 and abs(plus) < 1e-9):
            continue
        return _said(what, times, plus)
    return None


def _said(what: str, times: float, plus: float) -> str:
    if what == "its logarithm":
        factor = "" if abs(plus) < 1e-5 else f"{np.exp(plus):.4g} times "
        return f"in every round it is {factor}the right answer to the power {times:.4g}"
    of = {"it": "the right answer", "its square": "the right square"}.get(what, "that of the right answer")
    if abs(times + 1) < 1e-6 and plus > 1e-9:
        return f"in every round {what} is {plus:.4g} minus {of}"
    factor = "" if abs(times - 1) < 1e-6 else f"{times:.4g} times "
    more = "" if abs(plus) < 1e-9 else f" {'plus' if plus > 0 else 'minus'} {abs(plus):.4g}"
    return f"in every round {what} is {factor}{of}{more}"


# ---- the terms that are stored of a question ----------------------------------------------------------------------


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
    for curve, inverse in INVERSES.items():
        with np.errstate(all="ignore"):
            total = inverse(value)
        counts = counts_of(total, terms, 10 * EXACT) if np.isfinite(total).all() else None
        if counts and sum(abs(count) > 1e-5 for count in counts.values()) <= MOST_TERMS:
            return curve, counts
    return None
