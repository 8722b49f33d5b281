"""The bank of known mistakes: one small textual patch of a solution each, and what a student who makes it is told.

The rows are of a `rnnkit.checks.generate.Mistake`.
"""

from __future__ import annotations


def _gate(question: str, g: str, other: str, what: str) -> list[tuple[str, str, str, str, str]]:
    """The mistakes that can be made in either gate."""
    line = f"torch.sigmoid(x_t @ self.W_x{g} + h_prev @ self.W_h{g} + self.b_{g})"
    inner = line.removeprefix("torch.sigmoid(").removesuffix(")")
    rows = {
        "tanh": (line, line.replace("sigmoid", "tanh"), "you use tanh; a gate goes through the sigmoid, so that it lies between 0 and 1."),
        "no sigmoid": (line, f"({inner})", f"you return the sum before the sigmoid; the {what} gate is {g}_t = sigmoid(...)."),
        "complement": (line, f"1 - {line}", f"you return 1 - {g}_t; the equation's gate is sigmoid(...) itself."),
        "no bias": (f" + self.b_{g})", ")", f"the bias b_{g} is missing."),
        "doubled bias": (f" + self.b_{g})", f" + 2 * self.b_{g})", f"the bias b_{g} is added twice; our equations have one bias each (torch's have two)."),
        "bias outside": (f" + self.b_{g})", f") + self.b_{g}", f"the bias b_{g} is added outside the sigmoid; it belongs inside."),
        "transposed": (f"self.W_h{g}", f"self.W_h{g}.T", f"you multiply by the transpose of W_h{g}; with states as rows it is h_prev @ W_h{g}."),
        "other gate": (line, line.replace(f"W_x{g}", f"W_x{other}").replace(f"W_h{g}", f"W_h{other}").replace(f"b_{g}", f"b_{other}"), f"these are the weights of the other gate; the {what} gate has W_x{g}, W_h{g}, b_{g}."),
        "candidate's weights": (line, line.replace(f"W_x{g}", "W_xh").replace(f"W_h{g}", "W_hh").replace(f"b_{g}", "b_h"), f"these are the candidate's weights; the {what} gate has W_x{g}, W_h{g}, b_{g}."),
        "no recurrence": (f" + h_prev @ self.W_h{g}", "", f"the term h_prev @ W_h{g} is missing: the gate must see the old state."),
        "no input": (f"x_t @ self.W_x{g} + ", "", f"the term x_t @ W_x{g} is missing: the gate must see the input."),
        "detached": (f"h_prev @ self.W_h{g}", f"h_prev.detach() @ self.W_h{g}", "the old state is detached: the values are right, but no gradient flows back through the gate."),
    }  # fmt: skip
    return [(question, name, *row) for name, row in rows.items()]


STEP = "phi(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)"
_RNN_STEP = [
    ("rnn_step", "no bias", " + self.b_h)", ")", "the bias b_h is missing."),
    ("rnn_step", "doubled bias", " + self.b_h)", " + 2 * self.b_h)", "the bias b_h is added twice; our equation has one (torch.nn.RNN has two)."),
    ("rnn_step", "bias outside", " + self.b_h)", ") + self.b_h", "the bias b_h is added outside phi; it belongs inside the brackets."),
    ("rnn_step", "sigmoid for tanh", STEP, STEP.replace("phi", "torch.sigmoid"), "you always use the sigmoid; phi is the cell's own: PHI[self.phi]."),
    ("rnn_step", "tanh always", STEP, STEP.replace("phi", "torch.tanh"), "you always use tanh; phi is the cell's own: PHI[self.phi] (tanh, sigmoid or identity)."),
    ("rnn_step", "no phi", STEP, STEP.replace("phi", ""), "the nonlinearity is missing: you return the sum before phi."),
    ("rnn_step", "phi twice", STEP, f"phi({STEP})", "phi is applied twice."),
    ("rnn_step", "W_hh transposed", "self.W_hh", "self.W_hh.T", "you multiply by the transpose of W_hh; with states as rows it is h_prev @ W_hh (the handout's column form is the transpose of ours)."),
    ("rnn_step", "W_xh transposed", "self.W_xh", "self.W_xh.T", "you multiply by the transpose of W_xh; with inputs as rows it is x_t @ W_xh, (B, I) @ (I, H)."),
    ("rnn_step", "column form", "x_t @ self.W_xh + h_prev @ self.W_hh", "self.W_xh @ x_t + self.W_hh @ h_prev", "this is the handout's column form; here states are rows: x_t @ W_xh + h_prev @ W_hh."),
    ("rnn_step", "no recurrence", " + h_prev @ self.W_hh", "", "the term h_prev @ W_hh is missing: the state never sees the one before."),
    ("rnn_step", "no input", "x_t @ self.W_xh + ", "", "the term x_t @ W_xh is missing: the input is never used."),
    ("rnn_step", "detached", "h_prev @", "h_prev.detach() @", "h_prev is detached: the values are right, but no gradient flows back through time."),
    ("rnn_step", "detached result", "return h_t", "return h_t.detach()", "the new state is detached: the values are right, but there is no gradient at all."),
    ("rnn_step", "elementwise", "h_prev @ self.W_hh", "h_prev * self.W_hh.diagonal()", "the old state is multiplied elementwise; it is a matrix product, h_prev @ W_hh."),
    ("rnn_step", "residual", STEP, f"h_prev + {STEP}", "the old state is added once more outside phi; h_t = phi(...) alone."),
    ("rnn_step", "phi of each term", STEP, "phi(x_t @ self.W_xh) + phi(h_prev @ self.W_hh) + self.b_h", "phi is applied to each term; it is applied once, to their sum."),
    ("rnn_step", "phi of input and state", STEP, "phi(x_t @ self.W_xh) + phi(h_prev @ self.W_hh + self.b_h)", "phi is applied to input and state apart; it is applied once, to their sum."),
    ("rnn_step", "minus", "+ h_prev @", "- h_prev @", "the recurrent term is subtracted; it is added."),
    ("rnn_step", "bias subtracted", "+ self.b_h", "- self.b_h", "the bias is subtracted; it is added."),
    ("rnn_step", "mean over the batch", "return h_t", "return h_t.mean(0)", "you average over the batch; every sequence keeps its own state, (B, H)."),
]  # fmt: skip

