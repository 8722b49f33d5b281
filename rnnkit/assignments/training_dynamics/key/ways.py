"""Ways in which the questions are rightly answered, beside the sources: bodies of the functions, by question.

Nothing is graded by them. What several of them have in common is what a right answer looks like, whoever wrote it; a
comparison of students' code counts it for little.
"""

from __future__ import annotations

_GATE = (
    "a = x_t @ self.W_x{g} + h_prev @ self.W_h{g} + self.b_{g}\n    return torch.sigmoid(a)",
    "return torch.sigmoid(torch.matmul(x_t, self.W_x{g}) + torch.matmul(h_prev, self.W_h{g}) + self.b_{g})",
    "return (x_t @ self.W_x{g} + h_prev @ self.W_h{g} + self.b_{g}).sigmoid()",
    "from_x = x_t @ self.W_x{g}\n    from_h = h_prev @ self.W_h{g}\n    return torch.sigmoid(from_x + from_h + self.b_{g})",
    "return 1 / (1 + torch.exp(-(x_t @ self.W_x{g} + h_prev @ self.W_h{g} + self.b_{g})))",
    "return torch.sigmoid(torch.mm(x_t, self.W_x{g}) + torch.mm(h_prev, self.W_h{g}) + self.b_{g})",
)
_START = (
    "h = torch.zeros(x.shape[1], self.n_hid, dtype=x.dtype)",
    "T, B, _ = x.shape\n    h = torch.zeros(B, self.n_hid, dtype=x.dtype, device=x.device)",
    "h = x.new_zeros(x.size(1), self.n_hid)",
    "T, B, I = x.shape\n    h = x.new_zeros((B, self.W_hh.shape[0]))",
)
_READ = (
    'if self.head == "softmax":\n        output = hidden @ self.W_ho + self.b_o\n    else:\n        output = hidden[-1] @ self.W_ho + self.b_o',
    'output = hidden @ self.W_ho + self.b_o\n    if self.head != "softmax":\n        output = output[-1]',
    'last = hidden if self.head == "softmax" else h\n    output = last @ self.W_ho + self.b_o',
    'if self.head == "softmax":\n        seen = hidden\n    else:\n        seen = hidden[-1]\n    output = torch.matmul(seen, self.W_ho) + self.b_o',
)
_RNN_LOOPS = (
    "hs = []\n    for t in range(x.shape[0]):\n        h = self.step(x[t], h)\n        hs.append(h)\n    hidden = torch.stack(hs)",
    "hs = []\n    for x_t in x:\n        h = self.step(x_t, h)\n        hs.append(h)\n    hidden = torch.stack(hs, dim=0)",
    "hs = []\n    for t in range(len(x)):\n        h = self.step(x[t], h)\n        hs += [h]\n    hidden = torch.stack(hs)",
    "hs = [h]\n    for t in range(x.shape[0]):\n        hs.append(self.step(x[t], hs[-1]))\n    hidden = torch.stack(hs[1:])\n    h = hs[-1]",
)
_GRU_LOOPS = (
    'hs, zs, rs = [], [], []\n    for t in range(x.shape[0]):\n        h, gates = self.step(x[t], h)\n        hs.append(h)\n        zs.append(gates["z"])\n        rs.append(gates["r"])\n    hidden = torch.stack(hs)\n    traces = {"z": torch.stack(zs), "r": torch.stack(rs)}',
    'hs, zs, rs = [], [], []\n    for x_t in x:\n        h, g = self.step(x_t, h)\n        hs.append(h)\n        zs.append(g["z"])\n        rs.append(g["r"])\n    hidden, z, r = torch.stack(hs), torch.stack(zs), torch.stack(rs)\n    traces = {"z": z, "r": r}',
    'hs = []\n    traces = {"z": [], "r": []}\n    for x_t in x:\n        h, gates = self.step(x_t, h)\n        hs.append(h)\n        for k in traces:\n            traces[k].append(gates[k])\n    hidden = torch.stack(hs)\n    traces = {k: torch.stack(v) for k, v in traces.items()}',
    'hs, gs = [], []\n    for t in range(len(x)):\n        h, gates = self.step(x[t], h)\n        hs.append(h)\n        gs.append(gates)\n    hidden = torch.stack(hs)\n    traces = {k: torch.stack([g[k] for g in gs]) for k in ("z", "r")}',
)
_TEST = (
    "x_t, h_prev = torch.randn({n}, cell.W_xz.shape[0]), torch.randn({n}, cell.W_hh.shape[0])",
    "n_in, n_hid = cell.W_xz.shape\n    x_t = torch.randn({n}, n_in)\n    h_prev = torch.randn({n}, n_hid)",
)
_TEST_WAYS = (
    '\n    h_t, gates = cell.step(x_t, h_prev)\n    z = torch.sigmoid(x_t @ cell.W_xz + h_prev @ cell.W_hz + cell.b_z)\n    r = torch.sigmoid(x_t @ cell.W_xr + h_prev @ cell.W_hr + cell.b_r)\n    c = torch.tanh(x_t @ cell.W_xh + (r * h_prev) @ cell.W_hh + cell.b_h)\n    assert torch.allclose(h_t, (1 - z) * h_prev + z * c, atol=1e-5)\n    assert torch.allclose(gates["z"], z, atol=1e-5)\n    assert torch.allclose(gates["r"], r, atol=1e-5)',
    '\n    out, gates = cell.step(x_t, h_prev)\n    z = cell.update_gate(x_t, h_prev)\n    r = cell.reset_gate(x_t, h_prev)\n    want = (1 - z) * h_prev + z * cell.candidate(x_t, h_prev, r)\n    if not torch.allclose(out, want):\n        raise AssertionError("step")\n    assert torch.equal(gates["z"], z) and torch.equal(gates["r"], r)\n    assert torch.allclose(z, torch.sigmoid(x_t @ cell.W_xz + h_prev @ cell.W_hz + cell.b_z))\n    assert torch.allclose(r, torch.sigmoid(x_t @ cell.W_xr + h_prev @ cell.W_hr + cell.b_r))\n    assert torch.allclose(cell.candidate(x_t, h_prev, r), torch.tanh(x_t @ cell.W_xh + (r * h_prev) @ cell.W_hh + cell.b_h))',
)  # fmt: skip


