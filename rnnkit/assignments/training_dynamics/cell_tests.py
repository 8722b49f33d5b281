"""A student's test of a GRU, tried on the student's own one, and on that one made wrong in a few ways from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.assignments.training_dynamics import kinds
from rnnkit.checks.errors import of_error, unwritten_question
from rnnkit.checks.judge import NOT_WRITTEN, failed
from rnnkit.checks.observe import _contract
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report
from rnnkit.checks.runner import examine
from rnnkit.checks.sandbox import quiet
from rnnkit.checks.trial import Tried, raised, report_of

SIZES = ((2, 5, 1), (4, 3, 2))  # I, H, O of the right cells; a wrong one has the first
MOST_CALLS = 50
ROUNDING = 1e-6  # relative; other ways to compute the same differ by less
MORE = "with some wrong cells here; the grader has many more, and more right ones"
Stepped = tuple[Tensor, dict[str, Tensor]]
Change = Callable[[Any], dict[str, Any]]  # the student's class -> methods by name
CALLS = ("step", "update_gate", "reset_gate", "candidate")


def judged(question: Question, test: Any) -> Report:
    """The report on a student's test of a GRU, as the student sees it."""
    with quiet():
        if problem := _contract(question, test):
            return failed(question, *problem)
        own = getattr(test, "__globals__", {}).get("GRU")
        for need in question.needed:
            if examine(need, own).points < need.points:
                return failed(question, "not judged yet", _first(need.id, need.name))
        rows: list[Tried] = []
        for name, cell in _right(own):
            error = raised(test, cell, len(rows))
            if unwritten_question(question, error):
                return failed(question, NOT_WRITTEN, f"{question.name} is not written yet")
            rows.append(Tried("", name, error is not None, of_error(error) if error else ""))
        if said := _irregular(test, own):
            return report_of(question, [Tried("", "your own GRU", True, said)])
        for (kind, name), change in _WRONG.items():
            cell = _made(_changed(own, change), *SIZES[0])
            rows.append(Tried(kind, name, raised(test, cell, len(rows)) is not None))
        return report_of(question, rows, MORE)


def _first(id: str, name: str) -> str:
    return (
        f"Your {name} is not right yet: question {id} comes first. Your test is tried on your own GRU, and on that one "
        "made wrong; the grader has cells of its own, and does not wait for yours"
    )


def _made(cls: type[nn.Module], *sizes: int) -> nn.Module:
    """A cell with random weights, the same each time."""
    cell = cls(*sizes)
    rng = np.random.default_rng(sizes)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.copy_(torch.from_numpy(rng.uniform(-0.9, 0.9, parameter.shape)))
    return cell


def _right(own: Any) -> Iterator[tuple[str, nn.Module]]:
    for sizes in SIZES:
        yield "your own GRU", _made(_changed(own, _step(_as_it_is)), *sizes)
        yield "your own GRU, with other rounding in the last digits", _made(_changed(own, _rounded), *sizes)


def _changed(own: Any, change: Change) -> type[nn.Module]:
    """The student's class with some methods in the place of its own, by the same name."""
    return type("GRU", (own,), {"forward": _none, "__module__": own.__module__, **change(own)})


def _none(self: nn.Module, x: Tensor) -> NoReturn:
    raise NotImplementedError("a test calls step and the parts of it; where it is graded there is no forward")


def _irregular(test: Any, own: Any) -> str:
    """What is wrong with the calls that a test makes, if anything is."""
    first, second = ([*_calls(test, own)] for _ in range(2))
    if len(first) > MOST_CALLS:
        return f"It calls the cell {len(first)} times; at most {MOST_CALLS} times are asked for."
    if first != second:
        return "Its inputs are others at every call; let random numbers come from torch, numpy.random or random alone."
    return ""


def _calls(test: Any, own: Any) -> list[str]:
    """The calls of a cell that a test makes, as text."""
    calls: list[str] = []

    def change(own: Any) -> dict[str, Any]:
        def method(name: str) -> Callable[..., Any]:
            def call(self: nn.Module, *given: Any, **named: Any) -> Any:
                inside = vars(self).setdefault("_inside", [])
                if not inside:
                    calls.append(f"{name}{[*map(_text, given)]}{[*map(_text, named.values())]}")
                inside.append(name)
                try:
                    return getattr(own, name)(self, *given, **named)
                finally:
                    inside.pop()

            return call

        return {name: method(name) for name in CALLS}

    raised(test, _made(_changed(own, change), *SIZES[0]), 0)
    return calls


