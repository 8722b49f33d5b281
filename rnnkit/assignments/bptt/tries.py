"""Experiments for wrong answers: each has a case that is known without a computer."""

from __future__ import annotations

from rnnkit.checks.tries import Try

TRIES: dict[str, tuple[Try, ...]] = {
    "vanilla_forward": (
        Try("count", r"bias|Linear|parameters|layer",
            "Print `[(name, tuple(p.shape)) for name, p in VanillaRNN(2, 3, 1).named_parameters()]`: which five "
            "tensors must be there, and how many numbers are that? Which of the three layers has no bias?"),
        Try("one step, then the next", r"",
            "Make one network of sizes 2, 3, 1 and two steps `x` of shape (1, 2, 2). Run it on `x`; then on "
            "`x[:, :1]`, and on `x[:, 1:]` with the state that came back. Both must give the same two outputs."),
    ),
    "flow": (
        Try("no way back", r"slope|tanh|sigmoid|state|W_hh|transpose",
            "Take T = 2, B = H = 1, W_hh = 3, direct 1 and 10. With states 0 and 0, which g_2 and g_1 must come? With "
            "states 0 and 1? With states 1 and 0?"),
        Try("one late loss", r"",
            "Let direct be 0 but for the last step, all states 0, H = 1, W_hh = 2: which numbers must stand at t = T, "
            "T - 1, T - 2?"),
    ),
    "weight_gradients": (
        Try("one step by hand", r"slope|tanh|sigmoid|right with|is right",
            "Take T = B = I = H = 1, x = 2, h_0 = 0.5, h_1 = 0.6, flow = 1: which three numbers must come, with "
            "pencil?"),
        Try("two steps by hand", r"",
            "Take T = 2, B = I = H = 1, h_0 = 3, all of hidden 0, x = 1 and 10, flow = 1 and 100: which dW_xh, dW_hh "
            "and db_h must come?"),
    ),
    "grad_bound": (
        Try("by hand", r"",
            "What must come for sigma 2, slope 0.25 and k = 0, 1, 2? And for sigma 2, slope 0.5 and any k?"),
    ),
    "what_the_bound_says": (
        Try("three matrices", r"",
            "What must come for `[[0.5, 0.], [0., 0.2]]`, `[[0., 2.], [0., 0.]]` and the identity with tanh? Which of "
            "the three answers change with the sigmoid?"),
    ),
    "clip_and_monitor": (
        Try("all 0", r"gradients of 0",
            "Give it gradients that are all 0, as in a loss that depends on nothing. Print the norm, and what is "
            "divided by it: what is `0.1 / 0.0` in Python, and what with a tensor? What must come back?"),
        Try("3, 4, 5", r"",
            "Take two gradients of one number each, 3 and 4. Which new gradients and which norms must come by norm "
            "with limit 1, and by value with limit 1? And with limit 10?"),
    ),
    "truncated": (
        Try("who sees whom", r"",
            "Take `step = lambda x_t, h: h + x_t`, x of ones that requires grad, T = 4 and k = 2. The states are 1, 2, "
            "3, 4. Call `.sum().backward()` on the last: which entries of `x.grad` must be 1, and which 0?"),
    ),
    "echo": (
        Try("by hand", r"",
            "Take the symbols `[[5, 6, 7, 8]]` with lag 1: which targets, and which of the four count? Then lag 0, and "
            "lag 4."),
    ),
    "highway": (
        Try("a quarter turn", r"",
            "Take W = `[[0., 1.], [-1., 0.]]`, g_T = `[[3., 4.]]`: which norms, which distance? Then W = `[[0., 2.], "
            "[0., 0.]]` and g_T = `[[0., 1.]]`: in which step must the norm become 2, and in which 0?"),
    ),
}  # fmt: skip
