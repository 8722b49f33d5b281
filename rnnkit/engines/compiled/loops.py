"""One batch through the compiled loops: packs weights and inputs, calls, and unpacks. float32 on the CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnkit.engines.base import Pass
from rnnkit.engines.bptt import Weights, loss_slope
from rnnkit.engines.compiled import blocks, kernels
from rnnkit.engines.compiled.tile import LANES, add_product
from rnnkit.heads import Head
from rnnkit.omega import Omega
from rnnkit.tasks import Batch

Recurrence = tuple[np.ndarray, np.ndarray, np.ndarray]  # see `_pack_recurrence`


class Prepared(NamedTuple):
    """A batch for validation, in blocks of sequences."""

    x: np.ndarray  # (N, T, J, WIDTH), the inputs and a channel of ones; sequences that only fill up a block are 0
    steps: np.ndarray  # (N, T, WIDTH), classes at every step; (N, 0, WIDTH) where there are none
    targets: Tensor  # the batch's own


def run_pass(w: Weights, phi: str | None, head: Head, batch: Batch, backward: bool, flow: bool) -> Pass:
    """See `FusedEngine.run`; w and phi as for `bptt.equations`."""
    x, (units, classes) = np.ones((*batch.inputs.shape[:2], len(w["W_xh"]) + 1), np.float32), w["W_ho"].shape
    x[..., :-1] = batch.inputs
    recurrence = _pack_recurrence(w, phi)
    traces = _forward(recurrence, phi, x)  # (1, T, B, P), or (4, T, B, P): h, z, r, candidate
    every_step = slice(None) if head.name == "softmax" else slice(-1, None)  # the steps that have an output
    states = _rows(traces[0, every_step])[:, :units]
    W_o = _padded(w["W_ho"])
    output = np.empty((*traces[0, every_step].shape[:2], W_o.shape[1]), np.float32)
    output[:] = _padded(w["b_o"][None])
    add_product(_rows(output), states, W_o)
    loss, error, slope = _judge(head, output, batch.targets, classes)
    seen = Pass(
        loss=loss,
        error=error,
        output=_tensor(output if head.name == "softmax" else output[0], classes),
        hidden=_tensor(traces[0], units),
        gates={"z": _tensor(traces[1], units), "r": _tensor(traces[2], units)} if phi is None else None,
        phi=phi,
    )
    if not backward:
        return seen

    total = np.zeros_like(traces[0])
    add_product(_rows(total[every_step]), _rows(slope)[:, :classes], _padded(w["W_ho"].T))
    direct = _tensor(total.copy(), units) if flow else None
    grads = _backward(recurrence, phi, x, traces, total)
    slope_rows = _tensor(_rows(slope), classes)
    # A long sum that cancels: torch adds it up as the plain engine does, where our own order would differ by 1e-5.
    grads |= {"W_ho": torch.from_numpy(states).T @ slope_rows, "b_o": slope_rows.sum(0)}
    in_order = {name: grads[name] for name in w}
    return replace(seen, grads=in_order, flow=_tensor(total, units) if flow else None, direct=direct)


def _forward(recurrence: Recurrence, phi: str | None, x: np.ndarray) -> np.ndarray:
    """``(1, T, B, P)``, the states; for the GRU ``(4, T, B, P)``, also both gates and the candidate."""
    W_x, W_h, _ = recurrence
    traces = np.empty((1 if phi else 4, *x.shape[:2], W_x.shape[-1]), np.float32)
    if phi is None:
        kernels.gru_forward(x, W_x, W_h, *traces)
    else:
        kernels.rnn_forward(x, W_x[0], W_h[0], kernels.PHI_NUMBER[phi], traces[0])
    return traces


def _backward(recurrence: Recurrence, phi: str | None, x: np.ndarray, traces: np.ndarray, flow: np.ndarray) -> Weights:
    """Gradients of the recurrence by name; ``flow``, the direct terms, becomes the total derivatives."""
    W_x, W_h, W_back = recurrence
    grad_x, grad_h = np.zeros_like(W_x), np.zeros_like(W_h)
    if phi is None:
        kernels.gru_backward(x, W_back, *traces, flow, grad_x, grad_h)
    else:
        kernels.rnn_backward(x, W_back[0], kernels.PHI_NUMBER[phi], traces[0], flow, grad_x[0], grad_h[0])
    grads, units = {}, W_h.shape[1]
    for i, name in enumerate(_names(phi)):
        grads[f"W_x{name}"] = _tensor(grad_x[i, :-1], units).contiguous()
        grads[f"b_{name}"] = _tensor(grad_x[i, -1], units)
        grads[f"W_h{name}"] = _tensor(grad_h[i], units).contiguous()
    return grads


def omega(w: Weights, phi: str, flow: Tensor, hidden: Tensor, bound: float) -> Omega:
    """See `rnnkit.omega.omega`."""
    W_back = _padded(w["W_hh"].T)
    grad = np.zeros_like(W_back)
    watched = hidden.contiguous().numpy(), flow.contiguous().numpy()  # without gaps the loops become vectors
    squares, terms = kernels.rnn_omega(W_back, kernels.PHI_NUMBER[phi], *watched, np.float32(bound), grad)
    grad *= 4 / max(terms, 1)
    return Omega(squares / max(terms, 1), terms / flow[..., 0].numel(), _tensor(grad, len(W_back)).contiguous())


def prepare(batch: Batch) -> Prepared:
    """See `FusedEngine.prepare`; the batch itself is not kept."""
    steps, size, channels = batch.inputs.shape
    count = -(-size // blocks.WIDTH)
    x = np.zeros((count, steps, channels + 1, blocks.WIDTH), np.float32)
    at_every_step = batch.targets.dim() == 2 and not batch.targets.is_floating_point()
    targets = np.zeros((count, steps if at_every_step else 0, blocks.WIDTH), np.float32)
    for n in range(count):
        of_block = slice(n * blocks.WIDTH, (n + 1) * blocks.WIDTH)
        inputs = batch.inputs[:, of_block].numpy()
        x[n, :, :-1, : inputs.shape[1]] = inputs.transpose(0, 2, 1)
        x[n, :, -1] = 1
        if at_every_step:
            targets[n, :, : inputs.shape[1]] = batch.targets[:, of_block].numpy()
    return Prepared(x, targets, batch.targets)


def metrics(w: Weights, phi: str | None, head: Head, prepared: Prepared) -> dict[str, float]:
    """See `FusedEngine.metrics`; w and phi as for `run_pass`."""
    units, size = len(w["W_hh"]), prepared.targets.shape[-1 if len(prepared.steps[0]) else 0]
    W_x, W_h, _ = _pack_recurrence(w, phi)
    last = np.empty((len(prepared.x), units, blocks.WIDTH), np.float32)
    readout = (np.ascontiguousarray(w["W_ho"]), np.ascontiguousarray(w["b_o"]), prepared.steps, last)
    if phi is None:
        losses, wrong = blocks.gru_last(prepared.x, W_x, W_h, *readout)
    else:
        losses, wrong = blocks.rnn_last(prepared.x, W_x[0], W_h[0], kernels.PHI_NUMBER[phi], *readout)
    if head.name == "softmax":
        losses, wrong = losses.ravel()[:size], wrong.ravel()[:size]
        return {"nll": float(losses.mean()) / prepared.x.shape[1], "error": float(wrong.mean())}
    h_last = torch.from_numpy(last.transpose(0, 2, 1).reshape(-1, units)[:size])
    return head.metrics(h_last @ w["W_ho"] + w["b_o"], prepared.targets)


def _judge(head: Head, output: np.ndarray, targets: Tensor, classes: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Loss, error and the loss' derivative ``(T, B, Q)`` of padded outputs ``(T, B, Q)``, T = 1 for the last step."""
    if head.name == "lastLinear":
        slope = np.zeros_like(output)
        real = _tensor(output[0], classes)
        slope[0, :, :classes] = loss_slope(head.name, real, targets)
        return head.loss(real, targets), head.wrong(real, targets).double().mean(), slope
    slope = np.empty_like(output)
    loss, wrong = kernels.classify(output, targets.numpy().reshape(output.shape[:2]), classes, slope)
    return (
        torch.tensor(loss, dtype=torch.float32),
        torch.tensor(np.count_nonzero(wrong) / len(wrong), dtype=torch.float64),
        slope,
    )


def _names(phi: str | None) -> str:
    """The last letters of the matrices' names: three of a kind for the GRU, one for the RNN."""
    return "zrh" if phi is None else "h"


def _pack_recurrence(w: Weights, phi: str | None) -> Recurrence:
    """``(G, J, P)`` input weights and biases, ``(G, H, P)`` recurrent weights and their transposes, G of `_names`."""
    from_input = [torch.cat([w[f"W_x{name}"], w[f"b_{name}"][None]]) for name in _names(phi)]
    from_state = [w[f"W_h{name}"] for name in _names(phi)]
    W_x, W_h, W_back = (
        np.stack([*map(_padded, matrices)]) for matrices in (from_input, from_state, [W.T for W in from_state])
    )
    return W_x, W_h, W_back


def _padded(matrix: Tensor) -> np.ndarray:
    """``(m, n)`` with zeros up to a multiple of `LANES` in n."""
    rows, columns = matrix.shape
    padded = np.zeros((rows, columns + -columns % LANES), np.float32)
    padded[:, :columns] = matrix
    return padded


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1, array.shape[-1])


def _tensor(array: np.ndarray, columns: int) -> Tensor:
    """The array's first columns, as a tensor on the same memory."""
    return torch.from_numpy(array[..., :columns])
