"""Forward and backward through time for several networks of one shape at once: a leading axis S, the same formulas.

Input weights and biases are further rows of the recurrent matrix, ``W = [W_hh; W_xh; b_h]`` ``(S, K, H)``, and the rows
that are multiplied with it hold the state before, the input and a 1, K = H + I + 1. So each step is one product, and so
is the whole gradient. All parameters of a network are one row of ``flat`` ``(S, P)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from rnnkit.assignments.orthogonal_init.tasks import EVERY, LINEAR, Task

Into = Callable[..., np.ndarray]  # of a function that writes into ``out``
PHI: dict[str, tuple[Into, Into]] = {  # and phi'(a) from h = phi(a)
    "tanh": (np.tanh, lambda h, out: np.subtract(1, np.multiply(h, h, out=out), out=out)),
    "relu": (lambda a, out: np.maximum(a, 0, out=out), lambda h, out: np.greater(h, 0, out=out)),
}
SMALL = 1_000_000  # multiplications in a product up to which OpenBLAS is twice as fast


class Shape(NamedTuple):
    """Sizes of a network: inputs I, units H, outputs O."""

    I: int  # noqa: E741
    H: int
    O: int  # noqa: E741

    @property
    def K(self) -> int:
        """Rows of W."""
        return self.H + self.I + 1

    @property
    def P(self) -> int:
        """Parameters."""
        return self.K * self.H + (self.H + 1) * self.O

    def matrices(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Views of ``flat`` ``(S, P)``: W ``(S, K, H)``, and the readout ``(S, H + 1, O)`` its bias as last row."""
        split = self.K * self.H
        return (
            flat[:, :split].reshape(len(flat), self.K, self.H),
            flat[:, split:].reshape(len(flat), self.H + 1, self.O),
        )

    def named(self, row: np.ndarray) -> dict[str, np.ndarray]:
        """One network's parameters ``(P,)`` by the equations' names, views."""
        (W,), (readout,) = self.matrices(row[None])
        H = self.H
        return {"W_xh": W[H:-1], "W_hh": W[:H], "b_h": W[-1], "W_ho": readout[:-1], "b_o": readout[-1]}


class Judged(NamedTuple):
    """Of each network: loss and metric ``(S,)``, the gradient ``(S, P)``."""

    loss: np.ndarray
    metric: np.ndarray
    grad: np.ndarray


