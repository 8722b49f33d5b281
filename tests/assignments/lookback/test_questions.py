"""The nine questions: right answers in any style pass, known mistakes are named, and what is forbidden gets nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lab_questions import LabQuestions

from rnnkit.assignments import get_assignment
from rnnkit.assignments.lookback import inputs
from rnnkit.checks import generate

LAB = get_assignment("lookback")
NET = [torch.tensor(one) for one in (inputs.U, inputs.V, inputs.W)]

# question, body: right answers in other styles than the solutions'
VARIANTS = {
    "forward in numpy": ("rnn_forward", "U, V, W = U.numpy(), V.numpy(), W.numpy()\n    s = np.zeros((len(x) + 1, len(U)))\n    for t, word in enumerate(x.numpy()):\n        s[t] = 1 / (1 + np.exp(-(V[word] + s[t - 1] @ U)))\n    e = np.exp(s[:-1] @ W)\n    return s[:-1], e / e.sum(axis=1, keepdims=True)"),
    "forward by one-hot": ("rnn_forward", "X = torch.nn.functional.one_hot(x, len(V)).to(V.dtype) @ V\n    s, states = torch.zeros(len(U), dtype=U.dtype), []\n    for a in X:\n        s = 1 / (1 + torch.exp(-(a + s @ U)))\n        states += [s]\n    S = torch.stack(states)\n    return [S, (S @ W).softmax(-1)]"),
    "forward in columns": ("rnn_forward", "s, states, outputs = torch.zeros(len(U), 1, dtype=U.dtype), [], []\n    for k in x.tolist():\n        s = torch.sigmoid(V.T[:, k : k + 1] + U.T @ s)\n        states.append(s[:, 0])\n        outputs.append(torch.softmax(W.T @ s, 0)[:, 0])\n    return torch.stack(states), torch.stack(outputs)"),
    "loss by gather": ("mean_loss", "y, d = torch.cat(ys), torch.cat(ds)\n    loss = -y.gather(1, d[:, None]).log().mean()\n    return loss, loss.exp()"),
    "loss in numpy": ("mean_loss", "logs = [np.log(float(y[t, k])) for y, d in zip(ys, ds) for t, k in enumerate(d)]\n    return -np.mean(logs), np.exp(-np.mean(logs))"),
    "loss by nll": ("mean_loss", "loss = torch.nn.functional.nll_loss(torch.cat(ys).log(), torch.cat(ds))\n    return float(loss), float(torch.exp(loss))"),
    "gradient lag by lag": ("lookback_gradient", "E = torch.nn.functional.one_hot(d, W.shape[1]).to(W.dtype) - y\n    slope, before = s * (1 - s), torch.cat([torch.zeros_like(s[:1]), s[:-1]])\n    delta = (E @ W.T) * slope\n    dU, dV = torch.zeros_like(U), torch.zeros_like(V)\n    for k in range(min(tau, len(x) - 1) + 1):\n        if k:\n            delta = (delta[1:] @ U.T) * slope[: len(x) - k]\n        dU += before[: len(delta)].T @ delta\n        dV.index_add_(0, x[: len(delta)], delta)\n    return dU, dV, s.T @ E"),
    "gradient in numpy": ("lookback_gradient", "x, d, s, y, U, V, W = (one.numpy() for one in (x, d, s, y, U, V, W))\n    dU, dV, dW = np.zeros_like(U), np.zeros_like(V), np.zeros_like(W)\n    for t in range(len(x)):\n        e = np.eye(W.shape[1])[d[t]] - y[t]\n        dW += np.outer(s[t], e)\n        g = W @ e * s[t] * (1 - s[t])\n        for j in range(t, max(t - tau, 0) - 1, -1):\n            if j < t:\n                g = U @ g * s[j] * (1 - s[j])\n            dV[x[j]] += g\n            if j:\n                dU += np.outer(s[j - 1], g)\n    return dU, dV, dW"),
    "step by lerp": ("gru_step", "r, z = (1 / (1 + torch.exp(-(V[x] + s @ U))) for U, V in ((Ur, Vr), (Uz, Vz)))\n    c = torch.tanh(Vh[x] + torch.mv(Uh.T, r * s))\n    return torch.lerp(c, s, z), r, z, c"),
    "step in numpy": ("gru_step", "s, *w = (one.numpy() for one in (s, Ur, Vr, Uz, Vz, Uh, Vh))\n    r, z = (1 / (1 + np.exp(-(w[k + 1][x] + s @ w[k]))) for k in (0, 2))\n    c = np.tanh(w[5][x] + (r * s) @ w[4])\n    return [z * s + (1 - z) * c, r, z, c]"),
    "back in columns": ("gru_backward", "g = ds[:, None]\n    dc = g * ((1 - z) * (1 - c * c))[:, None]\n    dz = g * ((s - c) * z * (1 - z))[:, None]\n    q = Uh @ dc\n    dr = q * (s * r * (1 - r))[:, None]\n    back = g * z[:, None] + q * r[:, None] + Uz @ dz + Ur @ dr\n    rows = s[:, None]\n    return {'Ur': rows @ dr.T, 'Uz': rows @ dz.T, 'Uh': (r[:, None] * rows) @ dc.T, 's_prev': back[:, 0]}"),
    "back in numpy": ("gru_backward", "ds, s, r, z, c, Ur, Uz, Uh = (one.numpy() for one in (ds, s, r, z, c, Ur, Uz, Uh))\n    dc, dz = ds * (1 - z) * (1 - c**2), ds * (s - c) * z * (1 - z)\n    q = Uh @ dc\n    dr = q * s * r * (1 - r)\n    return dict(s_prev=ds * z + q * r + Uz @ dz + Ur @ dr, Ur=np.outer(s, dr), Uz=np.outer(s, dz), Uh=np.outer(r * s, dc))"),
    "rate in a line": ("learning_rate", "return lr0 / (1 + epoch / anneal) if anneal else lr0"),
    "rate in torch": ("learning_rate", "return torch.tensor(lr0 * (anneal / (anneal + epoch) if anneal > 0 else 1.0), dtype=torch.float64)"),
    "norms in numpy": ("contribution_norms", "n = max(map(len, deltas))\n    per, acc = np.full((len(states), n), np.nan), np.zeros((len(states), n))\n    for k, (terms, s) in enumerate(zip(deltas, states)):\n        s, total = s.numpy(), 0\n        for tau in range(n):\n            if tau < len(terms):\n                g = terms[tau].numpy()\n                C = sum((np.outer(s[i - 1], g[i]) for i in range(1, len(g))), np.zeros((s.shape[1], s.shape[1])))\n                total, per[k, tau] = total + C, np.linalg.norm(C)\n            acc[k, tau] = np.linalg.norm(total)\n    return {'accumulated': acc.mean(axis=0), 'per_tau': np.nanmean(per, axis=0)}"),
    "norms by padding": ("contribution_norms", "n = max(map(len, deltas))\n    rows = []\n    for terms, s in zip(deltas, states):\n        before = torch.cat([torch.zeros_like(s[:1]), s[:-1]])\n        C = [torch.einsum('ik,ih->kh', before[: len(g)], g) for g in terms]\n        C += [torch.zeros_like(C[0])] * (n - len(C))\n        rows.append(torch.stack(C))\n    C = torch.stack(rows)\n    there = torch.tensor([[tau < len(terms) for tau in range(n)] for terms in deltas])\n    alone = C.flatten(2).norm(dim=2)\n    return {'per_tau': alone.sum(0) / there.sum(0), 'accumulated': C.cumsum(1).flatten(2).norm(dim=2).mean(0)}"),
    "shares in numpy": ("by_distance", "n, p, l = distance.numpy(), predicted.numpy(), label.numpy()\n    bins = {'1': (1, 1), '2-3': (2, 3), '4-5': (4, 5), '6+': (6, 10**6), 'all': (0, 10**6)}\n    out = {k: np.mean((p == l)[(n >= a) & (n <= b)]) for k, (a, b) in bins.items()}\n    out['balanced'] = np.mean([np.mean(p[l == one] == one) for one in np.unique(l)])\n    out['majority'] = max(np.mean(l), 1 - np.mean(l))\n    return out"),
    "shares by lists": ("by_distance", "rows = list(zip(distance.tolist(), predicted.tolist(), label.tolist()))\n    def share(fits):\n        of = [p == l for n, p, l in rows if fits(n, l)]\n        return sum(of) / len(of)\n    out = {'1': share(lambda n, l: n == 1), '2-3': share(lambda n, l: n in (2, 3)), '4-5': share(lambda n, l: n in (4, 5)), '6+': share(lambda n, l: n > 5), 'all': share(lambda n, l: True)}\n    labels = [l for _, _, l in rows]\n    each = [share(lambda n, l, one=one: l == one) for one in set(labels)]\n    return out | {'balanced': sum(each) / len(each), 'majority': max(labels.count(0), labels.count(1)) / len(labels)}"),
    "updates by a loop": ("update_after", "at, over = [], []\n    for i in range(n):\n        if i % batch_size == 0:\n            at.append(i)\n            over.append(batch_size)\n    if n % batch_size > 1:\n        at.append(n - 1)\n        over.append(n % batch_size)\n    return at, over"),
    "updates in numpy": ("update_after", "at = np.arange(0, n, batch_size)\n    over = np.full(len(at), batch_size)\n    if n % batch_size > 1:\n        at, over = np.append(at, n - 1), np.append(over, n % batch_size)\n    return at, over"),
}  # fmt: skip

# question, body, what is found
RULES = {
    "torch's network": ("rnn_forward", "net = torch.nn.RNN(len(U), len(U), dtype=U.dtype)\n    s = net(V[x])[0].detach()\n    return s, torch.softmax(s @ W, 1)", "torch.nn.RNN"),
    "torch's cell": ("gru_step", "cell = torch.nn.GRUCell(len(s), len(s), dtype=s.dtype)\n    s_t = cell(Vh[x], s).detach()\n    return s_t, s_t, s_t, s_t", "torch.nn.GRUCell"),
    "autograd": ("lookback_gradient", "leaves = [one.clone().requires_grad_() for one in (U, V, W)]\n    loss = ((s @ leaves[2]).log_softmax(1)[torch.arange(len(d)), d]).sum() + (V[x] @ leaves[0]).sum() + leaves[1].sum()\n    return torch.autograd.grad(loss, leaves)", "torch.autograd.grad"),
    "backward": ("gru_backward", "s = s.clone().requires_grad_()\n    (ds * torch.tanh((r * s) @ Uh)).sum().backward()\n    return {'s_prev': s.grad, 'Ur': 0 * Ur, 'Uz': 0 * Uz, 'Uh': 0 * Uh}", "torch.autograd.backward"),
    "torch.func": ("gru_backward", "from torch.func import vjp\n    back = vjp(lambda s: torch.tanh((r * s) @ Uh), s)[1](ds)[0]\n    return {'s_prev': back, 'Ur': 0 * Ur, 'Uz': 0 * Uz, 'Uh': 0 * Uh}", "torch."),
    "the kit's": ("mean_loss", "from rnnkit.assignments.lookback import small_nets as kit\n    nats = -sum(torch.log(y[torch.arange(len(d)), d]).sum() for y, d in zip(ys, ds)) / sum(map(len, ds))\n    return nats, torch.exp(nats) + 0 * kit.H", "rnnkit.assignments"),
}  # fmt: skip


class TestQuestions(LabQuestions):
    lab, points, minutes, mistakes = "lookback", 25, 162, 12
    variants, rules, near = VARIANTS, RULES, 1e-8


def solved(id: str):
    return generate.student_object(LAB.questions[id])


# ---- the numbers that the coursework's net has to give ---------------------------------------------------------------


def test_losses_of_the_published_net():
    sentences = {
        "0121102": ("1211111", 8.19118156763),
        "110": ("102", 3.29724981191),
        "11212": ("12121", 6.01420605985),
    }
    ys, ds = [], []
    for words, (targets, loss) in sentences.items():
        x, d = (torch.tensor([*map(int, one)]) for one in (words, targets))
        ys.append(solved("rnn_forward")(x, *NET)[1])
        ds.append(d)
        assert float(solved("mean_loss")(ys[-1:], [d])[0]) * len(d) == pytest.approx(loss, abs=1e-10)
    assert float(solved("mean_loss")(ys, ds)[0]) == pytest.approx(1.16684249596, abs=1e-10)
    assert -float(torch.log(ys[0][-1, 0])) == pytest.approx(0.887758278817, abs=1e-10)


@pytest.mark.parametrize(("tau", "right"), {
    0: [[-0.11298744, -0.107331], [0.07341862, 0.06939134]],
    3: [[-0.12007034, -0.1141893], [0.06377434, 0.06003115]],
    9: [[-0.12008206, -0.11420084], [0.06376353, 0.06002047]],
}.items())  # fmt: skip
def test_descent_directions_of_the_published_net(tau, right):
    x, d = (torch.tensor(one.astype(int)) for one in (inputs.X, inputs.D))
    dU, dV, dW = solved("lookback_gradient")(x, d, *solved("rnn_forward")(x, *NET), *NET, tau)
    assert dU.T.numpy() == pytest.approx(np.array(right), abs=1e-8)
    if tau < 9:
        return
    leaves = [one.clone().requires_grad_() for one in NET]
    s, loss = torch.zeros(2, dtype=torch.float64), torch.zeros(())
    for word, target in zip(x, d, strict=True):
        s = torch.sigmoid(leaves[1][word] + s @ leaves[0])
        loss = loss - torch.log_softmax(s @ leaves[2], 0)[target]
    for mine, gradient in zip((dU, dV, dW), torch.autograd.grad(loss, leaves), strict=True):
        assert mine.numpy() == pytest.approx(-gradient.numpy(), abs=1e-14)


def test_states_of_the_published_gated_net_and_that_z_keeps():
    step, s = solved("gru_step"), torch.zeros(2, dtype=torch.float64)
    names = [f"{letter}{gate}" for gate in "rzh" for letter in "UV"]
    w = {name: torch.tensor(inputs.GRU[name]) for name in names}
    for word in inputs.X.astype(int):
        before, (s, _, z, c) = s, step(int(word), s, *w.values())
        turned = step(int(word), before, *(w | {"Uz": -w["Uz"], "Vz": -w["Vz"]}).values())
        assert turned[2].numpy() == pytest.approx(1 - z.numpy(), abs=1e-15)
        assert turned[0].numpy() == pytest.approx(((1 - z) * before + z * c).numpy(), abs=1e-15)  # a z that writes
    assert s.numpy() == pytest.approx([0.5216119223, 0.7687892537], abs=1e-10)
    y = torch.softmax(s @ NET[2], 0)
    assert y.numpy() == pytest.approx([0.3858153414, 0.3381849791, 0.2759996795], abs=1e-10)


def test_rates_of_the_published_trace():
    rates = [solved("learning_rate")(0.5, 5, epoch) for epoch in range(10)]
    trace = [0.5, 0.4167, 0.3571, 0.3125, 0.2778, 0.25, 0.2273, 0.2083, 0.1923, 0.1786]
    assert rates == pytest.approx(trace, abs=5e-5)


# ---- the prediction --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "points"), [
    ((3, 12, "one has to begin"), 1), ((3, None, "one has to begin"), 2 / 3), ((3, 12, "why"), 2 / 3),
    ((None, None, ""), 0), ((21, 12, ""), 1 / 3), ((3.5, None, ""), 0), ("3", 0),
])  # fmt: skip
def test_a_prediction_counts_for_being_whole(said, points):
    (question,) = LAB.records
    assert question.judge(said).points == pytest.approx(points)


def test_a_prediction_is_read_from_what_the_notebook_says(tmp_path):
    (question,) = LAB.records
    found = question.handed_in(tmp_path, ["rnn_stops = 2\ngru_stops = 9", "because = 'one has to begin'", "x = open("])
    assert found.report.points == pytest.approx(1)
    assert question.handed_in(tmp_path, ["rnn_stops = None"]).report.points == 0
