"""Changes that make the special inputs of a `Probe`: those that more than one lab asks with, and their hints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnnkit.checks.inputs import Inputs, Probe

SLOPE = "look at the slope 1 - h^2, and at which state it is taken"


def changed(**arrays: Callable[[np.ndarray], np.ndarray]) -> Callable[[Inputs], Inputs]:
    """Inputs of which these arrays are changed."""

    def change(inputs: Inputs) -> Inputs:
        return replace(inputs, arrays=inputs.arrays | {name: new(inputs[name]) for name, new in arrays.items()})

    return change


def zero(*names: str) -> Callable[[Inputs], Inputs]:
    """Inputs of which these arrays are 0."""
    return changed(**dict.fromkeys(names, np.zeros_like))


def symmetric(name: str, also: str = "") -> Probe:
    """Inputs with a matrix that is its own transpose; ``also`` is more to look at."""

    def change(W: np.ndarray) -> np.ndarray:
        return (W + W.T) / 2

    look = f"look at which way round {name} stands{also}"
    return Probe(f"{name} = its own transpose", look, changed(**{name: change}), narrow=True)


def nearly_0(states: str) -> Probe:
    """Inputs with states whose slope is 1, and which are not 0: so is all that is multiplied with them."""
    return Probe("all states are nearly 0", SLOPE, changed(**{states: lambda h: 1e-3 * np.sign(h)}))
