"""The fast engine: the equations of the built-in cells, forward and back by hand-derived formulas."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnnkit.cells import GRU, PHI, RNN
from rnnkit.engines import bptt
from rnnkit.engines.base import Pass
from rnnkit.heads import Head
from rnnkit.names import BadValue
from rnnkit.tasks import Batch


class FusedEngine:
    """Reads a cell's weights by name and runs the built-in equations on them; never calls ``cell.step``.

    It does so whatever class the cell is of: that another class computes the same has to be known beforehand.
    """

    name = "fused"

    @torch.no_grad()
    def run(self, cell: nn.Module, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        """One batch through the cell: arguments and `Pass` as for `AutogradEngine.run`.

        The total derivative is a by-product of the way back, so ``flow`` decides only what is returned.

        Raises:
            BadValue: parameters that are neither those of the RNN nor those of the GRU; an unknown nonlinearity.
        """
        w = _weights(cell)
        equations = _equations(cell, w)
        hidden, traces = bptt.forward(equations.step, batch.inputs, len(w["W_hh"]))
        states = hidden if head.name == "softmax" else hidden[-1]
        output = states @ w["W_ho"] + w["b_o"]
        gates = {name: traces[name] for name in "zr"} if traces else None
        found = {
            "loss": head.loss(output, batch.targets),
            "error": head.wrong(output, batch.targets).double().mean(),
            "output": output,
            "hidden": hidden,
            "gates": gates,
            "phi": None if gates else cell.phi,
        }
        if not backward:
            return Pass(**found)
        slope = bptt.loss_slope(head.name, output, batch.targets)
        direct = bptt.direct_term(head.name, slope, w["W_ho"], len(hidden))
        total, grads = equations.backward(batch.inputs, hidden, traces, direct)
        grads |= bptt.readout_grads(head.name, slope, hidden)
        grads = {name: grads[name] for name in w}
        return Pass(**found, grads=grads, flow=total if flow else None, direct=direct if flow else None)

    def prepare(self, batch: Batch) -> Any:
        """Whatever `metrics` wants instead of the batch, made once for a batch that is tried again and again."""
        return batch

    @torch.no_grad()
    def metrics(self, cell: nn.Module, head: Head, prepared: Any) -> dict[str, float]:
        """``head.metrics`` of the cell's outputs, forward only; no state is kept but the last.

        Arguments:
            cell: on the batch's device, parameters in its dtype.
            head: loss and error.
            prepared: what `prepare` returned.

        Raises:
            BadValue: as `run`.
        """
        w = _weights(cell)
        inputs, targets = prepared
        states = (h_t for h_t, _ in bptt.states(_equations(cell, w).step, inputs, len(w["W_hh"])))
        if head.name == "softmax":
            output = torch.stack([h_t @ w["W_ho"] + w["b_o"] for h_t in states])
        else:
            for h_t in states:
                last = h_t
            output = last @ w["W_ho"] + w["b_o"]
        return head.metrics(output, targets)


def _weights(cell: nn.Module) -> dict[str, Tensor]:
    """The cell's parameters by name, checked to be those of a built-in cell."""
    w = {name: parameter.detach() for name, parameter in cell.named_parameters()}
    for kind in (RNN, GRU):
        if w.keys() == (kind.shapes | kind.readout_shapes).keys():
            return w
    expected = " or ".join(f"{kind.__name__} ({', '.join(kind.shapes | kind.readout_shapes)})" for kind in (RNN, GRU))
    raise BadValue(f"fused: expected the parameters of {expected}, got {', '.join(w)}; use the engine 'autograd'")


def _equations(cell: nn.Module, w: dict[str, Tensor]) -> bptt.RNNEquations | bptt.GRUEquations:
    if "W_xz" in w:
        return bptt.GRUEquations(w)
    if cell.phi not in PHI:
        raise BadValue(
            f"fused: expected phi to be one of {', '.join(PHI)}, got {cell.phi!r}; use the engine 'autograd'"
        )
    return bptt.RNNEquations(w, cell.phi)
