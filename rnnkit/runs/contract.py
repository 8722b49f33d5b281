"""Whether a cell of somebody's keeps the contract: its parts, what its ``step`` gives, and its ``forward`` beside that.

All is tried on copies with random weights: neither the cell nor any random state is changed. What it raises passes.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.cells import MODELS, Cell, readout, unroll
from rnnkit.heads import HEADS
from rnnkit.runs.broken import is_marked, reason_of

FEW, STEPS = 3, 2  # sequences, beside as many as a training batch has; the first step is the one from h_0 = 0
PROBES = ((5, FEW), (4, None))  # of forward: steps and sequences; None: as many as a training batch has
TOLERANCE = 1e-4  # of the largest entry: the order of sums may differ, in float32
GRADIENT_TOLERANCE = 1e-3  # likewise, after more sums
GATES = {"update_gate": "z_t", "reset_gate": "r_t", "candidate": "the candidate"}  # questions by themselves


class Breach(Exception):
    """What of a class is not as the contract has it, and whose question that is."""

    def __init__(self, reason: str, question: str = "step") -> None:
        super().__init__(reason)
        self.question = question


def check_contract(cell: Cell, model: str, n_in: int, size: int, text: str) -> None:
    """Raises Breach where a student's cell cannot be trained, in batches of this size.

    Gates that the text of its file marks as questions are tried by themselves.
    """
    _check_parts(cell, MODELS[model], n_in)
    marked = [method for method in GATES if is_marked(text, f"{model}_{method}")]
    _check_step(cell, n_in, size, model == "gru", marked)
    check_forward(cell, n_in, size)


def _check_parts(cell: Cell, reference: type[Cell], n_in: int) -> None:
    """Methods, and parameters by name and shape."""
    if not callable(getattr(cell, "step", None)):
        raise Breach(".step: expected a method step(x_t, h_prev), found none; see the docstring of rnnkit.cells.Cell")
    for name in ("W_hh", "W_ho"):
        if not isinstance(getattr(cell, name, None), Tensor):
            raise Breach(f".{name}: expected a parameter of this name, found none; the names are the equations'")
    size = {"I": n_in, "H": cell.W_hh.shape[0], "O": cell.W_ho.shape[1]}
    shapes = reference.shapes | reference.readout_shapes
    there = {name: tuple(value.shape) for name, value in cell.named_parameters()}
    for name, letters in shapes.items():
        expected = tuple(size[letter] for letter in letters)
        if there.get(name) != expected:
            raise Breach(f".{name}: expected a parameter of shape {expected}, got {there.get(name, 'none')}")
    if extra := sorted(there.keys() - shapes.keys()):
        raise Breach(f": expected no parameters beside the equations', got {', '.join(extra)}")
    W, square = getattr(cell, "recurrent_weight_for_rho", lambda: None)(), (size["H"], size["H"])
    if (shape := _shape(torch.as_tensor(W) if isinstance(W, np.ndarray) else W)) != square:
        raise Breach(f".recurrent_weight_for_rho: expected a matrix of shape (H, H) = {square}, got {shape}", "rho")


def _check_step(cell: Cell, n_in: int, size: int, gated: bool, marked: Sequence[str]) -> None:
    """Whether what ``step`` and the gates return has the right shape and is finite."""
    generator = torch.Generator().manual_seed(0)
    tried = _with_random_weights(cell, generator)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for sequences in (FEW, size):
            x = torch.randn(STEPS, sequences, n_in, generator=generator).to(cell.W_hh.dtype)
            h_t = x.new_zeros(sequences, len(cell.W_hh))
            for x_t in x:
                r_t = torch.rand(h_t.shape, generator=generator).to(h_t.dtype)
                for method in marked:
                    given = [one.clone() for one in ((x_t, h_t, r_t) if method == "candidate" else (x_t, h_t))]
                    call: Any = getattr(tried, method, None)
                    if _takes(call, given):
                        _check_fit(method, GATES[method], call(*given), h_t.shape)
                returned: Any = tried.step(x_t.clone(), h_t.clone())
                if isinstance(returned, tuple | list) != gated or (gated and len(returned) != 2):
                    wanted = 'h_t, {"z": z_t, "r": r_t}' if gated else "h_t alone"
                    raise Breach(f".step: expected it to return {wanted}")
                state, gates = (
                    (returned[0], {gate: returned[1].get(gate) for gate in "zr"}) if gated else (returned, {})
                )
                for name, value in ({"h_t": state} | gates).items():
                    _check_fit("step", name, value, h_t.shape)
                h_t = state


def _takes(call: Any, given: Sequence[Tensor]) -> bool:
    """Whether something can be called with these: the file's own step may call its methods as it likes."""
    try:
        inspect.signature(call).bind(*given)
    except (TypeError, ValueError):
        return False
    return True


