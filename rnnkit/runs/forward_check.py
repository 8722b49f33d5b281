"""Whether a cell's ``forward`` is its ``step`` over a sequence: training drives ``step`` alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from rnnkit.cells import Cell, readout, unroll
from rnnkit.heads import HEADS
from rnnkit.runs.broken import reason_of

PROBES = ((5, 3), (4, None))  # steps and sequences; None: as many as a training batch has
TOLERANCE = 1e-4  # of the largest entry: the order of sums may differ, in float32
GRADIENT_TOLERANCE = 1e-3  # likewise, after more sums


def forward_difference(cell: Cell, n_in: int, size: int) -> str:
    """What of a cell's ``forward`` is not what its ``step`` gives, step by step; empty where nothing is.

    Outputs of every head and their gradients, states and gates are compared, on copies with random weights: neither the
    cell nor any random state is changed. A ``step`` that is not the same twice can be held against nothing.

    Arguments:
        cell: of the contract.
        n_in: its inputs.
        size: sequences in a training batch.

    Raises:
        whatever the cell raises.
    """
    if type(cell).forward is Cell.forward:
        return ""
    generator = torch.Generator().manual_seed(0)
    weighted = with_random_weights(cell, generator)
    for steps, sequences in PROBES:
        x = torch.randn(steps, sequences or size, n_in, generator=generator).to(cell.W_hh.dtype)
        for head in HEADS:
            if reason := _unlike(weighted, head, x) or _other_way_back(weighted, head, x):
                return f" (head {head}): {reason}"
    return ""


def with_random_weights(cell: Cell, generator: torch.Generator) -> Cell:
    """A copy of a cell, with weights of ordinary size."""
    found = copy.deepcopy(cell).eval()
    with torch.no_grad():
        for parameter in found.parameters():
            noise = torch.randn(parameter.shape, generator=generator) / max(1, len(parameter)) ** 0.5
            parameter.copy_(noise)
    return found


@torch.no_grad()
def _unlike(weighted: Cell, head: str, x: Tensor) -> str:
    cell, other = copy.deepcopy(weighted), copy.deepcopy(weighted)
    hidden, traces = unroll(cell, x.clone())
    if not _close(unroll(other, x.clone())[0], hidden):
        return ""
    right = {"hidden": hidden, **(traces or {}), "output": readout(cell, hidden, head)}
    own = copy.deepcopy(weighted)
    own.head = head
    value = own.forward(x.clone())
    third = '{"z": z, "r": r}' if traces else "None"
    if not isinstance(value, tuple | list) or len(value) != 3:
        return f"expected output, hidden, {third}, got {_kind(value)}"
    gates = value[2]
    if (gates is None) != (traces is None) or not isinstance(gates, dict | None):
        return f"expected {third} in third place (the gates' traces), got {_kind(gates)}"
    if traces and gates is not None and gates.keys() != traces.keys():
        return f"expected traces of {', '.join(traces)} in third place, got {', '.join(map(str, gates)) or 'none'}"
    found = {"hidden": value[1], **(gates or {}), "output": value[0]}
    return next((reason for name in right if (reason := _of_one(name, found[name], right[name]))), "")


def _other_way_back(weighted: Cell, head: str, x: Tensor) -> str:
    """What differs in the gradient of a weighted sum of the output, which `_unlike` found to be right."""
    own = copy.deepcopy(weighted)
    own.head = head
    try:
        right, again = (
            _gradients(weighted, x, lambda cell, x: readout(cell, unroll(cell, x)[0], head)) for _ in range(2)
        )
    except RuntimeError:
        return ""  # step itself has no way back, which training says with its line
    if not all(_close(again[name], value) for name, value in right.items()):
        return ""
    try:
        found = _gradients(own, x, lambda cell, x: cell.forward(x)[0])
    except RuntimeError as error:
        return f"expected output with a way back to the weights and to x, got {reason_of(error)}"
    for name, value in right.items():
        if not _close(found[name], value, GRADIENT_TOLERANCE):
            return (
                f"the gradient of output with respect to {name} is not what step gives; is it cut on the way (detach)?"
            )
    return ""


def _gradients(weighted: Cell, x: Tensor, output_of: Callable[[Cell, Tensor], Tensor]) -> dict[str, Tensor]:
    """Of a fixed weighted sum of the output, with respect to x and to all parameters."""
    cell, x = copy.deepcopy(weighted), x.clone().requires_grad_()
    with torch.enable_grad():
        output = output_of(cell, x.clone())
        weights = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).reshape(output.shape)
        inputs = {"x": x, **dict(cell.named_parameters())}
        found = torch.autograd.grad((weights * output).sum(), list(inputs.values()), allow_unused=True)
    return {
        name: torch.zeros_like(value) if gradient is None else gradient
        for (name, value), gradient in zip(inputs.items(), found, strict=True)
    }


def _of_one(name: str, found: Any, right: Tensor) -> str:
    what = f"the trace of {name}" if name in "zr" else name
    if not isinstance(found, Tensor):
        return f"expected {what} as one tensor, got {_kind(found)}"
    if found.shape != right.shape:
        return f"expected {what} of shape {tuple(right.shape)}, got {tuple(found.shape)}"
    if _close(found, right):
        return ""
    off = float((found - right).abs().max() / right.abs().max())
    return f"{what} is not what step gives, step by step from h_0 = 0; off by up to {off:.2g} of its largest entry"


def _close(found: Tensor, right: Tensor, tolerance: float = TOLERANCE) -> bool:
    return bool((found - right).abs().max() <= tolerance * right.abs().max() + 1e-7)


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return "None" if value is None else type(value).__name__
