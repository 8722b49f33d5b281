"""The plain engine: any cell of the contract, differentiated by torch."""

from __future__ import annotations

from dataclasses import replace

import torch

from rnnkit.cells import Cell, readout, unroll
from rnnkit.engines.base import Pass
from rnnkit.engines.bptt import PHI_SLOPE
from rnnkit.heads import Head
from rnnkit.omega import Omega, omega
from rnnkit.tasks import Batch


class AutogradEngine:
    """Runs ``cell.step`` in a loop and lets autograd go back through it."""

    name = "autograd"

    def run(self, cell: Cell, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        r"""One batch through the cell.

        A zero leaf, the probe, is added to each h_t inside the recurrence, and the loss is differentiated with respect
        to it:

        .. math::
            \frac{dL}{dh_t} = \frac{\partial^+ L}{\partial h_t}
            + \frac{dL}{dh_{t+1}} \frac{\partial h_{t+1}}{\partial h_t}

        Differentiating with respect to the stacked ``(T, B, H)`` tensor instead gives the first term only, because the
        stack is made after the loop and no later state depends on it; that is what ``direct`` holds.

        Arguments:
            cell: on the batch's device, parameters in the batch's dtype.
            head: loss and error.
            batch: inputs ``(T, B, I)`` and targets.
            backward: also differentiate with respect to the parameters.
            flow: also with respect to every h_t (total and direct); needs ``backward``.

        Returns:
            A `Pass`.

        *Source:* handout section 2.3, item 3.
        """
        probe = None
        if backward and flow:
            steps, size, _ = batch.inputs.shape
            probe = batch.inputs.new_zeros(steps, size, cell.W_hh.shape[0], requires_grad=True)  # (T, B, H)
        with torch.set_grad_enabled(backward):
            hidden, gates = unroll(cell, batch.inputs, probe)
            output = readout(cell, hidden, head.name)
            loss = head.loss(output, batch.targets)
        seen = Pass(
            loss=loss.detach(),
            error=head.wrong(output, batch.targets).double().mean(),
            output=output.detach(),
            hidden=hidden.detach(),
            gates=gates and {name: trace.detach() for name, trace in gates.items()},
            phi=None if gates else cell.phi,
        )
        if not backward:
            return seen

        parameters = dict(cell.named_parameters())
        wanted = [*parameters.values(), *([] if probe is None else [probe, hidden])]
        pairs = zip(wanted, torch.autograd.grad(loss, wanted, allow_unused=True), strict=True)
        derivatives = [torch.zeros_like(w) if g is None else g for w, g in pairs]
        total, direct = derivatives[len(parameters) :] or (None, None)
        grads = dict(zip(parameters, derivatives, strict=False))
        return replace(seen, grads=grads, flow=total, direct=direct)

    def prepare(self, batch: Batch) -> Batch:
        """The batch itself: nothing to make ready."""
        return batch

    def metrics(self, cell: Cell, head: Head, prepared: Batch) -> dict[str, float]:
        """``head.metrics`` of the cell's outputs for a batch; forward only."""
        return head.metrics(self.run(cell, head, prepared, backward=False).output, prepared.targets)

    def omega(self, cell: Cell, run: Pass, bound: float, on: str = "total") -> Omega:
        """The regulariser of a pass with ``flow``, see `rnnkit.omega`.

        Arguments:
            cell: an RNN.
            run: a pass of it.
            bound: smallest squared norm that counts.
            on: ``total``: of dL/dh_t; ``direct``: of the direct term alone, for the contrast.
        """
        watched = run.flow if on == "total" else run.direct
        assert watched is not None
        assert run.phi is not None
        return omega(watched, PHI_SLOPE[run.phi](run.hidden), cell.W_hh.detach(), bound)
