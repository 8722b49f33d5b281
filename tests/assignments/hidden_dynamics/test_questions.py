"""The nine questions: right answers in any style pass, known mistakes are named, and what is forbidden gets nothing."""

from __future__ import annotations

import pytest
from lab_questions import LabQuestions

INVERSE = "\n\ndef steps_used(accuracy, T):\n    "

# question, body: right answers in other styles than the solutions'
VARIANTS = {
    "labels by sums": ("labels", "return (X.sum((1, 2)) > 0).int()"),
    "labels in numpy": ("labels", "return np.where(X.numpy().mean(axis=2).mean(axis=1) > 0, 1, 0)"),
    "labels in a list": ("labels", "return [int(one.mean() > 0) for one in X]"),
    "labels by einsum": ("labels", "return torch.einsum('ntc->n', X).gt(0).to(torch.int64)"),
    "labels, a list of tensors": ("labels", "return [torch.tensor(1 if s.mean() > 0 else 0) for s in X]"),
    "parameters by formula": ("parameters", "first = n_hid * (n_in + n_hid + 2)\n    return first + (layers - 1) * n_hid * (2 * n_hid + 2) + (n_hid + 1) * n_out"),
    "parameters by Linear": ("parameters", "sizes = [n_in] + [n_hid] * layers\n    parts = [torch.nn.Linear(n_hid, n_out)]\n    for below in sizes[:-1]:\n        parts += [torch.nn.Linear(below, n_hid), torch.nn.Linear(n_hid, n_hid)]\n    return sum(p.numel() for part in parts for p in part.parameters())"),
    "parameters in numpy": ("parameters", "below = np.array([n_in] + [n_hid] * (layers - 1))\n    return np.sum(below * n_hid + n_hid**2 + 2 * n_hid) + n_hid * n_out + n_out"),
    "layer in numpy": ("layer", "x, W_xh, b_xh, W_hh, b_hh = (one.numpy() for one in (x, W_xh, b_xh, W_hh, b_hh))\n    out = np.zeros((x.shape[0], x.shape[1] + 1, W_hh.shape[0]))\n    for t in range(x.shape[1]):\n        out[:, t + 1] = np.tanh(x[:, t] @ W_xh + b_xh + out[:, t] @ W_hh + b_hh)\n    return out[:, 1:]"),
    "layer by einsum": ("layer", "at = torch.einsum('bti,ih->bth', x, W_xh) + (b_xh + b_hh)\n    h = torch.zeros_like(at[:, 0])\n    hs = []\n    for a in at.unbind(1):\n        h = (a + torch.einsum('bk,kh->bh', h, W_hh)).tanh()\n        hs += [h]\n    return torch.stack(hs, 1)"),
    "layer by linear": ("layer", "import torch.nn.functional as F\n    h, hs = torch.zeros(len(x), len(b_hh), dtype=x.dtype), []\n    for x_t in x.transpose(0, 1):\n        h = torch.tanh(F.linear(x_t, W_xh.T, b_xh) + F.linear(h, W_hh.T, b_hh))\n        hs.append(h)\n    return torch.stack(hs).transpose(0, 1)"),
    "layer by exponentials": ("layer", "h, hs = 0 * (x[:, 0] @ W_xh), []\n    for t in range(x.size(1)):\n        a = torch.addmm(b_hh, h, W_hh) + torch.addmm(b_xh, x[:, t], W_xh)\n        h = 2 / (1 + torch.exp(-2 * a)) - 1\n        hs.append(h[:, None])\n    return torch.cat(hs, 1)"),
    "contributions by einsum": ("contributions", "da = flow * (1 - hidden[1:].square())\n    return torch.einsum('tbk,tbh->tkh', hidden[:-1], da).flatten(1).norm(dim=1)"),
    "contributions in numpy": ("contributions", "h, g = hidden.numpy(), flow.numpy()\n    da = g * (1 - h[1:] ** 2)\n    return np.linalg.norm(da.transpose(0, 2, 1) @ h[:-1], axis=(1, 2))"),
    "contributions by loops": ("contributions", "out = []\n    for t in range(flow.shape[0]):\n        G = sum(torch.outer((1 - hidden[t + 1, b] ** 2) * flow[t, b], hidden[t, b]) for b in range(flow.shape[1]))\n        out.append(float((G**2).sum()) ** 0.5)\n    return out"),
    "contributions by matrix_norm": ("contributions", "da = (1 - hidden[1:] * hidden[1:]) * flow\n    return torch.linalg.matrix_norm(hidden[:-1].transpose(1, 2) @ da)"),
    "sensitivity by backward": ("input_sensitivity", "leaf = x.clone().requires_grad_(True)\n    out = logits(leaf)\n    (out[:, 1] - out[:, 0]).mean().backward()\n    return leaf.grad.sum(-1).sum(0)"),
    "sensitivity by sequences": ("input_sensitivity", "rows = []\n    for one in x:\n        one = one[None].clone().requires_grad_()\n        out = logits(one)[0]\n        rows.append(torch.autograd.grad(out[1] - out[0], one)[0].sum((0, 2)))\n    return torch.stack(rows).mean(0)"),
    "sensitivity by a shift": ("input_sensitivity", "shift = torch.zeros(x.shape[1], dtype=x.dtype, requires_grad=True)\n    out = logits(x + shift[:, None])\n    return torch.autograd.grad((out @ out.new_tensor([-1.0, 1.0])).mean(), shift)[0]"),
    "sensitivity by jacobian": ("input_sensitivity", "J = torch.autograd.functional.jacobian(lambda x: (logits(x)[:, 1] - logits(x)[:, 0]).sum(), x)\n    return J.sum(2).numpy().mean(axis=0)"),
    "sensitivity by torch.func": ("input_sensitivity", "from torch.func import grad\n    return grad(lambda x: (logits(x)[:, 1] - logits(x)[:, 0]).mean())(x).sum((0, 2))"),
    "features in numpy": ("unit_features", "h, s = hidden.numpy(), x.numpy().sum(axis=(1, 2))\n    c = [np.corrcoef(h[:, -1, k], s)[0, 1] for k in range(h.shape[2])]\n    a = [np.corrcoef(h[:, start:-1, k].ravel(), h[:, start + 1:, k].ravel())[0, 1] for k in range(h.shape[2])]\n    return np.array(c), np.array(a)"),
    "features by corrcoef": ("unit_features", "total = x.mean((1, 2))\n    c = torch.stack([torch.corrcoef(torch.stack([h, total]))[0, 1] for h in hidden[:, -1].T])\n    now, after = hidden[:, start:-1].flatten(0, 1), hidden[:, start + 1:].flatten(0, 1)\n    a = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(now.T, after.T)])\n    return [c, a]"),
    "features from standard scores": ("unit_features", "def z(v):\n        return (v - v.mean(0)) / v.std(0, unbiased=False)\n    now, after = (s.reshape(-1, hidden.shape[-1]) for s in (hidden[:, start:-1], hidden[:, start + 1:]))\n    return (z(hidden[:, -1]) * z(x.sum((1, 2)))[:, None]).mean(0), (z(now) * z(after)).mean(0)"),
    "features by cosines": ("unit_features", "cos = torch.nn.functional.cosine_similarity\n    s = x.sum(2).sum(1, keepdim=True)\n    h = hidden[:, -1]\n    c = cos(h - h.mean(0), s - s.mean(0), dim=0)\n    p, q = hidden[:, start:-1], hidden[:, start + 1:]\n    p, q = p - p.mean((0, 1)), q - q.mean((0, 1))\n    return c, (p * q).sum((0, 1)) / ((p * p).sum((0, 1)) * (q * q).sum((0, 1))) ** 0.5"),
    "taxonomy in a line": ("taxonomy", "return ['accumulator' if abs(p) >= 0.5 else 'oscillator' if q < -0.1 else 'transient' for p, q in zip(c, a)]"),
    "taxonomy in numpy": ("taxonomy", "return np.select([np.abs(c.numpy()) >= 0.5, a.numpy() < -0.1], ['accumulator', 'oscillator'], 'transient')"),
    "taxonomy by masks": ("taxonomy", "kinds = np.full(len(c), 'transient', dtype=object)\n    kinds[a.numpy() < -0.1] = 'oscillator'\n    kinds[c.abs().numpy() >= 0.5] = 'accumulator'\n    return kinds.tolist()"),
    "taxonomy in a tuple": ("taxonomy", "words = 'transient', 'oscillator', 'accumulator'\n    code = torch.where(c.abs() >= 0.5, 2, torch.where(a < -0.1, 1, 0))\n    return tuple(words[k] for k in code.tolist())"),
    "the bound by an angle": ("best_accuracy", "return 1 - math.acos((k / T) ** 0.5) / math.pi" + INVERSE + "return T * (1 - math.cos(2 * math.pi * (accuracy - 0.5))) / 2"),
    "the bound in numpy": ("best_accuracy", "return np.arcsin(np.sqrt(k / T)) / np.pi + 1 / 2" + INVERSE + "return T * np.sin(np.pi * (accuracy - 1 / 2)) ** 2"),
    "the bound in torch": ("best_accuracy", "return 0.5 + torch.asin(torch.tensor(k / T, dtype=torch.float64).sqrt()) / torch.pi" + INVERSE + "return T * torch.sin(torch.pi * torch.tensor(accuracy - 0.5, dtype=torch.float64)).square()"),
    "summary by a dict": ("summary", "epoch = int(np.argmax(test_acc))\n    return dict(train_loss=train_loss[-1], train_acc=train_acc[-1], test_loss=test_loss[-1], test_acc=test_acc[-1], best_test_acc=test_acc[epoch], best_epoch=epoch + 1)"),
    "summary by a loop": ("summary", "out, best = {}, (-1, 0)\n    for e, (out['train_loss'], out['train_acc'], out['test_loss'], out['test_acc']) in enumerate(zip(train_loss, train_acc, test_loss, test_acc), 1):\n        if out['test_acc'] > best[0]:\n            best = out['test_acc'], e\n    out['best_test_acc'], out['best_epoch'] = best\n    return out"),
    "summary in numpy": ("summary", "acc = np.array(test_acc)\n    row = {'best_epoch': acc.argmax() + 1, 'best_test_acc': acc.max()}\n    row.update(zip(('train_loss', 'train_acc', 'test_loss', 'test_acc'), (v[-1] for v in (train_loss, train_acc, test_loss, test_acc))))\n    return row"),
}  # fmt: skip

