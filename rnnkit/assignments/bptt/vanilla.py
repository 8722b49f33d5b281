"""The document's network and its gradient monitor, under the document's names."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class VanillaRNN(nn.Module):
    """The document's network, with a prediction at every step.

    h_t = tanh(W_xh x_t + b_h + W_hh h_(t-1)), y_t = W_hy h_t + b_y, in columns as `torch.nn.Linear` keeps its weights.

    Arguments:
        input_size: I, entries of an input.
        hidden_size: H, units.
        output_size: O, entries of an output.

    *Source:* "RNN Deep Dive", its first example.
    """

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.W_xh = nn.Linear(input_size, hidden_size)
        self.W_hh = nn.Linear(hidden_size, hidden_size, bias=False)  # one bias is enough for a sum
        self.W_hy = nn.Linear(hidden_size, output_size)

    def forward(self, x: Tensor, h_prev: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs (B, T, O) and the last state (B, H) for inputs (B, T, I); the state before is 0 by default."""
        driven = self.W_xh(x).transpose(0, 1)  # (T, B, H), all inputs at once
        states = [torch.zeros_like(driven[0]) if h_prev is None else h_prev]
        for a in driven:
            states.append(torch.tanh(a + self.W_hh(states[-1])))
        return self.W_hy(torch.stack(states[1:], dim=1)), states[-1]


def monitor_gradients(model: nn.Module) -> dict[str, float]:
    """Prints the norm of each parameter's gradient, and returns them by name; to be called *before* clipping.

    Parameters that have no gradient yet are left out.
    """
    norms = {name: float(one.grad.norm()) for name, one in model.named_parameters() if one.grad is not None}
    for name, norm in norms.items():
        print(f"{name}: grad_norm = {norm:.6f}")
    return norms
