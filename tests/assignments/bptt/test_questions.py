"""The nine questions: right answers in any style pass, known mistakes are named, and what is forbidden gets nothing."""

from __future__ import annotations

import pytest
from lab_questions import LabQuestions

from rnnkit.assignments.bptt.foretold import MATRICES

LAYERS = """class VanillaRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super().__init__()
        self.W_hy, self.W_hh = nn.Linear(hidden_size, output_size), nn.Linear(hidden_size, hidden_size, False)
        self.W_xh = torch.nn.Linear(input_size, hidden_size)
        self.H = hidden_size

    def forward(self, x, h_prev=None):
        """

# question, body: right answers in other styles than the solutions'
VARIANTS = {
    "the document's own": ("vanilla_forward", "batch_size, seq_len, _ = x.shape\n        if h_prev is None:\n            h_prev = torch.zeros(batch_size, self.H, device=x.device)\n        outputs = []\n        h = h_prev\n        for t in range(seq_len):\n            h = torch.tanh(self.W_xh(x[:, t, :]) + self.W_hh(h))\n            y = self.W_hy(h)\n            outputs.append(y)\n        outputs = torch.stack(outputs, dim=1)\n        return outputs, h"),
    "all inputs at once": ("vanilla_forward", "a, h, hs = self.W_xh(x), h_prev, []\n        for a_t in a.unbind(1):\n            h = (a_t if h is None else a_t + self.W_hh(h)).tanh()\n            hs.append(h)\n        return [self.W_hy(torch.stack(hs, 1)), hs[-1]]"),
    "by weights": ("vanilla_forward", "h = x.new_zeros(x.size(0), self.H) if h_prev is None else h_prev\n        y = x.new_zeros(*x.shape[:2], self.W_hy.out_features)\n        for t in range(x.size(1)):\n            h = torch.tanh(torch.einsum('bi,hi->bh', x[:, t], self.W_xh.weight) + self.W_xh.bias + h @ self.W_hh.weight.T)\n            y[:, t] = h @ self.W_hy.weight.T + self.W_hy.bias\n        return y, h"),
    "flow into an array": ("flow", "g = torch.zeros_like(direct)\n    g[-1] = direct[-1]\n    for t in reversed(range(len(hidden) - 1)):\n        g[t] = direct[t] + torch.einsum('bj,ij->bi', g[t + 1] * (1 - hidden[t + 1].square()), W_hh)\n    return g"),
    "flow in numpy": ("flow", "h, d, W = hidden.numpy(), direct.numpy(), W_hh.numpy()\n    out = d.copy()\n    for t in range(len(h) - 2, -1, -1):\n        out[t] += ((1 - h[t + 1] ** 2) * out[t + 1]).dot(W.T)\n    return out"),
    "flow in columns": ("flow", "gs, g = [], torch.zeros_like(direct[0]).T\n    for t in range(len(hidden) - 1, -1, -1):\n        g = g + direct[t].T\n        gs.insert(0, g.T)\n        g = W_hh @ ((1 - hidden[t].T ** 2) * g)\n    return torch.stack(gs)"),
    "flow by Jacobians": ("flow", "T, B, H = hidden.shape\n    out = []\n    for t in range(T):\n        total, J = direct[t].clone(), torch.eye(H, dtype=W_hh.dtype).expand(B, H, H)\n        for s in range(t + 1, T):\n            J = torch.diag_embed(1 - hidden[s] ** 2) @ W_hh.T @ J\n            total = total + (direct[s][:, None] @ J)[:, 0]\n        out.append(total)\n    return out"),
    "weights by einsum": ("weight_gradients", "da = flow * (1 - hidden.square())\n    before = torch.cat([h_0.unsqueeze(0), hidden[:-1]])\n    return dict(b_h=torch.einsum('tbh->h', da), W_xh=torch.einsum('tbi,tbh->ih', x, da), W_hh=torch.einsum('tbk,tbh->kh', before, da))"),
    "weights as one long batch": ("weight_gradients", "da = (flow * (1 - hidden**2)).flatten(0, 1)\n    before = torch.vstack([h_0[None], hidden[:-1]]).flatten(0, 1)\n    return {'W_xh': x.flatten(0, 1).T @ da, 'W_hh': before.T @ da, 'b_h': torch.ones(len(da), dtype=da.dtype) @ da}"),
    "weights in numpy": ("weight_gradients", "x, h0, h, g = (one.numpy() for one in (x, h_0, hidden, flow))\n    da = g * (1 - h**2)\n    before = np.concatenate([h0[np.newaxis], h])[:-1]\n    return {'W_xh': np.tensordot(x, da, axes=([0, 1], [0, 1])), 'W_hh': np.tensordot(before, da, axes=([0, 1], [0, 1])), 'b_h': np.sum(da, axis=(0, 1))}"),
    "bound by a loop": ("grad_bound", "bound = 1.0\n    for _ in range(k):\n        bound *= sigma * slope\n    return bound"),
    "bound in numpy": ("grad_bound", "return np.power(np.float64(sigma * slope), k)"),
    "bound in torch": ("grad_bound", "return torch.prod(torch.full((k,), sigma * slope, dtype=torch.float64))"),
    "bound by parts": ("grad_bound", "import math\n    return math.pow(sigma, k) * math.pow(slope, k)"),
    "says by svd": ("what_the_bound_says", "s = torch.linalg.svdvals(W)[0].item()\n    return 'vanishes' if s < (4 if phi == 'sigmoid' else 1) else 'undecided'"),
    "says in numpy": ("what_the_bound_says", "gamma = 0.25 if phi == 'sigmoid' else 1.0\n    if gamma * np.linalg.norm(W.numpy(), ord=2) < 1:\n        return 'vanishes'\n    return 'undecided'"),
    "says by eigenvalues": ("what_the_bound_says", "gamma = {'sigmoid': 1 / 4}.get(phi, 1.0)\n    top = torch.linalg.eigvalsh(W.double().T @ W.double())[-1]\n    return ['undecided', 'vanishes'][int(gamma * top.sqrt() < 1 - 1e-9)]"),
    "clip by a long vector": ("clip_and_monitor", "flat = torch.cat([g.reshape(-1) for g in grads.values()])\n    total = torch.linalg.vector_norm(flat).item()\n    scale = min(1.0, limit / (total + 1e-6))\n    new = {n: (g * scale if by == 'norm' else torch.clamp(g, min=-limit, max=limit)) for n, g in grads.items()}\n    after = sum((g**2).sum().item() for g in new.values()) ** 0.5\n    return new, {n: g.norm().item() for n, g in grads.items()} | {'total': total, 'clipped': after}"),
    "clip in numpy": ("clip_and_monitor", "arrays = {n: g.numpy() for n, g in grads.items()}\n    size = lambda a: np.sqrt(sum((one**2).sum() for one in a.values()))\n    total = size(arrays)\n    if by == 'value':\n        new = {n: np.minimum(np.maximum(g, -limit), limit) for n, g in arrays.items()}\n    elif total <= limit:\n        new = {n: g.copy() for n, g in arrays.items()}\n    else:\n        new = {n: g / total * limit for n, g in arrays.items()}\n    norms = {n: np.linalg.norm(g) for n, g in arrays.items()}\n    return [new, dict(norms, total=total, clipped=size(new))]"),
    "clip on copies": ("clip_and_monitor", "new = {n: g.clone() for n, g in grads.items()}\n    norms = {n: torch.sqrt(torch.sum(g * g)) for n, g in grads.items()}\n    norms['total'] = torch.sqrt(sum(v**2 for v in norms.values()))\n    for n in new:\n        if by == 'value':\n            new[n].clamp_(-limit, limit)\n        elif norms['total'] > limit:\n            new[n] *= limit / norms['total']\n    norms['clipped'] = torch.stack([g.norm() for g in new.values()]).norm()\n    return new, norms"),
    "chunk by chunk": ("truncated", "hs, h = [], h_0\n    for chunk in x.split(k):\n        h = h.detach()\n        for x_t in chunk:\n            h = step(x_t, h)\n            hs += [h]\n    return hs"),
    "cut afterwards": ("truncated", "hs, h = [], h_0.clone()\n    for t, x_t in enumerate(x, start=1):\n        new = step(x_t, h)\n        hs.append(new)\n        h = new.detach() if t % k == 0 else new\n    return tuple(hs)"),
    "cut by data": ("truncated", "hs = []\n    for t in range(x.shape[0]):\n        before = hs[-1] if hs else h_0\n        hs.append(step(x[t], before.data if not t % k else before))\n    return torch.stack(hs)"),
    "echo rolled": ("echo", "import math\n    t = torch.arange(symbols.shape[1])\n    return symbols.roll(lag, dims=1), (t >= lag).repeat(len(symbols), 1), math.log(classes)"),
    "echo in numpy": ("echo", "s = symbols.numpy()\n    y = np.full_like(s, -1)\n    for t in range(s.shape[1]):\n        if t >= lag:\n            y[:, t] = s[:, t - lag]\n    return y, y >= 0, -np.log(1 / classes)"),
    "echo joined": ("echo", "pad = torch.zeros(len(symbols), lag, dtype=symbols.dtype)\n    y = torch.cat([pad, symbols], 1)[:, : symbols.shape[1]]\n    counts = torch.ones_like(y, dtype=torch.bool)\n    counts[:, :lag] = False\n    return [y.float(), counts, torch.tensor(float(classes), dtype=torch.float64).log()]"),
    "highway by powers": ("highway", "norms = [(g_T @ torch.linalg.matrix_power(W.T, j)).square().sum(1).sqrt().mean() for j in range(k + 1)]\n    return norms, torch.linalg.norm(W.T @ W - torch.eye(W.shape[0], dtype=W.dtype), 'fro')"),
    "highway in numpy": ("highway", "w, g, norms = W.numpy(), g_T.numpy().T, []\n    for _ in range(k + 1):\n        norms.append(np.linalg.norm(g, axis=0).mean())\n        g = w @ g\n    return np.array(norms), np.linalg.norm(w.T @ w - np.eye(len(w)))"),
    "highway by singular values": ("highway", "g, norms = g_T.clone(), torch.zeros(k + 1, dtype=W.dtype)\n    for j in range(k + 1):\n        norms[j] = torch.linalg.vector_norm(g, dim=-1).mean()\n        g = torch.einsum('bj,ij->bi', g, W)\n    return norms, float(((torch.linalg.svdvals(W.double()) ** 2 - 1) ** 2).sum().sqrt())"),
}  # fmt: skip

