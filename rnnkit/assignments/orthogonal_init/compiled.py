"""The same passes by the course's compiled loops, one network after the other."""

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
        self.hidden, self.flow = (np.empty((S, T, B, padded), dtype) for _ in range(2))
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
        self.flow[:] = 0
        self.flow[:, -direct.shape[1] :, :, :H] = direct
        grad, W_back = np.zeros_like(self.square), np.zeros_like(self.square[0, :H])
        for s, total in enumerate(self.flow):
            W_back[:, :H] = W[s, :H].T
            inputs, states, of = self.inputs[s], self.hidden[s], grad[s]
            kernels.rnn_backward(inputs, W_back, kernels.TANH, states, total, of[H:], of[:H])
        grad_W[:] = grad[..., :H]
