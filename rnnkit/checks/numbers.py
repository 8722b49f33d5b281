"""What wrong numbers say, whatever the mistake: each sentence states what was found by comparing, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np

from rnnkit.checks.outcome import SPELT, Outcome, close, equal, later

NAMED = ("g x", "length of", "other keys", SPELT)  # these quantities are no results of their own
EXACT = 1e-7
NO_WORD = re.compile(r"-?\d+|None|True|False")
Parts = dict[str, float]  # how often each counts


def joined(words: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def difference(name: str, got: np.ndarray, expected: np.ndarray) -> str:
    """Expected and got of the first entries that differ."""
    if name.startswith(SPELT):
        return "{}: expected {}, got {}".format(name.removeprefix(SPELT), *map(_quoted, (expected, got)))
    if got.shape != expected.shape:
        return f"{name}: expected shape {expected.shape}, got {got.shape}"
    wrong = [tuple(map(int, place)) for place in np.argwhere(~close(got, expected))]
    first = "; ".join(
        f"{name}{list(place) if place else ''}: expected {expected[place]:.6g}, got {got[place]:.6g}"
        for place in wrong[:2]
    )
    return first if expected.ndim == 0 else f"{len(wrong)} of {expected.size} entries differ. {first}"


def _read(letters: np.ndarray) -> str:
    return "".join(chr(int(one)) if 31 < one < 1e4 else "?" for one in letters.ravel()[:80])


def _quoted(letters: np.ndarray) -> str:
    """A word in quotation marks; what is written without them in Python as it is."""
    word = _read(letters)
    return word if NO_WORD.fullmatch(word) else f"“{word}”"


def wrong_in(expected: dict[str, np.ndarray], outcome: Outcome) -> dict[str, np.ndarray]:
    """The right numbers of the quantities that are wrong, or are not there."""
    return {name: right for name, right in expected.items() if not equal(outcome.values.get(name), right)}


def is_gradient(name: str) -> bool:
    """Whether a quantity is called ``dh_t/dW_hh``."""
    return name.startswith("d") and "/d" in name


def gradients(expected: dict[str, np.ndarray], outcome: Outcome) -> str | None:
    """Which gradients are zero or wrong, where all the values are right."""
    wrong = [name for name in wrong_in(expected, outcome) if is_gradient(name) and name in outcome.values]
    wrong = [name for name in wrong if not later(name)] or wrong
    if not wrong:
        return None
    zero = [name for name in wrong if not outcome.values[name].any()]
    if zero:
        result, rest = zero[0].split("/")[0][1:], len(wrong) - len(zero)
        also = f" Those with respect to {_sources(set(wrong) - set(zero))} are there, but wrong." if rest else ""
        return (
            f"the values are right, but in your code {result} does not depend on {_sources(zero)} as far as autograd "
            "can see: somewhere it leaves the graph (detach, .data, torch.no_grad, a new tensor made from numbers)."
            f"{also}"
        )
    right = {name for name in expected if is_gradient(name) and not later(name)} - set(wrong)
    kept = f"; that with respect to {_sources(right)} is right" if right else ""
    return (
        f"the values are right, but the gradients with respect to {_sources(wrong)} are not{kept}: on one of several "
        "ways from there to the result the graph is interrupted."
    )


def _sources(names: list[str] | set[str]) -> str:
    return ", ".join(sorted(name.split("/d")[1] for name in names))


def clamped(got: np.ndarray, right: np.ndarray) -> str | None:
    """Whether it is cut off above, below or both."""
    low, high = got.min(), got.max()
    off = np.abs(got - right) > 1e-9
    if got.size < 4 or off.sum() < 2 or off.all() or not equal(got, np.clip(right, low, high), 1e-9):
        return None
    ends = [f"{end:.4g}" for end, cut in ((low, right.min() < low - 1e-9), (high, right.max() > high + 1e-9)) if cut]
    return f"it is the right answer, clamped at {' and '.join(ends)}."


def parts(value: np.ndarray, columns: dict[str, np.ndarray], whole: bool = False) -> Parts | None:
    """How often each of one or two columns counts, where their sum gives the numbers exactly.

    Where ``whole`` is set each must count once, with either sign.
    """
    for names in (*combinations(columns, 1), *combinations(columns, 2)):
        counts = counts_of(value, {name: columns[name] for name in names}, EXACT)
        often = [abs(count) for count in counts.values()] if counts else [0.0]
        if min(often) > 1e-4 and not (whole and any(abs(count - 1) > 1e-6 for count in often)):
            return counts
    return None


def counts_of(total: np.ndarray, columns: Mapping[str, np.ndarray], exact: float) -> Parts | None:
    """How often each column counts, where that is told and their sum gives the numbers."""
    table = np.array([np.ravel(column) for column in columns.values()]).T
    counts, _, rank, _ = np.linalg.lstsq(table, total.ravel(), rcond=1e-10)
    if rank < len(columns) or np.abs(table @ counts - total.ravel()).max() >= exact * (1 + np.abs(total).max()):
        return None
    return dict(zip(columns, map(float, counts), strict=True))


def summed(counts: Parts) -> str:
    """``0.5 times a plus 0.5 times b``."""
    said = "".join(f" {'plus' if times > 0 else 'minus'} {_times(times, name)}" for name, times in counts.items())
    return said.removeprefix(" plus ").lstrip()


def _times(times: float, name: str) -> str:
    if name == "1":
        return f"{abs(times):.4g}"
    return name if abs(abs(times) - 1) < 1e-5 else f"{abs(times):.4g} times {name}"
