"""Experiments for wrong answers: each has a case that is known without a computer."""

from __future__ import annotations

from rnnkit.checks.tries import Try

TRIES: dict[str, tuple[Try, ...]] = {
    "labels": (
        Try("by hand", r"",
            "Give it `torch.tensor([[[2., -1.]], [[1., -1.]], [[1., -2.]]])`: three sequences of one step and two "
            "channels. Which three labels must come, of what dtype?"),
    ),
    "parameters": (
        Try("all ones", r"",
            "Count `parameters(1, 1, 1, 1)` with a pencil: write down every weight and every bias. Then add a second "
            "layer of one unit: how many more are there?"),
    ),
    "layer": (
        Try("biases", r"bias|b_xh|b_hh",
            "Let x and both matrices be 0, one bias all 0.1 and the other all 0.2: which one number must stand "
            "everywhere? Compute it with a pocket calculator."),
        Try("one unit", r"",
            "Take T = 3, B = I = H = 1, x = 1, 0, 0, W_xh = W_hh = 1, no biases: the states are tanh of 1, and then "
            "tanh of what? Write all three down."),
    ),
    "contributions": (
        Try("one unit", r"slope|state|h_|flow",
            "Take T = 2, B = H = 1, states 0.5, 0, 0.8 and a flow of 1 and 10: which two numbers, with a pencil? "
            "Then change one state at a time: which of the two may move?"),
        Try("two sequences", r"",
            "Take T = H = 1 and two sequences with h_0 = 1 and 1, h_1 = 0 and 0, a flow of 1 and -1: what is the "
            "term of this step, summed over the batch, and what is its norm?"),
    ),
    "input_sensitivity": (
        Try("a linear network", r"",
            "Give it `logits = lambda x: torch.stack([0 * x.sum((1, 2)), x[:, 0].sum(1) + 3 * x[:, 1].sum(1)], 1)` and "
            "x of two sequences, two steps, two channels: by how much does the difference of the logits move if both "
            "channels of a step move by 1? Which two numbers must come?"),
    ),
    "unit_features": (
        Try("a unit that counts", r"\bc\b|correlation|total|input|sum",
            "Let x be random, `(20, 6, 2)`, and the only unit `x.mean(2).cumsum(1)[..., None]`: what must c be? Then "
            "take minus that unit, and 1 + 0.01 times it: what must c be now?"),
        Try("a unit that swings", r"",
            "Let the only unit be 1, -1, 1, -1, 1, -1 in every sequence: what must a be? Then a unit that stays at "
            "+1 in half of the sequences and at -1 in the others: what must a be there?"),
    ),
    "taxonomy": (
        Try("on the borders", r"",
            "Which words must come for c = 0.5, a = 0; c = -0.7, a = -0.3; c = 0.2, a = -0.1; c = 0.2, a = -0.11; "
            "c = 0.2, a = -0.05?"),
    ),
    "best_accuracy": (
        Try("quarters", r"",
            "Who sees 5 of 20 steps has sqrt(1/4) = 1/2 in the arcsine, and asin(1/2) = pi/6: which accuracy is that? "
            "And which number of steps must come back for it? Then 0 steps, and all."),
    ),
    "summary": (
        Try("by hand", r"",
            "Take test_acc `[.5, .9, .9, .7]`, and 1, 2, 3, 4 for each of the other lists: which six values must "
            "come?"),
    ),
}  # fmt: skip
