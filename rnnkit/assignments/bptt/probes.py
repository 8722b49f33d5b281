"""Special inputs that show when a wrong answer is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnnkit.checks.inputs import Inputs, Probe


def _with(**changed: Callable[[np.ndarray], np.ndarray]) -> Callable[[Inputs], Inputs]:
    """Inputs of which these arrays are changed."""

    def change(inputs: Inputs) -> Inputs:
        return replace(inputs, arrays=inputs.arrays | {name: new(inputs[name]) for name, new in changed.items()})

    return change


def _symmetric(W: np.ndarray) -> np.ndarray:
    return (W + W.T) / 2


def _tiny(states: np.ndarray) -> np.ndarray:
    """States whose slope is 1, and which are not 0: so is all that is multiplied with them."""
    return 1e-3 * np.sign(states)


BACK = "look at how the gradient is handed from step t + 1 to step t"
PROBES: dict[str, tuple[Probe, ...]] = {
    "vanilla_forward": (
        Probe("x = 0", "look at the term with x_t", _with(x=np.zeros_like)),
        Probe("W_hh = 0", "look at the term with the state before", _with(W_hh=np.zeros_like)),
        Probe("b_h = 0", "look at the bias b_h", _with(b_h=np.zeros_like), narrow=True),
        Probe("b_y = 0", "look at the bias of the output", _with(b_y=np.zeros_like), narrow=True),
    ),
    "flow": (
        Probe("W_hh = 0", BACK, _with(W_hh=np.zeros_like)),
        Probe("W_hh = its own transpose", "look at which way round W_hh stands", _with(W_hh=_symmetric), narrow=True),
        Probe("all states are nearly 0", "look at the slope 1 - h^2, and at which state it is taken",
              _with(hidden=_tiny)),
    ),
    "weight_gradients": (
        Probe("h_0 = 0", "look at the state before the first step", _with(h_0=np.zeros_like), narrow=True),
        Probe("all states are nearly 0", "look at the slope 1 - h^2, and at which state it is taken",
              _with(hidden=_tiny)),
    ),
    "highway": (
        Probe("W = its own transpose", "look at which way round W stands", _with(W=_symmetric), narrow=True),
    ),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "vanilla_forward": ("outputs", "h_T"), "flow": ("dL/dh_t",), "weight_gradients": ("W_xh", "W_hh", "b_h"),
    "highway": ("norms", "distance from an orthogonal matrix"),
}  # fmt: skip
