"""What is told of a wrong answer leads nobody astray: nothing is claimed that is not so, and what is so is named."""

from __future__ import annotations

import re

import pytest

from rnnkit.checks.known import SLIPPED
from rnnkit.checks.runner import examine
from rnnkit.checks.solutions import question_of, solution, student_object
from rnnkit.checks.stages import as_text, stages

FACTOR = "{name: g * factor for name, g in grads.items()}"
RADIUS = "torch.linalg.eigvals(W).abs().max()"
MEAN = "mean = X.mean(dim=(1, 2))  # (n,)\n    return (mean > 0).long()"
KINDS = 'if abs(correlation) >= 0.5:\n            kinds.append("accumulator")\n        elif swing < -0.1:\n            kinds.append("oscillator")'  # fmt: skip
FIRST = 'if swing < 0.1:\n            kinds.append("oscillator")\n        elif abs(correlation) > 0.5:\n            kinds.append("accumulator")'  # fmt: skip
PAIRS = "correlation(steps[:, :-1].reshape(-1, size), steps[:, 1:].reshape(-1, size))"
RECALLS = "[right[label == one].mean() for one in label.unique()]"
BRANCH = "    if anneal == 0:\n        return lr0\n"
LINE = "It probably stands in"

# question, what is changed in its solution, what must be told, what must not
ROWS = {
    "two mistakes in clipping": ("bptt/clip_and_monitor", {"g.clamp(-limit, limit)": "g.clamp(max=limit)", FACTOR: "{name: g * (limit / g.norm() if g.norm() > limit else 1.0) for name, g in grads.items()}"}, ["each tensor is clipped by its own norm", "of 16 entries differ. new grads[W_hh][0, 1]"], ["they differ as well", LINE]),
    "each by its own norm, and 0 / 0": ("bptt/clip_and_monitor", {FACTOR: "{name: g * min(1.0, limit / g.norm().item()) for name, g in grads.items()}"}, ["each tensor is clipped by its own norm", "1.25 of 3", "ok   keys"], ["they differ as well", LINE]),
    "0 / 0": ("bptt/clip_and_monitor", {"limit / total if total > limit else 1.0": "min(1, limit / float(total))"}, ["2.5 of 3", "try: Give it gradients that are all 0", "FAIL a limit that is not reached"], [LINE]),
    "any channel": ("hidden_dynamics/labels", {MEAN: "return (X.mean(dim=1) > 0).any(dim=1).long()"}, ["as soon as the mean of any channel is above 0"], [SLIPPED, "clamped"]),
    "any channel, as truth values": ("hidden_dynamics/labels", {MEAN: "return (X.mean(dim=1) > 0).any(dim=1)"}, ["any channel is above 0", "truth values come back"], [SLIPPED, "clamped"]),
    "what nobody knows of 0 and 1": ("hidden_dynamics/labels", {MEAN: "return (X[:, :, -1].amax(1) + X[:, 0].amin(1) > 0.7).long()"}, ["it is 0 everywhere"], [SLIPPED, "clamped"]),
    "h_t, and a mean over steps and batch": ("bptt/weight_gradients", {"h_prev.T @ da": "hidden[t].T @ da", '"b_h": db_h': '"b_h": db_h / (len(x) * len(h_0))'}, ["dW_hh pairs da_t with h_t", "db_h averages over steps and batch"], ["made from the numbers", LINE]),
    "another mistake, and that mean": ("bptt/weight_gradients", {"h_prev.T @ da": "3.3 * h_prev.T @ (da ** 3)", '"b_h": db_h': '"b_h": db_h / (len(x) * len(h_0))'}, ["b_h: a mean over T and B stands in the place of a sum"], ["made from the numbers", LINE]),
    "words": ("bptt/what_the_bound_says", {"torch.linalg.matrix_norm(W, 2)": RADIUS, 'else "undecided"': 'else "explodes"'}, ["spectral radius", "can never say “explodes”"], ["float32", "float64", "letters"]),
    "words that nobody knows": ("bptt/what_the_bound_says", {"torch.linalg.matrix_norm(W, 2)": f"{RADIUS} + W.abs().sum()", 'else "undecided"': 'else "grows"'}, ["“grows” is none of the words that are asked for, “undecided” and “vanishes”"], ["float", "letters"]),
    "not transposed": ("bptt/highway", {"g = g @ W.T": "g = g @ W"}, ["W is not transposed", "try: Take W ="], [LINE, "Make all sizes different"]),
    "the distance": ("bptt/highway", {"W.T @ W - torch": "W @ W - torch"}, ["W is multiplied by itself"], ["norms.append", LINE]),
    "three mistakes in kinds": ("hidden_dynamics/taxonomy", {KINDS: FIRST}, ["a is asked before c", "also different: unit 5 (c"], ["letters", LINE]),
    "one row and bits": ("bptt/echo", {"(torch.arange(T) >= lag).expand(B, T)": "torch.arange(T) > lag", "np.log(": "np.log2("}, ["as where log2 stands in the place of ln"], ["entry 0 of the right answer", LINE]),
    "by sequence": ("hidden_dynamics/unit_features", {PAIRS: "torch.stack([correlation(s[:-1], s[1:]) for s in steps]).mean(0)"}, ["one correlation for each sequence"], [LINE]),
    "the tanh": ("bptt/vanilla_forward", {"torch.tanh(self.W_xh(x[:, t]) + self.W_hh(h))": "torch.tanh(self.W_xh(x[:, t])) + self.W_hh(h)"}, ["outside of the tanh", "they differ as well, as they must"], []),
    "the function beside": ("hidden_dynamics/best_accuracy", {"T * math.sin(math.pi * (accuracy - 0.5)) ** 2": "T * math.sin(math.pi * (accuracy - 0.5))"}, ["It probably stands in steps_used, line 11: `return T * math.sin"], []),
    "in either function": ("hidden_dynamics/best_accuracy", {"T * math.sin(math.pi * (accuracy - 0.5)) ** 2": "T * math.sin(math.pi * accuracy + 0.3) ** 4"}, [], [LINE]),
    "the state's slope": ("bptt/flow", {"da = g * (1 - hidden[t + 1] ** 2)": "da = g"}, ["the slope of tanh is missing"], []),
    "the mean of no numbers": ("lookback/by_distance", {RECALLS: "[right[label == 0].mean(), right[label == 1].mean()]"}, ["the mean of no numbers for the other, which is NaN", "try: Take labels 1, 1"], [SLIPPED, "stands where"]),
    "NaN that nobody knows": ("lookback/by_distance", {"distance >= 6": "distance > 99"}, ["6+: expected finite numbers", "try: "], [SLIPPED, "stands where"]),
    "the ends of bins": ("lookback/by_distance", {"distance == 1,": "distance < 1,", "distance <= 3": "distance < 3", "distance <= 5": "distance < 5"}, ["the far end of each bin is left out", "try: Take distance 1, 2, 3, 4, 5, 6, 7"], ["rounded", "float64", "Two mistakes", LINE]),
    "bins that nobody knows": ("lookback/by_distance", {"distance == 1,": "distance < 0,", "distance >= 6": "distance >= 12"}, [], ["rounded", "float64"]),
    "balanced over predictions": ("lookback/by_distance", {RECALLS: "[right[predicted == 0].mean(), right[predicted == 1].mean()]"}, ["balanced averages over predicted classes"], ["Two mistakes", "divided by 2"]),
    "a list of pairs": ("lookback/update_after", {"return indices, divisors": "return list(zip(indices, divisors))"}, ["a list of pairs comes back"], ["only the indices"]),
    "the usual cadence": ("lookback/update_after", {"range(0, n,": "range(batch_size - 1, n,", "if rest and indices[-1] != n - 1": "if rest"}, ["this is the usual cadence"], ["Two mistakes"]),
    "no branch for anneal 0": ("lookback/learning_rate", {BRANCH: "", "lr0 * anneal / (epoch + anneal)": "lr0 * (anneal + 1e-9) / (epoch + anneal + 1e-9)"}, ["anneal = 0 goes through the formula, which is 0 then"], ["epoch stands where anneal"]),
    "divided by 0": ("lookback/learning_rate", {BRANCH: ""}, ["which divides 0 by 0"], ["letters", "shape"]),
    "a wrong branch": ("lookback/learning_rate", {"return lr0\n": "return 0\n"}, ["anneal = 0 gives 0"], [LINE]),
    "bits with 2 to their power": ("lookback/mean_loss", {"torch.log(": "torch.log2(", "torch.exp(nats)": "2**nats"}, ["the loss is in bits, and the perplexity right"], ["Two mistakes"]),
    "no reset gate": ("lookback/gru_step", {"(r * s) @ Uh": "s @ Uh"}, ["the reset gate is missing in the candidate", "try: Let Vr be -50"], [LINE]),
    "a transposed gate": ("lookback/gru_step", {"s @ Uz": "Uz @ s"}, ["Uz is transposed", "try: Take two units"], [LINE]),
    "a transposed network": ("lookback/rnn_forward", {"s @ U)": "U @ s)"}, ["U is transposed", "try: Take two units"], ["one unit"]),
    "singular values": ("lookback/contribution_norms", {"term.norm()": "torch.linalg.matrix_norm(term, 2)", "summed.norm()": "torch.linalg.matrix_norm(summed, 2)"}, ["these are largest singular values", "try: Take one sentence of three words and two units"], ["Two mistakes"]),
    "z swapped all the way back": ("lookback/gru_backward", {"ds * (1 - z) * (1": "ds * z * (1", "ds * (s - c)": "ds * (c - s)", "= ds * z +": "= ds * (1 - z) +"}, ["z and 1 - z are swapped throughout"], [SLIPPED, "Two mistakes"]),
    "a slope at all lags": ("lookback/lookback_gradient", {"s[t - k] * (1 - s[t - k])": "s[t] * (1 - s[t])"}, ["that of the state at t at every lag"], [SLIPPED, "Two mistakes"]),
    "a slope squared": ("lookback/gru_backward", {"(1 - c**2)": "(1 - c) ** 2"}, ["the candidate has the slope (1 - c)^2"], [SLIPPED]),
    "counted from 1 to n": ("lookback/update_after", {"range(0, n,": "range(1, n + 1,"}, ["sentences are counted from 1 to n"], ["nothing in it"]),
    "a relation of one case": ("lookback/mean_loss", {"words += len(d)": "words += len(d) + 1"}, ["in “one word”, nats: it is 0.5 times"], ["wrong: nats: it is"]),
    "a part of the cases": ("lookback/mean_loss", {"torch.log(y[torch.arange(len(d)), d])": "(y * torch.log(y))"}, ["this is the entropy of the outputs. (That is what “nats per word”"], ["code: (That"]),
    "a name that is not there": ("lookback/update_after", {"rest = n %": "rest = m %"}, ["try: Look for the name in your code"], ["letters", "shape"]),
    "an index too far": ("lookback/update_after", {"indices[-1] !=": "indices[99] !="}, ["what is indexed, its length or keys"], ["letters", "shape"]),
}  # fmt: skip


def told(asked: str, changed: dict[str, str]) -> str:
    question, text = question_of(asked), solution(asked)
    for old, new in changed.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    obj = student_object(question, text)
    return as_text(stages(question, examine(question, obj), obj), 2, question.target)


@pytest.mark.parametrize("name", ROWS)
def test_what_is_told_is_so(name):
    asked, changed, wanted, unwanted = ROWS[name]
    text = told(asked, changed)
    assert [one for one in wanted if one not in text] == [], text
    assert [one for one in unwanted if one in text] == [], text


def test_a_tensor_that_is_turned_into_a_leaf_is_told_and_costs_nothing():
    text = told("hidden_dynamics/input_sensitivity", {"x = x.detach().clone().requires_grad_()": "x.requires_grad_()"})
    assert "2 of 2 points" in text
    assert re.search(r"-> x: your code turns requires_grad on in the tensor that it was given", text)