_RNN_FORWARD = [
    ("rnn_forward", "h_0 reused", "h_t = self.step(x_t, h_t)", "h_t = self.step(x_t, x.new_zeros(x.shape[1], self.W_hh.shape[0]))", "h_0 is used at every step: hand the state from the step before to the next one."),
    ("rnn_forward", "off by one", "        h_t = self.step(x_t, h_t)  # (B, H)\n        hs.append(h_t)", "        hs.append(h_t)\n        h_t = self.step(x_t, h_t)  # (B, H)", "the states are one step late: you collect h_{t-1} before the step; hidden is h_1 .. h_T."),
    ("rnn_forward", "only the last state", "return output, hidden, None", "return output, hidden[-1], None", "hidden holds only the last state; all of h_1 .. h_T is wanted, (T, B, H)."),
    ("rnn_forward", "h_0 included", "hs = []", "hs = [h_t]", "hidden includes h_0: it has T + 1 entries; h_1 .. h_T are wanted."),
    ("rnn_forward", "batch and time swapped", "return output, hidden, None", "return output.transpose(0, 1), hidden.transpose(0, 1), None", "batch and time are swapped: time comes first, (T, B, H)."),
    ("rnn_forward", "hidden swapped", "torch.stack(hs)", "torch.stack(hs, dim=1)", "you stack along the wrong axis: time comes first, torch.stack(hs) is (T, B, H)."),
    ("rnn_forward", "walks over the batch", "for x_t in x:", "for x_t in x.transpose(0, 1):", "you walk over the batch instead of over time: x is (T, B, I), so `for x_t in x` gives the steps."),
    ("rnn_forward", "backwards in time", "for x_t in x:", "for x_t in x.flip(0):", "you read the sequence from its end."),
    ("rnn_forward", "detached", "self.step(x_t, h_t)", "self.step(x_t, h_t.detach())", "the state is detached between steps: the values are right, but the gradient reaches one step back only (truncated backpropagation)."),
    ("rnn_forward", "in place", "    hs = []\n    for x_t in x:\n        h_t = self.step(x_t, h_t)  # (B, H)\n        hs.append(h_t)\n    hidden = torch.stack(hs)", "    hidden = x.new_zeros(len(x) + 1, *h_t.shape)\n    for t, x_t in enumerate(x):\n        hidden[t + 1] = self.step(x_t, hidden[t])\n    hidden = hidden[1:]", "you write into a preallocated tensor and read the old state from it: the values are right, but autograd can no longer go back. Keep the states in a list and torch.stack them."),
    ("rnn_forward", "log-softmax", "return output", "return torch.log_softmax(output, -1)", "the output is already a log-softmax; the loss takes the log of the softmax itself, so it would be taken twice. Return the scores."),
    ("rnn_forward", "softmax", "return output", "return torch.softmax(output, -1)", "the output is already a softmax; return the scores, the loss takes the softmax."),
    ("rnn_forward", "no readout bias", " + self.b_o", "", "the readout's bias b_o is missing."),
    ("rnn_forward", "phi on the output", "h @ self.W_ho + self.b_o", "torch.tanh(h @ self.W_ho + self.b_o)", "the output goes through a nonlinearity; the readout is linear, o_t = h_t W_ho + b_o."),
    ("rnn_forward", "last output always", "hidden if self.head == \"softmax\" else hidden[-1]", "hidden[-1]", "there is only the last output; with the head softmax there is one at every step, (T, B, O)."),
    ("rnn_forward", "all outputs always", "hidden if self.head == \"softmax\" else hidden[-1]", "hidden", "there is an output at every step whatever the head; lastSoftmax and lastLinear read the last state only, (B, O)."),
    ("rnn_forward", "first state", "else hidden[-1]", "else hidden[0]", "the output is read from the first state; the last one is hidden[-1]."),
    ("rnn_forward", "mean state", "else hidden[-1]", "else hidden.mean(0)", "the output is read from the mean of all states; it is read from the last one, hidden[-1]."),
    ("rnn_forward", "hidden detached", "torch.stack(hs)", "torch.stack(hs).detach()", "the hidden sequence is detached before the readout: the recurrent weights get no gradient."),
    ("rnn_forward", "list of states", "return output, hidden, None", "return output, hs, None", "hidden is a list; torch.stack makes one tensor (T, B, H) of it."),
    ("rnn_forward", "no state kept", "return output, hidden, None", "return output", "only the output comes back; output, hidden and None are wanted."),
]  # fmt: skip

_RHO = [
    ("rnn_rho", "W_xh", "self.W_hh", "self.W_xh", "this is W_xh, from the input; the recurrent matrix is the one that multiplies h_{t-1}."),
    ("rnn_rho", "transposed", "self.W_hh", "self.W_hh.T", "this is the transpose; hand out the matrix as it is."),
    ("rnn_rho", "readout", "self.W_hh", "self.W_ho", "this is the readout W_ho; the recurrent matrix is the one that multiplies h_{t-1}."),
    ("rnn_rho", "the radius", "self.W_hh", "torch.linalg.eigvals(self.W_hh).abs().max()", "this is the spectral radius; the method hands out the matrix, (H, H), and the caller takes the radius."),
    ("gru_rho", "W_hz", "self.W_hh", "self.W_hz", "this is the update gate's matrix; rho is logged for the candidate's."),
    ("gru_rho", "W_hr", "self.W_hh", "self.W_hr", "this is the reset gate's matrix; rho is logged for the candidate's."),
    ("gru_rho", "mean of three", "self.W_hh", "(self.W_hz + self.W_hr + self.W_hh) / 3", "this is the mean of all three recurrent matrices; rho is logged for the candidate's alone."),
    ("gru_rho", "all three", "self.W_hh", "torch.cat([self.W_hz, self.W_hr, self.W_hh], dim=1)", "these are all three recurrent matrices side by side; rho is logged for the candidate's alone."),
    ("gru_rho", "the radius", "self.W_hh", "torch.linalg.eigvals(self.W_hh).abs().max()", "this is the spectral radius; the method hands out the matrix, (H, H), and the caller takes the radius."),
]  # fmt: skip

