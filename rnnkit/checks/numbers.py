"""What wrong numbers say, whatever the mistake: each sentence states what was found by comparing, and no more."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.outcome import Outcome, equal, later

NAMED = ("g x", "length of", "other keys")  # these quantities are no results of their own


def difference(name: str, got: np.ndarray, expected: np.ndarray, most: int = 2) -> str:
    """Expected and got of the first entries that differ."""
    if got.shape != expected.shape:
        return f"{name}: expected shape {expected.shape}, got {got.shape}"
    wrong = [tuple(map(int, place)) for place in np.argwhere([~_near(got, expected)][0])]
    first = "; ".join(
        f"{name}{list(place) if place else ''}: expected {expected[place]:.6g}, got {got[place]:.6g}"
        for place in wrong[:most]
    )
    return first if expected.ndim == 0 else f"{len(wrong)} of {expected.size} entries differ. {first}"


def _near(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.abs(got - expected) <= 2e-5 * (1 + np.abs(expected))


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
