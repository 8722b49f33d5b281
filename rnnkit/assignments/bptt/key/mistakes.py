"""The known mistakes: one small textual patch of a solution each, and what a student who makes it is told.

A row is the question, a name, what stands exactly once in the solution's cell, what makes the mistake, the sentence.
"""

from __future__ import annotations

from rnnkit.assignments.bptt.key.mistakes_after import CLIP, ECHO, HIGHWAY, TRUNCATED
from rnnkit.checks.generate import of_question

STEP = "torch.tanh(self.W_xh(x[:, t]) + self.W_hh(h))"
BACK = "return torch.stack(outputs, dim=1), h\n"
START = "x.new_zeros(len(x), self.hidden_size) if h_prev is None else h_prev"
VANILLA = of_question(
    "vanilla_forward",
    ("two biases", "nn.Linear(hidden_size, hidden_size, bias=False)", "nn.Linear(hidden_size, hidden_size)", "W_hh has a bias of its own; W_xh has one already, and a sum needs one: bias=False."),
    ("no input bias", "nn.Linear(input_size, hidden_size)", "nn.Linear(input_size, hidden_size, bias=False)", "W_xh has no bias: the one bias of the state belongs there."),
    ("no output bias", "nn.Linear(hidden_size, output_size)", "nn.Linear(hidden_size, output_size, bias=False)", "W_hy has no bias: y_t = W_hy h_t + b_y."),
    ("no nonlinearity", STEP, "self.W_xh(x[:, t]) + self.W_hh(h)", "the tanh is missing: h_t = tanh(...)."),
    ("sigmoid", STEP, "torch.sigmoid(self.W_xh(x[:, t]) + self.W_hh(h))", "the state goes through the sigmoid; it is tanh."),
    ("relu", STEP, "torch.relu(self.W_xh(x[:, t]) + self.W_hh(h))", "the state goes through relu; it is tanh."),
    ("no recurrence", " + self.W_hh(h))", ")", "the term W_hh h_(t-1) is missing: the state must see the one before."),
    ("no input", "self.W_xh(x[:, t]) + ", "", "the term W_xh x_t is missing: the state must see the input."),
    ("two tanh", STEP, "torch.tanh(self.W_xh(x[:, t])) + torch.tanh(self.W_hh(h))", "each term has a tanh of its own; the tanh is of their sum."),
    ("recurrence outside", STEP, "torch.tanh(self.W_xh(x[:, t])) + self.W_hh(h)", "the recurrent term is added outside of the tanh; it belongs inside."),
    ("residual", STEP, f"h + {STEP}", "the state before is added to the new one; h_t is the tanh alone."),
    ("detached", "self.W_hh(h))", "self.W_hh(h.detach()))", "the state is detached at every step: the values are right, but gradients do not go back in time."),
    ("first input always", "x[:, t]", "x[:, 0]", "every step reads the first input; step t reads x[:, t]."),
    ("input of the step before", "x[:, t]", "x[:, max(t - 1, 0)]", "step t reads the input of the step before; it reads x[:, t]."),
    ("backwards", "range(x.shape[1])", "range(x.shape[1] - 1, -1, -1)", "the sequence is read from its end."),
    ("time for batch", "x.shape[1]", "x.shape[0]", "the loop runs over the sequences: time is axis 1 of x, (B, T, I)."),
    ("last step left out", "range(x.shape[1])", "range(x.shape[1] - 1)", "the last step is left out: there are T."),
    ("state before ignored", START, "x.new_zeros(len(x), self.hidden_size)", "h_prev is never used: where it is given, the first step goes on from there."),
    ("ones at first", "x.new_zeros(", "x.new_ones(", "the first state is 1 where none is given; it is 0."),
    ("output before the step", "            h = torch.tanh(self.W_xh(x[:, t]) + self.W_hh(h))  # (B, H)\n            outputs.append(self.W_hy(h))", "            outputs.append(self.W_hy(h))\n            h = torch.tanh(self.W_xh(x[:, t]) + self.W_hh(h))", "the output of a step is made from the state before; it is made from the new one."),
    ("states for outputs", "outputs.append(self.W_hy(h))", "outputs.append(h)", "the states come back where outputs should: y_t = W_hy h_t + b_y."),
    ("tanh on outputs", "self.W_hy(h)", "torch.tanh(self.W_hy(h))", "the outputs go through a tanh; they are W_hy h_t + b_y alone."),
    ("softmax on outputs", "self.W_hy(h)", "torch.softmax(self.W_hy(h), -1)", "the outputs go through a softmax; that belongs to the loss. They are W_hy h_t + b_y alone."),
    ("output fed back", "outputs.append(self.W_hy(h))", "outputs.append(self.W_hy(self.W_hh(h)))", "the outputs are made from W_hh h_t; they are made from h_t."),
    ("time first", "dim=1), h\n", "dim=0), h\n", "outputs have time first; they are (B, T, O), so stack along dim=1."),
    ("order", BACK, "return h, torch.stack(outputs, dim=1)\n", "the order is swapped: first the outputs, then the last state."),
    ("outputs alone", BACK, "return torch.stack(outputs, dim=1)\n", "only the outputs come back; the last state is wanted as well."),
    ("last output alone", BACK, "return outputs[-1], h\n", "only the last output comes back; those of all steps are wanted."),
    ("output for the state", BACK, "return torch.stack(outputs, dim=1), outputs[-1]\n", "the last output comes back where the last state should."),
    ("an axis too many", BACK, "return torch.stack(outputs, dim=1), h[None]\n", "the last state has an axis too many in front, as torch's own have; it is (B, H)."),
    ("detached state", BACK, "return torch.stack(outputs, dim=1).detach(), h\n", "the outputs are detached: no gradient can go back from them."),
)  # fmt: skip

