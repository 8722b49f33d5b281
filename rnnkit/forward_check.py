"""Whether a cell's ``forward`` is its ``step`` over a sequence: training drives ``step`` alone."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from rnnkit.cells import Cell, readout, unroll
from rnnkit.heads import HEADS

PROBES = ((5, 3), (4, None))  # steps and sequences; None: as many as a training batch has
TOLERANCE = 1e-4  # of the largest entry: the order of sums may differ, in float32


def forward_difference(cell: nn.Module, n_in: int, size: int) -> str:
    """What of a cell's ``forward`` is not what its ``step`` gives, step by step; empty where nothing is.

    Outputs of every head, states and gates are compared, on copies with random weights: neither the cell nor any random
    state is changed. A ``step`` that is not the same twice can be held against nothing.

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
            if reason := _unlike(weighted, head, x):
                return f" (head {head}): {reason}"
    return ""


def with_random_weights(cell: nn.Module, generator: torch.Generator) -> nn.Module:
    """A copy of a cell, with weights of ordinary size."""
    found = copy.deepcopy(cell).eval()
    with torch.no_grad():
        for parameter in found.parameters():
            noise = torch.randn(parameter.shape, generator=generator) / max(1, len(parameter)) ** 0.5
            parameter.copy_(noise)
    return found


@torch.no_grad()
def _unlike(weighted: nn.Module, head: str, x: Tensor) -> str:
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
    if traces and gates.keys() != traces.keys():
        return f"expected traces of {', '.join(traces)} in third place, got {', '.join(map(str, gates)) or 'none'}"
    found = {"hidden": value[1], **(gates or {}), "output": value[0]}
    return next((reason for name in right if (reason := _of_one(name, found[name], right[name]))), "")


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


def _close(found: Tensor, right: Tensor) -> bool:
    return bool((found - right).abs().max() <= TOLERANCE * right.abs().max() + 1e-7)


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return "None" if value is None else type(value).__name__
