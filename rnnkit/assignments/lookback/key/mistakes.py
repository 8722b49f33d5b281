"""The known mistakes: one small textual patch of a solution each, and what a student who makes it is told.

A row is the question, a name, what stands exactly once in the solution's cell, what makes the mistake, the sentence.
"""

from __future__ import annotations

Row = tuple[str, str, str, str, str]
Short = tuple[str, str, str, str]  # without the question


def of(question: str, *rows: Short) -> tuple[Row, ...]:
    """The rows of a question."""
    return tuple((question, *row) for row in rows)


ADVANCE, READ = "torch.sigmoid(V[word] + s @ U)", "torch.softmax(s @ W, dim=0)"
BACK = "return torch.stack(states), torch.stack(outputs)"
FORWARD = of(
    "rnn_forward",
    ("tanh", ADVANCE, "torch.tanh(V[word] + s @ U)", "the states go through a tanh; here it is the sigmoid."),
    ("no nonlinearity", ADVANCE, "V[word] + s @ U", "the sigmoid of the states is missing."),
    ("U transposed", "s @ U", "U @ s", "U is transposed: with states as rows it is s U."),
    ("no memory", "V[word] + s @ U", "V[word]", "the state before is missing: s_(t-1) U is added to the word's row of V."),
    ("no word", "V[word] + s @ U", "s @ U", "the word is missing: its row of V is added."),
    ("ones at first", "U.new_zeros(", "U.new_ones(", "the first state before is 1; it is 0."),
    ("half at first", "U.new_zeros(len(U))", "torch.sigmoid(U.new_zeros(len(U)))", "the first state before is 1/2; it is 0, not the sigmoid of 0."),
    ("memory inside", "V[word] + s @ U)", "V[word]) + torch.sigmoid(s @ U)", "word and state go through a sigmoid each; it is the sigmoid of their sum."),
    ("output of the state before", f"        s = {ADVANCE}\n        states.append(s)\n        outputs.append({READ})", f"        outputs.append({READ})\n        s = {ADVANCE}\n        states.append(s)", "y_t is made from the state before; it is made from s_t."),
    ("backwards", "for word in x:", "for word in x.flip(0):", "the sentence is read from its end."),
    ("first word", "V[word]", "V[x[0]]", "every step reads the first word."),
    ("no softmax", READ, "s @ W", "the softmax of the outputs is missing."),
    ("log softmax", READ, "torch.log_softmax(s @ W, dim=0)", "the outputs are logarithms of probabilities; the probabilities themselves are wanted."),
    ("sigmoid out", READ, "torch.sigmoid(s @ W)", "the outputs go through a sigmoid one by one; a softmax makes them add up to 1."),
    ("softmax over time", BACK, "return torch.stack(states), torch.softmax(torch.stack(states) @ W, dim=0)", "the softmax is taken over time; it is over the classes, so that every row adds up to 1."),
    ("order", BACK, "return torch.stack(outputs), torch.stack(states)", "the order is swapped: first the states, then the outputs."),
    ("first state as well", "states, outputs = [], []", "states, outputs = [s], []", "the state before the first word is in the list as well; s holds T states."),
    ("last ones", BACK, "return s, outputs[-1]", "only the last step comes back; all T are wanted."),
    ("not stacked sidewise", BACK, "return torch.stack(states, dim=1), torch.stack(outputs, dim=1)", "time is on the second axis; it is the first of both."),
    ("a bias", "V[word] + s @ U", "V[word] + s @ U + 1", "there is a constant in the sum; this network has no biases."),
)  # fmt: skip