SLOPE, HANDED = "g * (1 - hidden[t + 1] ** 2)", "direct[t] + da @ W_hh.T"
FLOW = of_question(
    "flow",
    ("no slope", SLOPE, "g", "the slope of tanh is missing: g_(t+1) is multiplied by 1 - h_(t+1)^2 before W_hh^T."),
    ("slope of the step itself", SLOPE, "g * (1 - hidden[t] ** 2)", "the slope is taken at h_t; it is that of the state which the gradient comes from, h_(t+1)."),
    ("one minus h", SLOPE, "g * (1 - hidden[t + 1])", "the slope is taken as 1 - h; for tanh it is 1 - h^2."),
    ("sigmoid's slope", SLOPE, "g * hidden[t + 1] * (1 - hidden[t + 1])", "h (1 - h) is the slope of the sigmoid; for tanh it is 1 - h^2."),
    ("tanh once more", SLOPE, "g * (1 - torch.tanh(hidden[t + 1]) ** 2)", "tanh is applied to the states once more: h_t is tanh(a_t) already."),
    ("slope squared", SLOPE, "g * (1 - hidden[t + 1] ** 2) ** 2", "the slope is there twice."),
    ("slope after the matrix", HANDED, "direct[t] + (g @ W_hh.T) * (1 - hidden[t + 1] ** 2)", "the slope multiplies after W_hh^T; it belongs to the new state, so it comes before."),
    ("own slope after the matrix", HANDED, "direct[t] + (g @ W_hh.T) * (1 - hidden[t] ** 2)", "the slope is taken at h_t, after W_hh^T; it is that of h_(t+1), and comes before."),
    ("not transposed", "da @ W_hh.T", "da @ W_hh", "W_hh is not transposed on the way back: forwards h_t is multiplied by W_hh, backwards by its transpose."),
    ("no matrix", "da @ W_hh.T", "da", "on the way back the gradient goes through W_hh^T."),
    ("inverse", "da @ W_hh.T", "da @ torch.linalg.pinv(W_hh)", "the gradient goes through the inverse of W_hh; it goes through the transpose."),
    ("no direct term", HANDED, "da @ W_hh.T", "the direct term of each step is missing: g_t = direct_t + ..."),
    ("direct of the next step", "direct[t] + da", "direct[t + 1] + da", "the direct term is that of step t + 1; g_t has direct_t."),
    ("direct of the last step", "direct[t] + da", "direct[-1] + da", "every step has the direct term of the last one; g_t has direct_t."),
    ("direct inside", HANDED, "(direct[t] + da) @ W_hh.T", "the direct term goes through W_hh^T as well; it is added afterwards."),
    ("direct only", "g = direct[t] + da @ W_hh.T\n", "g = direct[t]\n", "this is the direct term alone: nothing comes from later steps."),
    ("direct handed back", SLOPE, "direct[t + 1] * (1 - hidden[t + 1] ** 2)", "only the direct term of the next step is handed back; the total one is, g_(t+1)."),
    ("last step doubled", "g = direct[-1]  # (B, H)", "g = 2 * direct[-1]", "the last step counts twice: g_T = direct_T."),
    ("last step zero", "g = direct[-1]  # (B, H)", "g = 0 * direct[-1]", "the last step is 0; g_T = direct_T."),
    ("slope at the end", "g = direct[-1]  # (B, H)", "g = direct[-1] * (1 - hidden[-1] ** 2)", "the last step is multiplied by its slope; g_T = direct_T is outside of the tanh."),
    ("da for g", "found.append(g)\n    return", "found.append(da)\n    return", "dL/da comes back, inside the tanh; dL/dh is wanted."),
    ("da of its own step", "return torch.stack(found[::-1])", "return torch.stack(found[::-1]) * (1 - hidden**2)", "dL/da of each step comes back, inside its tanh; dL/dh is wanted."),
    ("not turned round", "found[::-1]", "found", "the steps are in the wrong order: what is filled from the end has to be turned round."),
    ("forwards", "range(len(hidden) - 2, -1, -1)", "range(len(hidden) - 1)", "time runs forwards: g_t is made from g_(t+1), so begin at the end."),
    ("first step left out", "range(len(hidden) - 2, -1, -1)", "range(len(hidden) - 2, 0, -1)", "the first step is left out: the loop goes down to 0."),
    ("mean over the batch", "return torch.stack(found[::-1])", "return torch.stack(found[::-1]).mean(1)", "the batch is averaged away; the result is (T, B, H)."),
    ("norms", "return torch.stack(found[::-1])", "return torch.stack(found[::-1]).norm(dim=-1)", "the norms come back; the gradients themselves are wanted."),
    ("batch first", "return torch.stack(found[::-1])", "return torch.stack(found[::-1], dim=1)", "the batch comes first; here time does, (T, B, H)."),
    ("the sign", "return torch.stack(found[::-1])", "return -torch.stack(found[::-1])", "every sign is the opposite: the gradient is wanted, not the direction of descent."),
    ("the first step alone", "return torch.stack(found[::-1])", "return g", "only the first step's gradient comes back; those of all steps are wanted."),
    ("direct changed", "g = direct[t] + da @ W_hh.T\n", "g = direct[t].add_(da @ W_hh.T)\n", "direct is changed in place (add_); make a new tensor, direct[t] + ..."),
)  # fmt: skip

