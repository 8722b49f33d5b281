"""Experiments for wrong answers: each has a case that is known without a computer."""

from __future__ import annotations

from rnnkit.checks.tries import Try

TRIES: dict[str, tuple[Try, ...]] = {
    "rnn_forward": (
        Try("nothing but W", r"softmax|output|\by\b|\bW\b",
            "Let W be 0, with three classes: which three numbers must stand in every row of y? And what must every row "
            "of y add up to, whatever W is?"),
        Try("one unit", r"",
            "Take one unit, U = V = 1 with a vocabulary of one word, and x = 0, 0: the states are sigmoid(1), and then "
            "sigmoid of what? Write both down with a pocket calculator."),
    ),
    "mean_loss": (
        Try("two sentences", r"sentence|mean of means|word",
            "Take one sentence of one word whose probability is 1/8, and one of three words, each 1/2: the four words "
            "lose 3, 1, 1 and 1 times ln 2. What is the mean over four words, and which number has that logarithm?"),
        Try("a fair die", r"",
            "Let every y be 1/6 six times: how many nats is a word, and what is the perplexity?"),
    ),
    "lookback_gradient": (
        Try("a step at a time", r"tau|lookback|back|U\b",
            "Take one unit, T = 2, all states 1/2, U = 1, and an error e_0 = 0, e_1 with delta_1 = 1 at the last word. "
            "By what factor is delta_0 smaller? Which rows of dV must be 0 at tau = 0, and which at tau = 1?"),
        Try("a word twice", r"word|dV|row|index",
            "Take x = 1, 1, 1 with tau = 0: dV has one row that is not 0. Is it the sum of all three deltas?"),
        Try("by differences", r"",
            "Take tau beyond the sentence. Raise one number of U by 0.00001, run `rnn_forward` again, and see by how "
            "much the loss *falls*, over 0.00001: that number must stand in dU. Where do they part first?"),
    ),
    "gru_step": (
        Try("gates by hand", r"",
            "Let all six matrices be 0: then r = z = 1/2 and c = 0. What is left of s = (0.8, -0.4)? Then let Vz be "
            "50 everywhere: what must s_t be now? And with -50?"),
    ),
    "gru_backward": (
        Try("nothing is kept", r"\bz\b|update",
            "Let all matrices be 0: which of the four ways from s to s_t is left, and what must s_prev be for ds = 1 "
            "and z = 0.3? Which of Ur, Uz, Uh are not 0 then?"),
        Try("one unit", r"",
            "Take one unit, and let `gru_step` be your function of s: raise s by 0.00001 and see by how much s_t "
            "moves, over 0.00001. For ds = 1 that is s_prev. Then raise Ur instead, then Uz, then Uh."),
    ),
    "learning_rate": (
        Try("the document's", r"",
            "Which four rates do lr0 = 0.5 and anneal = 5 give at epochs 0, 1, 2, 3? The first is 0.5. And anneal 0?"),
    ),
    "contribution_norms": (
        Try("one unit", r"",
            "Take one sentence of three words and one unit, states 1, 2, 3, delta at tau 0 all 1, at tau 1 both -1, at "
            "tau 2 again 1: the terms are 0 + 1 + 2, then 0 - 1, then 0. What must per_tau be, and what accumulated?"),
    ),
    "by_distance": (
        Try("by hand", r"",
            "Take distance 1, 1, 2, 3, 4, 6, labels 0, 0, 0, 0, 1, 1, predictions all 0: which seven shares must come? "
            "How good is this reader, who has never read a word?"),
    ),
    "update_after": (
        Try("by hand", r"",
            "Ten sentences, numbered 0 to 9, batches of four: write down after which of them i % 4 == 0. Which "
            "sentence has then not been used yet, and what is 10 % 4?"),
    ),
}  # fmt: skip
