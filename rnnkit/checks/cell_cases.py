"""How a case drives a student's cell: made with its weights, once for all rounds that have its sizes, head and phi."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor, nn

from rnnkit.checks import case
from rnnkit.checks.case import Run, every_round, tensor
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome
from rnnkit.common.shapes import SHAPES, shape_of


def set_weights(cell: nn.Module, kind: str, dtype: torch.dtype, inputs: Inputs) -> None:
    """Puts the weights in place, as an update of training does.

    Raises:
        LookupError: a parameter is missing or has another shape.
    """
    parameters = dict(cell.named_parameters())
    for name, letters in SHAPES[kind].items():
        parameter, shape = parameters.get(name), shape_of(letters, inputs.sizes)
        if parameter is None or tuple(parameter.shape) != shape:
            got = "none" if parameter is None else tuple(parameter.shape)
            raise LookupError(f"{name}: expected a parameter of shape {shape}, got {got}")
        with torch.no_grad():
            parameter.copy_(tensor(inputs[name], dtype))


def cell_in_rounds(kind: str, use: Run, **made: str) -> Run:
    """A case that uses a cell in every round; one cell for as long as its sizes, head and phi stay.

    Arguments:
        kind: ``RNN`` or ``GRU``.
        use: ``use(cell, dtype, outcome, inputs)``.
        made: ``phi`` and ``head`` of the cell; see `_chosen` for what else they may be.
    """

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cells: dict[tuple, nn.Module] = {}

        def one(outcome: Outcome, given: Inputs) -> None:
            chosen = _chosen(made, given)
            sizes = [given.sizes[letter] for letter in "IHO"]
            key = (*chosen.items(), *sizes)
            if key not in cells:
                cells[key] = obj(*sizes, dtype=dtype, **chosen)
            cell, off = cells[key], given.options.get("grad") == "off"
            set_weights(cell, kind, dtype, given)
            cell.train(not off)
            with torch.no_grad() if off else contextlib.nullcontext():
                use(cell, dtype, outcome, given)
            unchanged(outcome, named_weights(cell, kind), {name: tensor(given[name], dtype) for name in SHAPES[kind]})

        every_round(outcome, inputs, one)

    return run


def _chosen(made: dict[str, str], given: Inputs) -> dict[str, str]:
    """phi and head of a cell: the case's own or, by the names ``any``, ``each`` and ``last``, those of the round."""
    phi, head = made.get("phi", "tanh"), made.get("head", "softmax")
    option, usual = {"any": ("head", "softmax"), "each": ("head", "lastLinear"), "last": ("last", "lastLinear")}.get(
        head, ("", head)
    )
    return {"phi": given.options.get("phi", "tanh") if phi == "any" else phi, "head": given.options.get(option, usual)}


def given_tensors(names: str, dtype: torch.dtype, inputs: Inputs, grad: bool = False) -> dict[str, Tensor]:
    """Leaves of those inputs, by name."""
    return {name: tensor(inputs[name], dtype, grad) for name in names.split()}


def unchanged(outcome: Outcome, given: dict[str, Tensor], fresh: dict[str, Tensor]) -> None:
    """Notes what a student's code changed in place."""
    for name, value in given.items():
        case.unchanged(outcome, name, value, value, fresh[name])


def named_weights(cell: nn.Module, kind: str) -> dict[str, Tensor]:
    """The weights of a cell by name, in their order."""
    return {name: getattr(cell, name) for name in SHAPES[kind]}
