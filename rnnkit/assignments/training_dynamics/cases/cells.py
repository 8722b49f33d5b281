"""The cases of 1_cells: what a student's class is asked to do.

What a set of inputs can hide, and the round (`public_rounds`, `grading.draws`) or case that shows it:

======================  ==============================================================================================
all nine questions      T, B, I, H, O of 1, all sizes equal, B > T; biases of either sign; another call of
                        the same cell (new weights, another batch, the first inputs once more); no_grad and eval();
                        other numbers in float32; weights or inputs changed in place
steps and gates         rows of h_prev that are 0, r_t of exactly 0 and 1; the result's dtype in float32 (the next step
                        needs it); gates that are no tensors
rnn_forward             every head in every case that has one, also with gradients; sigmoid and identity; None in third
                        place for every head
gru_forward             every head; traces that are no tensors, or of another call
rnn_rho, gru_rho        another square matrix of the same shape
not asked               inputs that are not contiguous, numbers that overflow: the texts do not speak of them
======================  ==============================================================================================
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.assignments.training_dynamics.inputs import SHAPES, Inputs, shape_of
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


def make_cell(
    cls: type, kind: str, dtype: torch.dtype, inputs: Inputs, *, phi: str = "tanh", head: str = "softmax"
) -> nn.Module:
    """A cell of the student's class, all its weights set.

    Raises:
        LookupError: a parameter is missing or has another shape.
    """
    sizes = inputs.sizes
    cell = cls(sizes["I"], sizes["H"], sizes["O"], phi=phi, head=head, dtype=dtype)
    _set(cell, kind, dtype, inputs)
    return cell


def _set(cell: nn.Module, kind: str, dtype: torch.dtype, inputs: Inputs) -> None:
    """Puts the weights in place, as an update of training does."""
    parameters = dict(cell.named_parameters())
    for name, letters in SHAPES[kind].items():
        found, shape = parameters.get(name), shape_of(letters, inputs.sizes)
        if found is None or tuple(found.shape) != shape:
            got = "none" if found is None else tuple(found.shape)
            raise LookupError(f"{name}: expected a parameter of shape {shape}, got {got}")
        with torch.no_grad():
            found.copy_(tensor(inputs[name], dtype))


def _in_rounds(kind: str, use: Callable[[nn.Module, torch.dtype, Outcome, Inputs], None], **made: str):
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
            key = (*chosen.items(), *(given.sizes[letter] for letter in "IHO"))
            if key not in cells:
                cells[key] = make_cell(obj, kind, dtype, given, **chosen)
            cell, off = cells[key], given.options.get("grad") == "off"
            _set(cell, kind, dtype, given)
            cell.train(not off)
            with torch.no_grad() if off else contextlib.nullcontext():
                use(cell, dtype, outcome, given)
            _unchanged(outcome, dict(_named(cell, kind)), {name: tensor(given[name], dtype) for name in SHAPES[kind]})

        every_round(outcome, inputs, one)

    return run


def _chosen(made: dict[str, str], given: Inputs) -> dict[str, str]:
    """phi and head of a cell: the case's own or, by the names ``any``, ``each`` and ``last``, those of the round."""
    phi, head = made.get("phi", "tanh"), made.get("head", "softmax")
    option, usual = {"any": ("head", "softmax"), "each": ("head", "lastLinear"), "last": ("last", "lastLinear")}.get(
        head, ("", head)
    )
    return {
        "phi": given.options.get("phi", "tanh") if phi == "any" else phi,
        "head": given.options.get(option, usual),
    }


def _given(names: str, dtype: torch.dtype, inputs: Inputs, grad: bool = False) -> dict[str, Tensor]:
    return {name: tensor(inputs[name], dtype, grad) for name in names.split()}


def _unchanged(outcome: Outcome, given: dict[str, Tensor], fresh: dict[str, Tensor]) -> None:
    for name, value in given.items():
        if not torch.equal(value.detach(), fresh[name].detach()):
            outcome.problems[name] = f"{name}: your code changes it in place; make a new tensor instead"