def _crossed(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Each of the first with each of the second, and so on, one after the other."""
    bodies: tuple[str, ...] = parts[0]
    for part in parts[1:]:
        bodies = tuple(f"{body}\n    {more}" for body in bodies for more in part)
    return bodies


WAYS: dict[str, tuple[str, ...]] = {
    "rnn_step": (
        "a = x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h\n    return PHI[self.phi](a)",
        "return PHI[self.phi](x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)",
        "return PHI[self.phi](torch.matmul(x_t, self.W_xh) + torch.matmul(h_prev, self.W_hh) + self.b_h)",
        "f = PHI[self.phi]\n    return f(torch.mm(x_t, self.W_xh) + torch.mm(h_prev, self.W_hh) + self.b_h)",
        "from_x = x_t @ self.W_xh\n    from_h = h_prev @ self.W_hh\n    return PHI[self.phi](from_x + from_h + self.b_h)",
    ),
    "rnn_forward": _crossed(_START, _RNN_LOOPS, _READ, ("return output, hidden, None",)),
    "rnn_rho": ("return self.W_hh", "W = self.W_hh\n    return W", "return self.W_hh.detach()"),
    "gru_update_gate": tuple(body.format(g="z") for body in _GATE),
    "gru_reset_gate": tuple(body.format(g="r") for body in _GATE),
    "gru_candidate": (
        "return torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)",
        "kept = r_t * h_prev\n    return torch.tanh(x_t @ self.W_xh + kept @ self.W_hh + self.b_h)",
        "a = x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h\n    return torch.tanh(a)",
        "return (x_t @ self.W_xh + (h_prev * r_t) @ self.W_hh + self.b_h).tanh()",
        "return torch.tanh(torch.matmul(x_t, self.W_xh) + torch.matmul(r_t * h_prev, self.W_hh) + self.b_h)",
    ),
    "gru_step": _crossed(
        (
            "z = self.update_gate(x_t, h_prev)\n    r = self.reset_gate(x_t, h_prev)\n    c = self.candidate(x_t, h_prev, r)",
            "z, r = self.update_gate(x_t, h_prev), self.reset_gate(x_t, h_prev)\n    c = self.candidate(x_t, h_prev, r)",
            "r = self.reset_gate(x_t, h_prev)\n    c = self.candidate(x_t, h_prev, r)\n    z = self.update_gate(x_t, h_prev)",
        ),
        ("h = (1 - z) * h_prev + z * c", "h = h_prev + z * (c - h_prev)", "h = z * c + (1.0 - z) * h_prev"),
        ('return h, {"z": z, "r": r}', 'gates = {"z": z, "r": r}\n    return h, gates', "return h, dict(z=z, r=r)"),
    ),
    "gru_forward": _crossed(_START, _GRU_LOOPS, _READ, ("return output, hidden, traces",)),
    "gru_rho": ("return self.W_hh", "W = self.W_hh\n    return W", "return self.W_hh.detach()"),
    "cell_tests": tuple(
        start.format(n=number) + test for number in (2, 3, 4, 5) for start in _TEST for test in _TEST_WAYS
    ),
    "grad_time": (
        "grads = torch.autograd.grad(loss, hs)\n    return torch.stack([g.double().norm(dim=1).mean() for g in grads])",
        "flow = torch.stack(torch.autograd.grad(loss, hs))\n    return flow.double().norm(dim=-1).mean(dim=-1)",
        "grads = torch.autograd.grad(loss, hs, retain_graph=True)\n    out = []\n    for g in grads:\n        out.append(g.double().norm(dim=1).mean())\n    return torch.stack(out)",
        "ds = torch.autograd.grad(loss, hs)\n    return torch.stack([torch.sqrt((d.double() ** 2).sum(dim=1)).mean() for d in ds])",
        "ds = torch.autograd.grad(loss, hs)\n    return torch.tensor([torch.linalg.norm(d.double(), dim=1).mean().item() for d in ds])",
    ),
    "sat_time": (
        "return (1 - hidden.abs()).mean(dim=(1, 2))",
        "return 1 - hidden.abs().mean(dim=(1, 2))",
        "return (1 - torch.abs(hidden)).mean((1, 2))",
        "return torch.stack([(1 - h.abs()).mean() for h in hidden])",
        "d = 1 - torch.abs(hidden)\n    return torch.mean(d, dim=(1, 2))",
    ),
    "gate_sat_time": (
        "return torch.minimum(v, 1 - v).mean(dim=(1, 2))",
        "d = torch.minimum(v, 1 - v)\n    return d.mean((1, 2))",
        "return torch.min(v, 1 - v).mean(dim=(1, 2))",
        "return (0.5 - (v - 0.5).abs()).mean(dim=(1, 2))",
        "return torch.where(v < 0.5, v, 1 - v).mean(dim=(1, 2))",
    ),
    "rho": (
        "return torch.linalg.eigvals(W).abs().max().item()",
        "eigenvalues = torch.linalg.eigvals(W)\n    return eigenvalues.abs().max().item()",
        "return float(torch.linalg.eigvals(W).abs().max())",
        "return torch.max(torch.abs(torch.linalg.eigvals(W))).item()",
        "return float(np.abs(np.linalg.eigvals(W.detach().numpy())).max())",
    ),
    "grad_norm": (
        "return sum((g**2).sum() for g in grads).sqrt().item()",
        "total = 0.0\n    for g in grads:\n        total += (g**2).sum().item()\n    return total**0.5",
        "return torch.sqrt(sum(torch.sum(g**2) for g in grads)).item()",
        "return float(torch.cat([g.flatten() for g in grads]).norm())",
        "return sum(g.norm().item() ** 2 for g in grads) ** 0.5",
        "return np.sqrt(sum((g**2).sum().item() for g in grads))",
    ),
    "clip": (
        "norm = global_norm(grads)\n    if norm > cutoff:\n        grads = [g * cutoff / norm for g in grads]\n    return grads, norm",
        "norm = global_norm(grads)\n    if norm > cutoff:\n        return [g * (cutoff / norm) for g in grads], norm\n    return [g.clone() for g in grads], norm",
        "norm = global_norm(grads)\n    factor = cutoff / norm if norm > cutoff else 1.0\n    return [factor * g for g in grads], norm",
        "norm = global_norm(grads)\n    scale = min(1.0, cutoff / norm)\n    return [scale * g for g in grads], norm",
        "n = global_norm(grads)\n    out = []\n    for g in grads:\n        if n > cutoff:\n            out.append(g * cutoff / n)\n        else:\n            out.append(g.clone())\n    return out, n",
    ),
    "diagnostic_keys": (
        'return {"grad_time": gradient_through_time(loss, hs), "sat_time": saturation_tanh(torch.stack(hs)), "gate_z_sat_time": gate_distance(gates["z"]), "gate_r_sat_time": gate_distance(gates["r"])}',
        'hidden = torch.stack(hs)\n    return {\n        "grad_time": gradient_through_time(loss, hs),\n        "sat_time": saturation_tanh(hidden),\n        "gate_z_sat_time": gate_distance(gates["z"]),\n        "gate_r_sat_time": gate_distance(gates["r"]),\n    }',
        'out = {}\n    out["grad_time"] = gradient_through_time(loss, hs)\n    out["sat_time"] = saturation_tanh(torch.stack(hs))\n    out["gate_z_sat_time"] = gate_distance(gates["z"])\n    out["gate_r_sat_time"] = gate_distance(gates["r"])\n    return out',
        'found = {"grad_time": gradient_through_time(loss, hs), "sat_time": saturation_tanh(torch.stack(hs).detach())}\n    for name, v in gates.items():\n        found[f"gate_{name}_sat_time"] = gate_distance(v)\n    return found',
    ),
    "omega": (
        "size = (flow**2).sum(-1)\n    counts = size >= bound\n    if not counts.any():\n        return 0.0, 0.0, torch.zeros_like(W_hh)\n    a = flow * slope\n    back = a @ W_hh.T\n    ratio = (back**2).sum(-1)[counts] / size[counts]\n    value = ((ratio - 1) ** 2).mean()\n    w = 4 * (ratio - 1) / size[counts] / counts.sum()\n    grad = torch.einsum(\"k,ki,kj->ij\", w, back[counts], a[counts])\n    return value, counts.double().mean(), grad",
        "W = W_hh.detach().clone().requires_grad_(True)\n    size = flow.pow(2).sum(-1)\n    mask = size >= bound\n    if mask.sum() == 0:\n        return torch.tensor(0.0), torch.tensor(0.0), torch.zeros_like(W_hh)\n    ratio = ((flow * slope) @ W.T).pow(2).sum(-1)[mask] / size[mask]\n    value = ((ratio - 1) ** 2).mean()\n    value.backward()\n    return value.detach(), mask.double().mean(), W.grad",
    ),
}  # fmt: skip
