"""The backward pass through time: what dL/dh_t means, against closed forms, other loops and finite differences."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from passes import ARRAYS, assert_same

from rnnkit.cells import GRU, RNN
from rnnkit.engines import get_engine
from rnnkit.heads import get_head
from rnnkit.tasks import Batch

LAST = ("lastSoftmax", "lastLinear")


def run(cell, batch, **how):
    return get_engine("autograd").run(cell, get_head(cell.head), batch, **how)


def other_loop(cell, batch):
    """Loss, list of h_t (each on the path to the next), and output, from the equations; no call of the cell."""
    w = SimpleNamespace(**dict(cell.named_parameters()))
    h, hidden = torch.zeros(batch.inputs.shape[1], len(w.b_h), dtype=w.b_h.dtype), []
    for x in batch.inputs:
        if isinstance(cell, GRU):
            z = torch.sigmoid(x @ w.W_xz + h @ w.W_hz + w.b_z)
            r = torch.sigmoid(x @ w.W_xr + h @ w.W_hr + w.b_r)
            h = h + z * (torch.tanh(x @ w.W_xh + (r * h) @ w.W_hh + w.b_h) - h)
        else:
            h = getattr(torch, cell.phi)(x @ w.W_xh + h @ w.W_hh + w.b_h)
        hidden.append(h)
    if cell.head == "softmax":
        logits = [h_t @ w.W_ho + w.b_o for h_t in hidden]
        loss = sum(F.cross_entropy(o, y) for o, y in zip(logits, batch.targets, strict=True)) / len(logits)
        return loss, hidden, torch.stack(logits)
    o = hidden[-1] @ w.W_ho + w.b_o
    if cell.head == "lastSoftmax":
        return -o.log_softmax(-1)[range(len(o)), batch.targets].mean(), hidden, o
    return (o - batch.targets).pow(2).sum() / len(o), hidden, o


def assert_close(found, expected, rtol=1e-10, atol=1e-14):
    torch.testing.assert_close(found, expected.detach(), rtol=rtol, atol=atol)


# ---- the total derivative ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [0.5, 0.9, 1.0, 1.2])
def test_linear_rnn_has_the_closed_form(random_cell, random_batch, c):
    """h_{t+1} = h_t c Q + ...: dL/dh_t = dL/dh_T (c Q^T)^(T - t), of norm c^(T - t) times the last one."""
    steps, size, n_hid = 40, 3, 8
    cell = random_cell("rnn", n_hid=n_hid, phi="identity", head="lastLinear")
    Q = torch.linalg.qr(torch.randn(n_hid, n_hid, generator=torch.Generator().manual_seed(2), dtype=torch.float64))[0]
    with torch.no_grad():
        cell.W_hh.copy_(c * Q)
    batch = random_batch("lastLinear", steps, size)
    found = run(cell, batch)
    last = (2 / size * (found.output - batch.targets) @ cell.W_ho.T).detach()
    assert_close(found.flow[-1], last)
    for t in range(steps):
        back = steps - 1 - t
        assert_close(found.flow[t].norm(dim=-1) / last.norm(dim=-1), torch.full((size,), c**back, dtype=torch.float64))
        assert_close(found.flow[t], last @ torch.linalg.matrix_power(c * Q.T, back))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid"])
def test_flow_is_the_derivative_of_every_step(random_cell, random_batch, model, head_name, phi):
    cell, batch = random_cell(model, phi=phi, head=head_name), random_batch(head_name)
    found = run(cell, batch)
    loss, hidden, output = other_loop(cell, batch)
    wanted = [*hidden, *cell.parameters()]
    derivatives = torch.autograd.grad(loss, wanted)
    assert_close(found.loss, loss)
    assert_close(found.output, output)
    assert_close(found.hidden, torch.stack(hidden))
    assert_close(found.flow, torch.stack(derivatives[: len(hidden)]))
    for (name, _), derivative in zip(cell.named_parameters(), derivatives[len(hidden) :], strict=True):
        assert_close(found.grads[name], derivative)


def test_flow_equals_finite_differences_of_a_nudged_state(random_cell, random_batch, model):
    """No autograd at all: nudge h_t, run the rest of the sequence, look at the loss."""
    cell, batch, eps = random_cell(model, head="lastLinear"), random_batch("lastLinear", 5, 2), 1e-6
    found = run(cell, batch)

    def loss_from(t, h):
        for x in batch.inputs[t + 1 :]:
            h = cell.step(x, h)
            h = h[0] if isinstance(h, tuple) else h
        return float(((h @ cell.W_ho + cell.b_o - batch.targets) ** 2).sum(-1).mean())

    with torch.no_grad():
        for t, b, i in [(0, 0, 0), (1, 1, 3), (4, 0, 2)]:
            nudge = torch.zeros_like(found.hidden[t])
            nudge[b, i] = eps
            slope = (loss_from(t, found.hidden[t] + nudge) - loss_from(t, found.hidden[t] - nudge)) / (2 * eps)
            assert float(found.flow[t, b, i]) == pytest.approx(slope, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("head", LAST)
def test_gradient_flows_back_where_the_direct_term_is_zero(random_cell, random_batch, model, head):
    found = run(random_cell(model, head=head), random_batch(head))
    assert (found.flow[:-1].norm(dim=-1) > 0).all()
    assert (found.direct[:-1] == 0).all()
    assert_close(found.direct[-1], found.flow[-1])


def test_direct_term_of_an_output_at_every_step(random_cell, random_batch, model):
    cell, batch = random_cell(model, head="softmax"), random_batch("softmax")
    found = run(cell, batch)
    steps, size, _ = batch.inputs.shape
    error = (found.output.softmax(-1) - F.one_hot(batch.targets, 2)) / (steps * size)
    assert_close(found.direct, error @ cell.W_ho.T)
    assert_close(found.direct[-1], found.flow[-1])
    assert (found.direct[:-1] - found.flow[:-1]).abs().max() > 1e-3


# ---- gradients of the parameters --------------------------------------------------------------------------------


def test_grads_equal_finite_differences(random_cell, random_batch, model, head_name):
    cell, batch, eps = random_cell(model, 2, 2, 2, head=head_name), random_batch(head_name, 3, 2, 2), 1e-6
    found = run(cell, batch)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            flat = parameter.view(-1)
            for i, value in enumerate(flat.tolist()):
                losses = []
                for flat[i] in (value + eps, value - eps):
                    losses.append(float(run(cell, batch, backward=False).loss))
                flat[i] = value
                slope = (losses[0] - losses[1]) / (2 * eps)
                assert float(found.grads[name].view(-1)[i]) == pytest.approx(slope, rel=1e-5, abs=1e-9), (name, i)


def test_watching_the_flow_changes_nothing(random_cell, random_batch, model, head_name):
    cell, batch = random_cell(model, head=head_name, dtype=torch.float32), random_batch(head_name, dtype=torch.float32)
    watched, plain = run(cell, batch), run(cell, batch, flow=False)
    assert plain.grads.keys() == dict(cell.named_parameters()).keys()
    assert_same(plain, replace(watched, flow=None, direct=None), rtol=0, atol=0)


def test_forward_only(random_cell, random_batch, model, head_name):
    cell, batch = random_cell(model, head=head_name), random_batch(head_name)
    found, full = run(cell, batch, backward=False), run(cell, batch)
    assert_same(found, replace(full, grads={}, flow=None, direct=None), rtol=0, atol=0)


def test_a_pass_is_detached_and_leaves_the_cell_alone(random_cell, random_batch, model, head_name):
    cell, batch = random_cell(model, head=head_name), random_batch(head_name)
    before = [parameter.clone() for parameter in cell.parameters()]
    found = run(cell, batch)
    everything = [*(getattr(found, name) for name in ARRAYS), *(found.gates or {}).values(), *found.grads.values()]
    assert not any(value.requires_grad for value in everything)
    assert all(parameter.grad is None for parameter in cell.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, cell.parameters(), strict=True))
    assert found.phi == (None if model == "gru" else "tanh")
    assert (found.gates is None) == (model == "rnn")


def test_engine_agrees_with_forward(random_cell, random_batch, model, head_name):
    cell, batch = random_cell(model, head=head_name), random_batch(head_name)
    found = run(cell, batch)
    output, hidden, traces = cell(batch.inputs)
    assert_close(found.output, output)
    assert_close(found.hidden, hidden)
    for gate, trace in (traces or {}).items():
        assert_close(found.gates[gate], trace)


@pytest.mark.parametrize(("steps", "size", "n_hid"), [(1, 4, 5), (6, 1, 5), (6, 4, 1), (1, 1, 1)])
def test_smallest_sizes(random_cell, random_batch, model, head_name, steps, size, n_hid):
    found = run(random_cell(model, n_hid=n_hid, head=head_name), random_batch(head_name, steps, size))
    assert found.flow.shape == found.direct.shape == found.hidden.shape == (steps, size, n_hid)
    assert_close(found.flow[-1], found.direct[-1])


# ---- a student's cell -------------------------------------------------------------------------------------------


class StudentRNN(RNN):
    """Column form, one sequence at a time, a parameter on its own line."""

    def step(self, x_t, h_prev):
        rows = []
        for x, h in zip(x_t, h_prev, strict=True):
            a = torch.mv(self.W_xh.T, x)
            a = a + torch.mv(self.W_hh.T, h)
            rows.append((self.b_h + a).tanh())
        return torch.stack(rows)


class StudentGRU(GRU):
    """Both gates from one product, and the update written as a step towards the candidate."""

    def step(self, x_t, h_prev):
        W_x, W_h = torch.cat([self.W_xz, self.W_xr], 1), torch.cat([self.W_hz, self.W_hr], 1)
        z, r = (1 / (1 + torch.exp(-(x_t @ W_x + h_prev @ W_h + torch.cat([self.b_z, self.b_r]))))).chunk(2, dim=1)
        candidate = torch.tanh(torch.addmm(self.b_h, x_t, self.W_xh) + torch.matmul(h_prev * r, self.W_hh))
        return torch.lerp(h_prev, candidate, z), {"z": z, "r": r}


class DetachedRNN(RNN):
    def step(self, x_t, h_prev):
        return super().step(x_t, h_prev.detach())


@pytest.mark.parametrize(("student", "ours"), [(StudentRNN, "rnn"), (StudentGRU, "gru")], ids=["rnn", "gru"])
def test_a_students_cell_gives_the_same_pass(random_cell, random_batch, head_name, student, ours):
    batch = random_batch(head_name)
    assert_same(*(run(random_cell(kind, head=head_name), batch) for kind in (student, ours)))


@pytest.mark.parametrize("head", LAST)
def test_a_cell_that_detaches_has_no_flow(random_cell, random_batch, head):
    batch = random_batch(head)
    cut, whole = (run(random_cell(kind, head=head), batch) for kind in (DetachedRNN, RNN))
    assert torch.equal(cut.loss, whole.loss)
    assert (cut.flow[:-1] == 0).all()
    assert (whole.flow[:-1].abs().sum((1, 2)) > 0).all()
    assert not torch.allclose(cut.grads["W_xh"], whole.grads["W_xh"])


def test_an_unused_parameter_has_gradient_zero(random_cell, random_batch):
    class NoBias(RNN):
        def step(self, x_t, h_prev):
            return torch.tanh(x_t @ self.W_xh + h_prev @ self.W_hh)

    found = run(random_cell(NoBias, head="lastSoftmax"), random_batch("lastSoftmax"))
    assert (found.grads["b_h"] == 0).all()


def test_unknown_engine_says_the_nearest():
    with pytest.raises(ValueError, match=r"unknown engine 'autgrad'.*did you mean 'autograd'"):
        get_engine("autgrad")


def test_error_is_a_fraction_of_sequences(random_cell):
    cell = random_cell("rnn", head="lastSoftmax", std=0.0)
    with torch.no_grad():
        cell.b_o[1] = 1.0
    batch = Batch(torch.zeros(3, 4, 3, dtype=torch.float64), torch.tensor([1, 0, 1, 1]))
    assert float(run(cell, batch).error) == 0.25