DA = "flow[t] * (1 - hidden[t] ** 2)"
WEIGHTS = of_question(
    "weight_gradients",
    ("no slope", DA, "flow[t]", "the slope of tanh is missing: da_t = g_t * (1 - h_t^2)."),
    ("slope of the state before", DA, "flow[t] * (1 - h_prev ** 2)", "the slope is taken at h_(t-1); it is 1 - h_t^2, of the state that the step made."),
    ("slope of the next state", DA, "flow[t] * (1 - hidden[min(t + 1, len(x) - 1)] ** 2)", "the slope is taken at h_(t+1); it is 1 - h_t^2, of the state that the step made."),
    ("one minus h", DA, "flow[t] * (1 - hidden[t])", "the slope is taken as 1 - h; for tanh it is 1 - h^2."),
    ("sigmoid's slope", DA, "flow[t] * hidden[t] * (1 - hidden[t])", "h (1 - h) is the slope of the sigmoid; for tanh it is 1 - h^2."),
    ("tanh once more", DA, "flow[t] * (1 - torch.tanh(hidden[t]) ** 2)", "tanh is applied to the states once more: h_t is tanh(a_t) already."),
    ("slope squared", DA, "flow[t] * (1 - hidden[t] ** 2) ** 2", "the slope is there twice."),
    ("state of its own step", "h_prev.T @ da", "hidden[t].T @ da", "dW_hh pairs da_t with h_t; the step multiplied h_(t-1) by W_hh."),
    ("first state is 0", "h_prev = h_0", "h_prev = torch.zeros_like(h_0)", "h_0 is never used: the first step multiplied h_0 by W_hh, and it is not 0."),
    ("last state first", "h_prev = h_0", "h_prev = hidden[-1]", "the first step is paired with the last state, as after a roll; it multiplied h_0 by W_hh."),
    ("h_0 always", "        h_prev = hidden[t]\n", "", "dW_hh pairs every step with h_0; step t has h_(t-1)."),
    ("first step left out", "range(len(x))", "range(1, len(x))", "the first step is left out: all T steps count."),
    ("last step left out", "range(len(x))", "range(len(x) - 1)", "the last step is left out: all T steps count."),
    ("last step alone", "range(len(x))", "range(len(x) - 1, len(x))", "only the last step counts; the sums run over all steps."),
    ("first sequence alone", DA, "flow[t] * (1 - hidden[t] ** 2) * (torch.arange(len(h_0)) < 1)[:, None]", "only the first sequence counts; the sums run over the batch, too."),
    ("input of the step before", "x[t].T @ da", "x[max(t - 1, 0)].T @ da", "dW_xh pairs da_t with the input of the step before; it is x_t."),
    ("first input", "x[t].T @ da", "x[0].T @ da", "dW_xh pairs every step with the first input; it is x_t."),
    ("W_xh of the last round", "dW_xh = dW_xh + x", "dW_xh = x", "dW_xh is not summed over the steps: each step overwrites the one before."),
    ("W_hh of the last round", "dW_hh = dW_hh + h", "dW_hh = h", "dW_hh is not summed over the steps: each step overwrites the one before."),
    ("b_h of the last round", "db_h = db_h + da", "db_h = da", "db_h is not summed over the steps: each step overwrites the one before."),
    ("mean for b_h", "da.sum(0)", "da.mean(0)", "db_h averages over the batch; it is the sum: the loss has the mean in it, where there is one."),
    ("mean over all for b_h", '"b_h": db_h', '"b_h": db_h / (len(x) * len(h_0))', "db_h averages over steps and batch; it is the sum over both: the loss has the mean in it, where there is one."),
    ("mean over the steps for b_h", '"b_h": db_h', '"b_h": db_h / len(x)', "db_h averages over the steps; it is the sum over steps and batch."),
    ("all averaged", 'return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h}', 'return {"W_xh": dW_xh / len(h_0), "W_hh": dW_hh / len(h_0), "b_h": db_h / len(h_0)}', "all three are divided by the size of the batch; they are sums: the loss has the mean in it, where there is one."),
    ("flow for da in W_xh", "x[t].T @ da", "x[t].T @ flow[t]", "dW_xh is made from dL/dh; it is made from da, inside the tanh."),
    ("flow for da in W_hh", "h_prev.T @ da", "h_prev.T @ flow[t]", "dW_hh is made from dL/dh; it is made from da, inside the tanh."),
    ("flow for b_h", "da.sum(0)", "flow[t].sum(0)", "db_h sums dL/dh; the bias stands inside the tanh, so it is da."),
    ("units summed for b_h", "da.sum(0)", "da.sum()", "db_h sums the units as well; there is one number for each unit."),
    ("W_xh transposed", '"W_xh": dW_xh', '"W_xh": dW_xh.T', "dW_xh is transposed: with inputs as rows it is x_t^T da_t, (I, H)."),
    ("W_hh transposed", '"W_hh": dW_hh', '"W_hh": dW_hh.T', "dW_hh is transposed: with states as rows it is h_(t-1)^T da_t."),
    ("averaged over time", '"W_hh": dW_hh', '"W_hh": dW_hh / len(x)', "dW_hh is divided by T; the gradient is the sum over the steps."),
    ("descent direction", 'return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h}', 'return {"W_xh": -dW_xh, "W_hh": -dW_hh, "b_h": -db_h}', "every sign is the opposite: the gradient is wanted, not the direction of descent."),
    ("a tuple", 'return {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h}', "return dW_xh, dW_hh, db_h", "a tuple comes back; a dict with the names W_xh, W_hh and b_h is wanted."),
    ("another name", '"W_xh": dW_xh', '"W_ih": dW_xh', "the key of the first matrix is W_xh."),
)  # fmt: skip