# ---- one step: rnn_step and the GRU's parts -----------------------------------------------------------------------


def _pieces(outcome: Outcome, value: Any, result: str, gated: bool) -> Tensor | None:
    """Takes in what a step returned; the state, where it is a tensor."""
    if not gated:
        return value if outcome.put(result, value, "BH", only_tensor=True) else None
    if not isinstance(value, tuple | list) or len(value) != 2:
        outcome.problems["step"] = f'step: expected to get back h_t, {{"z": z_t, "r": r_t}}; got {kind_of(value)}'
        if not isinstance(value, tuple | list):
            outcome.put(result, value, "BH", only_tensor=True)
            outcome.problems.pop(result, None)
        return None
    state, gates = value
    whole = outcome.put(result, state, "BH", only_tensor=True)
    _put_gates(outcome, gates, "BH")
    return state if whole else None


def _put_gates(outcome: Outcome, gates: Any, shape: str) -> None:
    if not isinstance(gates, dict) or set(gates) != {"z", "r"}:
        got = f"keys {sorted(map(str, gates))}" if isinstance(gates, dict) else kind_of(gates)
        outcome.problems["gates"] = f'gates: expected a dict with the keys "z" and "r", got {got}'
        return
    for gate in "zr":
        outcome.put(gate, gates[gate], shape, only_tensor=True)


def _values(kind: str, method: str, names: str, result: str, gated: bool = False, phi: str = "tanh"):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = _given(names, dtype, inputs)
        state = _pieces(outcome, getattr(cell, method)(*given.values()), result, gated)
        _unchanged(outcome, given, _given(names, dtype, inputs))
        if dtype == torch.float32 and state is not None and state.dtype != dtype:
            outcome.problems[result] = f"{result}: expected the dtype of x_t, {dtype}, got {state.dtype}"

    return _in_rounds(kind, use, phi=phi)


def _gradients(kind: str, method: str, names: str, result: str, gated: bool = False):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = _given(names, dtype, inputs, grad=True)
        kept = outcome.part()
        state = _pieces(kept, getattr(cell, method)(*given.values()), result, gated)
        outcome.problems |= {name: text for name, text in kept.problems.items() if name not in ("z", "r", "gates")}
        if state is None:
            return
        weights = {name: getattr(cell, name) for name in SHAPES[kind] if name not in ("W_ho", "b_o")}
        if kind == "GRU" and method != "step":
            letter = {"update_gate": "z", "reset_gate": "r", "candidate": "h"}[method]
            weights = {name: value for name, value in weights.items() if letter == name[-1]}
        outcome.put_gradients(result, state, given | weights)

    return _in_rounds(kind, use)