CAND = "torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)"
_CANDIDATE = [
    ("gru_candidate", "r after the product", "(r_t * h_prev) @ self.W_hh", "r_t * (h_prev @ self.W_hh)", "you apply the reset gate after the product with W_hh: that is torch's GRU, not ours. Gate the state first: (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "r after product and bias", "(r_t * h_prev) @ self.W_hh + self.b_h", "r_t * (h_prev @ self.W_hh + self.b_h)", "you apply the reset gate after the product with W_hh, and to the bias too: that is torch's GRU, not ours. Gate the state first: (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "r missing", "(r_t * h_prev)", "h_prev", "the reset gate is missing: the candidate sees the whole old state. It is (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "1 - r", "(r_t * h_prev)", "((1 - r_t) * h_prev)", "you gate with 1 - r_t; it is r_t."),
    ("gru_candidate", "r on everything", CAND, "torch.tanh(r_t * (x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h))", "the reset gate multiplies the whole sum; it gates the old state only: (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "r outside tanh", CAND, "r_t * torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)", "the reset gate multiplies the candidate; it gates the old state inside the tanh: (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "r on the input", "x_t @ self.W_xh + (r_t * h_prev) @", "r_t * (x_t @ self.W_xh) + h_prev @", "the reset gate multiplies the input's term; it gates the old state: (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "r added", "(r_t * h_prev)", "(r_t + h_prev)", "the reset gate is added to the state; it multiplies it elementwise."),
    ("gru_candidate", "r for h", "(r_t * h_prev)", "r_t", "the gate itself is multiplied by W_hh; it is the gated state, r_t * h_prev."),
    ("gru_candidate", "sigmoid for tanh", CAND, CAND.replace("tanh", "sigmoid"), "you use the sigmoid; the candidate is no gate, it goes through tanh."),
    ("gru_candidate", "no tanh", CAND, CAND.removeprefix("torch.tanh"), "the tanh is missing: you return the sum before it."),
    ("gru_candidate", "no bias", " + self.b_h)", ")", "the bias b_h is missing."),
    ("gru_candidate", "doubled bias", " + self.b_h)", " + 2 * self.b_h)", "the bias b_h is added twice; our equation has one (torch's GRU has two)."),
    ("gru_candidate", "W_hh transposed", "self.W_hh", "self.W_hh.T", "you multiply by the transpose of W_hh; with states as rows it is (r_t * h_prev) @ W_hh."),
    ("gru_candidate", "update gate's weights", CAND, CAND.replace("W_xh", "W_xz").replace("W_hh", "W_hz").replace("b_h", "b_z"), "these are the update gate's weights; the candidate has W_xh, W_hh, b_h."),
    ("gru_candidate", "no input", "x_t @ self.W_xh + ", "", "the term x_t @ W_xh is missing: the candidate must see the input."),
    ("gru_candidate", "detached", "r_t * h_prev", "r_t * h_prev.detach()", "h_prev is detached: the values are right, but no gradient flows back through the candidate."),
    ("gru_candidate", "r detached", "r_t * h_prev", "r_t.detach() * h_prev", "r_t is detached: the values are right, but the reset gate would never learn."),
]  # fmt: skip

CAND_TORCH = CAND.replace("(r_t * h_prev) @ self.W_hh", "r_t * (h_prev @ self.W_hh)")
_INLINE = [
    (id, name, CAND, CAND.replace(old, new), message)
    for id, name, old, new, message in _CANDIDATE
    if name
    in (
        "r after the product",
        "r after product and bias",
        "1 - r",
        "r on everything",
        "r outside tanh",
        "sigmoid for tanh",
        "no tanh",
        "no bias",
        "doubled bias",
        "W_hh transposed",
        "no input",
    )
]
_GRU_STEP = [
    ("gru_step", "z and 1 - z swapped", "(1 - z_t) * h_prev + z_t * h_new", "z_t * h_prev + (1 - z_t) * h_new", "z_t and 1 - z_t are swapped: that is the convention of torch.nn.GRU. Ours: z_t is the share of the new state, h_t = (1 - z_t) * h_prev + z_t * candidate."),
    ("gru_step", "r missing", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, h_prev, torch.ones_like(r_t))", "the reset gate is missing: the candidate is made as if r_t were 1."),
    ("gru_step", "r twice", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, r_t * h_prev, r_t)", "the reset gate is applied twice: candidate gates h_prev itself, hand it h_prev as it is."),
    ("gru_step", "z for r", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, h_prev, z_t)", "the candidate gets z_t; its third argument is the reset gate r_t."),
    ("gru_step", "gates swapped", "{\"z\": z_t, \"r\": r_t}", "{\"z\": r_t, \"r\": z_t}", "the traces are swapped: \"z\" is the update gate and \"r\" the reset gate."),
    ("gru_step", "roles swapped", "    z_t = self.update_gate(x_t, h_prev)  # (B, H)\n    r_t = self.reset_gate(x_t, h_prev)", "    r_t = self.update_gate(x_t, h_prev)  # (B, H)\n    z_t = self.reset_gate(x_t, h_prev)", "the two gates have each other's part: update_gate gives z_t and reset_gate gives r_t."),
    ("gru_step", "gates before the sigmoid", "{\"z\": z_t, \"r\": r_t}", "{\"z\": torch.logit(z_t), \"r\": torch.logit(r_t)}", "the gate traces are those before the sigmoid; the gates themselves are wanted, between 0 and 1."),
    ("gru_step", "no old state", "(1 - z_t) * h_prev + z_t * h_new", "z_t * h_new", "the old state is missing: (1 - z_t) * h_prev is what the GRU remembers with."),
    ("gru_step", "candidate alone", "(1 - z_t) * h_prev + z_t * h_new", "h_new", "the new state is the candidate alone; it is the mixture (1 - z_t) * h_prev + z_t * candidate."),
    ("gru_step", "whole old state", "(1 - z_t) * h_prev", "h_prev", "the whole old state is kept and the candidate added; the shares are 1 - z_t and z_t."),
    ("gru_step", "whole candidate", "z_t * h_new", "h_new", "the whole candidate is added; its share is z_t."),
    ("gru_step", "r in the mixture", "(1 - z_t) * h_prev", "(1 - z_t) * r_t * h_prev", "the reset gate is also in the mixture; it acts inside the candidate only."),
    ("gru_step", "detached", "(1 - z_t) * h_prev", "(1 - z_t) * h_prev.detach()", "h_prev is detached in the mixture: the values are right, but this is the path along which the GRU's gradient lives."),
    ("gru_step", "detached result", "return h_t, ", "return h_t.detach(), ", "the new state is detached: the values are right, but there is no gradient at all."),
    ("gru_step", "tanh of the mixture", "(1 - z_t) * h_prev + z_t * h_new", "torch.tanh((1 - z_t) * h_prev + z_t * h_new)", "the mixture goes through tanh once more; only the candidate does."),
    ("gru_step", "gates from the candidate's state", "r_t = self.reset_gate(x_t, h_prev)", "r_t = self.reset_gate(x_t, z_t * h_prev)", "the reset gate sees a gated state; both gates see h_prev as it is."),
    ("gru_step", "torch's GRU", "    h_new = self.candidate(x_t, h_prev, r_t)  # (B, H)\n    h_t = (1 - z_t) * h_prev + z_t * h_new", f"    h_new = {CAND_TORCH}\n    h_t = z_t * h_prev + (1 - z_t) * h_new", "this is torch's GRU in both respects: z_t and 1 - z_t are swapped, and the reset gate is applied after the product with W_hh. Ours: (r_t * h_prev) @ W_hh, and z_t is the share of the new state."),
    *(("gru_step", f"inline: {name}", "self.candidate(x_t, h_prev, r_t)", new, f"in the candidate, {message}") for _, name, _, new, message in _INLINE),
    ("gru_step", "inline: no b_z", "self.update_gate(x_t, h_prev)", "torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz)", "in the update gate, the bias b_z is missing."),
    ("gru_step", "inline: no b_r", "self.reset_gate(x_t, h_prev)", "torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr)", "in the reset gate, the bias b_r is missing."),
    ("gru_step", "inline: tanh for z", "self.update_gate(x_t, h_prev)", "torch.tanh(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)", "the update gate goes through tanh; a gate goes through the sigmoid."),
    ("gru_step", "inline: tanh for r", "self.reset_gate(x_t, h_prev)", "torch.tanh(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)", "the reset gate goes through tanh; a gate goes through the sigmoid."),
    ("gru_step", "inline: W_hz transposed", "self.update_gate(x_t, h_prev)", "torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz.T + self.b_z)", "in the update gate, you multiply by the transpose of W_hz; with states as rows it is h_prev @ W_hz."),
    ("gru_step", "inline: W_hr transposed", "self.reset_gate(x_t, h_prev)", "torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr.T + self.b_r)", "in the reset gate, you multiply by the transpose of W_hr; with states as rows it is h_prev @ W_hr."),
    ("gru_step", "state alone", "return h_t, {\"z\": z_t, \"r\": r_t}", "return h_t", "the gates are missing: return h_t, {\"z\": z_t, \"r\": r_t}."),
    ("gru_step", "tuple of three", "return h_t, {\"z\": z_t, \"r\": r_t}", "return h_t, z_t, r_t", "the gates come in a dict: return h_t, {\"z\": z_t, \"r\": r_t}."),
]  # fmt: skip

TRACES = '{"z": torch.stack(zs), "r": torch.stack(rs)}'
_GRU_FORWARD = [
    ("gru_forward", "h_0 reused", "self.step(x_t, h_t)", "self.step(x_t, torch.zeros_like(h_t))", "h_0 is used at every step: hand the state from the step before to the next one."),
    ("gru_forward", "h_0 included", "hs, zs, rs = [], [], []", "hs, zs, rs = [h_t], [], []", "hidden includes h_0: it has T + 1 entries; h_1 .. h_T are wanted."),
    ("gru_forward", "states late", "        h_t, gates = self.step(x_t, h_t)  # (B, H)\n        hs.append(h_t)", "        hs.append(h_t)\n        h_t, gates = self.step(x_t, h_t)  # (B, H)", "the states are one step late: you collect h_{t-1} before the step; hidden is h_1 .. h_T."),
    ("gru_forward", "only the last state", "return output, hidden, ", "return output, hidden[-1], ", "hidden holds only the last state; all of h_1 .. h_T is wanted, (T, B, H)."),
    ("gru_forward", "hidden swapped", "torch.stack(hs)", "torch.stack(hs, dim=1)", "you stack along the wrong axis: time comes first, torch.stack(hs) is (T, B, H)."),
    ("gru_forward", "detached", "self.step(x_t, h_t)", "self.step(x_t, h_t.detach())", "the state is detached between steps: the values are right, but the gradient reaches one step back only (truncated backpropagation)."),
    ("gru_forward", "in place", "    hs, zs, rs = [], [], []\n    for x_t in x:\n        h_t, gates = self.step(x_t, h_t)  # (B, H)\n        hs.append(h_t)\n", "    hidden, zs, rs = x.new_zeros(len(x) + 1, *h_t.shape), [], []\n    for t, x_t in enumerate(x):\n        hidden[t + 1], gates = self.step(x_t, hidden[t])\n        hs = list(hidden[1:])\n", "you write into a preallocated tensor and read the old state from it: the values are right, but autograd can no longer go back. Keep the states in a list and torch.stack them."),
    ("gru_forward", "log-softmax", "return output, ", "return torch.log_softmax(output, -1), ", "the output is already a log-softmax; the loss takes the log of the softmax itself, so it would be taken twice. Return the scores."),
    ("gru_forward", "no readout bias", " + self.b_o", "", "the readout's bias b_o is missing."),
    ("gru_forward", "last output always", "hidden if self.head == \"softmax\" else hidden[-1]", "hidden[-1]", "there is only the last output; with the head softmax there is one at every step, (T, B, O)."),
    ("gru_forward", "all outputs always", "hidden if self.head == \"softmax\" else hidden[-1]", "hidden", "there is an output at every step whatever the head; lastSoftmax and lastLinear read the last state only, (B, O)."),
    ("gru_forward", "traces before the sigmoid", TRACES, '{"z": torch.logit(torch.stack(zs)), "r": torch.logit(torch.stack(rs))}', "the gate traces are those before the sigmoid; the gates themselves are wanted, between 0 and 1."),
    ("gru_forward", "traces swapped", TRACES, '{"z": torch.stack(rs), "r": torch.stack(zs)}', "the traces are swapped: \"z\" is the update gate and \"r\" the reset gate."),
    ("gru_forward", "last gates only", TRACES, "gates", "there are only the last step's gates; collect those of every step, (T, B, H)."),
    ("gru_forward", "traces with time second", TRACES, '{"z": torch.stack(zs, 1), "r": torch.stack(rs, 1)}', "the traces are stacked along the wrong axis: time comes first, (T, B, H)."),
    ("gru_forward", "no traces", TRACES, "None", "the gate traces are missing: return {\"z\": (T, B, H), \"r\": (T, B, H)} in third place."),
    ("gru_forward", "one trace for both", TRACES, '{"z": torch.stack(zs), "r": torch.stack(zs)}', "both traces are the update gate's; \"r\" holds the reset gate."),
    ("gru_forward", "backwards in time", "for x_t in x:", "for x_t in x.flip(0):", "you read the sequence from its end."),
]  # fmt: skip

FLOW = "    flow = torch.autograd.grad(loss, hs, retain_graph=True)  # T tensors (B, H)\n    flow = torch.stack(flow).double()"
DIRECT = """\
    flow = torch.autograd.grad(loss, hs, retain_graph=True)
    later = [torch.autograd.grad(b, a, g, retain_graph=True)[0] for a, b, g in zip(hs, hs[1:], flow[1:])]
    flow = torch.stack([*(total - part for total, part in zip(flow, later)), flow[-1]]).double()"""
_STACKED = "this is the trap of the stacked tensor: "
_GRAD_TIME = [
    ("grad_time", "direct term only", FLOW, DIRECT, _STACKED + "you have the direct term alone, without what flows back through later steps. Differentiate with respect to the list hs."),
    ("grad_time", "zeros of the stack", FLOW, "    hidden = torch.stack(hs)\n    flow = torch.autograd.grad(loss, hidden, retain_graph=True, allow_unused=True)[0]\n    flow = torch.zeros_like(hidden).double() if flow is None else flow.double()", _STACKED + "it was made after the loop and the loss does not come from it, so its gradient is None, and you report zeros. Differentiate with respect to the list hs."),
    ("grad_time", "stack not in the graph", FLOW, "    flow = torch.autograd.grad(loss, torch.stack(hs), retain_graph=True)[0].double()", "what you differentiate with respect to is not what the loss was computed from: the trap of the stacked tensor, or of any other made after the loop. Differentiate with respect to the list hs (and not with allow_unused=True, which gives zeros)."),
    ("grad_time", "stack with retain_grad", FLOW, "    hidden = torch.stack(hs)\n    hidden.retain_grad()\n    loss.backward(retain_graph=True)\n    flow = hidden.grad.double()", "the .grad is None: a state keeps its own only after h.retain_grad(), and a stack made after the loop never gets one, because the loss does not come from it. torch.autograd.grad(loss, hs) returns what you want."),
    ("grad_time", "norm over the batch", "flow.norm(dim=-1).mean(-1)", "flow.norm(dim=1).mean(-1)", "the norm is taken over the batch and the mean over units; it is the other way round: norm over units (dim=-1), then mean over the batch."),
    ("grad_time", "norm of the whole matrix", "flow.norm(dim=-1).mean(-1)", "flow.norm(dim=(1, 2))", "the norm is taken over batch and units together; it is taken for every sequence, and the batch is averaged."),
    ("grad_time", "mean before norm", "flow.norm(dim=-1).mean(-1)", "flow.mean(1).norm(dim=-1)", "you average over the batch before the norm, so that opposite gradients cancel; take the norm of every sequence first."),
    ("grad_time", "sum over the batch", ".mean(-1)", ".sum(-1)", "you sum over the batch; g_t is its mean."),
    ("grad_time", "largest of the batch", ".mean(-1)", ".amax(-1)", "this is the largest norm in the batch; g_t is the mean."),
    ("grad_time", "largest entry", "flow.norm(dim=-1)", "flow.abs().amax(dim=-1)", "this is the largest entry of each gradient; g_t takes the 2-norm."),
    ("grad_time", "divided by units", "flow.norm(dim=-1)", "flow.square().mean(dim=-1).sqrt()", "you average over the units under the root; the norm sums over them."),
    ("grad_time", "not averaged", ".mean(-1)", "", "the mean over the batch is missing: you return (T, B)."),
    ("grad_time", "norm over time", "flow.norm(dim=-1).mean(-1)", "flow.norm(dim=0).mean(-1)", "the norm is taken over time; one number per time step is wanted, (T,)."),
    ("grad_time", "squared norm", "flow.norm(dim=-1)", "flow.square().sum(dim=-1)", "the root is missing: this is the mean of the squared norms."),
    ("grad_time", "mean of absolute values", "flow.norm(dim=-1).mean(-1)", "flow.abs().mean(dim=(1, 2))", "this is the mean of the absolute values; g_t is the mean of the 2-norms."),
    ("grad_time", "1-norm", "flow.norm(dim=-1)", "flow.abs().sum(dim=-1)", "this is the 1-norm; g_t takes the 2-norm."),
    ("grad_time", "root mean square", "flow.norm(dim=-1).mean(-1)", "flow.norm(dim=-1).square().mean(-1).sqrt()", "this is the root of the mean of squares; g_t is the plain mean of the norms."),
    ("grad_time", "log10", "return g", "return torch.log10(g + 1e-12)", "this is log10 of g_t; return g_t itself, the logarithm is taken when it is plotted."),
    ("grad_time", "float32", ".double()", "", "right, but the norms are taken in the states' float32: where gradients are below 1e-23 the squares become 0. Cast with .double() before the norm."),
    ("grad_time", "backwards in time", "return g", "return g.flip(0)", "time runs backwards: entry 0 belongs to t = 1."),
    ("grad_time", "norm of the states", FLOW, "    flow = torch.stack(hs).double()", "these are the norms of the states h_t; the norms of the derivatives dL/dh_t are wanted."),
    ("grad_time", "last state only", "autograd.grad(loss, hs,", "autograd.grad(loss, hs[-1],", "you differentiate with respect to the last state only; hand torch.autograd.grad the whole list hs."),
]  # fmt: skip

MEAN = "distance.mean(dim=(1, 2))"


def _mean(question: str) -> list[tuple[str, str, str, str, str]]:
    """Wrong averages."""
    rows = {
        "mean over time": (MEAN, "distance.mean(dim=(0, 1))", "you average over time and batch, and keep the units; average over batch and units, dim=(1, 2), and keep time."),
        "mean of everything": (MEAN, "distance.mean()", "you average over everything; one number per time step is wanted, (T,)."),
        "mean over units only": (MEAN, "distance.mean(dim=-1)", "the mean over the batch is missing: you return (T, B)."),
        "sum": (MEAN, "distance.sum(dim=(1, 2))", "you sum over batch and units; the mean is wanted."),
        "smallest": (MEAN, "distance.amin(dim=(1, 2))", "this is the smallest distance; the mean is wanted."),
        "median": (MEAN, "distance.flatten(1).median(dim=1).values", "this is the median; the mean is wanted."),
        "share below 0.05": (MEAN, "(distance < 0.05).double().mean(dim=(1, 2))", "this is the share of saturated units; the mean distance is wanted."),
    }  # fmt: skip
    return [(question, name, *row) for name, row in rows.items()]


def _sigmoid(question: str, v: str) -> list[tuple[str, str, str, str, str]]:
    """Wrong distances of a sigmoid quantity."""
    right = f"torch.minimum({v}, 1 - {v})"
    rows = {
        "tanh's distance": (right, f"1 - {v}.abs()", "1 - |v| is the distance of tanh units; a sigmoid is flat at 0 and at 1: min(v, 1 - v)."),
        "slope": (right, f"{v} * (1 - {v})", "v (1 - v) is the sigmoid's slope; the distance is min(v, 1 - v)."),
        "maximum": (right, f"torch.maximum({v}, 1 - {v})", "you take the larger one; the distance is to the nearer end: min(v, 1 - v)."),
        "distance from 0.5": (right, f"({v} - 0.5).abs()", "this is the distance from 0.5; the distance from saturation is min(v, 1 - v)."),
        "the value": (right, v, "this is the mean of the values themselves; the distance is min(v, 1 - v)."),
        "sigmoid twice": (right, f"torch.minimum(torch.sigmoid({v}), 1 - torch.sigmoid({v}))", "the sigmoid is applied once more; the values come after the sigmoid already."),
        "scaled to 1": (right, f"2 * {right}", "this is twice the distance; min(v, 1 - v) reaches 0.5, not 1."),
        "mean before min": (f"    distance = {right}  # (T, B, H)\n    return {MEAN}  # (T,)", f"    mean = {v}.mean(dim=(1, 2))\n    return torch.minimum(mean, 1 - mean)", "you average before the minimum, so that open and shut ones cancel; take every value's distance first."),
    }  # fmt: skip
    return [(question, name, *row) for name, row in rows.items()]


_SAT_TIME = [
    ("sat_time", "1 - h^2", "1 - hidden.abs()", "1 - hidden**2", "1 - h^2 is the slope of tanh; the distance is 1 - |h|."),
    ("sat_time", "sigmoid's distance", "1 - hidden.abs()", "torch.minimum(hidden, 1 - hidden)", "min(h, 1 - h) is the distance of sigmoid units; tanh is flat at -1 and 1: 1 - |h|."),
    ("sat_time", "no absolute value", "1 - hidden.abs()", "1 - hidden", "the absolute value is missing: a unit at -1 is saturated too. It is 1 - |h|."),
    ("sat_time", "absolute value alone", "1 - hidden.abs()", "hidden.abs()", "this is |h|, large where units are saturated; the distance is 1 - |h|."),
    ("sat_time", "mean before abs", "    distance = 1 - hidden.abs()  # (T, B, H)\n    return distance.mean(dim=(1, 2))  # (T,)", "    return 1 - hidden.mean(dim=(1, 2)).abs()", "you average before the absolute value, so that -1 and 1 cancel; take every unit's distance first."),
    ("sat_time", "norm", "hidden.abs()", "hidden.norm(dim=-1, keepdim=True)", "you take the norm of a state; the distance is taken unit by unit, 1 - |h|."),
]  # fmt: skip

EIG = "float(np.abs(eigenvalues).max())"
_RHO_VALUE = [
    ("rho", "singular value", EIG, "float(torch.linalg.matrix_norm(W.double(), 2))", "this is the largest singular value; the spectral radius is the largest modulus of an eigenvalue."),
    ("rho", "largest real part", EIG, "float(eigenvalues.real.max())", "this is the largest real part; take the modulus of every eigenvalue, abs, and the largest of them."),
    ("rho", "real parts' modulus", EIG, "float(np.abs(eigenvalues.real).max())", "you drop the imaginary parts before the modulus; |a + bi| is the root of a^2 + b^2."),
    ("rho", "Frobenius norm", EIG, "float(torch.linalg.norm(W.double()))", "this is the Frobenius norm; the spectral radius is the largest modulus of an eigenvalue."),
    ("rho", "smallest modulus", EIG, "float(np.abs(eigenvalues).min())", "this is the smallest modulus; take the largest."),
    ("rho", "mean modulus", EIG, "float(np.abs(eigenvalues).mean())", "this is the mean modulus; take the largest."),
    ("rho", "symmetric solver", "np.linalg.eigvals(W.detach().double().numpy())", "np.linalg.eigvalsh(W.detach().double().numpy())", "eigvalsh is for symmetric matrices and reads one triangle only; W is not symmetric: eigvals."),
    ("rho", "largest entry", EIG, "float(W.abs().max())", "this is W's largest entry; the spectral radius is made from its eigenvalues."),
    ("rho", "row sum norm", EIG, "float(W.abs().sum(1).max())", "this is the largest row sum; the spectral radius is the largest modulus of an eigenvalue."),
    ("rho", "squared", EIG, f"{EIG} ** 2", "this is the square of the spectral radius."),
    ("rho", "all moduli", EIG, "np.abs(eigenvalues)", "these are the moduli of all eigenvalues; the largest of them is wanted, one number."),
    ("rho", "of W'W", "np.linalg.eigvals(W.detach().double().numpy())", "np.linalg.eigvals((W.T @ W).detach().double().numpy())", "these are the eigenvalues of W^T W, whose largest is the squared singular value; take those of W."),
]  # fmt: skip

NORM = "    squares = sum((g.double() ** 2).sum() for g in grads)\n    return float(squares.sqrt())"
_GRAD_NORM = [
    ("grad_norm", "sum of norms", NORM, "    return float(sum(g.double().norm() for g in grads))", "this is the sum of the norms; sum the squares and take one root at the end."),
    ("grad_norm", "largest norm", NORM, "    return float(max(g.double().norm() for g in grads))", "this is the largest of the norms; the global norm takes all parameters together."),
    ("grad_norm", "mean of norms", NORM, "    return float(sum(g.double().norm() for g in grads)) / len(grads)", "this is the mean of the norms; sum the squares and take one root at the end."),
    ("grad_norm", "no root", "squares.sqrt()", "squares", "the root is missing: this is the squared norm."),
    ("grad_norm", "root mean square", NORM, "    return float(torch.cat([g.double().flatten() for g in grads]).square().mean().sqrt())", "this is the root of the mean square; the norm sums and does not divide."),
    ("grad_norm", "1-norm", NORM, "    return float(sum(g.double().abs().sum() for g in grads))", "this is the 1-norm; the squares are summed."),
    ("grad_norm", "largest entry", NORM, "    return float(max(g.abs().max() for g in grads))", "this is the largest entry; the squares of all entries are summed."),
    ("grad_norm", "last only", "for g in grads)", "for g in grads[-1:])", "only the last gradient is counted; sum over all of the list."),
    ("grad_norm", "norm of sums", NORM, "    return float(torch.stack([g.double().sum() for g in grads]).norm())", "you sum the entries of each gradient before squaring; square every entry first."),
    ("grad_norm", "list of norms", NORM, "    return [float(g.double().norm()) for g in grads]", "this is one norm per parameter; the global norm is one number."),
]  # fmt: skip

NEW = "[g * factor for g in grads]"
_CLIP = [
    ("clip", "per parameter", NEW, "[g * min(1.0, cutoff / float(g.norm())) for g in grads]", "you clip every parameter by its own norm, which turns the gradient; one common factor, from the global norm."),
    ("clip", "by value", NEW, "[g.clamp(-cutoff, cutoff) for g in grads]", "you clip every entry by value, which turns the gradient; multiply all by cutoff / norm."),
    ("clip", "always", "cutoff / norm if norm > cutoff else 1.0", "cutoff / norm", "you rescale always; below the cutoff the gradients stay as they are."),
    ("clip", "never", "cutoff / norm if norm > cutoff else 1.0", "1.0", "the gradients come back unclipped; above the cutoff they are multiplied by cutoff / norm."),
    ("clip", "condition turned round", "norm > cutoff", "norm < cutoff", "the condition is turned round: rescale where the norm is *larger* than the cutoff."),
    ("clip", "to length 1", "cutoff / norm if", "1 / norm if", "you rescale to length 1; the factor is cutoff / norm."),
    ("clip", "times cutoff", "cutoff / norm if", "cutoff if", "you multiply by the cutoff; the factor is cutoff / norm."),
    ("clip", "upside down", "cutoff / norm if", "norm / cutoff if", "the factor is upside down: it is cutoff / norm."),
    ("clip", "squared norm", "norm = global_norm(grads)", "norm = global_norm(grads) ** 2", "you use the squared norm; the norm itself is compared with the cutoff."),
    ("clip", "sum of norms", "norm = global_norm(grads)", "norm = float(sum(g.norm() for g in grads))", "you use the sum of the norms; the global norm is the root of the summed squares."),
    ("clip", "norm after", "return new, norm", "return new, global_norm(new)", "you return the norm after clipping; the norm before it is wanted."),
    ("clip", "cutoff for the norm", "return new, norm", "return new, cutoff", "you return the cutoff; the norm before clipping is wanted."),
    ("clip", "in place", NEW, "[g.mul_(factor) for g in grads]", "the gradients that came in are changed in place; make new tensors (g * factor)."),
    ("clip", "to zero", "    new = [g * factor for g in grads]", "    new = [g * float(factor == 1.0) for g in grads]", "the gradients are dropped above the cutoff; they are rescaled."),
    ("clip", "order swapped", "return new, norm", "return norm, new", "the order is swapped: first the new gradients, then the norm."),
    ("clip", "no norm", "return new, norm", "return new", "the norm is missing: return new, norm."),
]  # fmt: skip

_KEYS = [
    ("diagnostic_keys", "gates swapped", "gate_distance(gates[\"z\"]),\n        \"gate_r_sat_time\": gate_distance(gates[\"r\"])", "gate_distance(gates[\"r\"]),\n        \"gate_r_sat_time\": gate_distance(gates[\"z\"])", "the gates are swapped: gate_z_sat_time is the update gate's."),
    ("diagnostic_keys", "handout's key names", "\"gate_z_sat_time\": gate_distance(gates[\"z\"]),\n        \"gate_r_sat_time\":", "\"gate_z.sat_time\": gate_distance(gates[\"z\"]),\n        \"gate_r.sat_time\":", "the record's keys are written with underscores: gate_z_sat_time and gate_r_sat_time."),
    ("diagnostic_keys", "sigmoid for the states", "saturation_tanh(hidden)", "gate_distance(hidden)", "sat_time is that of tanh units: 1 - |h|."),
    ("diagnostic_keys", "tanh for the gates", "gate_distance(gates[\"z\"]),\n        \"gate_r_sat_time\": gate_distance(", "saturation_tanh(gates[\"z\"]),\n        \"gate_r_sat_time\": saturation_tanh(", "gates are sigmoid quantities: their distance is min(v, 1 - v)."),
    ("diagnostic_keys", "log10", "gradient_through_time(loss, hs)", "torch.log10(torch.as_tensor(gradient_through_time(loss, hs)) + 1e-12)", "grad_time is g_t itself; the logarithm is taken when it is plotted."),
    ("diagnostic_keys", "gradient of the stack", "gradient_through_time(loss, hs)", "gradient_through_time(loss, [hidden])", _STACKED + "the loss does not come from it. Give gradient_through_time the list hs."),
    ("diagnostic_keys", "means over time", "    return {", "    mean = lambda v: torch.as_tensor(v).mean()\n    gradient_through_time = lambda loss, hs, f=globals()[\"gradient_through_time\"]: mean(f(loss, hs))\n    saturation_tanh = lambda v, f=globals()[\"saturation_tanh\"]: mean(f(v))\n    gate_distance = lambda v, f=globals()[\"gate_distance\"]: mean(f(v))\n    return {", "every entry is averaged over time as well; one number per time step is wanted, (T,)."),
    ("diagnostic_keys", "raw gates", "gate_distance(gates[\"z\"]),\n        \"gate_r_sat_time\": gate_distance(gates[\"r\"])", "gates[\"z\"],\n        \"gate_r_sat_time\": gates[\"r\"]", "these are the gates themselves, (T, B, H); their mean distance is wanted, (T,)."),
    ("diagnostic_keys", "saturation of the last state", "saturation_tanh(hidden)", "saturation_tanh(hidden[-1:])", "sat_time has one entry; stack all of hs."),
    ("diagnostic_keys", "one gate for both", "gate_distance(gates[\"r\"])", "gate_distance(gates[\"z\"])", "both gate entries are the update gate's."),
    ("diagnostic_keys", "no gates", "        \"gate_z_sat_time\": gate_distance(gates[\"z\"]),\n        \"gate_r_sat_time\": gate_distance(gates[\"r\"]),\n", "", "the gates' entries are missing: gate_z_sat_time and gate_r_sat_time."),
]  # fmt: skip

BACK, OFF, VALUE, SHARE = (
    "delta @ W_hh.T",
    "back.square().sum(-1) / length - 1",
    "off.square().sum() / M",
    "counts.to(flow.dtype).mean()",
)
GRAD = "4 / M * (weight * back).flatten(0, 1).T @ delta.flatten(0, 1)"
_OMEGA = [
    ("omega", "W_hh the other way round", BACK, "delta @ W_hh", "W_hh is the other way round: v is (d * slope) W_hh^T, from h_t back to h_{t-1}."),
    ("omega", "no slopes", "delta = flow * slope", "delta = flow", "the slopes are missing: v is (d * slope) W_hh^T."),
    ("omega", "slopes after W_hh", BACK, "(flow @ W_hh.T) * slope", "the slopes come before W_hh: v is (d * slope) W_hh^T."),
    ("omega", "norms not squared", OFF, "back.norm(dim=-1) / length.sqrt() - 1", "you take the ratio of the norms; R is that of the squared norms."),
    ("omega", "R for R - 1", OFF, "back.square().sum(-1) / length", "the 1 is missing: (R - 1) is squared."),
    ("omega", "upside down", OFF, "length / back.square().sum(-1) - 1", "R is upside down: ||v||^2 over ||d||^2."),
    ("omega", "not squared", VALUE, "off.abs().sum() / M", "(R - 1) is squared, so that too short and too long count alike and do not cancel."),
    ("omega", "divided by all", VALUE, "off.square().mean()", "you divide by all steps and sequences; divide by those that count, M."),
    ("omega", "a sum", VALUE, "off.square().sum()", "this is the sum; divide by M, the number of steps and sequences that count."),
    ("omega", "divided by T", VALUE, "off.square().sum() / len(flow)", "you divide by T alone; divide by M, the number of steps and sequences that count."),
    ("omega", "mean of means", VALUE, "torch.nan_to_num(off.square().sum(1) / counts.sum(1)).mean()", "you average over sequences, then over steps; sum over both and divide once, by M."),
    ("omega", "a root", VALUE, "(off.square().sum() / M).sqrt()", "there is no root: Omega is the mean of (R - 1)^2."),
    ("omega", "bound on the norm", "length >= bound", "length.sqrt() >= bound", "the bound is on the squared norm of d, not on the norm."),
    ("omega", "everything counts", "length >= bound", "length > 0", "the bound is not used: what has a squared norm below it does not count."),
    ("omega", "no guard", "torch.where(counts, back.square().sum(-1) / length - 1, 0)", "(back.square().sum(-1) / length - 1) * counts", "0 / 0 is NaN, and so is NaN times 0: leave out what does not count with torch.where."),
    ("omega", "a count", SHARE, "counts.to(flow.dtype).sum()", "the steps in the past are a share between 0 and 1: divide by steps and sequences."),
    ("omega", "a count of steps", SHARE, "counts.to(flow.dtype).mean(1).sum()", "the steps in the past are a share between 0 and 1: divide by the steps as well."),
    ("omega", "sequences that count at all", SHARE, "counts.any(0).to(flow.dtype).mean()", "this is the share of the sequences; the mean is over steps and sequences."),
    ("omega", "transposed", GRAD, f"({GRAD}).T", "the derivative is transposed: its row i belongs to v_i, its column j to (d * slope)_j."),
    ("omega", "half", "4 / M", "2 / M", "the derivative is half of what it should be: (R - 1) is squared, and so is the norm in R; each gives a 2."),
    ("omega", "a quarter", "4 / M", "1 / M", "the derivative is a quarter of what it should be: (R - 1) is squared, and so is the norm in R; each gives a 2."),
    ("omega", "of the wrong sign", "4 / M", "-4 / M", "the derivative has the wrong sign."),
    ("omega", "derivative not divided by M", "4 / M *", "4 *", "the derivative is not divided by M, as Omega is."),
    ("omega", "derivative without the norm", "torch.where(counts, off / length, 0)", "off", "the derivative lacks 1 / ||d||^2, which stands in R."),
    ("omega", "derivative without slopes", "delta.flatten(0, 1)", "flow.flatten(0, 1)", "in the derivative the slopes are missing: v^T (d * slope)."),
    ("omega", "derivative without the rest", "torch.where(counts, off / length, 0)", "torch.where(counts, 1 / length, 0)", "in the derivative the factor (R - 1) is missing."),
    ("omega", "nothing counts", "    if M == 0:\n        return 0.0, 0.0, torch.zeros_like(W_hh)\n", "", "where nothing reaches the bound M is 0, and 0 / 0 is NaN; all three are 0 there."),
    ("omega", "order swapped", f"return value, {SHARE}, grad", f"return value, grad, {SHARE}", "the order is swapped: Omega, steps in the past, derivative."),
    ("omega", "value last", f"return value, {SHARE}, grad", f"return {SHARE}, value, grad", "the order is swapped: Omega comes first, then the steps in the past."),
    ("omega", "no derivative", f"return value, {SHARE}, grad", f"return value, {SHARE}", "the derivative is missing: return Omega, steps in the past, derivative."),
]  # fmt: skip

MISTAKES = (
    *_RNN_STEP,
    *_RNN_FORWARD,
    *_RHO,
    *_gate("gru_update_gate", "z", "r", "update"),
    *_gate("gru_reset_gate", "r", "z", "reset"),
    *_CANDIDATE,
    *_GRU_STEP,
    *_GRU_FORWARD,
    *_GRAD_TIME,
    *_SAT_TIME,
    *_mean("sat_time"),
    *_sigmoid("gate_sat_time", "v"),
    *_mean("gate_sat_time"),
    *_RHO_VALUE,
    *_GRAD_NORM,
    *_CLIP,
    *_KEYS,
    *_OMEGA,
)
