"""Special inputs that show when a wrong answer is right."""

from __future__ import annotations

from rnnkit.checks.inputs import Probe
from rnnkit.checks.special import nearly_0, symmetric, zero

BACK = "look at how the gradient is handed from step t + 1 to step t"
PROBES: dict[str, tuple[Probe, ...]] = {
    "vanilla_forward": (
        Probe("x = 0", "look at the term with x_t", zero("x")),
        Probe("W_hh = 0", "look at the term with the state before", zero("W_hh")),
        Probe("b_h = 0", "look at the bias b_h", zero("b_h"), narrow=True),
        Probe("b_y = 0", "look at the bias of the output", zero("b_y"), narrow=True),
    ),
    "flow": (
        Probe("W_hh = 0", BACK, zero("W_hh")),
        symmetric("W_hh"), nearly_0("hidden"),
    ),
    "weight_gradients": (
        Probe("h_0 = 0", "look at the state before the first step", zero("h_0"), narrow=True),
        nearly_0("hidden"),
    ),
    "highway": (symmetric("W"),),
}  # fmt: skip
PROBED: dict[str, tuple[str, ...]] = {
    "vanilla_forward": ("outputs", "h_T"), "flow": ("dL/dh_t",), "weight_gradients": ("W_xh", "W_hh", "b_h"),
    "highway": ("norms", "distance from an orthogonal matrix"),
}  # fmt: skip