RIGHT, WORDS, MEAN = "torch.log(y[torch.arange(len(d)), d]).sum()", "words += len(d)", "nats = total / words"
IN_BITS = "        words += len(d)\n    nats = total / words\n    return nats, "
LOSS = of(
    "mean_loss",
    ("mean of means", f"        total = total - {RIGHT}\n        {WORDS}", f"        total = total - {RIGHT} / len(d)\n        words += 1", "this is the mean of the sentences' means; every word counts alike: sum over all words, over their number."),
    ("per sentence", WORDS, "words += 1", "the sum is divided by the number of sentences; it is divided by the number of words."),
    ("sum", MEAN, "nats = total", "the sum over all words comes back; it is divided by their number."),
    ("sign", "total = total - ", "total = total + ", "the sign is wrong: a loss is minus the logarithm of a probability."),
    ("bits", "torch.log(y", "torch.log2(y", "the loss is in bits; in nats it has the natural logarithm."),
    ("bits alone", f"{RIGHT}\n{IN_BITS}torch.exp(nats)", f"{RIGHT} / np.log(2)\n{IN_BITS}2**nats", "the loss is in bits, and the perplexity right; in nats the loss has the natural logarithm."),
    ("no logarithm", RIGHT, "y[torch.arange(len(d)), d].sum()", "the logarithm is missing: the probabilities themselves are added."),
    ("one minus", RIGHT, "(y[torch.arange(len(d)), d] - 1).sum()", "this is one minus the probability; the loss is minus its logarithm."),
    ("whole distribution", RIGHT, "(y * torch.log(y + 1e-30)).sum()", "this is the entropy of the outputs; only the probability of the word that came counts."),
    ("largest", RIGHT, "torch.log(y.max(dim=1).values).sum()", "the largest probability of each row is taken; that of the word that came counts."),
    ("last word", RIGHT, "len(d) * torch.log(y[-1, d[-1]])", "only the last word of each sentence counts; all words do."),
    ("log of the mean", RIGHT, "len(d) * torch.log(y[torch.arange(len(d)), d].mean())", "this is the logarithm of a mean; it is the mean of logarithms."),
    ("base 2", "torch.exp(nats)", "2**nats", "the perplexity is 2 to the power of nats; with nats it is e to their power."),
    ("of the sum", "torch.exp(nats)", "torch.exp(total)", "the perplexity is that of the summed loss; it is exp of the mean."),
    ("minus", "torch.exp(nats)", "torch.exp(-nats)", "the perplexity is below 1: it is exp of the loss, not of minus the loss."),
    ("mean of perplexities", "torch.exp(nats)", "sum(torch.exp(-torch.log(y[torch.arange(len(d)), d]).mean()) for y, d in zip(ys, ds, strict=True)) / len(ys)", "this is the mean of the sentences' perplexities; it is exp of the mean loss."),
    ("first sentence", MEAN, "nats = -torch.log(ys[0][torch.arange(len(ds[0])), ds[0]]).mean()", "only the first sentence counts; all do."),
    ("order", "return nats, torch.exp(nats)", "return torch.exp(nats), nats", "the order is swapped: first nats per word, then the perplexity."),
    ("all pairs", RIGHT, "torch.log(y[:, d]).sum()", "y[:, d] takes all the words that came from every row; from row t the probability of d_t alone counts."),
    ("without the last", RIGHT, "torch.log(y[torch.arange(len(d) - 1), d[:-1]]).sum()", "the last word of each sentence is left out; all count."),
    ("nats alone", "return nats, torch.exp(nats)", "return nats", "only the loss comes back; the perplexity is wanted as well."),
)  # fmt: skip

