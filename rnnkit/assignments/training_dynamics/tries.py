"""Experiments for wrong answers to questions that have a case known by heart: norms, distances, eigenvalues."""

from __future__ import annotations

from rnnkit.checks.tries import AXES, Try

_THREE_FOUR = "`[torch.tensor([3.0]), torch.tensor([4.0])]`"
_ONES = (
    "Let the loss be the sum of the last state's entries, H units, B sequences: every entry of dL/dh_T is 1 then. What "
    "must g_T be, by hand, for H = 4 and B = 3? Does it change with B?"
)

TRIES: dict[str, tuple[Try, ...]] = {
    "grad_time": (
        Try("precision", r"float32", "Multiply the loss by 1e-25 and call it again: every g_t must be 1e-25 times as "
            "large, and not 0."),
        Try("what is differentiated", r"differentiate|not have been used|trap|\.grad\b|graph", "Make a state h_1 that "
            "requires a gradient, h_2 = 2 h_1, and the loss h_2.sum(). What are dL/dh_2 and dL/dh_1 by hand, and what "
            "comes back for `[h_1, h_2]`?"),
        Try("which norm", r"1-norm|2-norm|root|square|absolute|largest entry|log", _ONES),
        AXES,
        Try("one unit, one sequence", r"", _ONES),
    ),
    "sat_time": (
        AXES,
        Try("the ends", r"", "Give it states that are all 1, then all -1, then all 0: which three distances must come? "
            "Then half of the units 1 and half -1."),
    ),
    "gate_sat_time": (
        AXES,
        Try("the ends", r"", "Give it gates that are all 0, then all 1, then all 0.5: which three distances must come? "
            "Then half of the units 0 and half 1."),
    ),
    "rho": (
        Try("a quarter turn", r"", "Give it the quarter turn `[[0., -2.], [2., 0.]]`: it makes every vector twice as "
            "long. Which eigenvalues has it, by hand, and what must come back? Then a diagonal matrix with -3 and 1."),
    ),
    "grad_norm": (
        Try("3, 4, 5", r"", f"Give it {_THREE_FOUR}: which number is known without a computer? Then the same two "
            "numbers in one tensor: may it differ?"),
    ),
    "clip": (
        Try("what comes in", r"in place|came in", "Keep copies of the gradients, call it, and compare: what came in "
            "must be as it was."),
        Try("3, 4, 5", r"", f"Give it {_THREE_FOUR} with cutoff 10, 5 and 1: which gradients and which norm must come "
            "back each time?"),
    ),
    "diagnostic_keys": (
        Try("by key", r"", "Print `sorted(...)` of what comes back and the shape of each entry; then give it z all 0.5 "
            "and r all 0, and say beforehand which entries are 0.5 and which 0."),
    ),
    "cell_tests": (
        Try("rounding", r"other rounding", "Print `(a - b).abs().max()` for the two tensors that you compare, with "
            "your own GRU and with one that is wrong: between which sizes must a tolerance lie?"),
        Try("refused", r"refuses a right cell", "Make `cell = GRU(4, 3, 2)`, set its parameters at random with "
            "`torch.nn.init.normal_(p)`, and call {call}: is the line that raises true of every right GRU, or of some "
            "sizes, weights or inputs alone?"),
        Try("mixture", r"mixture", "Set `b_z` to 50 and call `step`, then to -50: what must h_t be in either case? "
            "Write both down as asserts."),
        Try("reset gate", r"what the reset gate does", "Call `candidate` twice with r_t = 0 and different h_prev, then "
            "with r_t = 1 and with 0.5: when must the two be equal, and what does the equation give for each?"),
        Try("a gate", r"gate itself", "With x_t = 0 and h_prev = 0 the gate is the sigmoid of its bias. Which mistakes "
            "does that show, and which only inputs that are not 0?"),
        Try("candidate", r"sum and tanh", "Multiply the candidate's weights by 100: between which numbers must it lie? "
            "Then compute it from `cell`'s parameters, and compare."),
        Try("what comes back", r"what step returns", "Lay `gates[\"z\"]` beside `cell.update_gate(x_t, h_prev)`, and r "
            "likewise. Would your asserts notice if they were exchanged?"),
        Try("way back", r"way back", "Let h_prev require a gradient and call `torch.autograd.grad(h_t.sum(), h_prev)`. "
            "With `b_z` = -50, h_t is h_prev: what must come? And with the weights as they are?"),
        Try("a term at a time", r"", "Make one mistake in your own GRU on purpose, and call {call} with it: "
            "does it raise?"),
    ),
    "omega": (
        Try("one step", r"", "Take T = B = H = 1, flow 1, slope 1 and W_hh = 2: compute v, R, Ω and the derivative "
            "with pencil. Then W_hh = 1: what must Ω be?"),
    ),
}  # fmt: skip
