"""From a wrong outcome to a sentence: fingerprints of known mistakes first, then what the numbers give away."""

from __future__ import annotations

import linecache
import re
import types
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.checks.outcome import WITH, Outcome, Reported, equal, later, name_of, same_print

Outcomes = dict[str, Outcome]
TINY = "g x"  # this quantity of grad_time has its own known mistake
_HOME = str(Path(__file__).resolve().parent.parent)


def known_mistake(outcomes: Outcomes, failed: list[str], mistakes: list[dict[str, Any]]) -> str | None:
    """The message of the known mistake whose fingerprint these outcomes have; None where there is none.

    The whole fingerprint decides; failing that, a mistake that explains every failed case that has values.
    """
    prints = {case: outcome.fingerprint() for case, outcome in outcomes.items()}
    for mistake in mistakes:
        if all(same_print(prints[case], mistake["prints"][case]) for case in prints):
            return mistake["message"]
    telling = [case for case in failed if outcomes[case].values]
    for mistake in mistakes:
        if telling and all(same_print(prints[case], mistake["prints"][case]) for case in telling):
            return mistake["message"]
    for mistake in mistakes:
        if telling and same_print(prints[telling[0]], mistake["prints"][telling[0]]):
            return mistake["message"] + " (That explains the first case; look at the others after it.)"
    return None


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


def from_numbers(expected: dict[str, np.ndarray], outcome: Outcome) -> str | None:
    """What a wrong case's numbers say about the mistake, whatever it is; None where they say nothing."""
    wrong = {
        name: right
        for name, right in expected.items()
        if not later(name) and not equal(outcome.values.get(name), right)
    }
    gradients = {name: right for name, right in wrong.items() if name.startswith("d") and "/d" in name}
    zero = [name for name, right in gradients.items() if name in outcome.values and not outcome.values[name].any()]
    if zero:
        result, sources = zero[0].split("/")[0][1:], ", ".join(name.split("/d")[1] for name in zero)
        return f"in your code, {result} does not depend on {sources}, or the path is cut (detach, .data); it should."
    for name, right in wrong.items():
        got = outcome.values.get(name)
        if got is None or name in gradients or name.startswith(TINY):
            continue
        if found := _relation(got, right, outcome.sizes):
            return f"{name}: {found}"
        if name == "hidden" and got.shape == right.shape:
            first = next(t for t in range(len(right)) if not equal(got[t], right[t]))
            return (
                "hidden[0] is wrong already: begin with h_0 = 0 and x_1."
                if first == 0
                else f"hidden is right up to t = {first} and wrong after it: hand every h_t to the next step."
            )
    return None


def only_later(outcomes: Outcomes, failed: list[str], expected: dict[str, dict[str, np.ndarray]]) -> str | None:
    """What to say where every failed case is right with its first inputs; None where one is not."""
    rounds: list[str] = []
    for case in failed:
        outcome = outcomes[case]
        wrong = [name for name, right in expected[case].items() if not equal(outcome.values.get(name), right)]
        wrong += outcome.problems
        if outcome.error is not None or not all(map(later, wrong)):
            return None
        rounds += [name.split(WITH)[1][:-1] for name in wrong]
    return f"right with the first inputs, not with others: {'; '.join(dict.fromkeys(rounds))}."


def graph_only(expected: dict[str, np.ndarray], outcome: Outcome) -> str | None:
    """What to say where all the values are right and a gradient is not."""
    wrong = [name for name, right in expected.items() if not equal(outcome.values.get(name), right)]
    sources = ", ".join(name.split("/d")[1] for name in wrong if "/d" in name)
    return (
        f"the values are right, but the gradients with respect to {sources} are not: the graph is cut."
        if sources
        else None
    )