ERROR, SEND, STEPS = "e[d[t]] += 1  # d - y", "(e @ W.T) * s[t] * (1 - s[t])", "range(min(tau, t) + 1)"
WAY, ROW, FROM = (
    "(delta @ U.T) * s[t - k] * (1 - s[t - k])",
    "dV[x[t - k]] += delta",
    "torch.outer(s[t - k - 1], delta)",
)
GRADIENT = of(
    "lookback_gradient",
    ("stops before t = 0", STEPS, "range(min(tau + 1, max(t, 1)))", "going back stops before t = 0, so the first word gets nothing from later losses; k goes up to t."),
    ("one step less", STEPS, "range(max(min(tau, t + 1), 1))", "there is one step back too few: k goes from 1 to tau."),
    ("range too short", STEPS, "range(min(tau, t))", "k ends one too early: range(n) ends at n - 1, and k = min(tau, t) counts as well."),
    ("beyond the beginning", STEPS, "range(tau + 1)", "it goes back beyond the first word, where s[-1] is the last state; k ends at min(tau, t)."),
    ("back at once", "if k > 0:", "if k >= 0:", "delta goes a step back already at k = 0; the step back is for k > 0."),
    ("one step more", STEPS, "range(min(tau + 1, t) + 1)", "there is one step back too many: k goes from 1 to tau."),
    ("no lookback", STEPS, "range(1)", "it never looks back, whatever tau is."),
    ("all the way", STEPS, "range(t + 1)", "it goes back to the beginning, whatever tau is."),
    ("sign", "e = -y[t]\n        e[d[t]] += 1", "e = y[t].clone()\n        e[d[t]] -= 1", "the sign is wrong: this is the gradient of the loss; the way down, minus it, is wanted."),
    ("no target", f"        {ERROR}\n", "", "the word that came is missing in the error: it is d_t - y_t, with d_t one-hot."),
    ("no slope at t", SEND, "e @ W.T", "the slope s (1 - s) is missing in the first delta, at t itself."),
    ("no slope back", WAY, "delta @ U.T", "the slope s (1 - s) is missing on the way back."),
    ("tanh's slope", WAY, "(delta @ U.T) * (1 - s[t - k] ** 2)", "1 - s^2 is the slope of tanh; for the sigmoid it is s (1 - s)."),
    ("tanh's slope at t", SEND, "(e @ W.T) * (1 - s[t] ** 2)", "the first delta has the slope of tanh, 1 - s^2; for the sigmoid it is s (1 - s)."),
    ("slope of the later state", WAY, "(delta @ U.T) * s[t - k + 1] * (1 - s[t - k + 1])", "the slope on the way back is that of the later state; it is that of the state arrived at, s_(t-k)."),
    ("slope of the first", WAY, "(delta @ U.T) * s[t] * (1 - s[t])", "the slope on the way back is that of the state at t at every lag; it is that of the state arrived at, s_(t-k)."),
    ("U not transposed", "(delta @ U.T)", "(delta @ U)", "U is not transposed on the way back: forwards it is s U, backwards delta U^T."),
    ("W for U", WAY, "(e @ W.T) * s[t - k] * (1 - s[t - k])", "the error of the output goes straight to every step; back from step to step it is delta that goes, through U."),
    ("state itself", FROM, "torch.outer(s[t - k], delta)", "dU gets the state of the same step; U multiplies the state before, s_(t-k-1)."),
    ("outer turned", FROM, "torch.outer(delta, s[t - k - 1])", "dU is transposed: rows belong to the state before, columns to delta."),
    ("always the last state", FROM, "torch.outer(s[t - 1], delta)", "dU gets s_(t-1) at every lag; at lag k it is s_(t-k-1)."),
    ("word of the loss", ROW, "dV[x[t]] += delta", "dV is changed in the row of the word at t, at every lag; at lag k it is the word at t - k."),
    ("overwritten", ROW, "dV[x[t - k]] = delta", "the row of dV is overwritten where a word comes again; it is added to."),
    ("dV without lookback", f"            {ROW}", f"            if k == 0:\n                {ROW}", "dV gets nothing from the steps back; it does, as dU does."),
    ("dU without lookback", "if t - k > 0:", "if k == 0 and t > 0:", "dU gets nothing from the steps back; it does, as dV does."),
    ("the last loss", "for t in range(len(x)):", "for t in range(len(x) - 1, len(x)):", "only the last word's loss counts; every word has one."),
    ("the first left out", "for t in range(len(x)):", "for t in range(1, len(x)):", "the loss of the first word is left out."),
    ("wraps around", "            if t - k > 0:  #", "            if True:  #", "at the first word s[-1] is the last state; before the first word the state is 0, so nothing is added to dU."),
    ("dW of the error", "torch.outer(s[t], e)", "torch.outer(e, s[t])", "dW is transposed: rows belong to the state, columns to the classes."),
    ("dW of the state before", "torch.outer(s[t], e)", "torch.outer(s[max(t - 1, 0)], e)", "dW gets the state before; the output is made from s_t."),
    ("mean over words", "return dU, dV, dW", "return dU / len(x), dV / len(x), dW / len(x)", "the sums are divided by the number of words; they are sums."),
    ("order", "return dU, dV, dW", "return dV, dU, dW", "the order is swapped: dU, dV, dW."),
)  # fmt: skip

R, Z = "torch.sigmoid(Vr[x] + s @ Ur)", "torch.sigmoid(Vz[x] + s @ Uz)"
C, MIX = "torch.tanh(Vh[x] + (r * s) @ Uh)", "z * s + (1 - z) * c"
FOUR = "return s_t, r, z, c"
GRU_STEP = of(
    "gru_step",
    ("z swapped", MIX, "(1 - z) * s + z * c", "z and 1 - z are swapped: here z keeps the old state, s_t = z s + (1 - z) c."),
    ("no old state", MIX, "(1 - z) * c", "the old state is missing in the mixture: s_t = z s + (1 - z) c."),
    ("no candidate", MIX, "z * s + (1 - z)", "the candidate is missing in the mixture: s_t = z s + (1 - z) c."),
    ("added whole", MIX, "z * s + c", "the candidate is added whole; it is multiplied by 1 - z."),
    ("mixed by r", MIX, "r * s + (1 - r) * c", "the reset gate mixes; the update gate z does."),
    ("reset after", C, "torch.tanh(Vh[x] + r * (s @ Uh))", "the reset gate stands after Uh; it multiplies the state before Uh does."),
    ("no reset", C, "torch.tanh(Vh[x] + s @ Uh)", "the reset gate is missing in the candidate: it reads r s."),
    ("reset by z", C, "torch.tanh(Vh[x] + (z * s) @ Uh)", "the update gate stands where the reset gate should, in the candidate."),
    ("reset of all", C, "torch.tanh(r * (Vh[x] + s @ Uh))", "the reset gate multiplies the word as well; it multiplies the state alone."),
    ("one minus r", C, "torch.tanh(Vh[x] + ((1 - r) * s) @ Uh)", "1 - r stands in the candidate; it is r itself."),
    ("sigmoid candidate", C, "torch.sigmoid(Vh[x] + (r * s) @ Uh)", "the candidate goes through a sigmoid; it is a tanh."),
    ("linear candidate", C, "Vh[x] + (r * s) @ Uh", "the tanh of the candidate is missing."),
    ("tanh gate r", R, "torch.tanh(Vr[x] + s @ Ur)", "the reset gate goes through a tanh; gates are sigmoids, between 0 and 1."),
    ("tanh gate z", Z, "torch.tanh(Vz[x] + s @ Uz)", "the update gate goes through a tanh; gates are sigmoids, between 0 and 1."),
    ("gates swapped", f"r = {R}\n    z = {Z}", f"r = {Z}\n    z = {R}", "the weights of the two gates are swapped."),
    ("Ur transposed", "s @ Ur", "Ur @ s", "Ur is transposed: with states as rows it is s Ur."),
    ("Uz transposed", "s @ Uz", "Uz @ s", "Uz is transposed: with states as rows it is s Uz."),
    ("Uh transposed", "(r * s) @ Uh", "Uh @ (r * s)", "Uh is transposed: with states as rows it is (r s) Uh."),
    ("no word in r", R, "torch.sigmoid(s @ Ur)", "the word is missing in the reset gate."),
    ("no word in z", Z, "torch.sigmoid(s @ Uz)", "the word is missing in the update gate."),
    ("no word in c", C, "torch.tanh((r * s) @ Uh)", "the word is missing in the candidate."),
    ("z of the reset state", Z, "torch.sigmoid(Vz[x] + (r * s) @ Uz)", "the update gate reads the reset state r s; it reads s."),
    ("wrong word", "Vh[x]", "Vh[0]", "the candidate reads the first word of the vocabulary; it reads the row of x."),
    ("order of gates", FOUR, "return s_t, z, r, c", "r and z are swapped in what comes back: s_t, r, z, c."),
    ("order", FOUR, "return c, r, z, s_t", "state and candidate are swapped in what comes back: s_t, r, z, c."),
    ("state alone", FOUR, "return s_t", "only the new state comes back; r, z and c are wanted as well."),
)  # fmt: skip

