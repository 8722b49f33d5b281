"""The same passes by compiled loops, one network after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnkit.assignments.orthogonal_init.bptt import Net
from rnnkit.engines.compiled import kernels
from rnnkit.engines.compiled.tile import LANES


class Compiled(Net):
    """A `Net` with tanh units."""

    def _make_room(self, S: int, T: int, B: int, dtype: type) -> None:
        padded = self.shape.H + -self.shape.H % LANES
        self.inputs = np.ones((S, T, B, self.shape.I + 1), dtype)
        self.hidden = np.empty((S, T, B, padded), dtype)
        self.direct = np.zeros((S, T if self.every else 1, B, padded), dtype)
        self.square = np.zeros((S, self.shape.K, padded), dtype)  # W, padded

    def forward(self, W: np.ndarray, x: Sequence[np.ndarray]) -> np.ndarray:
        H = self.shape.H
        self.square[..., :H] = W
        for s, one in enumerate(x):
            self.inputs[s, ..., :-1] = one
            weights = self.square[s]
            kernels.rnn_forward(self.inputs[s], weights[H:], weights[:H], kernels.TANH, self.hidden[s])
        return self.hidden[..., :H]

    def backward(self, W: np.ndarray, direct: np.ndarray, grad_W: np.ndarray) -> None:
        H = self.shape.H
        self.direct[..., :H] = direct
        grad, W_back = np.zeros_like(self.square), np.zeros_like(self.square[0, :H])
        for s in reversed(range(len(W))):  # the last states are the ones that are still at hand
            W_back[:, :H] = W[s, :H].T
            inputs, states, of = self.inputs[s], self.hidden[s], grad[s]
            kernels.rnn_gradient(inputs, W_back, kernels.TANH, states, self.direct[s], of[H:], of[:H])
        grad_W[:] = grad[..., :H]
