"""How wrong numbers are related to the right ones, whatever the mistake: each sentence states what comparing showed."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Arrays
from rnnkit.checks.numbers import NAMED, clamped, is_gradient, joined, wrong_in
from rnnkit.checks.outcome import Outcome, equal, later

NEAR = 5e-3  # below it, a mistake cannot be a whole term


def relation(expected: Arrays, outcome: Outcome, in_steps: bool = True) -> str | None:
    """How the first wrong quantity of a case that can be told is related to the right one; None if nothing is seen."""
    if sentence := _together(expected, outcome):
        return sentence
    for name, right in wrong_in(expected, outcome).items():
        got = outcome.values.get(name)
        if got is None or is_gradient(name) or later(name) or name.startswith(NAMED):
            continue
        if sentence := _swapped(name, got, expected) or _related(got, right, outcome.sizes, in_steps):
            return f"{name}: {sentence}"
        if name == "hidden" and got.shape == right.shape:
            first = next(t for t in range(len(right)) if not equal(got[t], right[t]))
            return (
                "hidden[0], the state after x_1, is wrong already: look at what comes before the first step, at the "
                "step itself and at how its result is collected."
                if first == 0
                else f"hidden is right up to t = {first} and wrong after it: look at what step {first + 1} is given."
            )
    return None


def _swapped(name: str, got: np.ndarray, expected: Arrays) -> str | None:
    """Whether it is what another quantity of the case should be."""
    other = next((one for one, right in expected.items() if one != name and not later(one) and equal(got, right)), None)
    return f"these are the right numbers of {other}." if other and got.size > 1 else None


def _related(got: np.ndarray, right: np.ndarray, sizes: dict[str, int], in_steps: bool) -> str | None:
    if got.shape != right.shape:
        return _misshapen(got, right)
    with np.errstate(all="ignore"):
        varied = right.size > 1 and np.ptp(right) > 1e-6
        telling = varied or not np.isin(right, (0.0, 0.5, 1.0, 2.0)).all()
        positive = telling and right.min() > 0
        square = got.ndim == 2 and got.shape[0] == got.shape[1] > 1
        in_time = varied and right.ndim > 0 and len(right) == sizes["T"] and sizes["T"] > 2
        tests = {
            f"it is 0{' everywhere' * (got.size > 1)}.": not got.any(),
            "it is 1 minus the right answer.": telling and equal(1 - got, right),
            "it is the right answer with the other sign: the sign is wrong.": right.any() and equal(-got, right),
            "it is the transpose of the right answer.": square and equal(got.T, right),
            "its entries along time are those of the right answer backwards: time runs backwards in it.":
                in_time and equal(got[::-1], right),
            "it is one step late: entry t holds what belongs to t - 1.": in_time and equal(got[1:], right[:-1]),
            "it is one step early: entry t holds what belongs to t + 1.": in_time and equal(got[:-1], right[1:]),
            "entry t is the sum of the right ones from t to the end.":
                in_time and equal(got, right[::-1].cumsum(0)[::-1]),
            "entry t is the sum of the right ones up to t.": in_time and equal(got, right.cumsum(0)),
            "entry t is the right one less the one before it: differences are taken.":
                in_time and equal(got[1:], np.diff(right, axis=0)),
            "it is the square of the right answer.": telling and equal(got, right**2),
            "it is the square root of the right answer.": telling and right.min() >= 0 and equal(got, np.sqrt(right)),
            "it is the right answer before the sigmoid.": varied and equal(1 / (1 + np.exp(-got)), right),
            "it is the right answer before the tanh.": varied and equal(np.tanh(got), right),
            "it is the right answer put through tanh once more.": varied and equal(got, np.tanh(right)),
            "it is the right answer put through the sigmoid once more.":
                varied and equal(got, 1 / (1 + np.exp(-right))),
            "it is the right answer put through softmax along the last axis.":
                varied and equal(got, np.exp(right) / np.exp(right).sum(-1, keepdims=True)),
            "it is log10 of the right answer.": positive and equal(got, np.log10(right)),
            "it is the natural logarithm of the right answer.": positive and equal(got, np.log(right)),
            "it is the absolute value of the right answer.": varied and equal(got, np.abs(right)),
        }  # fmt: skip
        return (
            next((text for text, holds in tests.items() if holds), None)
            or _rounded(got, right)
            or _scaled(got, right)
            or clamped(got, right)
            or _proportional(got, right, sizes if in_steps else {})
            or _near_all(got, right)
            or _rows(got, right)
            or _constant(got, right, sizes)
        )


def _rounded(got: np.ndarray, right: np.ndarray) -> str | None:
    if not np.ptp(right) and right.size > 1:
        return None
    for digits in range(0 if right.size > 1 else 2, 5):  # one number has few digits by accident
        if equal(got, np.round(right, digits), 1e-9):
            return f"it is the right answer, rounded to {digits} digit{'s' * (digits != 1)} after the point."
    if np.abs(right).max() < 6e4 and equal(got, right.astype(np.float16).astype(float), 1e-9):
        return "it is the right answer in float16, with three digits."
    return None


def _near_all(got: np.ndarray, right: np.ndarray) -> str | None:
    """Whether all of it is so near that only something small can be wrong."""
    off = float((np.abs(got - right) / (np.abs(right) + 1e-2)).max())
    if right.size < 4 or not off < NEAR or not right.any():
        return None
    return (
        f"every entry is within {max(100 * off, 0.01):.2g} % of the right one: something small is done to the numbers, "
        "such as rounding, clamping, an eps or another dtype."
    )


def _scaled(got: np.ndarray, right: np.ndarray) -> str | None:
    """Whether it was divided by something of its own."""
    if got.size < 3 or not right.all():
        return None
    flat = right.ravel()
    ratio = got.ravel() / flat
    if np.ptp(ratio) > 1e-6 * abs(ratio[0]) or abs(ratio[0] - 1) < 1e-4:
        return None
    own = {"its largest entry": right.max(), "its sum": right.sum(), "its mean": right.mean()}
    own |= {"its first entry": flat[0], "its last entry": flat[-1], "its own norm": np.sqrt((right**2).sum())}
    divisor = next((name for name, value in own.items() if abs(ratio[0] * value - 1) < 1e-6), None)
    return f"it is the right answer divided by {divisor}." if divisor else None


def _together(expected: Arrays, outcome: Outcome) -> str | None:
    """Whether all new gradients are the right ones times one number."""
    names = [name for name in expected if name.startswith("grads[") and not later(name)]
    values = outcome.values
    if len(names) < 2 or any(name not in values or values[name].shape != expected[name].shape for name in names):
        return None
    got, right = (np.concatenate([numbers[name].ravel() for name in names]) for numbers in (values, expected))
    ratio = float(got @ right / (right @ right))
    if not equal(got, ratio * right):
        fine = [name for name in names if equal(values[name], expected[name])]
        if fine and len(fine) < len(names):
            rest = ", ".join(name for name in names if name not in fine)
            are = "is" if len(fine) == 1 else "are"
            return f"{', '.join(fine)} {are} right, {rest} not: there is no common factor for all of them."
        return "the new gradients are not the given ones times one common factor: the direction is another."
    if abs(ratio - 1) < 1e-4:
        return None
    return f"all new gradients are {ratio:.4g} times the right ones: the direction is right, the factor is not."


def _misshapen(got: np.ndarray, right: np.ndarray) -> str | None:
    if got.ndim == right.ndim == 3 and equal(got.transpose(1, 0, 2), right):
        return "batch and time are swapped: it must be (T, B, ...)."
    if got.T.shape == right.shape and equal(got.T, right):
        return "it is the transpose of the right answer."
    if got.ndim == right.ndim > 0 and 0 < len(got) < len(right):
        if equal(got, right[: len(got)]):
            return f"it is right as far as it goes, but only {len(got)} of {len(right)} steps are there."
        if equal(got, right[-len(got) :]):
            return f"only the last {len(got)} of {len(right)} are there, and these are right."
    if got.ndim == right.ndim > 0 and len(got) > len(right) > 0 and equal(got[-len(right) :], right):
        return f"there are {len(got) - len(right)} too many in front; the rest is right."
    if right.ndim and got.shape == right.shape[1:]:
        fitting = [k for k, one in enumerate(right) if equal(got, one)]
        if len(fitting) == len(right) > 1 and np.ptp(right):
            return f"it has one row; that row stands there {len(right)} times in the right answer."
        for place in fitting[: len(fitting) < 2]:
            return f"this is entry {place} of the right answer alone."
    if got.ndim == right.ndim + 1 and equal(got.mean(-1), right):
        return "the mean over the last axis is right: it is missing."
    if got.size == right.size > 1 and equal(got.reshape(right.shape), right):
        return "the numbers are right, their shape is not."
    return None


def _proportional(got: np.ndarray, right: np.ndarray, sizes: dict[str, int]) -> str | None:
    if not right.any() or (got.size == 1 and not 1e-3 < abs(got.ravel()[0] / right.ravel()[0]) < 1e3):
        return None
    ratio = float((got * right).sum() / (right * right).sum())
    if not np.isfinite(ratio) or not equal(got, ratio * right) or abs(ratio - 1) < 1e-4:
        return None
    counts = _counts(ratio, sizes)
    if got.size == 1 and not counts and min(_off(2 * ratio), _off(1 / ratio)) > 1e-4:
        return None
    return f"it is {ratio:.4g} times the right answer{counts}."


def _off(value: float) -> float:
    """How far it is from a whole number."""
    return abs(value - round(value))


def _counts(ratio: float, sizes: dict[str, int]) -> str:
    for letters in ("B", "T", "H", "BH", "TB", "TBH"):
        size = int(np.prod([sizes.get(letter, 0) for letter in letters]))
        for value, way, other in ((float(size), "sum", "mean"), (1 / max(size, 1), "mean", "sum")):
            if size > 2 and abs(ratio / value - 1) < 1e-4:
                said = " and ".join(letters)
                return (
                    f", and {'·'.join(letters)} is {size}: that would be a {way} over {said} in the place of a {other}"
                )
    for base in (2, 10):
        for value, way, other in ((1 / np.log(base), f"log{base}", "ln"), (np.log(base), "ln", f"log{base}")):
            if abs(ratio / value - 1) < 1e-6:
                return f", as where {way} stands in the place of {other}"
    return ""


def _rows(got: np.ndarray, right: np.ndarray) -> str | None:
    """Which rows, or columns, are right, where some are and others are not."""
    for axis, one, several in ((0, "entry", "entries"), (-1, "column", "columns"))[: got.ndim]:
        alike = [equal(got.take(k, axis), right.take(k, axis)) for k in range(got.shape[axis])]
        fine, rest = ([k for k, right_there in enumerate(alike) if right_there is wanted] for wanted in (True, False))
        if fine and rest:
            are, others = ("is" if len(some) == 1 else "are" for some in (fine, rest))
            named = one if len(fine) == 1 else several
            return f"{named} {joined(map(str, fine))} {are} right, {joined(map(str, rest))} {others} not."
    return None


def _constant(got: np.ndarray, right: np.ndarray, sizes: dict[str, int]) -> str | None:
    """What is the same for all sequences or units where it should not be."""
    if got.size < 2:
        return None
    if np.ptp(got) < 1e-6 < np.ptp(right):
        return "all its entries are the same; they should differ."
    if np.ptp(got - right) < 1e-5:
        return f"it is the right answer plus {(got - right).mean():.4g}."
    if got.ndim == 2 and got.shape[0] == sizes["B"]:
        if np.ptp(got, axis=0).max() < 1e-6 < np.ptp(right, axis=0).max():
            return "it is the same for every sequence; sequences should differ."
        if np.ptp(got, axis=1).max() < 1e-6 < np.ptp(right, axis=1).max():
            return "it is the same for every unit; units should differ."
        if bias_alike(got, right):
            return (
                "the sum inside differs from the right one by the same numbers for every sequence: what is wrong does "
                "not depend on the sequence; look at the bias."
            )
    return None


def bias_alike(got: np.ndarray, right: np.ndarray) -> bool:
    """Whether the arguments of tanh, or of the sigmoid, differ by one vector for all of the batch."""
    if right.ndim != 2 or got.shape != right.shape or len(right) < 2:
        return False
    for inverse in (np.arctanh, lambda v: np.log(v / (1 - v))):
        with np.errstate(all="ignore"):
            apart = inverse(got) - inverse(right)
        if np.isfinite(apart).all() and np.ptp(apart, axis=0).max() < 1e-4:
            return True
    return False
