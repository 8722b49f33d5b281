"""Right answers written otherwise, for slips to be made in: each a question and a body, names as in the handout."""

from __future__ import annotations

_GATES = """\
z_t = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)
    r_t = torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)
    candidate = torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)
    """

BASES = (
    ("rnn_step", "return PHI[self.phi](x_t @ self.W_xh + (h_prev @ self.W_hh + self.b_h))"),
    ("gru_update_gate", "return torch.sigmoid(x_t @ self.W_xz + (h_prev @ self.W_hz + self.b_z))"),
    ("gru_reset_gate", "return torch.sigmoid(x_t @ self.W_xr + (h_prev @ self.W_hr + self.b_r))"),
    ("gru_candidate", "return torch.tanh(x_t @ self.W_xh + ((r_t * h_prev) @ self.W_hh + self.b_h))"),
    ("gru_step", _GATES + 'return (1 - z_t) * h_prev + z_t * candidate, {"z": z_t, "r": r_t}'),
    ("gru_step", _GATES + 'return h_prev + z_t * (candidate - h_prev), {"z": z_t, "r": r_t}'),
    ("rnn_forward", """\
T, B, _ = x.shape
    h_prev = torch.zeros(B, self.n_hid, dtype=x.dtype)
    hs = []
    for t in range(T):
        h_t = self.step(x[t], h_prev)
        hs.append(h_t)
        h_prev = h_t
    hidden = torch.stack(hs)
    if self.head == "softmax":
        output = hidden @ self.W_ho + self.b_o
    else:
        output = h_t @ self.W_ho + self.b_o
    return output, hidden, None"""),
    ("gru_forward", """\
T, B, _ = x.shape
    h_prev = torch.zeros(B, self.n_hid, dtype=x.dtype)
    hs, zs, rs = [], [], []
    for t in range(T):
        h_t, gates = self.step(x[t], h_prev)
        hs.append(h_t)
        zs.append(gates["z"])
        rs.append(gates["r"])
        h_prev = h_t
    hidden = torch.stack(hs)
    z = torch.stack(zs)
    r = torch.stack(rs)
    if self.head == "softmax":
        output = hidden @ self.W_ho + self.b_o
    else:
        output = h_t @ self.W_ho + self.b_o
    return output, hidden, {"z": z, "r": r}"""),
    ("grad_time", "flow = torch.autograd.grad(loss, hs)\n    return torch.stack([g.double().norm(dim=1).mean() for g in flow])"),
    ("grad_time", "flow = torch.stack(torch.autograd.grad(loss, hs)).double()\n    return (flow ** 2).sum(-1).sqrt().mean(1)"),
    ("sat_time", "return torch.minimum(1 - hidden, 1 + hidden).mean(dim=(1, 2))"),
    ("sat_time", "return 1 - hidden.abs().mean(dim=(1, 2))"),
    ("gate_sat_time", "return torch.where(v < 0.5, v, 1 - v).mean(dim=(1, 2))"),
    ("gate_sat_time", "return (0.5 - (v - 0.5).abs()).mean(dim=(1, 2))"),
    ("rho", "return torch.linalg.eigvals(W).abs().max()"),
    ("grad_norm", "return torch.cat([g.flatten() for g in grads]).norm()"),
    ("grad_norm", "return torch.stack([g.norm() for g in grads]).norm()"),
    ("grad_norm", "return sum((g ** 2).sum() for g in grads) ** 0.5"),
    ("clip", "norm = torch.stack([g.norm() for g in grads]).norm()\n    if norm > cutoff:\n        return [g * cutoff / norm for g in grads], norm\n    return list(grads), norm"),
    ("clip", "norm = float(sum((g ** 2).sum() for g in grads)) ** 0.5\n    factor = min(1.0, cutoff / norm)\n    return [g * factor for g in grads], norm"),
)  # fmt: skip