class Net:
    """Room for S networks of one shape on sequences of T steps."""

    def __init__(self, shape: Shape, task: Task, phi: str, S: int, T: int, B: int, dtype: type) -> None:
        self.shape, self.task, self.every = shape, task, task.head == EVERY
        self.phi, self.slope = PHI[phi]
        self._make_room(S, T, B, dtype)

    def _make_room(self, S: int, T: int, B: int, dtype: type) -> None:
        H, K = self.shape.H, self.shape.K
        self.rows = np.zeros((S, T + 1, B, K), dtype)  # h_t, x_(t+1), 1
        self.rows[..., -1] = 1
        self.delta = np.empty((S, T, B, H), dtype)  # derivatives with respect to what goes into phi
        self.pre, self.back, self.slopes = (np.empty((S, B, H), dtype) for _ in range(3))
        self.product = np.empty((S, K, H), dtype)

    def forward(self, W: np.ndarray, x: Sequence[np.ndarray]) -> np.ndarray:
        r"""All states, :math:`h_t = \phi(h_{t-1} W_{hh} + x_t W_{xh} + b_h)`, h_0 = 0.

        Arguments:
            W: ``(S, K, H)``.
            x: ``(T, B, I)`` for each network.

        Returns:
            ``(S, T, B, H)``, a view.
        """
        H, T = self.shape.H, self.delta.shape[1]
        for s, one in enumerate(x):
            self.rows[s, :-1, :, H:-1] = one
        for t in range(T):
            np.matmul(self.rows[:, t], W, out=self.pre)
            self.phi(self.pre, out=self.rows[:, t + 1, :, :H])
        return self.rows[:, 1:, :, :H]

    def gradient(self, flat: np.ndarray, x: Sequence[np.ndarray], y: Sequence[np.ndarray]) -> Judged:
        """Loss, metric and the gradient of the loss, by backpropagation through time.

        Arguments:
            flat: ``(S, P)``.
            x, y: for each network, as in `Drawn`.
        """
        W, readout = self.shape.matrices(flat)
        grad = np.empty_like(flat)
        grad_W, grad_readout = self.shape.matrices(grad)
        h = self.forward(W, x)
        S, _, B, H = h.shape
        seen = (h if self.every else h[:, -1:]).reshape(S, -1, H)  # (S, N, H): the states that have an output
        out = np.matmul(seen, readout[:, :-1]) + readout[:, -1:]
        loss, metric, slope = judged(self.task, out, np.stack(y))
        np.matmul(seen.transpose(0, 2, 1), slope, out=grad_readout[:, :-1])
        np.sum(slope, axis=1, out=grad_readout[:, -1])
        direct = np.matmul(slope, readout[:, :-1].transpose(0, 2, 1)).reshape(S, -1, B, H)
        self.backward(W, direct, grad_W)
        return Judged(loss, metric, grad)

    def backward(self, W: np.ndarray, direct: np.ndarray, grad_W: np.ndarray) -> None:
        r"""Fills ``grad_W`` ``(S, K, H)``, from the last forward pass.

        .. math::
            \delta_t = dL/dh_t \odot \phi'(a_t), \quad dL/dh_{t-1} = \delta_t W_{hh}^\top + \text{direct}_{t-1}, \quad
            dL/dW_{hh} = \sum_t h_{t-1}^\top \delta_t

        Arguments:
            direct: derivatives through the outputs of the same step, of all steps or of the last one.
        """
        S, T, B, H = self.delta.shape
        W_back = np.ascontiguousarray(W[:, :H].transpose(0, 2, 1))
        total = direct[:, -1]
        for t in range(T - 1, -1, -1):
            self.slope(self.rows[:, t + 1, :, :H], out=self.slopes)
            delta = np.multiply(total, self.slopes, out=self.delta[:, t])
            if t > 0:
                total = np.matmul(delta, W_back, out=self.back)
                if self.every:
                    total += direct[:, t - 1]
        rows = as_strided(self.rows, (S, T * B, self.shape.K), (self.rows.strides[0], *self.rows.strides[2:]))
        deltas, many = self.delta.reshape(S, T * B, H), max(B, SMALL // (H * self.shape.K))
        grad_W[:] = 0
        for k in range(0, T * B, many):
            part = slice(k, k + many)
            grad_W += np.matmul(rows[:, part].transpose(0, 2, 1), deltas[:, part], out=self.product)


def judged(task: Task, out: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loss and metric ``(S,)`` of outputs ``(S, N, O)``, and the derivative of the loss, of the outputs' shape.

    Half the mean squared error, or cross-entropy in nats.
    """
    if task.head == LINEAR:
        off = out - y
        loss = 0.5 * np.mean(off * off, axis=(1, 2))
        return loss, loss, (off / off[0].size).astype(out.dtype)
    classes = y.reshape(len(out), -1)
    below = out - out.max(axis=2, keepdims=True)
    shares = np.exp(below)
    total = shares.sum(axis=2, keepdims=True)
    shares /= total
    loss = np.mean(np.log(total) - np.take_along_axis(below, classes[..., None], axis=2), axis=(1, 2))
    right = (out.argmax(axis=2) == classes).reshape(len(out), *y.shape[1:])
    counted = right[:, -task.recalled :] if task.head == EVERY else right
    metric = counted.reshape(len(out), -1).mean(axis=1)
    np.put_along_axis(shares, classes[..., None], np.take_along_axis(shares, classes[..., None], axis=2) - 1, axis=2)
    return loss, metric, shares / classes.shape[1]