def _relation(got: np.ndarray, right: np.ndarray, sizes: dict[str, int]) -> str | None:
    if got.shape != right.shape:
        if got.ndim == right.ndim == 3 and equal(got.transpose(1, 0, 2), right):
            return "batch and time are swapped: it must be (T, B, ...)."
        if got.T.shape == right.shape and equal(got.T, right):
            return "it is the transpose of the right answer."
        if got.ndim == right.ndim and 0 < len(got) < len(right) and equal(got, right[: len(got)]):
            return f"it is right as far as it goes, but only {len(got)} of {len(right)} steps are there."
        return None
    with np.errstate(all="ignore"):
        tests = {
            "it is 0 everywhere.": not got.any(),
            "it is 1 minus the right answer.": equal(1 - got, right),
            "the sign is wrong.": equal(-got, right),
            "it is the transpose of the right answer.": got.ndim == 2
            and got.shape[0] == got.shape[1]
            and equal(got.T, right),
            "time runs backwards in it.": got.ndim > 0 and len(got) == sizes["T"] and equal(got[::-1], right),
            "it is one step late: entry t holds what belongs to t - 1.": _shifted(got, right, sizes),
            "it is one step early: entry t holds what belongs to t + 1.": _shifted(right, got, sizes),
            "it is the square of the right answer.": equal(got, right**2),
            "it is the square root of the right answer.": right.min() >= 0 and equal(got, np.sqrt(right)),
            "it is the right answer before the sigmoid.": equal(1 / (1 + np.exp(-got)), right),
            "it is the right answer before the tanh.": equal(np.tanh(got), right),
            "it is the right answer put through tanh once more.": equal(got, np.tanh(right)),
            "it is the right answer put through the sigmoid once more.": equal(got, 1 / (1 + np.exp(-right))),
            "the sum is right; it goes through relu instead of tanh.": equal(got, np.maximum(np.arctanh(right), 0)),
            "the sum is right; it is clamped instead of put through tanh.": equal(
                got, np.clip(np.arctanh(right), -1, 1)
            ),
            "the sum inside differs by the same numbers for every sequence: look at the bias.": _bias(
                got, right, sizes
            ),
            "it is log10 of the right answer.": right.min() > 0 and equal(got, np.log10(right)),
        }
        found = next((text for text, holds in tests.items() if holds), None)
        if found is None and got.size > 1 and right.all():
            ratio = got / right
            if np.isfinite(ratio).all() and np.ptp(ratio) < 1e-4 * abs(ratio.mean()):
                found = f"it is {ratio.mean():.4g} times the right answer{_factor(float(ratio.mean()), sizes)}."
    return found


def _factor(ratio: float, sizes: dict[str, int]) -> str:
    for letters in ("B", "T", "H", "BH"):
        size = int(np.prod([sizes[letter] for letter in letters]))
        for value, way in ((size, "sum for mean over"), (1 / size, "divided once too often by")):
            if abs(ratio / value - 1) < 1e-4:
                return f": {way} {' and '.join(letters)}"
    return ""


def _bias(got: np.ndarray, right: np.ndarray, shape: tuple[int, int]) -> bool:
    """Whether the arguments of tanh, or of the sigmoid, differ by one vector for all of the batch."""
    if right.shape != shape:
        return False
    for inverse in (np.arctanh, lambda v: np.log(v / (1 - v))):
        apart = inverse(got) - inverse(right)
        if np.isfinite(apart).all() and np.ptp(apart, axis=0).max() < 1e-4:
            return True
    return False


def _shifted(late: np.ndarray, right: np.ndarray, sizes: dict[str, int]) -> bool:
    return late.ndim > 0 and len(late) == sizes["T"] and equal(late[1:], right[:-1])


# ---- exceptions --------------------------------------------------------------------------------------------------

_HINTS = {
    "modified by an inplace operation": "You write into a tensor that the graph still needs (h[t] = ...). "
    "Collect the states in a list and torch.stack them at the end.",
    "does not require grad": "The result is cut off from the graph: look for detach, .data, .item(), .numpy(), "
    "torch.no_grad.",
    "not have been used in the graph": "You differentiate with respect to a tensor that the loss was not computed "
    "from, such as torch.stack(hs), made after the loop. Differentiate with respect to the list hs itself.",
    "backward through the graph a second time": "The graph is used twice: give torch.autograd.grad retain_graph=True.",
    "cannot be multiplied": "Rows times weights: x_t (B, I) @ W_xh (I, H), h_prev (B, H) @ W_hh (H, H); nothing is "
    "transposed.",
    "must match the size": "Two tensors of different shape are added or multiplied: print their shapes; "
    "states are (B, H).",
    "'NoneType' object has no attribute": "Something is None: the .grad of a state, for instance, is kept only after "
    "h.retain_grad(). torch.autograd.grad(loss, hs) returns the gradients instead.",
    "has no attribute": "Check the names: weights are attributes of self, spelt as in the equations (self.W_hh).",
    "Can't call numpy() on Tensor that requires grad": "Detach before .numpy(), and only where no gradient is needed "
    "any more.",
    "'tuple'": "GRU.step gives back two things: h_t, gates = self.step(x_t, h_t).",
    "is not defined": "Is the cell run that defines it? Weights need self. before their names.",
    "maximum recursion depth": "Your code calls itself without end.",
}


def where(error: BaseException) -> tuple[str, str]:
    """The last function of the student's own in the traceback, and its line: ``("step", "line 3: h_t = ...")``."""
    if isinstance(error, Reported):
        return error.where
    trace: types.TracebackType | None = error.__traceback__
    function, line = "", ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_HOME) and not re.search(
            r"site-packages|<frozen|lib/python3", code.co_filename
        ):
            text = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            function, line = code.co_name, f"line {trace.tb_lineno}{': ' + text if text else ''}"
        trace = trace.tb_next
    return function, line


def of_error(error: BaseException) -> str:
    """An exception of the student's code in one or two sentences."""
    function, line = where(error)
    text = " ".join(str(error).split())[:240]
    place = f"In {function}, {line}" if line else "Calling it"
    hint = next((advice for mark, advice in _HINTS.items() if mark in text), "")
    return f"{place} raised {name_of(error)}{': ' + text if text else ''}. {hint}".rstrip()