DA_C, DA_Z = "ds * (1 - z) * (1 - c**2)", "ds * (s - c) * z * (1 - z)"
DA_R, S_PREV = "drs * s * r * (1 - r)", "ds * z + drs * r + da_z @ Uz.T + da_r @ Ur.T"
BETWEEN_WAYS = f"\n    drs = da_c @ Uh.T  # what comes to r * s\n    da_r = {DA_R}\n    s_prev = "
WAYS, SWAPPED = (
    f"da_c = {DA_C}\n    da_z = {DA_Z}{BETWEEN_WAYS}ds * z",
    f"da_c = ds * z * (1 - c**2)\n    da_z = ds * (c - s) * z * (1 - z){BETWEEN_WAYS}ds * (1 - z)",
)
GRU_BACKWARD = of(
    "gru_backward",
    ("the coursework's", DA_R, "drs * c_prev * r * (1 - r)", "the reset gate's path has the candidate before, c_prev; what r multiplies in the forward pass is the state before, s. (The coursework's own program has this mistake.)"),
    ("candidate in the reset path", DA_R, "drs * c * r * (1 - r)", "the reset gate's path has the candidate; what r multiplies in the forward pass is the state before, s."),
    ("nothing in the reset path", DA_R, "drs * r * (1 - r)", "the reset gate's path lacks the state before: the derivative of r s by r is s."),
    ("no slope of r", DA_R, "drs * s", "the slope r (1 - r) of the reset gate is missing."),
    ("no slope of z", DA_Z, "ds * (s - c)", "the slope z (1 - z) of the update gate is missing."),
    ("no slope of c", DA_C, "ds * (1 - z)", "the slope 1 - c^2 of the candidate is missing."),
    ("sigmoid's slope for c", DA_C, "ds * (1 - z) * c * (1 - c)", "the candidate has the slope of the sigmoid, c (1 - c); it is a tanh, 1 - c^2."),
    ("(1 - c)^2", DA_C, "ds * (1 - z) * (1 - c) ** 2", "the candidate has the slope (1 - c)^2; it is 1 - c^2."),
    ("tanh's slope for r", DA_R, "drs * s * (1 - r**2)", "the reset gate has the slope of tanh; it is a sigmoid, r (1 - r)."),
    ("tanh's slope for z", DA_Z, "ds * (s - c) * (1 - z**2)", "the update gate has the slope of tanh; it is a sigmoid, z (1 - z)."),
    ("z for one minus z", DA_C, "ds * z * (1 - c**2)", "z and 1 - z are swapped on the way to the candidate: it is written with 1 - z."),
    ("one minus z kept", "s_prev = ds * z", "s_prev = ds * (1 - z)", "z and 1 - z are swapped on the direct way: the old state is kept with z."),
    ("z swapped", WAYS, SWAPPED, "z and 1 - z are swapped throughout, as for s_t = (1 - z) s + z c; here z keeps the old state, s_t = z s + (1 - z) c."),
    ("z the other way", DA_Z, "ds * (c - s) * z * (1 - z)", "the sign of the update gate's path is wrong: more z is more of s, less of c."),
    ("z without c", DA_Z, "ds * s * z * (1 - z)", "the update gate's path lacks the candidate: z also takes away from c, so it is s - c."),
    ("z with the candidate before", DA_Z, "ds * (s - c_prev) * z * (1 - z)", "the update gate's path has the candidate before; it is s - c, with this step's candidate."),
    ("no direct way", "s_prev = ds * z + drs * r", "s_prev = drs * r", "the direct way is missing in s_prev: ds z."),
    ("no candidate way", "ds * z + drs * r + da_z", "ds * z + da_z", "the way through the candidate is missing in s_prev: r times what reaches r s."),
    ("no r", "ds * z + drs * r + da_z", "ds * z + drs + da_z", "r is missing on the way through the candidate: s stands in r s."),
    ("no way through z", " + da_z @ Uz.T", "", "the way through the update gate is missing in s_prev."),
    ("no way through r", " + da_r @ Ur.T", "", "the way through the reset gate is missing in s_prev."),
    ("Uz not transposed", "da_z @ Uz.T", "da_z @ Uz", "Uz is not transposed on the way back."),
    ("Ur not transposed", "da_r @ Ur.T", "da_r @ Ur", "Ur is not transposed on the way back."),
    ("Uh not transposed", "da_c @ Uh.T", "da_c @ Uh", "Uh is not transposed on the way back."),
    ("Uh of s", "torch.outer(r * s, da_c)", "torch.outer(s, da_c)", "Uh multiplies the reset state, so its gradient has r s, not s."),
    ("Uh of the candidate before", "torch.outer(r * s, da_c)", "torch.outer(r * c_prev, da_c)", "Uh's gradient has the candidate before; Uh multiplies r s."),
    ("Ur of r s", "torch.outer(s, da_r)", "torch.outer(r * s, da_r)", "Ur's gradient has r s; the gate reads s itself."),
    ("Uz of r s", "torch.outer(s, da_z)", "torch.outer(r * s, da_z)", "Uz's gradient has r s; the gate reads s itself."),
    ("Ur turned", "torch.outer(s, da_r)", "torch.outer(da_r, s)", "Ur's gradient is transposed: rows belong to the state before."),
    ("Uz turned", "torch.outer(s, da_z)", "torch.outer(da_z, s)", "Uz's gradient is transposed: rows belong to the state before."),
    ("Uh turned", "torch.outer(r * s, da_c)", "torch.outer(da_c, r * s)", "Uh's gradient is transposed: rows belong to the state before."),
    ("gates swapped", '"Ur": torch.outer(s, da_r), "Uz": torch.outer(s, da_z)', '"Ur": torch.outer(s, da_z), "Uz": torch.outer(s, da_r)', "Ur and Uz are swapped in what comes back."),
    ("s_prev left out", '"s_prev": s_prev, ', "", "s_prev is missing in the dict."),
)  # fmt: skip