# question, body, what is found
RULES = {
    "torch's network": ("vanilla_forward", "net = nn.RNN(x.shape[2], self.H, batch_first=True).to(x.dtype)\n        return self.W_hy(net(x)[0]), net(x)[1][0]", "torch.nn.RNN"),
    "torch's own step": ("vanilla_forward", "h = x.new_zeros(len(x), self.H)\n        h = torch.rnn_tanh_cell(x[:, 0], h, self.W_xh.weight, self.W_hh.weight, self.W_xh.bias)\n        return self.W_hy(h)[:, None], h", "torch.rnn_tanh_cell"),
    "autograd": ("flow", "h = hidden[0].clone().requires_grad_()\n    return torch.autograd.grad(torch.tanh(h @ W_hh).sum(), h)[0]", "torch.autograd.grad"),
    "backward": ("weight_gradients", "W = torch.zeros(h_0.shape[1], h_0.shape[1], dtype=h_0.dtype, requires_grad=True)\n    torch.tanh(h_0 @ W).sum().backward()\n    return {'W_hh': W.grad}", "torch.autograd.backward"),
    "torch.func": ("weight_gradients", "from torch.func import grad as d\n    return {'W_hh': d(lambda h: torch.tanh(h).sum())(h_0)}", "torch."),
    "torch's clipping": ("clip_and_monitor", "ps = [torch.nn.Parameter(g.clone()) for g in grads.values()]\n    for p in ps:\n        p.grad = p.data.clone()\n    nn.utils.clip_grad_norm_(ps, limit)\n    return {n: p.grad for n, p in zip(grads, ps)}, {}", "clip_grad_norm"),
    "torch's clipping by value": ("clip_and_monitor", "from torch.nn.utils import clip_grad_value_ as cut\n    p = torch.nn.Parameter(grads['W_hh'].clone())\n    p.grad = p.data.clone()\n    cut([p], limit)\n    return {'W_hh': p.grad}, {}", "clip_grad_value"),
}  # fmt: skip

