"""The cases of 1_cells: what a student's class is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.checks.inputs import SHAPES, Inputs, shape_of
from rnnkit.checks.outcome import Outcome, kind_of


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
    parameters = dict(cell.named_parameters())
    for name, letters in SHAPES[kind].items():
        found, shape = parameters.get(name), shape_of(letters, sizes)
        if found is None or tuple(found.shape) != shape:
            got = "none" if found is None else tuple(found.shape)
            raise LookupError(f"{name}: expected a parameter of shape {shape}, got {got}")
        with torch.no_grad():
            found.copy_(tensor(inputs[name], dtype))
    return cell


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
        outcome.put(gate, gates[gate], shape)


def _values(kind: str, method: str, names: str, result: str, gated: bool = False, phi: str = "tanh"):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cell = make_cell(obj, kind, dtype, inputs, phi=phi)
        given = _given(names, dtype, inputs)
        _pieces(outcome, getattr(cell, method)(*given.values()), result, gated)
        _unchanged(outcome, given, _given(names, dtype, inputs))

    return run


def _gradients(kind: str, method: str, names: str, result: str, gated: bool = False):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cell = make_cell(obj, kind, dtype, inputs)
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

    return run


def _phis(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    for phi in ("sigmoid", "identity"):
        inner = outcome.part()
        _values("RNN", "step", "x_t h_prev", f"h_t ({phi})", phi=phi)(obj, dtype, inner, inputs)
        outcome.values |= inner.values
        outcome.problems |= inner.problems


# ---- whole sequences ----------------------------------------------------------------------------------------------


def _call_forward(
    kind: str, head: str, obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs, grad: bool = False
):
    cell = make_cell(obj, kind, dtype, inputs, head=head)
    x = tensor(inputs["x"], dtype, grad)
    value = cell.forward(x)
    _unchanged(outcome, {"x": x}, _given("x", dtype, inputs))
    if not isinstance(value, tuple | list) or len(value) != 3:
        third = "None" if kind == "RNN" else '{"z": z, "r": r}'
        outcome.problems["forward"] = f"forward: expected to get back output, hidden, {third}; got {kind_of(value)}"
        return cell, x, None
    return cell, x, value


def _hidden(kind: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        _, _, value = _call_forward(kind, "softmax", obj, dtype, outcome, inputs)
        if value is None:
            return
        outcome.put("hidden", value[1], "TBH", only_tensor=True)
        if kind == "RNN" and value[2] is not None:
            outcome.problems["traces"] = (
                f"forward: an RNN has no gates; expected None in third place, got {kind_of(value[2])}"
            )

    return run


def _output(kind: str, head: str, shape: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        _, _, value = _call_forward(kind, head, obj, dtype, outcome, inputs)
        if value is not None:
            outcome.put("output", value[0], shape, only_tensor=True)

    return run


def _traces(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    _, _, value = _call_forward("GRU", "softmax", obj, dtype, outcome, inputs)
    if value is not None:
        _put_gates(outcome, value[2], "TBH")


def _through_time(kind: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cell, x, value = _call_forward(kind, "lastLinear", obj, dtype, outcome, inputs, grad=True)
        if value is None:
            return
        inner = outcome.part()
        whole = inner.put("output", value[0], "BO", only_tensor=True)
        outcome.problems |= inner.problems
        if whole:
            outcome.put_gradients("output", value[0], {"x": x} | dict(_named(cell, kind)))

    return run


def _named(cell: nn.Module, kind: str) -> list[tuple[str, Tensor]]:
    return [(name, getattr(cell, name)) for name in SHAPES[kind]]


def _rho(kind: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cell = make_cell(obj, kind, dtype, inputs)
        outcome.put("W", cell.recurrent_weight_for_rho(), "HH")

    return run


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
        Case("output after the last step", 0.5, _output("RNN", "lastLinear", "BO")),
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
        Case("output after the last step", 0.25, _output("GRU", "lastLinear", "BO")),
        Case("gate traces", 0.5, _traces),
        Case("gradients through time", 1.0, _through_time("GRU")),
    ),
    "gru_rho": (Case("the candidate's recurrent matrix", 1.0, _rho("GRU")),),
}
