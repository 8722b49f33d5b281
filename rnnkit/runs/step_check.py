"""Whether what a cell's ``step`` returns, and what its gates do, has the right shape and is finite."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rnnkit.cells import Cell
from rnnkit.runs.forward_check import with_random_weights

FEW, STEPS = 3, 2  # sequences, beside as many as a training batch has; the first step is the one from h_0 = 0
GATES = {"update_gate": "z_t", "reset_gate": "r_t", "candidate": "the candidate"}  # questions by themselves


def step_fault(cell: Cell, n_in: int, size: int, gated: bool, marked: Sequence[str]) -> tuple[str, str]:
    """What of a cell's step cannot be trained, with the question that it comes from; empty strings where nothing is.

    Random inputs and weights, on a copy: neither the cell nor any random state is changed.

    Arguments:
        cell: with the parameters of the contract.
        n_in: its inputs.
        size: sequences in a training batch.
        gated: whether it is to return gates.
        marked: those of `GATES` that the file marks as questions: they are tried by themselves.

    Raises:
        whatever the cell raises.
    """
    generator = torch.Generator().manual_seed(0)
    tried = with_random_weights(cell, generator)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for sequences in (FEW, size):
            x = torch.randn(STEPS, sequences, n_in, generator=generator).to(cell.W_hh.dtype)
            h_t = x.new_zeros(sequences, len(cell.W_hh))
            for x_t in x:
                r_t = torch.rand(h_t.shape, generator=generator).to(h_t.dtype)
                for method in marked:
                    given = [one.clone() for one in ((x_t, h_t, r_t) if method == "candidate" else (x_t, h_t))]
                    call: Any = getattr(tried, method, None)
                    if not _takes(call, given):
                        continue
                    if reason := _unfit(GATES[method], call(*given), h_t.shape):
                        return f".{method}: {reason}", method
                found: Any = tried.step(x_t.clone(), h_t.clone())
                if isinstance(found, tuple) != gated:
                    wanted = 'h_t, {"z": z_t, "r": r_t}' if gated else "h_t alone"
                    return f".step: expected it to return {wanted}", "step"
                states = {"h_t": found[0]} | {gate: found[1].get(gate) for gate in "zr"} if gated else {"h_t": found}
                for name, value in states.items():
                    if reason := _unfit(name, value, h_t.shape):
                        return f".step: {reason}", "step"
                h_t = states["h_t"]
    return "", ""


def _takes(call: Any, given: Sequence[Tensor]) -> bool:
    """Whether something can be called with these: the file's own step may call its methods as it likes."""
    try:
        inspect.signature(call).bind(*given)
    except (TypeError, ValueError):
        return False
    return True


def _unfit(name: str, value: Any, shape: torch.Size) -> str:
    found = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
    if found != tuple(shape):
        return f"expected {name} of shape (B, H) = {tuple(shape)}, got {found}"
    if value.isfinite().all():
        return ""
    odd = "NaN" if value.isnan().any() else "infinity"
    return f"expected {name} in finite numbers, got {odd} from inputs and weights of ordinary size"