RATE = "lr0 * anneal / (epoch + anneal)"
LEARNING_RATE = of(
    "learning_rate",
    ("turned round", RATE, "lr0 * (epoch + anneal) / anneal", "the rate rises: it is lr0 times anneal over (epoch + anneal)."),
    ("halved", RATE, "lr0 * 0.5 ** (epoch / anneal)", "the rate falls as a power of a half; it falls as anneal / (epoch + anneal)."),
    ("from 1", RATE, "lr0 * anneal / (epoch + 1 + anneal)", "epochs are counted from 1; the first is epoch 0, and has lr0."),
    ("one late", RATE, "lr0 * anneal / (max(epoch - 1, 0) + anneal)", "the rate is that of the epoch before."),
    ("no anneal on top", RATE, "lr0 / (epoch + anneal)", "lr0 is divided by epoch + anneal; it is also multiplied by anneal, so that the first rate is lr0."),
    ("one over", RATE, "lr0 / (1 + anneal * epoch)", "the rate is lr0 / (1 + anneal epoch): a larger anneal is slower decay, not faster."),
    ("linear", RATE, "lr0 * max(1 - epoch / anneal, 0)", "the rate falls in a line; it falls as anneal / (epoch + anneal)."),
    ("exponential", RATE, "lr0 * float(np.exp(-epoch / anneal))", "the rate falls exponentially; it falls as anneal / (epoch + anneal)."),
    ("root", RATE, "lr0 * (anneal / (epoch + anneal)) ** 0.5", "there is a root in it; the rate is lr0 anneal / (epoch + anneal)."),
    ("constant", RATE, "lr0", "the rate is constant; that is so for anneal = 0 alone."),
    ("no lr0", RATE, "anneal / (epoch + anneal)", "lr0 is missing."),
    ("0 is nothing", "return lr0\n", "return 0.0\n", "anneal = 0 gives 0; it means no annealing, a constant rate."),
    ("0 is one over", "return lr0\n", "return lr0 / (epoch + 1)\n", "with anneal = 0 the rate falls; it is constant then."),
    ("0 in the formula", "return lr0\n", "return lr0 * (anneal + 1e-9) / (epoch + anneal + 1e-9)\n", "anneal = 0 goes through the formula, which is 0 then; it means no annealing, a constant rate."),
    ("divided by 0", "anneal == 0:", "False:", "anneal = 0 goes through the formula, which divides 0 by 0 in the first epoch; it means no annealing, a constant rate."),
)  # fmt: skip

