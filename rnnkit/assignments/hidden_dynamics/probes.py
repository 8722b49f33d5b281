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
    """States whose slope is 1, and which are not 0."""
    return 1e-3 * np.sign(states)


def _one_sequence(*names: str) -> Callable[[Inputs], Inputs]:
    """The first sequence of the batch alone; it stands on axis 0 of an input x, on axis 1 of states."""

    def change(inputs: Inputs) -> Inputs:
        one = {name: inputs[name][:1] if name == "x" else inputs[name][:, :1] for name in names}
        return replace(inputs, sizes=inputs.sizes | {"B": 1}, arrays=inputs.arrays | one)

    return change


BATCH = "look at how the sequences of the batch are put together"
PROBES: dict[str, tuple[Probe, ...]] = {
    "layer": (
        Probe("W_hh = its own transpose", "look at which way round W_hh stands", _with(W_hh=_symmetric), narrow=True),
        Probe("W_hh = 0", "look at the term with the state before", _with(W_hh=np.zeros_like)),
        Probe("both biases are 0", "look at the two biases", _with(b_xh=np.zeros_like, b_hh=np.zeros_like)),
    ),
    "contributions": (
        Probe("all states are nearly 0", "look at the slope 1 - h^2, and at which state it is taken",
              _with(hidden=_tiny)),
        Probe("B = 1", BATCH, _one_sequence("hidden", "flow")),
    ),
    "input_sensitivity": (Probe("B = 1", BATCH, _one_sequence("x")),),
    "unit_features": (
        Probe("start = 0", "look at which steps a is computed from", _with(start=np.zeros_like)),
    ),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "layer": ("all states",), "contributions": ("the norm of every step",), "input_sensitivity": ("every step",),
    "unit_features": ("a",),
}  # fmt: skip