def _text(value: Any) -> str:
    return str(value.tolist()) if isinstance(value, Tensor) else str(value)


# ---- changes from outside -----------------------------------------------------------------------------------------


def _step(change: Callable[[Any, Callable[..., Stepped], Tensor, Tensor], Stepped]) -> Change:
    """Another step, which is given the cell, its own step, x_t and h_prev."""

    def methods(own: Any) -> dict[str, Any]:
        def step(self: nn.Module, x_t: Tensor, h_prev: Tensor) -> Stepped:
            return change(self, lambda x_t, h_prev: own.step(self, x_t, h_prev), x_t, h_prev)

        return {"step": step}

    return methods


def _rounded(own: Any) -> dict[str, Any]:
    """All methods with other last digits."""

    def noisy(name: str) -> Callable[..., Any]:
        def method(self: nn.Module, *given: Any, **named: Any) -> Any:
            value = getattr(own, name)(self, *given, **named)
            if isinstance(value, Tensor):
                return _noise(value)
            h_t, gates = value
            return _noise(h_t), {gate: _noise(one) for gate, one in gates.items()}

        return method

    return {name: noisy(name) for name in CALLS}


def _noise(value: Tensor) -> Tensor:
    k = torch.arange(value.numel(), dtype=value.dtype).reshape(value.shape)
    return value * (1 + ROUNDING * torch.cos(k))


def _put(**changes: Callable[[Tensor], Tensor]) -> Change:
    """All methods with some parameters changed, for as long as a call lasts."""

    def methods(own: Any) -> dict[str, Any]:
        def method(name: str) -> Callable[..., Any]:
            def call(self: nn.Module, *given: Any, **named: Any) -> Any:
                if changes.keys() & vars(self).keys():  # called by another of them
                    return getattr(own, name)(self, *given, **named)
                vars(self).update({one: change(getattr(self, one)) for one, change in changes.items()})
                try:
                    return getattr(own, name)(self, *given, **named)
                finally:
                    for one in changes:
                        del vars(self)[one]

            return call

        return {name: method(name) for name in CALLS}

    return methods


# ---- made wrong ---------------------------------------------------------------------------------------------------


def _as_it_is(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    return step(x_t, h_prev)


def _mixed(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    h_t, gates = step(x_t, h_prev)
    return h_prev + cell.candidate(x_t, h_prev, gates["r"]) - h_t, gates


def _kept(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    h_t, gates = step(x_t, h_prev)
    return h_t + gates["z"] * h_prev, gates


def _no_reset(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    h_t, gates = step(x_t, h_prev)
    ones, r = torch.ones_like(gates["r"]), gates["r"]
    return h_t + gates["z"] * (cell.candidate(x_t, h_prev, ones) - cell.candidate(x_t, h_prev, r)), gates


def _swapped(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    h_t, gates = step(x_t, h_prev)
    return h_t, {"z": gates["r"], "r": gates["z"]}


def _cut(cell: Any, step: Callable[..., Stepped], x_t: Tensor, h_prev: Tensor) -> Stepped:
    return step(x_t, h_prev.detach() + 0 * h_prev)  # a gradient of 0, as where it is graded


def _nothing(parameter: Tensor) -> Tensor:
    return 0 * parameter


_WRONG: dict[tuple[str, str], Change] = {
    (kinds.MIXTURE, "z_t and 1 - z_t are swapped"): _step(_mixed),
    (kinds.MIXTURE, "the whole old state is kept"): _step(_kept),
    (kinds.RESET, "the reset gate is ignored"): _step(_no_reset),
    (kinds.UPDATE_SUM, "its bias is left out"): _put(b_z=_nothing),
    (kinds.UPDATE_SUM, "its recurrent matrix is transposed"): _put(W_hz=torch.t),
    (kinds.RESET_SUM, "its bias is left out"): _put(b_r=_nothing),
    (kinds.RESET_SUM, "it does not see the old state"): _put(W_hr=_nothing),
    (kinds.CANDIDATE, "its bias is left out"): _put(b_h=_nothing),
    (kinds.CANDIDATE, "it does not see the input"): _put(W_xh=_nothing),
    (kinds.RETURNED, "z and r are swapped"): _step(_swapped),
    (kinds.GRADIENTS, "no gradient flows to the old state"): _step(_cut),
}
