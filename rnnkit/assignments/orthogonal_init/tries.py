"""Experiments for wrong answers: each has a case that is known without a computer."""

from __future__ import annotations

from rnnkit.checks.tries import Try

TRIES: dict[str, tuple[Try, ...]] = {
    "addition_batch": (
        Try("two sequences", r"",
            "Give it two sequences of four values, `[[.1, .2, .3, .4], [.5, .6, .7, .8]]`, with i1 `[0, 1]` and i2 "
            "`[2, 3]`. Write both channels and both targets by hand, and compare."),
    ),
    "orthogonal": (
        Try("a diagonal", r"sign|rows|columns|R comes back",
            "Give it the diagonal matrix with 2 and -3: what must Q be? Then `[[0., -2.], [3., 0.]]`: which Q and "
            "which R, with a positive diagonal, have it as their product?"),
        Try("what makes it orthogonal", r"",
            "Compute `Q.T @ Q` of what comes back, and `Q.T @ A`: which of the two must be the identity, and which "
            "triangular with a positive diagonal?"),
    ),
    "to_radius": (
        Try("a quarter turn", r"",
            "Give it the quarter turn `[[0., -2.], [2., 0.]]` with rho 1: which eigenvalues has it, and what must "
            "come back? Then `[[0.5, 9.], [0., 0.5]]` with rho 1: its norm is large, its radius is not."),
    ),
    "bptt": (
        Try("one step by hand", r"slope|tanh|sigmoid|state|input|right with|is right",
            "Take T = B = I = H = 1, x = 2, h_0 = 0.5, h_1 = 0.6, dh_T = 1: what are da_1 and the three gradients, "
            "with pencil?"),
        Try("two steps by hand", r"",
            "Take T = 2, B = 2, I = 1, H = 2, h_0 = h_2 = 0, h_1 = (0.6, 0.8) and dh_T = (0, 1) in both sequences, and "
            "W_hh = `[[0., 3.], [0., 0.]]`: only unit 0 feeds unit 1. Which da_2 must come, which dh_1, and which "
            "dW_hh, with pencil?"),
    ),
    "heavy_ball": (
        Try("one number", r"",
            "Take p = 1, v = 2, g = 4, lr = 0.5, mu = 0.25: which new v and which new p must come? Then g = 0: which "
            "way does p move, and how far?"),
    ),
    "nesterov": (
        Try("a noted gradient", r"",
            "Give it a grad that prints where it is asked and returns 4, with p = 1, v = 2, lr = 0.5, mu = 0.25: "
            "which point must be printed, once, and which new v and new p must come?"),
    ),
    "momentum_schedule": (
        Try("by hand", r"",
            "What must come at t = 0, 249, 250, 499, 500 with a limit of 0.99? Then the same with a limit of 0.6."),
    ),
    "jacobian_norms": (
        Try("a linear net", r"tanh|sigmoid|singular|radius|entry|sum of",
            "Give it states that are all 0 and W_hh twice the identity: which norms must come for k = 1, 2, 3? Then "
            "W_hh = `[[0., 1.], [0., 0.]]`: what is its square?"),
        Try("two steps by hand", r"",
            "Take T = 2, h_1 = (0, 0), h_2 = (0, 1), so that 1 - h_2^2 = (1, 0), and W_hh = "
            "`[[0., 2.], [1., 1.]]`: which two norms must come, with pencil?"),
    ),
    "result_row": (
        Try("by hand", r"",
            "Take the metric `[.2, .95, .3, .9, .97]` with the threshold .9, higher True: which epoch is it, and what "
            "is final_metric? With higher False? With the threshold .99?"),
    ),
}  # fmt: skip
