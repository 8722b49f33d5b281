"""A case, the named part of a question; the simple form of one is a call whose result is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, kind_of
from rnnkit.checks.rounds import every_round


class Case(NamedTuple):
    """A named part of a question, and what it is worth.

    Fields:
        name: shown in the report.
        weight: its points.
        run: ``run(obj, dtype, outcome, inputs)`` drives the student's object and fills in the outcome.
    """

    name: str
    weight: float
    run: Callable[[Any, torch.dtype, Outcome, Inputs], None]


def tensor(values: np.ndarray, dtype: torch.dtype, grad: bool = False) -> Tensor:
    """A leaf of its own; ``grad`` asks for gradients."""
    return torch.tensor(values, dtype=dtype, requires_grad=grad)


Shape = str | tuple[int, ...] | None


def call(
    name: str,
    weight: float,
    arguments: str,
    result: Shape | dict[str, Shape] = None,
    *,
    parts: type = tuple,
    numbers: str = "",
) -> Case:
    """The simple form of a case: calls the function with some of the inputs, in every round, and keeps what comes back.

    Arguments:
        name: of the case.
        weight: its points.
        arguments: names of the arrays that it is called with, in order; a name that ends in ``*`` is a numbered list.
        result: the shape of what comes back, in letters of the sizes or in numbers; None for any shape. A dict where
            several things come back: name -> shape.
        parts: what several things come back in: ``tuple`` in the order of ``result``, or ``dict`` with its keys.
        numbers: those of the arguments that are handed over as floats, not as tensors.
    """

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = [_argument(one, dtype, inputs, one in numbers.split()) for one in arguments.split()]
        value = obj(*given)
        _keep(outcome, value, result, parts)
        for one, after in zip(arguments.split(), given, strict=True):
            if not _same(after, _argument(one, dtype, inputs, one in numbers.split())):
                plain = one.removesuffix("*")
                outcome.problems[plain] = f"{plain}: your code changes it in place; make a new tensor instead"

    return Case(name, weight, in_rounds(once))


def in_rounds(
    once: Callable[[Any, torch.dtype, Outcome, Inputs], None],
) -> Callable[[Any, torch.dtype, Outcome, Inputs], None]:
    """What a case runs that asks a function in every round; ``once`` asks it in one."""

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        every_round(outcome, inputs, lambda outcome, given: once(obj, dtype, outcome, given))

    return run


def _argument(name: str, dtype: torch.dtype, inputs: Inputs, number: bool) -> Any:
    if name.endswith("*"):
        return [tensor(values, dtype) for values in inputs.listed(name[:-1])]
    return float(inputs[name]) if number else tensor(inputs[name], dtype)


def _same(after: Any, before: Any) -> bool:
    if isinstance(before, list):
        return len(after) == len(before) and all(map(_same, after, before))
    return torch.equal(after, before) if isinstance(before, Tensor) else after == before


def _keep(outcome: Outcome, value: Any, result: Shape | dict[str, Shape], parts: type) -> None:
    if not isinstance(result, dict):
        outcome.put("result", value, result)
        return
    names = ", ".join(result)
    if parts is dict and isinstance(value, dict):
        for name, shape in result.items():
            if name in value:
                outcome.put(name, value[name], shape)
            else:
                outcome.problems[name] = f"{name}: the key is missing"
    elif parts is tuple and isinstance(value, tuple | list) and len(value) == len(result):
        for (name, shape), part in zip(result.items(), value, strict=True):
            outcome.put(name, part, shape)
    else:
        kind = f"a dict with {names}" if parts is dict else f"({names})"
        outcome.problems["result"] = f"expected to get back {kind}, got {kind_of(value)}"