TERM, HERE = "s[: len(delta) - 1].T @ delta[1:]", "alone[tau].append(term.norm())"
ALL, GIVEN = "together[tau].append(summed.norm())", '"per_tau": mean(alone), "accumulated": mean(together)'
SINGULAR = "{}[tau].append(torch.linalg.matrix_norm({}, 2))"
CONTRIBUTION_NORMS = of(
    "contribution_norms",
    ("norms added", f"{HERE}\n            {ALL}", "alone[tau].append(term.norm())\n            together[tau].append(sum((s[: len(one) - 1].T @ one[1:]).norm() for one in terms[: tau + 1]))", "the norms of the terms are added for accumulated; it is the norm of their sum."),
    ("means added", GIVEN, '"per_tau": mean(alone), "accumulated": mean(alone).cumsum(0)', "per_tau is added up for accumulated; it is the norm of the sum of the terms."),
    ("over the long ones", GIVEN, '"per_tau": mean(alone), "accumulated": torch.stack([sum(all) / len(long) for all, long in zip(together, alone)])', "accumulated is divided by the number of sentences that are long enough; all of them are in it."),
    ("state of the loss", TERM, "s[len(s) - len(delta) :].T @ delta", "delta at step i stands beside the state of its loss, s_(i+tau); it belongs to the state before it, s_(i-1)."),
    ("state of the step", TERM, "s[: len(delta)].T @ delta", "delta at step i stands beside s_i; it belongs to the state before, s_(i-1)."),
    ("state after", TERM, "s[1 : len(delta)].T @ delta[:-1]", "delta at step i stands beside s_(i+1); it belongs to the state before, s_(i-1)."),
    ("last states", TERM, "s[len(s) - len(delta) : len(s) - 1].T @ delta[1:]", "the states are counted from the end: row i of delta is at step i, whatever tau is."),
    ("wraps around", TERM, "s.roll(1, 0)[: len(delta)].T @ delta", "at the first step the last state stands before; there it is 0."),
    ("mean over steps", TERM, "s[: len(delta) - 1].T @ delta[1:] / len(delta)", "the terms are averaged over the steps; they are summed."),
    ("row norms", HERE, "alone[tau].append((s[: len(delta) - 1].norm(dim=1) * delta[1:].norm(dim=1)).sum())", "the norms of the steps are added for per_tau; it is the norm of the sum over steps."),
    ("spectral", HERE, "alone[tau].append(torch.linalg.matrix_norm(term, 2))", "this is the largest singular value; the Frobenius norm is the root of the sum of all squares."),
    ("spectral together", ALL, "together[tau].append(torch.linalg.matrix_norm(summed, 2))", "accumulated is the largest singular value; the Frobenius norm is the root of the sum of all squares."),
    ("spectral both", f"{HERE}\n            {ALL}", f"{SINGULAR.format('alone', 'term')}\n            {SINGULAR.format('together', 'summed')}", "these are largest singular values; the Frobenius norm is the root of the sum of all squares."),
    ("squared", HERE, "alone[tau].append((term**2).sum())", "the root is missing in per_tau: these are squared norms."),
    ("absolute sums", HERE, "alone[tau].append(term.abs().sum())", "sizes are added for per_tau; the norm is the root of the sum of squares."),
    ("only this term", "summed = summed + term", "summed = term", "accumulated has the tau-th term alone; it is the norm of terms 0 to tau together."),
    ("one term too few", f"{HERE}\n            {ALL}", "alone[tau].append(term.norm())\n            together[tau].append((summed - term).norm() if tau < len(terms) else summed.norm())", "accumulated lacks the tau-th term itself: terms 0 to tau are summed."),
    ("short ones as 0", GIVEN, '"per_tau": torch.stack([sum(one) / len(states) for one in alone]), "accumulated": mean(together)', "per_tau counts sentences that are too short as 0; it is the mean over those long enough."),
    ("short ones left out", ALL, "together[tau].extend([summed.norm()] if tau < len(terms) else [])", "accumulated leaves sentences out beyond their end; there they keep what they have."),
    ("shortest", "max(len(terms) for terms in deltas)", "min(len(terms) for terms in deltas)", "it stops where the shortest sentence ends; it goes on as far as the longest."),
    ("sum over sentences", GIVEN, '"per_tau": torch.stack([sum(one) for one in alone]), "accumulated": mean(together)', "the norms are summed over the sentences in per_tau; they are averaged."),
    ("first sentence", GIVEN, '"per_tau": torch.stack([one[0] for one in alone]), "accumulated": torch.stack([one[0] for one in together])', "only the first sentence counts; it is the mean over all."),
    ("swapped", GIVEN, '"per_tau": mean(together), "accumulated": mean(alone)', "the two norms are swapped."),
    ("turned round", GIVEN, '"per_tau": mean(alone[::-1]), "accumulated": mean(together)', "per_tau is in the wrong order: tau = 0 comes first."),
    ("key", '"accumulated": mean', '"total": mean', "the key accumulated is missing."),
)  # fmt: skip