def _phis(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    for phi in ("sigmoid", "identity"):
        inner = outcome.part()
        _values("RNN", "step", "x_t h_prev", f"h_t ({phi})", phi=phi)(obj, dtype, inner, inputs)
        outcome.values |= inner.values
        outcome.problems |= inner.problems


# ---- whole sequences ----------------------------------------------------------------------------------------------


def _forward(cell: nn.Module, kind: str, outcome: Outcome, x: Tensor) -> tuple | list | None:
    """What came back, where it is three things."""
    before = x.detach().clone()
    value = cell.forward(x)
    _unchanged(outcome, {"x": x}, {"x": before})
    if isinstance(value, tuple | list) and len(value) == 3:
        return value
    third = "None" if kind == "RNN" else '{"z": z, "r": r}'
    outcome.problems["forward"] = f"forward: expected to get back output, hidden, {third}; got {kind_of(value)}"
    return None


def _hidden(kind: str):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        value = _forward(cell, kind, outcome, tensor(inputs["x"], dtype))
        if value is None:
            return
        outcome.put("hidden", value[1], "TBH", only_tensor=True)
        if kind == "RNN" and value[2] is not None:
            outcome.problems["traces"] = (
                f"forward: an RNN has no gates; expected None in third place, got {kind_of(value[2])}"
            )

    return _in_rounds(kind, use, head="any", phi="any" if kind == "RNN" else "tanh")


def _output(kind: str, head: str, shape: str):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        value = _forward(cell, kind, outcome, tensor(inputs["x"], dtype))
        if value is not None:
            outcome.put("output", value[0], shape, only_tensor=True)

    return _in_rounds(kind, use, head=head)


def _traces(kind: str):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        value = _forward(cell, kind, outcome, tensor(inputs["x"], dtype))
        if value is not None:
            _put_gates(outcome, value[2], "TBH")

    return _in_rounds(kind, use, head="any")


def _through_time(kind: str):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        x = tensor(inputs["x"], dtype, grad=True)
        value = _forward(cell, kind, outcome, x)
        if value is None:
            return
        inner = outcome.part()
        output = value[0]
        if cell.head == "softmax" and isinstance(output, Tensor) and output.dim() == 3:
            output = output[-1]  # other cases ask for the rest
        whole = inner.put("output", output, "BO", only_tensor=True)
        outcome.problems |= inner.problems
        if whole:
            outcome.put_gradients("output", output, {"x": x} | dict(_named(cell, kind)))

    return _in_rounds(kind, use, head="each")


def _named(cell: nn.Module, kind: str) -> list[tuple[str, Tensor]]:
    return [(name, getattr(cell, name)) for name in SHAPES[kind]]


def _rho(kind: str):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        outcome.put("W", cell.recurrent_weight_for_rho(), "HH")

    return _in_rounds(kind, use)


def _part(method: str, names: str, result: str, weight: float) -> tuple[Case, ...]:
    return (
        Case(f"{result}: values", weight, _values("GRU", method, names, result)),
        Case(f"{result}: gradients", 1.0, _gradients("GRU", method, names, result)),
    )


CASES: dict[str, tuple[Case, ...]] = {
    "rnn_step": (
        Case("h_t: values, tanh", 1.5, _values("RNN", "step", "x_t h_prev", "h_t")),
        Case("h_t: values, sigmoid and identity", 0.5, _phis),
        Case("h_t: gradients", 1.0, _gradients("RNN", "step", "x_t h_prev", "h_t")),
    ),
    "rnn_forward": (
        Case("hidden states", 1.0, _hidden("RNN")),
        Case("output at every step", 0.5, _output("RNN", "softmax", "TBO")),
        Case("output after the last step", 0.5, _output("RNN", "last", "BO")),
        Case("gradients through time", 1.0, _through_time("RNN")),
    ),
    "rnn_rho": (Case("the recurrent matrix", 1.0, _rho("RNN")),),
    "gru_update_gate": _part("update_gate", "x_t h_prev", "z_t", 1.0),
    "gru_reset_gate": _part("reset_gate", "x_t h_prev", "r_t", 1.0),
    "gru_candidate": _part("candidate", "x_t h_prev r_t", "candidate", 2.0),
    "gru_step": (
        Case("h_t and gates: values", 2.0, _values("GRU", "step", "x_t h_prev", "h_t", gated=True)),
        Case("h_t: gradients", 1.0, _gradients("GRU", "step", "x_t h_prev", "h_t", gated=True)),
    ),
    "gru_forward": (
        Case("hidden states", 1.0, _hidden("GRU")),
        Case("output at every step", 0.25, _output("GRU", "softmax", "TBO")),
        Case("output after the last step", 0.25, _output("GRU", "last", "BO")),
        Case("gate traces", 0.5, _traces("GRU")),
        Case("gradients through time", 1.0, _through_time("GRU")),
    ),
    "gru_rho": (Case("the candidate's recurrent matrix", 1.0, _rho("GRU")),),
}
