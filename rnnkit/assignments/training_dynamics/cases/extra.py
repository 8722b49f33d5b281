"""The cases of 5_extra_credit: what a student's Omega is asked for.

Later rounds show what one set of inputs can hide: T, B, H of 1, equal sizes, B > T, squared norms at the bound exactly,
flows as tiny as training has them, slopes of 0, flows of 0, inputs changed in place.
"""

from __future__ import annotations

from typing import Any

import torch

from rnnkit.checks.case import Case, Shape, in_rounds, tensor
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, kind_of

PARTS: dict[str, Shape] = {"Omega": (), "steps in the past": (), "gradient": "HH"}  # what comes back, and its shape
TOO_HIGH = 1e6  # a bound that no gradient of the cases reaches


def _omega(*parts: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        _ask(obj, dtype, outcome, inputs, parts, float(inputs["bound"]))

    return in_rounds(run)


def _nothing(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    """Zeros, where nothing reaches the bound; Omega with another bound as well, for zeros alone are no answer."""
    _ask(obj, dtype, outcome, inputs, ("Omega",), float(inputs["bound"]))
    _ask(obj, dtype, outcome, inputs, tuple(PARTS), TOO_HIGH, ", nothing counts")


def _ask(
    obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs, parts: tuple[str, ...], bound: float, end: str = ""
) -> None:
    given = {name: tensor(inputs[name], dtype) for name in ("flow", "slope", "W_hh")}
    value = obj(*given.values(), bound)
    if not isinstance(value, tuple | list) or len(value) != len(PARTS):
        outcome.problems["omega"] = f"expected to get back ({', '.join(PARTS)}), got {kind_of(value)}"
        return
    for (name, shape), part in zip(PARTS.items(), value, strict=True):
        if name in parts:
            outcome.put(name + end, part, shape)
    for name, after in given.items():
        if not torch.equal(after, tensor(inputs[name], dtype)):
            outcome.problems[name] = f"{name}: your code changes it in place; make a new tensor instead"


CASES: dict[str, tuple[Case, ...]] = {
    "omega": (
        Case("Omega", 1.0, _omega("Omega")),
        Case("steps in the past", 0.5, _omega("steps in the past")),
        Case("the gradient with respect to W_hh", 1.0, _omega("gradient")),
        Case("a bound that nothing reaches", 0.5, in_rounds(_nothing)),
    )
}
