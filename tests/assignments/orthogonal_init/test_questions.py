"""The nine questions: right answers in any style pass, known mistakes are named, and what is forbidden gets nothing."""

from __future__ import annotations

from lab_questions import LabQuestions

# question, body: right answers in other styles than the solutions'
VARIANTS = {
    "a loop over the batch": ("addition_batch", "x = torch.zeros(*values.shape, 2, dtype=values.dtype)\n    x[..., 0] = values\n    for b in range(len(values)):\n        x[b, int(i1[b]), 1] = x[b, int(i2[b]), 1] = 1.0\n    return x, (x[..., 0] * x[..., 1]).sum(1)"),
    "scattered": ("addition_batch", "at = torch.stack([i1, i2], 1)\n    marks = torch.zeros_like(values).scatter_(1, at, 1.0)\n    return [torch.stack((values, marks), 2), values.gather(1, at).sum(1)]"),
    "addition in numpy": ("addition_batch", "v, t = values.numpy(), np.arange(values.shape[1])\n    m = ((t == i1.numpy()[:, None]) | (t == i2.numpy()[:, None])).astype(v.dtype)\n    return np.stack([v, m], axis=-1), np.sum(v * m, axis=1)"),
    "qr of numpy": ("orthogonal", "Q, R = np.linalg.qr(A.numpy())\n    return Q @ np.diag(np.sign(np.diag(R)))"),
    "Gram and Schmidt": ("orthogonal", "columns = []\n    for a in A.T:\n        for _ in range(2):\n            for q in columns:\n                a = a - (q @ a) * q\n        columns.append(a / a.norm())\n    return torch.stack(columns, dim=1)"),
    "Cholesky": ("orthogonal", "R = torch.linalg.cholesky(A.double().T @ A.double()).T\n    return (A.double() @ torch.linalg.inv(R)).to(A.dtype)"),
    "signs where": ("orthogonal", "Q, R = torch.linalg.qr(A)\n    return torch.where(R.diagonal() < 0, -Q, Q)"),
    "radius in numpy": ("to_radius", "W = A.numpy()\n    return rho * W / max(abs(np.linalg.eigvals(W)))"),
    "radius by eig": ("to_radius", "L, _ = torch.linalg.eig(A)\n    return (A / torch.sqrt(L.real**2 + L.imag**2).amax()).mul(rho)"),
    "radius by a list": ("to_radius", "return A * rho / max(abs(complex(value)) for value in torch.linalg.eigvals(A))"),
    "bptt by einsum": ("bptt", "T, das, dh = x.shape[1], [], dh_T\n    for h in hidden[1:].flip(0):\n        das.insert(0, (1 - h.square()) * dh)\n        dh = torch.einsum('bh,kh->bk', das[0], W_hh)\n    da = torch.stack(das)\n    return dict(W_ih=torch.einsum('bti,tbh->ih', x, da), W_hh=torch.einsum('tbk,tbh->kh', hidden[:-1], da), b_h=da.sum(dim=(0, 1)))"),
    "bptt in numpy": ("bptt", "x, hidden, W, dh = (one.numpy() for one in (x, hidden, W_hh, dh_T))\n    out = {'W_ih': np.zeros((x.shape[2], W.shape[0])), 'W_hh': np.zeros_like(W), 'b_h': np.zeros(len(W))}\n    for t in reversed(range(1, len(hidden))):\n        dz = dh * (1 - hidden[t] ** 2)\n        out['W_ih'] += np.dot(x[:, t - 1].T, dz)\n        out['W_hh'] += np.dot(hidden[t - 1].T, dz)\n        out['b_h'] += dz.sum(axis=0)\n        dh = np.dot(dz, W.T)\n    return out"),
    "bptt in columns": ("bptt", "W, dh = W_hh.T, dh_T.T\n    gi, gh, gb = 0, 0, 0\n    with torch.no_grad():\n        for t in range(len(hidden) - 1, 0, -1):\n            dz = dh * (1 - hidden[t].T ** 2)\n            gi, gh, gb = gi + dz @ x[:, t - 1], gh + dz @ hidden[t - 1], gb + dz.sum(1)\n            dh = W.T @ dz\n    return {'b_h': gb, 'W_hh': gh.T, 'W_ih': gi.T}"),
    "heavy ball, named": ("heavy_ball", "step = torch.mul(g, lr)\n    v = torch.sub(v * mu, step)\n    return [p.add(v), v]"),
    "heavy ball in numpy": ("heavy_ball", "v = mu * v.numpy() - lr * g.numpy()\n    return p.numpy() + v, v"),
    "heavy ball on clones": ("heavy_ball", "p, v = p.clone(), v.clone()\n    v.mul_(mu).add_(g, alpha=-lr)\n    p += v\n    return p, v"),
    "Nesterov, ahead by name": ("nesterov", "ahead = p + mu * v\n    slope = grad(ahead)\n    v = mu * v - lr * slope\n    return ahead - lr * slope, v"),
    "Nesterov on a clone": ("nesterov", "q = p.clone()\n    q += mu * v\n    g = grad(q)\n    v = torch.add(v * mu, g, alpha=-lr)\n    return (p + v, v)"),
    "Nesterov in numpy": ("nesterov", "P, V = p.numpy(), v.numpy()\n    V = mu * V - lr * np.asarray(grad(torch.from_numpy(P + mu * V)))\n    return P + V, V"),
    "the formula itself": ("momentum_schedule", "import math\n    return min(1 - 2 ** (-1 - math.log2(math.floor(t / 250) + 1)), mu_max)"),
    "schedule in numpy": ("momentum_schedule", "return np.minimum(1 - 2.0 ** (-1 - np.log2(np.floor(t / 250) + 1)), mu_max)"),
    "schedule in torch": ("momentum_schedule", "return torch.clamp(1 - 0.5 / torch.tensor(t // 250 + 1.0, dtype=torch.float64), max=mu_max)"),
    "rows, newest on the right": ("jacobian_norms", "P, norms = torch.eye(len(W_hh), dtype=W_hh.dtype), []\n    for t in range(len(hidden) - 1, -1, -1):\n        P = (W_hh * (1 - hidden[t] ** 2)) @ P\n        norms.append(torch.linalg.svdvals(P)[0].item())\n    return norms"),
    "Jacobians in numpy": ("jacobian_norms", "W, P, norms = W_hh.numpy().T, None, []\n    for h in hidden.numpy()[::-1]:\n        J = np.diag(1 - h**2) @ W\n        P = J if P is None else P @ J\n        norms.append(np.linalg.norm(P, ord=2))\n    return np.array(norms)"),
    "by the largest eigenvalue": ("jacobian_norms", "P, norms = torch.eye(W_hh.shape[0], dtype=W_hh.dtype), []\n    for h in reversed(list(hidden)):\n        P = P @ torch.diag(1 - h * h) @ W_hh.T\n        norms += [torch.linalg.eigvalsh(P.double() @ P.double().T)[-1].clamp(min=0).sqrt()]\n    return torch.stack(norms)"),
    "row by next": ("result_row", "hit = [v > threshold if higher else v < threshold for v in metric]\n    return dict(task=task, init=init, T=T, chance=chance, metric_name=metric_name, final_metric=metric[-1], final_loss=loss[-1], solved_epoch=next((e for e, yes in enumerate(hit, 1) if yes), None))"),
    "row by numpy": ("result_row", "sign = 1 if higher else -1\n    hit = np.flatnonzero(sign * np.array(metric) > sign * threshold)\n    row = {'solved_epoch': hit[0] + 1 if len(hit) else None}\n    row.update(zip(('task', 'init', 'T', 'chance', 'metric_name'), (task, init, T, chance, metric_name)))\n    row['final_metric'], row['final_loss'] = np.array(metric)[-1], np.array(loss)[-1]\n    return row"),
}  # fmt: skip

