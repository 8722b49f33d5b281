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


def _once(inputs: Inputs) -> Inputs:
    """One step of the sequence alone."""
    arrays = inputs.arrays | {"x": inputs["x"][:, :1], "hidden": inputs["hidden"][:2]}
    return replace(inputs, sizes=inputs.sizes | {"T": 1}, arrays=arrays)


PROBES: dict[str, tuple[Probe, ...]] = {
    "bptt": (
        Probe("T = 1", "look at how the gradient is handed from step t to step t - 1", _once),
        Probe("W_hh = its own transpose", "look at which way round W_hh stands", _with(W_hh=_symmetric), narrow=True),
        Probe("all states are nearly 0", "look at the slope 1 - h^2, and at which state it is taken",
              _with(hidden=_tiny)),
    ),
    "jacobian_norms": (
        Probe("all states are 0", "look at the slope 1 - h^2, and at which state it is taken",
              _with(hidden=np.zeros_like)),
        Probe("W_hh = its own transpose", "look at which way round W_hh stands, and at the order of the product",
              _with(W_hh=_symmetric), narrow=True),
    ),
    "heavy_ball": (
        Probe("v = 0", "look at the term with the old velocity", _with(v=np.zeros_like)),
        Probe("g = 0", "look at the term with the gradient", _with(g=np.zeros_like)),
    ),
    "nesterov": (Probe("v = 0", "look at where the gradient is asked, and at the term with the old velocity",
                       _with(v=np.zeros_like)),),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "bptt": ("W_ih", "W_hh", "b_h"), "jacobian_norms": ("norms of the products",), "heavy_ball": ("new p and new v",),
    "nesterov": ("new p and new v",),
}  # fmt: skip