# question, body, what is found
RULES = {
    "torch's RNN": ("layer", "net = torch.nn.RNN(x.shape[2], len(W_hh), batch_first=True, dtype=x.dtype)\n    return net(x)[0].detach()", "torch.nn.RNN"),
    "torch's cell": ("layer", "cell = torch.nn.RNNCell(x.shape[2], len(W_hh), dtype=x.dtype)\n    return torch.stack([cell(x[:, t]) for t in range(x.shape[1])], 1).detach()", "torch.nn.RNNCell"),
    "torch's function": ("layer", "h, out = x.new_zeros(len(x), len(W_hh)), []\n    for t in range(x.shape[1]):\n        h = torch.rnn_tanh_cell(x[:, t], h, W_xh.T.contiguous(), W_hh.T.contiguous(), b_xh, b_hh)\n        out.append(h)\n    return torch.stack(out, 1)", "torch.rnn_tanh_cell"),
    "the kit's engines": ("contributions", "import rnnkit.engines.bptt as kit\n    return kit.norms(hidden, flow)", "rnnkit.engines"),
    "autograd": ("contributions", "W = torch.zeros(hidden.shape[2], hidden.shape[2], dtype=hidden.dtype, requires_grad=True)\n    h = torch.atanh(hidden[1:]) + hidden[:-1] @ W\n    return torch.stack([torch.autograd.grad((one.tanh() * g).sum(), W, retain_graph=True)[0].norm() for one, g in zip(h, flow)])", "torch.autograd.grad"),
    "backward": ("contributions", "W = torch.zeros(hidden.shape[2], hidden.shape[2], dtype=hidden.dtype, requires_grad=True)\n    (torch.tanh(hidden[0] @ W) * flow[0]).sum().backward()\n    return W.grad.norm() * torch.ones(len(flow))", "torch.autograd.backward"),
    "torch.func": ("contributions", "from torch.func import vjp\n    return vjp(lambda W: hidden[:-1] @ W, hidden[0].T @ hidden[0])[1](flow)[0].norm() * torch.ones(len(flow))", "torch."),
    "the kit's in the function beside": ("best_accuracy", "return 0.5 + math.asin(math.sqrt(k / T)) / math.pi" + INVERSE + "from rnnkit.assignments.hidden_dynamics import sketches as kit\n    return kit.T * math.sin(math.pi * (accuracy - 0.5)) ** 2", "rnnkit.assignments"),
}  # fmt: skip