# question, body, what is found
RULES = {
    "torch's orthogonal": ("orthogonal", "return torch.nn.init.orthogonal_(A.clone())", "torch.nn.init.orthogonal_"),
    "imported": ("orthogonal", "from torch.nn.init import orthogonal_ as mine\n    return mine(A.clone())", "orthogonal_"),
    "the kit's inits": ("to_radius", "import rnnkit.inits as kit\n    return A * kit.get_init('x')", "rnnkit.inits"),
    "torch.optim": ("heavy_ball", "q = torch.nn.Parameter(p.clone())\n    q.grad = g\n    torch.optim.SGD([q], lr=lr, momentum=mu).step()\n    return q.detach(), q.detach() - p", "torch.optim"),
    "autograd": ("bptt", "W = W_hh.clone().requires_grad_()\n    h = torch.tanh(hidden[0] @ W)\n    return {'W_hh': torch.autograd.grad(h.sum(), W)[0]}", "torch.autograd.grad"),
    "backward": ("bptt", "W = W_hh.clone().requires_grad_()\n    torch.tanh(hidden[0] @ W).sum().backward()\n    return {'W_hh': W.grad}", "torch.autograd.backward"),
    "torch.func": ("bptt", "from torch.func import grad as d\n    return {'W_hh': d(lambda W: torch.tanh(hidden[0] @ W).sum())(W_hh)}", "torch."),
}  # fmt: skip


class TestQuestions(LabQuestions):
    lab, points, minutes = "orthogonal_init", 22, 121
    variants, rules = VARIANTS, RULES
