"""Experiments for wrong answers: each has a case that is known without a computer."""

from __future__ import annotations

from rnnkit.checks.tries import Try

TRIES: dict[str, tuple[Try, ...]] = {
    "rnn_forward": (
        Try("two units", r"transpose|symmetric",
            "Take two units, U = [[0, 1], [0, 0]], V = 0 with one word, and x = 0, 0: the first state is (1/2, 1/2). "
            "Which of the two units is 1/2 again at the second step, and which is sigmoid(1/2)?"),
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
        Try("two units", r"transpose|symmetric",
            "Take two units, U = [[0, 1], [0, 0]], T = 2, all states 1/2: unit 0 moves unit 1 of the next step. For "
            "delta_1 = (0, 1) at the last word and tau = 1, which entry of delta_0 is not 0? And for (1, 0)? Which "
            "column of dU is not 0?"),
        Try("one word", r"s\[-1\]",
            "Take a sentence of one word: which state stands before it, and what must dU be, for tau = 0 and for tau "
            "= 3? Print t, k and t - k - 1 in the inner loop: which index is below 0?"),
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
        Try("two units", r"transpose|symmetric",
            "Take two units, s = (1, 0), and let all matrices be 0 but one: of Ur, Uz and Uh in turn [[0, 1], [0, "
            "0]]. What is (1, 0) times it, and which of the two entries of r, of z, of c is then another than 1/2 or "
            "0?"),
        Try("reset by hand", r"reset|candidate",
            "Let Vr be -50 everywhere and Ur be 0, so that r = 0: may c still depend on s? Change s and see. Then let "
            "Vr be 50 everywhere: what does the candidate read now?"),
        Try("gates by hand", r"",
            "Let all six matrices be 0: then r = z = 1/2 and c = 0. What is left of s = (0.8, -0.4)? Then let Vz be "
            "50 everywhere: what must s_t be now? And with -50?"),
    ),
    "gru_backward": (
        Try("two units", r"transpose|symmetric",
            "Take two units, s = (1, 2), c = 0, r = z = 1/2, ds = (0, 1) and Uh = [[0, 1], [0, 0]], the others 0: "
            "unit 0 of s moves unit 1 of the candidate, so which entry of s_prev gets something by that way? Which "
            "column of Uh's gradient is not 0? Then the same for Uz, and for Ur with Uh the identity."),
        Try("nothing is kept", r"\bz\b|update",
            "Let all matrices be 0: which of the four ways from s to s_t is left, and what must s_prev be for ds = 1 "
            "and z = 0.3? Which of Ur, Uz, Uh are not 0 then?"),
        Try("one unit", r"",
            "Take one unit, and let `gru_step` be your function of s: raise s by 0.00001 and see by how much s_t "
            "moves, over 0.00001. For ds = 1 that is s_prev. Then raise Ur instead, then Uz, then Uh."),
    ),
    "learning_rate": (
        Try("no annealing", r"anneal = 0|anneal 0",
            "Which rate must come with anneal 0 at epochs 0, 1 and 2? Compute by hand what your code does there."),
        Try("the document's", r"",
            "Which four rates do lr0 = 0.5 and anneal = 5 give at epochs 0, 1, 2, 3? The first is 0.5. And anneal 0?"),
    ),
    "contribution_norms": (
        Try("two units", r"singular|Frobenius|sizes are added|root",
            "Take one sentence of three words and two units, states (1, 0), (0, 1), (0, 0), delta at tau 0 (0, 0), "
            "(1, 0), (0, 1): the term is the sum of two matrices with a single 1 each. Write it down: how long is it "
            "as four numbers in a row, and what is its largest singular value?"),
        Try("one unit", r"",
            "Take one sentence of three words and one unit, states 1, 2, 3, delta at tau 0 all 1, at tau 1 both -1, at "
            "tau 2 again 1: the terms are 0 + 1 + 2, then 0 - 1, then 0. What must per_tau be, and what accumulated?"),
    ),
    "by_distance": (
        Try("one class", r"NaN|one class alone",
            "Take labels 1, 1 and predictions 1, 0: how many labels are 0, and what is the mean of that many numbers? "
            "What must balanced be?"),
        Try("borders", r"bins?\b|2-3|4-5|6\+|distance \d",
            "Take distance 1, 2, 3, 4, 5, 6, 7, each once, and print for each bin which of them it holds: is each in "
            "one bin, and in which?"),
        Try("each class", r"balanced",
            "Take labels 0, 0, 0, 1 and predictions 0, 0, 0, 0: how good is it where the label is 0, how good where "
            "it is 1, and what is the mean of the two?"),
        Try("by hand", r"",
            "Take distance 1, 1, 2, 3, 4, 6, labels 0, 0, 0, 0, 1, 1, predictions all 0: which seven shares must come? "
            "How good is this reader, who has never read a word?"),
    ),
    "update_after": (
        Try("usual", r"usual cadence",
            "Ten sentences, numbered 0 to 9, batches of four: write down after which of them i % 4 == 0. Is sentence 0 "
            "among them, and sentence 3?"),
        Try("by hand", r"",
            "Ten sentences, numbered 0 to 9, batches of four: write down after which of them i % 4 == 0. Which "
            "sentence has then not been used yet, and what is 10 % 4?"),
    ),
}  # fmt: skip
