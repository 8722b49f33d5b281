"""The cases of 1_cells: what a student's class is asked to do.

What a set of inputs can hide, and the round (`inputs`, `key.draws`) or case that shows it:

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

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rnnkit.checks.case import Case, cell_in_rounds, given_tensors, named_weights, tensor, unchanged_tensors
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, kind_of
from rnnkit.common.shapes import RECURRENT

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
        given = given_tensors(names, dtype, inputs)
        state = _pieces(outcome, getattr(cell, method)(*given.values()), result, gated)
        unchanged_tensors(outcome, given, given_tensors(names, dtype, inputs))
        if dtype == torch.float32 and state is not None and state.dtype != dtype:
            outcome.problems[result] = f"{result}: expected the dtype of x_t, {dtype}, got {state.dtype}"

    return cell_in_rounds(kind, use, phi=phi)


def _gradients(kind: str, method: str, names: str, result: str, gated: bool = False):
    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = given_tensors(names, dtype, inputs, grad=True)
        kept = outcome.part()
        state = _pieces(kept, getattr(cell, method)(*given.values()), result, gated)
        outcome.problems |= {name: text for name, text in kept.problems.items() if name not in ("z", "r", "gates")}
        if state is None:
            return
        letter = {"update_gate": "z", "reset_gate": "r", "candidate": "h"}.get(method)
        weights = {name: getattr(cell, name) for name in RECURRENT[kind] if letter in (None, name[-1])}
        outcome.put_gradients(result, state, given | weights)

    return cell_in_rounds(kind, use)


def _phis(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    for phi in ("sigmoid", "identity"):
        inner = outcome.part()
        _values("RNN", "step", "x_t h_prev", f"h_t ({phi})", phi=phi)(obj, dtype, inner, inputs)
        outcome.values |= inner.values
        outcome.problems |= inner.problems


# ---- whole sequences ----------------------------------------------------------------------------------------------


Look = Callable[[Outcome, Sequence[Any], nn.Module, Tensor], None]


def _forward(kind: str, look: Look, grad: bool = False, **made: str):
    """A case that looks at the three things that come back from a whole sequence."""

    def use(cell: nn.Module, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        x = tensor(inputs["x"], dtype, grad)
        value = cell.forward(x)
        unchanged_tensors(outcome, {"x": x}, {"x": tensor(inputs["x"], dtype)})
        if isinstance(value, tuple | list) and len(value) == 3:
            look(outcome, value, cell, x)
        else:
            third = "None" if kind == "RNN" else '{"z": z, "r": r}'
            outcome.problems["forward"] = f"forward: expected to get back output, hidden, {third}; got {kind_of(value)}"

    return cell_in_rounds(kind, use, **made)


def _hidden(kind: str):
    def look(outcome: Outcome, value: Sequence[Any], *_: Any) -> None:
        outcome.put("hidden", value[1], "TBH", only_tensor=True)
        if kind == "RNN" and value[2] is not None:
            outcome.problems["traces"] = (
                f"forward: an RNN has no gates; expected None in third place, got {kind_of(value[2])}"
            )

    return _forward(kind, look, head="any", phi="any" if kind == "RNN" else "tanh")


def _output(kind: str, head: str, shape: str):
    def look(outcome: Outcome, value: Sequence[Any], *_: Any) -> None:
        outcome.put("output", value[0], shape, only_tensor=True)

    return _forward(kind, look, head=head)


def _traces(outcome: Outcome, value: Sequence[Any], *_: Any) -> None:
    _put_gates(outcome, value[2], "TBH")


def _through_time(kind: str):
    def look(outcome: Outcome, value: Sequence[Any], cell: nn.Module, x: Tensor) -> None:
        inner, output = outcome.part(), value[0]
        if cell.head == "softmax" and isinstance(output, Tensor) and output.dim() == 3:
            output = output[-1]  # other cases ask for the rest
        whole = inner.put("output", output, "BO", only_tensor=True)
        outcome.problems |= inner.problems
        if whole:
            outcome.put_gradients("output", output, {"x": x} | named_weights(cell, kind))

    return _forward(kind, look, grad=True, head="each")


def _rho(cell: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    outcome.put("W", cell.recurrent_weight_for_rho(), "HH")


def _part(method: str, names: str, result: str, weight: float) -> tuple[Case, ...]:
    asked = ("GRU", method, names, result)
    return Case(f"{result}: values", weight, _values(*asked)), Case(f"{result}: gradients", 1.0, _gradients(*asked))


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
    "rnn_rho": (Case("the recurrent matrix", 1.0, cell_in_rounds("RNN", _rho)),),
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
        Case("gate traces", 0.5, _forward("GRU", _traces, head="any")),
        Case("gradients through time", 1.0, _through_time("GRU")),
    ),
    "gru_rho": (Case("the candidate's recurrent matrix", 1.0, cell_in_rounds("GRU", _rho)),),
}
