"""Special inputs that show when a wrong answer is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnnkit.checks.inputs import Inputs, Probe
from rnnkit.checks.special import nearly_0, symmetric, zero


def _one_sequence(*names: str) -> Callable[[Inputs], Inputs]:
    """The first sequence of the batch alone; it stands on axis 0 of an input x, on axis 1 of states."""

    def change(inputs: Inputs) -> Inputs:
        one = {name: inputs[name][:1] if name == "x" else inputs[name][:, :1] for name in names}
        return replace(inputs, sizes=inputs.sizes | {"B": 1}, arrays=inputs.arrays | one)

    return change


BATCH = "look at how the sequences of the batch are put together"
PROBES: dict[str, tuple[Probe, ...]] = {
    "layer": (
        symmetric("W_hh"),
        Probe("W_hh = 0", "look at the term with the state before", zero("W_hh")),
        Probe("both biases are 0", "look at the two biases", zero("b_xh", "b_hh")),
    ),
    "contributions": (
        nearly_0("hidden"),
        Probe("B = 1", BATCH, _one_sequence("hidden", "flow")),
    ),
    "input_sensitivity": (Probe("B = 1", BATCH, _one_sequence("x")),),
    "unit_features": (Probe("start = 0", "look at which steps a is computed from", zero("start")),),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "layer": ("all states",), "contributions": ("the norm of every step",), "input_sensitivity": ("every step",),
    "unit_features": ("a",),
}  # fmt: skip
