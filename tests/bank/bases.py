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