EIG, EIGENVALUES = "float(np.abs(eigenvalues).max())", "np.linalg.eigvals(W.detach().double().numpy())"
SQUARES, NORM = (
    "(g.double() ** 2).sum()",
    "    squares = sum((g.double() ** 2).sum() for g in grads)\n    return float(squares.sqrt())",
)
DISTANCE = "1 - hidden.abs()"
FACTOR, CLIPPED = "cutoff / norm if norm > cutoff else 1.0", "[g * factor for g in grads]"
FLOW = "flow.norm(dim=-1).mean(-1)"

# question, place in the solution, what stands there, what is said: wrong in more than one symbol, and usual
MORE = (
    *(("rho", EIG, new, message) for new, message in {
        "float(np.abs(eigenvalues.imag).max())": "this is the largest imaginary part; the modulus takes both parts.",
        "float(abs(np.linalg.det(W.double().numpy())))": "this is the determinant's absolute value; the largest modulus of an eigenvalue is wanted.",
        "float(abs(np.linalg.det(W.double().numpy())) ** (1 / len(W)))": "this is the geometric mean of the moduli, a root of the determinant; the largest modulus is wanted.",
        "float(abs(np.trace(W.double().numpy())))": "this is the trace's absolute value; the largest modulus of an eigenvalue is wanted.",
        "float(np.abs(eigenvalues).sum())": "the moduli are added up; take the largest.",
        "float(np.abs(eigenvalues.real + eigenvalues.imag).max())": "real and imaginary parts are added; the modulus is the root of the sum of their squares.",
        "float((np.abs(eigenvalues.real) + np.abs(eigenvalues.imag)).max())": "the sizes of real and imaginary parts are added; the modulus is the root of the sum of their squares.",
        "float((eigenvalues.real ** 2 + eigenvalues.imag ** 2).max())": "this is the square of the spectral radius.",
        "float(abs(eigenvalues[np.argmax(eigenvalues.real)]))": "this is the modulus of the eigenvalue with the largest real part; the largest modulus may belong to another.",
        "float(abs(eigenvalues[0]))": "this is the modulus of the first eigenvalue; they come in no order, take the largest.",
        "float(abs(eigenvalues[-1]))": "this is the modulus of the last eigenvalue; they come in no order, take the largest.",
        "float(abs(eigenvalues.sum()))": "the eigenvalues are summed; take the largest modulus.",
        "float(abs(eigenvalues.max()))": "max of complex numbers goes by their real parts; take the modulus first.",
        "float(abs(eigenvalues.mean()))": "the eigenvalues are averaged; take the largest modulus.",
        "float(np.abs(W.double().numpy()).sum(0).max())": "this is the largest column sum, a norm of W; the largest modulus of an eigenvalue is wanted.",
        "float(np.log(np.abs(eigenvalues).max()))": "this is the logarithm of the spectral radius.",
        "float(np.median(np.abs(eigenvalues)))": "this is the median modulus; take the largest.",
        "float(np.sort(np.abs(eigenvalues))[-2])": "this is the second largest modulus; take the largest.",
    }.items()),
    ("rho", EIGENVALUES, "np.linalg.eigvals((W + W.T).double().numpy() / 2)", "these are the eigenvalues of the symmetric part; take those of W itself."),
    ("rho", EIGENVALUES, "np.linalg.svd(W.double().numpy())[1]", "these are the singular values; the spectral radius is made from the eigenvalues."),
    ("rho", EIGENVALUES, "np.linalg.eigvals((W @ W).double().numpy())", "these are the eigenvalues of W squared; take those of W itself."),
    ("rho", EIGENVALUES, "np.linalg.eigvals(W.abs().double().numpy())", "these are the eigenvalues of W's absolute values; take those of W itself."),
    ("rho", EIGENVALUES, "np.linalg.eigvalsh(W.double().numpy(), 'U')", "eigvalsh is for symmetric matrices and reads one triangle only; W is not symmetric."),
    ("rho", EIGENVALUES, "np.diag(W.double().numpy())", "this is W's diagonal, not its eigenvalues."),
    ("grad_norm", SQUARES, "(g.double() ** 2).sum().sqrt()", "there is a root for each gradient and one more at the end; one root at the very end is wanted."),
    ("grad_norm", SQUARES, "torch.linalg.matrix_norm(g.double().reshape(len(g), -1), 2) ** 2", "the 2-norm of a matrix is its largest singular value; the squares of all entries are summed."),
    ("grad_norm", SQUARES, "torch.linalg.norm(g.double(), 2) ** 2", "torch.linalg.norm(g, 2) of a matrix is its largest singular value; the squares of all entries are summed."),
    ("grad_norm", SQUARES, "(g.double() ** 2).mean()", "the squares of each gradient are averaged; they are summed."),
    ("grad_norm", SQUARES, "g.double().sum() ** 2", "the entries of each gradient are summed before the square; every entry is squared first."),
    ("grad_norm", SQUARES, "(g.double() ** 2).sum() / len(g)", "each gradient's squares are divided by its length; they are summed."),
    ("grad_norm", SQUARES, "(g.double() ** 2).max()", "only the largest square of each gradient is counted; all are summed."),
    ("grad_norm", SQUARES, "(g.double() ** 2).sum(-1).max()", "only the largest row of each gradient is counted; all are summed."),
    ("grad_norm", "for g in grads)", "for g in grads if g.dim() > 1)", "only the matrices are counted: the vectors, such as biases, are left out."),
    ("grad_norm", "for g in grads)", "for g in grads if g.dim() == 1)", "only the vectors are counted: the matrices are left out."),
    ("grad_norm", "for g in grads)", "for g in grads if g.shape[-1] > 1)", "gradients whose last size is 1 are left out."),
    ("grad_norm", NORM, "    return float(max((g.double() ** 2).sum() for g in grads) ** 0.5)", "this is the largest of the norms; the global norm takes all parameters together."),
    ("grad_norm", NORM, "    return float(np.prod([float(g.norm()) for g in grads]))", "the norms are multiplied; sum the squares and take one root."),
    ("grad_norm", NORM, "    return float(sum(g.double().norm() for g in grads) ** 0.5)", "the norms are summed before the root; the squares are."),
    ("grad_norm", NORM, "    return float(sum((g.double().abs() ** 3).sum() for g in grads) ** (1 / 3))", "this is the 3-norm; the squares are summed."),
    ("grad_norm", NORM, "    squares = sum((g.double() ** 2).sum() for g in grads)\n    return float((squares / len(grads)).sqrt())", "it is divided by the number of gradients under the root; the squares are summed."),
    ("grad_norm", NORM, "    squares = sum((g.double() ** 2).sum() for g in grads)\n    return float(squares.sqrt() / len(grads))", "it is divided by the number of gradients; the squares are summed, and nothing is divided."),
    *(("sat_time", DISTANCE, new, message) for new, message in {
        "0.5 - hidden.abs()": "0.5 stands where 1 should; tanh is flat at -1 and 1.",
        "(1 - hidden.abs()).abs().sqrt()": "a root of the distance is taken.",
        "(1 - hidden**2).sqrt()": "this is the root of 1 - h^2; the distance is 1 - |h|.",
        "torch.minimum(1 - hidden, hidden)": "the distance is taken to 0 and 1; tanh is flat at -1 and 1.",
        "torch.minimum((1 - hidden).abs(), hidden.abs())": "the distance is taken to 0 and 1; tanh is flat at -1 and 1.",
        "torch.maximum(1 - hidden, 1 + hidden)": "the distance is taken to the farther end; it is to the nearer one.",
        "(1 + hidden)": "this is the distance from -1 alone; it is to the nearer of -1 and 1.",
        "1 - torch.tanh(hidden).abs()": "tanh is applied once more; the states come after it already.",
        "1 - torch.tanh(hidden) ** 2": "this is the slope of tanh, of states that went through it already; the distance is 1 - |h|.",
        "1 - torch.atanh(hidden).abs()": "the distance is taken before the tanh; take it of the states themselves.",
        "2 * (1 - hidden.abs())": "this is twice the distance.",
        "(1 - hidden.abs()) ** 2": "the distance is squared.",
        "hidden.square()": "this is h^2; the distance is 1 - |h|.",
        "(hidden.abs() > 0.9).double()": "this is the share of saturated units; the mean distance is wanted.",
        "(hidden.abs() > 0.95).double()": "this is the share of saturated units; the mean distance is wanted.",
        "(hidden.abs() < 0.9).double()": "this is the share of units that are not saturated; the mean distance is wanted.",
    }.items()),
    *(("gate_sat_time", "torch.minimum(v, 1 - v)", new, message) for new, message in {
        "torch.sqrt(v * (1 - v))": "this is the root of v (1 - v), of the sigmoid's slope; the distance is to the nearer end.",
        "0.5 - v.abs()": "0.5 - |v| is negative above 0.5; the distance is to the nearer of 0 and 1.",
        "0.5 - v": "0.5 - v is negative above 0.5; the distance is to the nearer of 0 and 1.",
        "(0.5 - (v - 0.5).abs()) * 2": "this is twice the distance.",
        "torch.logit(v).abs()": "this is the size of the logit, before the sigmoid; the distance is taken of the gate itself.",
        "torch.minimum(torch.logit(v), 1 - torch.logit(v))": "the distance is taken before the sigmoid; take it of the gate itself.",
        "4 * v * (1 - v)": "this is v (1 - v), scaled; the distance is to the nearer end.",
        "torch.minimum(v, 1 - v) ** 2": "the distance is squared.",
        "torch.minimum(v, 1 - v).round(decimals=1)": "the distances are rounded.",
        "(v - 0.5) ** 2": "this is the squared distance from 0.5; the distance from saturation is to the nearer of 0 and 1.",
        "((v > 0.9) | (v < 0.1)).double()": "this is the share of gates that are nearly open or shut; the mean distance is wanted.",
        "(v > 0.5).double()": "this is the share of open gates; the mean distance is wanted.",
        "-(v * v.log() + (1 - v) * (1 - v).log())": "this is the entropy; the distance is to the nearer of 0 and 1.",
    }.items()),
    ("grad_time", FLOW, "(flow.square().mean((1, 2))).sqrt()", "this is the root of the mean square over batch and units; the norm sums over units, and the plain mean is taken over the batch."),
    ("grad_time", FLOW, "flow.square().mean((1, 2))", "this is the mean square over batch and units; g_t is the mean of the norms."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1) / flow.norm(dim=-1).mean(-1).max()", "g_t is divided by its largest value; g_t itself is wanted."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1) / flow.norm(dim=-1).mean(-1).sum()", "g_t is divided by its sum; g_t itself is wanted."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1) / flow.norm(dim=-1).mean(-1)[-1]", "g_t is divided by its last value; g_t itself is wanted."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1) / flow.norm(dim=-1).mean(-1).norm()", "g_t is divided by its norm over time; g_t itself is wanted."),
    ("grad_time", FLOW, "flow.sum(-1).abs().mean(-1)", "the entries are summed before they are squared, so that they cancel; the norm squares first."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1).cumsum(0)", "the g_t are added up along time; one by one is wanted."),
    ("grad_time", FLOW, "flow.norm(dim=-1).mean(-1) * flow.shape[1]", "it is multiplied by the batch size; the mean is wanted."),
    ("grad_time", FLOW, "torch.log(flow.norm(dim=-1).mean(-1))", "this is the logarithm of g_t; return g_t itself."),
    ("grad_time", FLOW, "flow.norm(dim=-1)[:, 0]", "only the first sequence is used; the mean over the batch is wanted."),
    ("grad_time", FLOW, "flow.norm(dim=-1).amin(-1)", "this is the smallest norm in the batch; g_t is the mean."),
    ("clip", FACTOR, "min(1.0, norm / cutoff)", "the quotient norm / cutoff is upside down: it is cutoff / norm."),
    ("clip", FACTOR, "max(1.0, cutoff / norm)", "max stands where min should: the gradients grow below the cutoff and do not shrink above it."),
    ("clip", FACTOR, "cutoff / norm / len(grads) if norm > cutoff else 1.0", "the factor is divided by the number of tensors as well."),
    ("clip", FACTOR, "cutoff if norm > cutoff else 1.0", "you multiply by the cutoff; the factor is cutoff / norm."),
    ("clip", FACTOR, "(cutoff / norm) ** 0.5 if norm > cutoff else 1.0", "the root of the factor is taken."),
    ("clip", FACTOR, "(cutoff / norm) ** 2 if norm > cutoff else 1.0", "the factor is squared: it is applied twice."),
    ("clip", FACTOR, "cutoff / norm ** 2 if norm > cutoff else 1.0", "the cutoff is divided by the squared norm; it is divided by the norm."),
    ("clip", FACTOR, "cutoff / (norm + 1) if norm > cutoff else 1.0", "1 is added to the norm in the factor."),
    ("clip", FACTOR, "cutoff / (norm + cutoff)", "the cutoff is added to the norm in the factor."),
    ("clip", CLIPPED, "[g * factor if g.dim() > 1 else g for g in grads]", "only matrices are rescaled, vectors stay as they are: one common factor for all."),
    ("clip", CLIPPED, "[g * factor if k else g for k, g in enumerate(grads)]", "the first gradient stays as it is: one common factor for all."),
    ("clip", CLIPPED, "[grads[0] * factor, *grads[1:]]", "only the first gradient is rescaled: one common factor for all."),
    ("clip", CLIPPED, "[g / g.norm() * cutoff for g in grads]", "every gradient is rescaled to the cutoff by its own norm, which turns the direction; one common factor."),
    ("clip", CLIPPED, "[g - factor for g in grads]", "the factor is subtracted; it multiplies."),
    ("clip", "return new, norm", "return new, factor", "the factor comes back in second place; the norm before clipping is wanted."),
    ("clip", "return new, norm", "return new, norm ** 2", "the squared norm comes back; the norm itself is wanted."),
    ("clip", "return new, norm", "return new, min(norm, cutoff)", "the norm after clipping comes back; the norm before it is wanted."),
    ("clip", "return new, norm", "return grads, norm", "the old gradients come back; the new ones are wanted."),
    *(("rnn_forward", "hs.append(h_t)", new, message) for new, message in {
        "hs.append(h_t + self.b_h)": "b_h is added to the states once more when they are collected.",
        "hs.append(torch.tanh(h_t))": "the states go through tanh once more when they are collected.",
        "hs.insert(0, h_t)": "the states are collected in the wrong order: time runs backwards in hidden.",
        "hs.append(h_t.clamp(min=0))": "negative states are set to 0 when they are collected.",
        "hs.append(h_t @ self.W_hh)": "h_t W_hh is collected, not the state itself.",
        "hs.append(x_t @ self.W_xh)": "x_t W_xh is collected, not the state.",
    }.items()),
    ("rnn_forward", "self.step(x_t, h_t)", "h_t + self.step(x_t, h_t)", "the old state is added to what the step gives."),
    ("rnn_forward", "self.step(x_t, h_t)", "self.step(x_t, self.step(x_t, h_t))", "the step is taken twice for every input."),
    ("rnn_forward", "self.step(x_t, h_t)", "self.step(x_t, hs[0] if hs else h_t)", "every step is given the first state; it is given the one before."),
    ("rnn_forward", "self.step(x_t, h_t)", "self.step(x_t, hs[-2] if len(hs) > 1 else h_t)", "every step is given the state before the last one."),
    ("gru_forward", "hs.append(h_t)", 'hs.append(gates["z"])', "the gate z is collected in the place of the state."),
    ("gru_forward", "hs.append(h_t)", 'hs.append(gates["r"])', "the gate r is collected in the place of the state."),
    ("gru_forward", "hs.append(h_t)", "hs.insert(0, h_t)", "the states are collected in the wrong order: time runs backwards in hidden."),
    ("gru_forward", "hs.append(h_t)", "hs.append(h_t.clamp(min=0))", "negative states are set to 0 when they are collected."),
    ("gru_forward", "hs.append(h_t)", "hs.append(torch.tanh(h_t))", "the states go through tanh once more when they are collected."),
    ("gru_step", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, z_t * h_prev, r_t)", "the candidate is given z_t * h_prev; it is given h_prev as it is."),
    ("gru_step", "self.candidate(x_t, h_prev, r_t)", "self.candidate(x_t, (1 - z_t) * h_prev, r_t)", "the candidate is given (1 - z_t) * h_prev; it is given h_prev as it is."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - r_t) * h_prev + r_t * h_new", "in the mixture r_t stands where z_t should."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "r_t * h_prev + (1 - r_t) * h_new", "in the mixture r_t stands where z_t should, and the shares are swapped."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "z_t * h_prev + z_t * h_new", "in the mixture the old state's share is z_t; it is 1 - z_t."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - z_t) * h_prev + (1 - z_t) * h_new", "in the mixture the candidate's share is 1 - z_t; it is z_t."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - z_t) * h_prev + r_t * h_new", "in the mixture the candidate's share is r_t; it is z_t."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - z_t) * h_prev + z_t * r_t * h_new", "in the mixture r_t multiplies the candidate; it acts inside the candidate only."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - z_t) * h_prev - z_t * h_new", "in the mixture the candidate is subtracted; it is added."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "z_t * h_prev", "the new state is a share of the old one alone: the candidate is missing."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "(1 - z_t) * h_prev", "the new state is a share of the old one alone: the candidate is missing."),
    ("gru_step", "(1 - z_t) * h_prev + z_t * h_new", "0.5 * (h_prev + h_new)", "the new state is the plain mean of old state and candidate; the shares are 1 - z_t and z_t."),
    ("omega", "off.square().sum() / M", "off.square().sum() / (2 * M)", "Omega is divided by 2 M; it is divided by M."),
    ("omega", "int(counts.sum())", "int(counts.any(-1).sum())", "M counts the steps at which any sequence counts; it counts steps and sequences."),
    ("omega", "int(counts.sum())", "int(counts.any(0).sum())", "M counts the sequences of which any step counts; it counts steps and sequences."),
    ("omega", "back.square().sum(-1) / length - 1", "(back.square().sum(-1) / length - 1).clamp(min=0)", "only gradients that grow are counted: R < 1, too short ones, are set to 0."),
    ("omega", "back.square().sum(-1) / length - 1", "(back.square().sum(-1) / length - 1).clamp(max=0)", "only gradients that shrink are counted: R > 1 is set to 0."),
    ("omega", "back.square().sum(-1) / length - 1", "(back.square().sum(-1) / length).log()", "the logarithm of R stands where R - 1 should."),
    ("omega", "length >= bound", "length**2 >= bound", "the fourth power of the norm of d is compared with the bound; it is the squared norm."),
    ("omega", "length >= bound", "back.square().sum(-1) >= bound", "the squared norm of v is compared with the bound; it is that of d."),
    ("omega", "length >= bound", "length.sum(-1, keepdim=True).expand_as(length) >= bound", "the bound is asked of the whole batch; it is asked of every sequence."),
    ("diagnostic_keys", "saturation_tanh(hidden)", "gradient_through_time(loss, hs)", "sat_time holds grad_time's numbers."),
    ("diagnostic_keys", "gradient_through_time(loss, hs)", "saturation_tanh(hidden)", "grad_time holds sat_time's numbers."),
    ("diagnostic_keys", 'gate_distance(gates["z"])', "gate_distance(hidden)", "gate_z_sat_time is made from the states; it is made from the gate z."),
    ("diagnostic_keys", 'gate_distance(gates["r"])', "gate_distance(hidden)", "gate_r_sat_time is made from the states; it is made from the gate r."),
)  # fmt: skip

# What must stand in the line that raised an exception, where the exception alone tells a known mistake.
LINES = {
    ("rnn_step", "W_xh transposed"): r"W_xh(\.T\b|\.t\(|\.mT|\.transpose|\.permute)",
    ("rnn_step", "column form"): r"W_xh *@ *x_t|(matmul|mm)\(self\.W_xh, *x_t",
    ("grad_time", "stack with retain_grad"): r"(?<!autograd)\.grad\b(?!\()",
}