def _check_fit(method: str, name: str, value: Any, shape: torch.Size) -> None:
    if _shape(value) != tuple(shape):
        raise Breach(f".{method}: expected {name} of shape (B, H) = {tuple(shape)}, got {_shape(value)}", method)
    if not value.isfinite().all():
        odd = "NaN" if value.isnan().any() else "infinity"
        reason = f"expected {name} in finite numbers, got {odd} from inputs and weights of ordinary size"
        raise Breach(f".{method}: {reason}", method)


def check_forward(cell: Cell, n_in: int, size: int) -> None:
    """Raises Breach where ``forward`` is not what ``step``, which alone is trained, gives step by step.

    Outputs of every head and their gradients, states and gates are compared. A ``step`` that is not the same twice can
    be held against nothing.
    """
    if type(cell).forward is Cell.forward:
        return
    generator = torch.Generator().manual_seed(0)
    weighted = _with_random_weights(cell, generator)
    for steps, sequences in PROBES:
        x = torch.randn(steps, sequences or size, n_in, generator=generator).to(cell.W_hh.dtype)
        for head in HEADS:
            if reason := _unlike(weighted, head, x) or _other_way_back(weighted, head, x):
                raise Breach(f".forward (head {head}): {reason}", "forward")


def _with_random_weights(cell: Cell, generator: torch.Generator) -> Cell:
    """A copy of a cell, with weights of ordinary size."""
    weighted = copy.deepcopy(cell).eval()
    with torch.no_grad():
        for parameter in weighted.parameters():
            noise = torch.randn(parameter.shape, generator=generator) / max(1, len(parameter)) ** 0.5
            parameter.copy_(noise)
    return weighted


@torch.no_grad()
def _unlike(weighted: Cell, head: str, x: Tensor) -> str:
    """What of the values that ``forward`` returns differs; empty where nothing does."""
    cell, again, own = (copy.deepcopy(weighted) for _ in range(3))
    hidden, traces = unroll(cell, x.clone())
    if not _close(unroll(again, x.clone())[0], hidden):
        return ""
    right = {"hidden": hidden, **(traces or {}), "output": readout(cell, hidden, head)}
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
    returned = {"hidden": value[1], **(gates or {}), "output": value[0]}
    return next((reason for name in right if (reason := _of_one(name, returned[name], right[name]))), "")


def _of_one(name: str, value: Any, right: Tensor) -> str:
    what = f"the trace of {name}" if name in "zr" else name
    if not isinstance(value, Tensor):
        return f"expected {what} as one tensor, got {_kind(value)}"
    if value.shape != right.shape:
        return f"expected {what} of shape {tuple(right.shape)}, got {tuple(value.shape)}"
    if _close(value, right):
        return ""
    off = float((value - right).abs().max() / right.abs().max())
    return f"{what} is not what step gives, step by step from h_0 = 0; off by up to {off:.2g} of its largest entry"


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
        gradients = _gradients(own, x, lambda cell, x: cell.forward(x)[0])
    except RuntimeError as error:
        return f"expected output with a way back to the weights and to x, got {reason_of(error)}"
    for name, value in right.items():
        if not _close(gradients[name], value, GRADIENT_TOLERANCE):
            return (
                f"the gradient of output with respect to {name} is not what step gives; is it cut on the way (detach)?"
            )
    return ""


def _gradients(weighted: Cell, x: Tensor, output_of: Callable[[Cell, Tensor], Tensor]) -> dict[str, Tensor]:
    """Of a fixed weighted sum of the output, with respect to x and to all parameters."""
    cell, x = copy.deepcopy(weighted), x.clone().requires_grad_()
    with torch.enable_grad():
        output = output_of(cell, x.clone())
        # Of both signs, with a sum far from 0: a gradient that is such a sum would be nothing but rounding.
        weights = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).reshape(output.shape)
        inputs = {"x": x, **dict(cell.named_parameters())}
        gradients = torch.autograd.grad((weights * output).sum(), list(inputs.values()), materialize_grads=True)
    return dict(zip(inputs, gradients, strict=True))


def _close(value: Tensor, right: Tensor, tolerance: float = TOLERANCE) -> bool:
    return bool((value - right).abs().max() <= tolerance * right.abs().max() + 1e-7)


def _shape(value: Any) -> tuple[int, ...] | str:
    return tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return "None" if value is None else type(value).__name__