SAME, BALANCED = "(predicted == label).double()", "torch.stack(recalls).mean()"
MAJORITY = "torch.stack([(label == one).double().mean() for one in (0, 1)]).max()"
RECALLS = "[right[label == one].mean() for one in label.unique()]"
FIRST, SECOND, THIRD = (
    '"1": distance == 1,\n        "2-3": (distance >= 2) & (distance <= 3),\n        "4-5": (distance >= 4) & (distance <= 5)',
    '"2-3": distance == 2,\n        "4-5": distance == 4',
    '"1": distance < 1,\n        "2-3": (distance >= 1) & (distance < 3),\n        "4-5": (distance >= 3) & (distance < 5),\n        "6+": distance >= 5',
)
BY_DISTANCE = of(
    "by_distance",
    ("majority of predictions", MAJORITY, "torch.stack([(predicted == one).double().mean() for one in (0, 1)]).max()", "the majority is counted among the predictions; it is that of the labels."),
    ("share of class 0", MAJORITY, "(label == 0).double().mean()", "majority is the share of class 0; it is that of the larger class."),
    ("share of class 1", MAJORITY, "label.double().mean()", "majority is the share of class 1; it is that of the larger class."),
    ("minority", MAJORITY, "torch.stack([(label == one).double().mean() for one in (0, 1)]).min()", "this is the share of the smaller class; majority is that of the larger."),
    ("share right", MAJORITY, "torch.stack([(right * (label == one)).mean() for one in (0, 1)]).max()", "majority counts right predictions only; it is the share of a class among the labels, whatever is predicted."),
    ("precision", "[right[label == one]", "[right[predicted == one]", "balanced averages over predicted classes; it is the accuracy within each true class, then their mean."),
    ("precision of each", RECALLS, "[right[predicted == one].mean() for one in predicted.unique()]", "balanced averages over predicted classes; it is the accuracy within each true class, then their mean."),
    ("mean of nothing", "for one in label.unique()]", "for one in (0, 1)]", "where one class alone occurs, balanced takes the mean of no numbers for the other, which is NaN; it is the mean over the classes that occur."),
    ("of the bins", BALANCED, "torch.stack([shares[name] for name in bins]).mean()", "balanced is the mean over the distances; it is the mean over the two classes."),
    ("not balanced", BALANCED, "right.mean()", "balanced is the plain accuracy; it is the mean of the two classes' accuracies."),
    ("product", BALANCED, "torch.stack(recalls).prod()", "balanced is a product; it is the mean of the two classes' accuracies."),
    ("always two", BALANCED, "torch.stack(recalls).sum() / 2", "where one class alone occurs, balanced is divided by 2; it is the mean over the classes that occur."),
    ("worse class", BALANCED, "torch.stack(recalls).min()", "balanced is the worse class's accuracy; it is the mean of both."),
    ("errors", SAME, "(predicted != label).double()", "these are shares of errors; shares of right answers are wanted."),
    ("right on 1 alone", SAME, "((predicted == 1) & (label == 1)).double()", "only class 1 counts as right; a right 0 is right, too."),
    ("2 in the first", '"1": distance == 1', '"1": distance <= 2', "distance 2 is in the first bin; it holds distance 1 alone."),
    ("0 or 1 less", '(distance >= 2) & (distance <= 3)', '(distance > 2) & (distance <= 3)', "distance 2 is missing in 2-3."),
    ("3 left out", '(distance >= 2) & (distance <= 3)', '(distance >= 2) & (distance < 3)', "distance 3 is missing in 2-3."),
    ("4 left out", '(distance >= 4) & (distance <= 5)', '(distance > 4) & (distance <= 5)', "distance 4 is missing in 4-5."),
    ("5 left out", '(distance >= 4) & (distance <= 5)', '(distance >= 4) & (distance < 5)', "distance 5 is missing in 4-5."),
    ("6 left out", "distance >= 6", "distance > 6", "distance 6 is missing in 6+."),
    ("from 5", "distance >= 6", "distance >= 5", "distance 5 is in 6+; it belongs to 4-5."),
    ("up to", "distance >= 6", "distance <= 6", "6+ holds what is up to 6; it holds what is 6 or more."),
    ("exactly 6", "distance >= 6", "distance == 6", "6+ holds distance 6 alone; all that is farther belongs to it as well."),
    ("ends left out", FIRST, f'"1": distance < 1,\n        {SECOND}', "the far end of each bin is left out, so that the first is empty, the mean of no numbers; 1, 3 and 5 belong to theirs."),
    ("ends of the middle left out", FIRST, f'"1": distance == 1,\n        {SECOND}', "the far ends of 2-3 and 4-5 are left out; 3 and 5 belong to them."),
    ("one too early", f'{FIRST},\n        "6+": distance >= 6', THIRD, "every bin ends one too early, so that the first is empty; 1, 3 and 5 belong to the bins that they end."),
    ("per cent", '"all": right.mean()', '"all": 100 * right.mean()', "all is in per cent; a share between 0 and 1 is wanted."),
    ("mean of bins", '"all": right.mean()', '"all": torch.stack([shares[name] for name in bins]).mean()', "all is the mean of the four bins; every sentence counts alike."),
    ("share of all", "right[which].mean()", "(right * which).mean()", "right answers of a bin are divided by the number of all sentences; divide by those of the bin."),
    ("key", '"majority":', '"baseline":', "the key majority is missing."),
)  # fmt: skip

