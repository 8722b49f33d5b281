"""How a student's function is asked, and what is kept of what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.case import Run, in_rounds, parts_of, put_keys, tensor
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, Shape, kind_of

Given = dict[str, Any]  # arguments by what they are called, in their order
Build = Callable[[torch.dtype, Inputs], Given]


def arguments(spec: str) -> Build:
    """Makes the arguments: ``U x:i d=other:i y*``: an array, whole numbers, another array's, a list of arrays."""

    def build(dtype: torch.dtype, inputs: Inputs) -> Given:
        return dict(_argument(word, dtype, inputs) for word in spec.split())

    return build


def _argument(word: str, dtype: torch.dtype, inputs: Inputs) -> tuple[str, Any]:
    name, _, kind = word.partition(":")
    said, _, array = name.partition("=")
    array = array or said

    def made(values: np.ndarray) -> Any:
        if values.ndim == 0:
            return int(values) if kind == "i" else float(values)
        return tensor(values, torch.int64 if kind == "i" else dtype)

    if array.endswith("*"):
        return said.removesuffix("*"), [made(values) for values in inputs.listed(array[:-1])]
    return said, made(inputs[array])


def asks(given: str | Build, result: dict[str, Shape], *kept: str, parts: type = tuple, keys: bool = False) -> Run:
    """Calls the function in every round and keeps some of what comes back: the rest may be wrong.

    Arguments:
        given: what it is called with, see `arguments`.
        result: name -> shape of all that comes back.
        kept: which of it counts; all by default.
        parts: what it comes back in, ``tuple`` or ``dict``.
        keys: whether a dict's keys alone are looked at.
    """
    build = arguments(given) if isinstance(given, str) else given

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        came, fresh = build(dtype, inputs), build(dtype, inputs)
        value = obj(*came.values())
        for name, one in came.items():
            if not _same(one, fresh[name]):
                outcome.problems[name] = f"{name}: your code changes it in place; make a new one instead"
        if parts is tuple:
            value = parts_of(outcome, value, result)
        elif not isinstance(value, dict):
            outcome.problems["result"] = f"expected to get back a dict with {', '.join(result)}, got {kind_of(value)}"
            return
        elif keys:
            put_keys(outcome, value, [*result], "the dict")
            return
        for name in kept or result if value else ():
            if name in value:
                outcome.put(name, value[name], result[name])
            else:
                outcome.problems[name] = f"{name}: the key is missing"

    return in_rounds(once)


def _same(one: Any, other: Any) -> bool:
    """Whether an argument is as it was made."""
    if isinstance(other, list):
        return isinstance(one, list) and len(one) == len(other) and all(map(_same, one, other))
    return torch.equal(one, other) if isinstance(other, Tensor) else bool(one == other)


def sentences(*chosen: int) -> Build:
    """The deltas of some sentences, a list over tau for each, and their states."""

    def build(dtype: torch.dtype, inputs: Inputs) -> Given:
        states = [tensor(inputs[f"s{n}"], dtype) for n in chosen]
        deltas = [
            [tensor(inputs[f"delta{n}_{tau}"], dtype) for tau in range(len(s))]
            for n, s in zip(chosen, states, strict=True)
        ]
        return {"deltas": deltas, "states": states}

    return build


def whole_numbers(given: str, *lists: str, kept: str) -> Run:
    """Calls the function, which gives back lists of whole numbers, and keeps one of them."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        value = obj(*arguments(given)(dtype, inputs).values())
        if not (named := parts_of(outcome, value, lists)):
            return
        found = named[kept]
        found = found.tolist() if type(found) in (np.ndarray, Tensor) else found
        if not isinstance(found, list | tuple) or not all(type(one) in (int, np.int64, np.int32) for one in found):
            outcome.problems[kept] = f"{kept}: expected a list of ints, got {kind_of(found)}"
            return
        outcome.put(f"length of {kept}", float(len(found)), ())
        for place, one in enumerate(found):
            outcome.put(f"{kept}[{place}]", float(one), ())

    return in_rounds(once)


def at(*epochs: str, anneal: str = "anneal") -> Run:
    """The learning rate at several epochs."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        for name in epochs:
            epoch = int(inputs[name])
            outcome.put(f"lr at epoch {epoch}", obj(float(inputs["lr0"]), int(inputs[anneal]), epoch), ())

    return in_rounds(once)