BOUND = of_question(
    "grad_bound",
    ("no slope", "(sigma * slope) ** k", "sigma ** k", "the slope is left out: each step multiplies by a matrix and by a slope."),
    ("no sigma", "(sigma * slope) ** k", "slope ** k", "sigma is left out: each step multiplies by a matrix and by a slope."),
    ("slope once", "(sigma * slope) ** k", "sigma ** k * slope", "the slope is there once; it is there in every step, so it is raised to k as well."),
    ("sigma once", "(sigma * slope) ** k", "sigma * slope ** k", "sigma is there once; it is there in every step, so it is raised to k as well."),
    ("times k", "(sigma * slope) ** k", "(sigma * slope) * k", "the factors are added up; k steps multiply."),
    ("one step less", "(sigma * slope) ** k", "(sigma * slope) ** (k - 1)", "one step is missing: k steps are k factors."),
    ("one step more", "(sigma * slope) ** k", "(sigma * slope) ** (k + 1)", "there is one step too many: k steps are k factors."),
    ("sum", "(sigma * slope) ** k", "(sigma + slope) ** k", "sigma and slope are added; they multiply."),
    ("quotient", "(sigma * slope) ** k", "(sigma / slope) ** k", "sigma is divided by the slope; they multiply."),
    ("exponential", "(sigma * slope) ** k", "np.exp(k * (sigma * slope - 1))", "this is an exponential of k (factor - 1), near the power only where the factor is near 1."),
    ("minus", "(sigma * slope) ** k", "(sigma * slope) ** -k", "the power is the reciprocal: k steps back multiply, they do not divide."),
    ("logarithm", "(sigma * slope) ** k", "k * np.log(sigma * slope)", "this is the logarithm of the bound; the bound itself is wanted."),
    ("squared", "(sigma * slope) ** k", "(sigma * slope) ** (2 * k)", "the bound is squared: it is of a norm, not of a squared one."),
    ("at most 1", "return (sigma * slope) ** k", "return min((sigma * slope) ** k, 1.0)", "the bound is cut off at 1; it may be larger."),
)  # fmt: skip

