r"""Backpropagation through time, derived by hand: the equations of the fast engine in plain torch operations.

For any device and dtype. Weights come as a dict by the equations' names, and a recurrence is an object that can go one
step forward and all the way back; nothing here calls a cell or autograd.

The chain rule needs one quantity, the total derivative

.. math::
    d_t = \frac{dL}{dh_t} = \frac{\partial^+ L}{\partial h_t} + d_{t+1} \frac{\partial h_{t+1}}{\partial h_t},
    \qquad d_{T+1} = 0,

and the walk from T to 1 finds it on the way, so that gradient through time costs nothing more.

*Source:* Pascanu et al. 2013, equations 3-5; handout section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rnnkit.cells import PHI
from rnnkit.engines.base import Pass
from rnnkit.heads import Head
from rnnkit.tasks import Batch

if TYPE_CHECKING:
    from jaxtyping import Float

Weights = dict[str, Tensor]

# phi'(a), written with h = phi(a)
PHI_SLOPE: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda h: 1 - h * h,
    "sigmoid": lambda h: h * (1 - h),
    "identity": torch.ones_like,
}


def loss_slope(head: str, output: Float[Tensor, "*TB O"], targets: Tensor) -> Float[Tensor, "*TB O"]:
    r"""Derivative of the head's loss with respect to its outputs.

    .. math::
        \text{cross-entropy: } \frac{\partial L}{\partial o} = \frac{\mathrm{softmax}(o) - \mathrm{onehot}(y)}{N},
        \qquad \text{squared error: } \frac{\partial L}{\partial o} = \frac{2 (o - y)}{B}

    N is the number of predictions, T B for ``softmax`` and B for ``lastSoftmax``.

    Arguments:
        head: ``softmax``, ``lastSoftmax`` or ``lastLinear``.
        output: ``(T, B, O)`` for ``softmax``, else ``(B, O)``.
        targets: ``(T, B)`` or ``(B,)`` classes, or ``(B, O)`` values.

    Returns:
        shaped like ``output``.
    """
    if head == "lastLinear":
        return 2 / len(output) * (output - targets)
    slope = output.softmax(-1)
    rows = slope.view(-1, slope.shape[-1])
    rows[torch.arange(len(rows), device=rows.device), targets.flatten()] -= 1
    return slope.div_(len(rows))


def direct_term(
    head: str, output_slope: Float[Tensor, "*TB O"], W_ho: Float[Tensor, "H O"], steps: int
) -> Float[Tensor, "T B H"]:
    r"""What each state does to the loss through its own output: :math:`\partial^+ L/\partial h_t = o'_t W_{ho}^\top`.

    Arguments:
        head: ``softmax``, ``lastSoftmax`` or ``lastLinear``; for the latter two only h_T has an output.
        output_slope: ``(T, B, O)`` or ``(B, O)``, see `loss_slope`.
        W_ho: ``(H, O)``.
        steps: T.

    Returns:
        ``(T, B, H)``.
    """
    through_output = output_slope @ W_ho.T
    if head == "softmax":
        return through_output
    direct = through_output.new_zeros(steps, *through_output.shape)
    direct[-1] = through_output
    return direct


def readout_grads(head: str, output_slope: Float[Tensor, "*TB O"], hidden: Float[Tensor, "T B H"]) -> Weights:
    r"""From :math:`o_t = h_t W_{ho} + b_o`: :math:`dL/dW_{ho} = \sum_t h_t^\top o'_t`, :math:`dL/db_o = \sum o'_t`.

    Arguments:
        head, output_slope: as in `direct_term`.
        hidden: ``(T, B, H)``.

    Returns:
        W_ho ``(H, O)`` and b_o ``(O,)``.
    """
    states = hidden if head == "softmax" else hidden[-1]
    slope = output_slope.flatten(0, -2)
    return {"W_ho": states.flatten(0, -2).T @ slope, "b_o": slope.sum(0)}


Step = Callable[[Tensor, Tensor], tuple[Tensor, Weights]]


def states(step: Step, x: Tensor, n_hid: int) -> Iterator[tuple[Tensor, Weights]]:
    """h_t ``(B, H)`` and the traces of every step, one after the other, from h_0 = 0, for inputs ``(T, B, I)``."""
    h_t = x.new_zeros(x.shape[1], n_hid)
    for x_t in x:
        h_t, traces_t = step(x_t, h_t)
        yield h_t, traces_t


def forward(step: Step, x: Tensor, n_hid: int) -> tuple[Tensor, Weights]:
    """All of `states`, kept: hidden ``(T, B, H)`` and the traces by name, each ``(T, B, H)``."""
    kept = list(states(step, x, n_hid))
    return torch.stack([h_t for h_t, _ in kept]), {
        name: torch.stack([traces_t[name] for _, traces_t in kept]) for name in kept[0][1]
    }


def before_first(hidden: Tensor) -> Tensor:
    """``(T, B, H)``: h_0 .. h_{T-1}, the states that the steps started from, h_0 = 0."""
    return torch.cat([torch.zeros_like(hidden[:1]), hidden[:-1]])


class RNNEquations:
    r"""The vanilla RNN, :math:`h_t = \phi(a_t)` with :math:`a_t = x_t W_{xh} + h_{t-1} W_{hh} + b_h`.

    Arguments:
        w: the weights by name, detached.
        phi: ``tanh``, ``sigmoid`` or ``identity``.
    """

    def __init__(self, w: Weights, phi: str) -> None:
        self.w, self.phi = w, phi

    def step(self, x_t: Tensor, h_prev: Tensor) -> tuple[Tensor, Weights]:
        """State ``(B, H)`` after the input ``(B, I)``, and no traces."""
        w = self.w
        return PHI[self.phi](torch.addmm(torch.addmm(w["b_h"], x_t, w["W_xh"]), h_prev, w["W_hh"])), {}

    def backward(self, x: Tensor, hidden: Tensor, traces: dict[str, Tensor], direct: Tensor) -> tuple[Tensor, Weights]:
        r"""Total derivatives and gradients.

        With :math:`\delta_t = dL/da_t`:

        .. math::
            \delta_t &= d_t \odot \phi'(a_t) \\
            d_{t-1} &= \partial^+ L/\partial h_{t-1} + \delta_t W_{hh}^\top \\
            dL/dW_{xh} &= \sum_t x_t^\top \delta_t, \quad dL/dW_{hh} = \sum_t h_{t-1}^\top \delta_t,
            \quad dL/db_h = \sum_t \delta_t

        The sums over t and over sequences are one product each.

        Arguments:
            x: ``(T, B, I)``.
            hidden, traces: what `forward` found.
            direct: ``(T, B, H)``, :math:`\partial^+ L/\partial h_t`.

        Returns:
            :math:`d_t` ``(T, B, H)``; gradients by name.
        """
        slope = PHI_SLOPE[self.phi](hidden)
        flow, delta = direct.clone(), torch.empty_like(direct)
        W_back = self.w["W_hh"].T.contiguous()
        for t in reversed(range(len(x))):
            torch.mul(flow[t], slope[t], out=delta[t])
            if t > 0:
                flow[t - 1].addmm_(delta[t], W_back)
        delta = delta.flatten(0, 1)  # (T B, H)
        return flow, {
            "W_xh": x.flatten(0, 1).T @ delta,
            "W_hh": before_first(hidden).flatten(0, 1).T @ delta,
            "b_h": delta.sum(0),
        }


class GRUEquations:
    r"""The gated recurrent unit, with :math:`a^z_t, a^r_t, a^h_t` for what stands inside its three nonlinearities.

    .. math::
        z_t &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z), \quad r_t = \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r) \\
        \tilde h_t &= \tanh(x_t W_{xh} + (r_t \odot h_{t-1}) W_{hh} + b_h), \quad
        h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t

    Arguments:
        w: the weights by name, detached.
    """

    def __init__(self, w: Weights) -> None:
        self.w = w

    def step(self, x_t: Tensor, h_prev: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """State ``(B, H)`` after the input ``(B, I)``; traces z, r and the candidate c, each ``(B, H)``."""
        w = self.w
        z_t = torch.sigmoid(torch.addmm(torch.addmm(w["b_z"], x_t, w["W_xz"]), h_prev, w["W_hz"]))
        r_t = torch.sigmoid(torch.addmm(torch.addmm(w["b_r"], x_t, w["W_xr"]), h_prev, w["W_hr"]))
        c_t = torch.tanh(torch.addmm(torch.addmm(w["b_h"], x_t, w["W_xh"]), r_t * h_prev, w["W_hh"]))
        return (1 - z_t) * h_prev + z_t * c_t, {"z": z_t, "r": r_t, "c": c_t}

    def backward(self, x: Tensor, hidden: Tensor, traces: dict[str, Tensor], direct: Tensor) -> tuple[Tensor, Weights]:
        r"""Total derivatives and gradients.

        With :math:`\delta^z, \delta^r, \delta^h` for the derivatives with respect to :math:`a^z, a^r, a^h`, and
        :math:`q_t` for the one with respect to :math:`r_t \odot h_{t-1}`:

        .. math::
            \delta^z_t &= d_t \odot (\tilde h_t - h_{t-1}) \odot z_t (1 - z_t)
                && h_t \text{ moves from } h_{t-1} \text{ towards } \tilde h_t \text{ by } z_t \\
            \delta^h_t &= d_t \odot z_t \odot (1 - \tilde h_t^2) && \text{through the candidate} \\
            q_t &= \delta^h_t W_{hh}^\top && \\
            \delta^r_t &= q_t \odot h_{t-1} \odot r_t (1 - r_t) && \text{the reset gate scales } h_{t-1} \\
            d_{t-1} &= \partial^+ L/\partial h_{t-1} + d_t \odot (1 - z_t) + q_t \odot r_t
                + \delta^z_t W_{hz}^\top + \delta^r_t W_{hr}^\top && \text{the four ways from } h_{t-1}

        and for the weights :math:`dL/dW_{hz} = \sum_t h_{t-1}^\top \delta^z_t`, likewise W_hr;
        :math:`dL/dW_{hh} = \sum_t (r_t \odot h_{t-1})^\top \delta^h_t`;
        :math:`dL/dW_{x\cdot} = \sum_t x_t^\top \delta^\cdot_t`, :math:`dL/db_\cdot = \sum_t \delta^\cdot_t`.

        Arguments and returns as for the RNN.
        """
        w, (z, r, c), h_prev = self.w, (traces[name] for name in "zrc"), before_first(hidden)
        # What does not depend on d_t is done for all steps at once.
        to_z, to_h, to_r = (c - h_prev) * z * (1 - z), z * (1 - c * c), h_prev * r * (1 - r)
        keep = 1 - z
        W_back, W_zr_back = w["W_hh"].T.contiguous(), torch.cat([w["W_hz"], w["W_hr"]], 1).T.contiguous()
        flow, n = direct.clone(), direct.shape[-1]
        delta_zr, delta_h = direct.new_empty(*direct.shape[:2], 2 * n), torch.empty_like(direct)
        for t in reversed(range(len(x))):
            torch.mul(flow[t], to_h[t], out=delta_h[t])
            q_t = delta_h[t] @ W_back
            delta_zr[t, :, :n] = flow[t] * to_z[t]
            delta_zr[t, :, n:] = q_t * to_r[t]
            if t > 0:
                flow[t - 1] += torch.addmm(flow[t] * keep[t] + q_t * r[t], delta_zr[t], W_zr_back)
        inputs, h_prev, r_h = x.flatten(0, 1).T, h_prev.flatten(0, 1), (r * h_prev).flatten(0, 1)
        grads = {}
        for gate, delta in zip("zrh", (*delta_zr.split(n, -1), delta_h), strict=True):
            delta = delta.flatten(0, 1)  # (T B, H)
            states = r_h if gate == "h" else h_prev
            grads[f"W_x{gate}"] = inputs @ delta
            grads[f"W_h{gate}"] = states.T @ delta
            grads[f"b_{gate}"] = delta.sum(0)
        return flow, grads


def equations(w: Weights, phi: str | None) -> RNNEquations | GRUEquations:
    """The recurrence of these weights; phi is None for the GRU."""
    return GRUEquations(w) if phi is None else RNNEquations(w, phi)


def run_pass(w: Weights, phi: str | None, head: Head, batch: Batch, backward: bool, flow: bool) -> Pass:
    """See `FusedEngine.run`; w and phi as for `equations`."""
    recurrence = equations(w, phi)
    hidden, traces = forward(recurrence.step, batch.inputs, len(w["W_hh"]))
    output = (hidden if head.name == "softmax" else hidden[-1]) @ w["W_ho"] + w["b_o"]
    seen = Pass(
        loss=head.loss(output, batch.targets),
        error=head.wrong(output, batch.targets).double().mean(),
        output=output,
        hidden=hidden,
        gates={name: traces[name] for name in "zr"} if traces else None,
        phi=phi,
    )
    if not backward:
        return seen
    slope = loss_slope(head.name, output, batch.targets)
    direct = direct_term(head.name, slope, w["W_ho"], len(hidden))
    total, grads = recurrence.backward(batch.inputs, hidden, traces, direct)
    grads |= readout_grads(head.name, slope, hidden)
    seen = replace(seen, grads={name: grads[name] for name in w})
    return replace(seen, flow=total, direct=direct) if flow else seen


def metrics(w: Weights, phi: str | None, head: Head, batch: Batch) -> dict[str, float]:
    """See `FusedEngine.metrics`; w and phi as for `equations`."""
    outputs = []
    for h_t, _ in states(equations(w, phi).step, batch.inputs, len(w["W_hh"])):
        if head.name == "softmax":
            outputs.append(h_t @ w["W_ho"] + w["b_o"])
    output = torch.stack(outputs) if outputs else h_t @ w["W_ho"] + w["b_o"]
    return head.metrics(output, batch.targets)