TIMES, REST = "range(0, n, batch_size)", "if rest and indices[-1] != n - 1:"
DIVIDE = "[batch_size] * len(indices)"
BETWEEN = ")\n    divisors = [batch_size] * len(indices)\n    rest = n % batch_size\n    "
UPDATE_AFTER = of(
    "update_after",
    ("as usual", TIMES, "range(batch_size - 1, n, batch_size)", "this is the usual cadence, after every full batch; here it is after sentence 0, batch_size, 2 batch_size."),
    ("as usual, and the rest", f"{TIMES}{BETWEEN}{REST}", f"range(batch_size - 1, n, batch_size){BETWEEN}if rest:", "this is the usual cadence, after every full batch; here it is after sentence 0, batch_size, 2 batch_size."),
    ("from 1", TIMES, "range(batch_size, n, batch_size)", "the update after sentence 0 is missing: 0 % batch_size is 0 as well."),
    ("counted from 1", TIMES, "range(1, n, batch_size)", "sentences are counted from 1; the first is sentence 0."),
    ("counted from 1 to n", TIMES, "range(1, n + 1, batch_size)", "sentences are counted from 1 to n; here from 0 to n - 1."),
    ("the rest for the last", f"{REST}\n        indices.append(n - 1)\n        divisors.append(rest)", "divisors[-1] = rest or batch_size", "the last update is divided by the rest; the rest has an update of its own, after sentence n - 1."),
    ("every sentence", TIMES, "range(0, n)", "there is an update after every sentence; only where i % batch_size == 0."),
    ("true sizes", DIVIDE, "[1] + [batch_size] * (len(indices) - 1)", "the first update is divided by 1; it holds one sentence, and is divided by batch_size all the same."),
    ("no rest", REST, "if False:", "the rest at the end of the epoch is missing: where n is no multiple of batch_size, what is left is applied."),
    ("rest always", REST, "if indices[-1] != n - 1:", "a rest is applied although n is a multiple of batch_size; then it stays for the next epoch."),
    ("nothing left", REST, "if rest:", "an update with nothing in it is listed: where the last sentence has just had one, no rest is left."),
    ("rest over batch", "divisors.append(rest)", "divisors.append(batch_size)", "the rest is divided by batch_size; it is divided by n % batch_size."),
    ("rest over its size", "divisors.append(rest)", "divisors.append(n - 1 - indices[-2])", "the rest is divided by the number of sentences in it; it is divided by n % batch_size, which is one more."),
    ("rest over n", "divisors.append(rest)", "divisors.append(n)", "the rest is divided by n; it is divided by n % batch_size."),
    ("rest after n", "indices.append(n - 1)", "indices.append(n)", "the rest comes after sentence n; the last one is n - 1."),
    ("rest at its beginning", "indices.append(n - 1)", "indices.append(n - rest)", "the rest is applied after its first sentence; it is applied after the last."),
    ("order", "return indices, divisors", "return divisors, indices", "the order is swapped: first the indices, then the divisors."),
    ("indices alone", "return indices, divisors", "return indices", "only the indices come back; the divisors are wanted as well."),
    ("pairs", "return indices, divisors", "return list(zip(indices, divisors))", "a list of pairs comes back; two lists are wanted, first all indices, then all divisors."),
)  # fmt: skip

MISTAKES = (
    *FORWARD, *LOSS, *GRADIENT, *GRU_STEP, *GRU_BACKWARD, *LEARNING_RATE, *CONTRIBUTION_NORMS, *BY_DISTANCE, *UPDATE_AFTER,
)  # fmt: skip
