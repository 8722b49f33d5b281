"""Special inputs that show when a wrong answer is right."""

from __future__ import annotations

from dataclasses import replace

from rnnkit.checks.inputs import Inputs, Probe
from rnnkit.checks.special import SLOPE, nearly_0, symmetric, zero


def _once(inputs: Inputs) -> Inputs:
    """One step of the sequence alone."""
    arrays = inputs.arrays | {"x": inputs["x"][:, :1], "hidden": inputs["hidden"][:2]}
    return replace(inputs, sizes=inputs.sizes | {"T": 1}, arrays=arrays)


PROBES: dict[str, tuple[Probe, ...]] = {
    "bptt": (
        Probe("T = 1", "look at how the gradient is handed from step t to step t - 1", _once),
        symmetric("W_hh"), nearly_0("hidden"),
    ),
    "jacobian_norms": (
        Probe("all states are 0", SLOPE, zero("hidden")),
        symmetric("W_hh", ", and at the order of the product"),
    ),
    "heavy_ball": (
        Probe("v = 0", "look at the term with the old velocity", zero("v")),
        Probe("g = 0", "look at the term with the gradient", zero("g")),
    ),
    "nesterov": (Probe("v = 0", "look at where the gradient is asked, and at the term with the old velocity",
                       zero("v")),),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "bptt": ("W_ih", "W_hh", "b_h"), "jacobian_norms": ("norms of the products",), "heavy_ball": ("new p and new v",),
    "nesterov": ("new p and new v",),
}  # fmt: skip