WHY = "the radius counts in the end"


class TestQuestions(LabQuestions):
    lab, points, minutes, mistakes, pairs = "bptt", 25, 132, 12, 4
    above = {"vanilla_forward": LAYERS}
    of_form = f"{LabQuestions.of_form}|parameters"
    variants, rules = VARIANTS, RULES

    def test_one_word_is_no_answer(self):
        """Every case wants both words."""
        for word in ("vanishes", "undecided"):
            report = self.report_of("what_the_bound_says", self.with_body("what_the_bound_says", f"return {word!r}"))
            assert report.points == 0

    @pytest.mark.parametrize("text", ["", "class Mine(VanillaRNN):\n    pass\n\nVanillaRNN = Mine\n"])
    def test_the_packages_own_network_is_no_answer(self, text):
        report = self.report_of("vanilla_forward", f"from rnnkit.assignments.bptt import VanillaRNN\n{text}")
        assert report.points == 0

    @pytest.mark.parametrize(
        ("order", "because", "points"),
        [
            ([*MATRICES], WHY, 1.0),
            (tuple(reversed(MATRICES)), WHY, 1.0),  # being right has no points
            ([*MATRICES], "", 0.5),
            ([*MATRICES[:4], "Q"], WHY, 0.5),
            (["", "", "", "", ""], "", 0.0),
            (None, None, 0.0),
            ([1, 2, 3, 4, 5], 7, 0.0),
        ],
    )
    def test_a_prediction_counts_where_it_is_whole(self, order, because, points):
        prediction = self.assignment.scored["prediction"]
        assert prediction.judge((order, because)).points == points
        cells = [
            "import torch",
            "order = [",
            f"order = {order!r}  # mine\nbecause = {because!r}",
            "check('prediction', (order, because))",
        ]
        report, flags, told = prediction.handed_in(None, cells)
        assert (report.points, flags, bool(told)) == (points, [], bool(order))