SIGMA, GAMMAS = "torch.linalg.matrix_norm(W, 2)", '{"tanh": 1, "sigmoid": 1 / 4, "identity": 1}[phi]'
SAYS = '"vanishes" if gamma * sigma < 1 else "undecided"'
CONCLUDED = of_question(
    "what_the_bound_says",
    ("radius", SIGMA, "torch.linalg.eigvals(W).abs().max()", "this goes by the spectral radius; the bound is made from the largest singular value, which is never smaller."),
    ("Frobenius", SIGMA, "W.norm()", "this goes by the Frobenius norm, the root of the sum of all squares; the bound is made from the largest singular value, which is never larger."),
    ("largest entry", SIGMA, "W.abs().max()", "this goes by the largest entry; many small entries make a large matrix. The bound is made from the largest singular value."),
    ("smallest", SIGMA, "torch.linalg.svdvals(W).min()", "this goes by the smallest singular value; the bound is made from the largest."),
    ("mean", SIGMA, "torch.linalg.svdvals(W).mean()", "this goes by the mean of the singular values; the bound is made from the largest."),
    ("row sums", SIGMA, "torch.linalg.matrix_norm(W, float('inf'))", "this goes by the largest sum of a row; the bound is made from the largest singular value."),
    ("column sums", SIGMA, "torch.linalg.matrix_norm(W, 1)", "this goes by the largest sum of a column; the bound is made from the largest singular value."),
    ("determinant", SIGMA, "torch.linalg.det(W).abs()", "this goes by the determinant, the product of all singular values; the bound is made from the largest."),
    ("squared", SIGMA, "torch.linalg.matrix_norm(W, 2) ** 2 / 2", "the norm is squared and halved; the bound is made from the norm itself."),
    ("explodes", SAYS, '"vanishes" if gamma * sigma < 1 else "explodes"', "a bound from above can never say “explodes”: where it is large the product may still be small. The second answer is “undecided”."),
    ("explodes above 1", SAYS, '"vanishes" if gamma * sigma < 1 else "explodes" if gamma * sigma > 1 else "undecided"', "above 1 the bound grows, and the product need not: “explodes” does not follow. The second answer is “undecided”."),
    ("stable", SAYS, '"vanishes" if gamma * sigma < 1 else "stable" if gamma * sigma == 1 else "undecided"', "a factor of exactly 1 bounds from above and says nothing from below: “undecided”, not “stable”."),
    ("equal counts", "gamma * sigma < 1", "gamma * sigma <= 1", "a factor of exactly 1 is taken for vanishing: a bound of 1^k does not fall."),
    ("turned round", "gamma * sigma < 1", "gamma * sigma > 1", "the two answers are swapped: a bound that falls says “vanishes”."),
    ("no slope", GAMMAS, "1", "the slope is left out: that of the sigmoid is at most 1/4, so it vanishes for every norm below 4."),
    ("slope of a half", "1 / 4", "1 / 2", "the largest slope of the sigmoid is taken as 1/2, its value there; s (1 - s) at 1/2 is 1/4."),
    ("slope upside down", "1 / 4", "4", "1 / gamma stands where gamma should: the sigmoid's slope is at most 1/4."),
    ("a quarter for all", GAMMAS, "1 / 4", "a quarter is the sigmoid's largest slope; those of tanh and of the identity are 1."),
    ("tanh a quarter", '"tanh": 1,', '"tanh": 1 / 4,', "the largest slope of tanh is 1, at 0; a quarter is the sigmoid's."),
    ("true and false", SAYS, "bool(gamma * sigma < 1)", "a truth value comes back; one of the two words is wanted."),
    ("other words", SAYS, '"vanish" if gamma * sigma < 1 else "unknown"', "the two words are “vanishes” and “undecided”."),
    ("always undecided", SAYS, '"undecided"', "this says “undecided” always; where gamma sigma is below 1 the gradient must vanish."),
)  # fmt: skip

MISTAKES = (
    *VANILLA, *FLOW, *WEIGHTS, *BOUND, *CONCLUDED, *CLIP, *TRUNCATED, *ECHO, *HIGHWAY,
)  # fmt: skip