class TestQuestions(LabQuestions):
    lab, points, minutes, mistakes, near = "hidden_dynamics", 20, 118, 20, 1e-8
    variants, rules = VARIANTS, RULES

    def test_each_of_the_two_functions_of_the_bound_has_its_own_points(self):
        bound = "return 0.5 + math.asin(math.sqrt(k / T)) / math.pi"
        stub = self.with_body("best_accuracy", f"{bound}{INVERSE}raise NotImplementedError()")
        alone = self.with_body("best_accuracy", bound).replace("steps_used", "other")
        for text, said in ((stub, "steps_used is not written yet"), (alone, "no such function")):
            report = self.report_of("best_accuracy", text)
            assert report.points == 1
            assert said in " ".join(detail for case in report.cases for detail in case.details)

    @pytest.mark.parametrize(
        ("oscillators", "with_half", "points"),
        [("0 to 4", 0.75, 1), ("more than 20", 1, 1), ("0 to 4", "", 0.5), ("many", 0.9, 0.5), (3, 75, 0), ("", "", 0)],
    )
    def test_a_prediction_counts_where_it_is_whole_right_or_not(self, oscillators, with_half, points):
        prediction = self.assignment.scored["prediction"]
        assert prediction.judge((oscillators, with_half)).points == points
        cells = ["import torch", f"oscillators = {oscillators!r}\nwith_half = {with_half!r}", "oscillators = ["]
        report, flags, said = prediction.handed_in(None, cells)
        assert (report.points, flags, bool(said)) == (points, [], bool(oscillators or with_half))
