"""Cells against loops in numpy, against torch's own, and at the edges of the gates."""

from __future__ import annotations

from typing import get_type_hints

import numpy as np
import pytest
import torch
from torch import nn

from rnnkit.cells import GRU, RNN, Cell

T, B, N_IN, H, N_OUT = 6, 4, 3, 5, 2
PHI = {"tanh": np.tanh, "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "identity": lambda a: a}
sigma = PHI["sigmoid"]


@pytest.fixture
def x():
    return torch.randn(T, B, N_IN, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def arrays(cell):
    return {name: parameter.detach().numpy() for name, parameter in cell.named_parameters()}


def assert_close(found, expected, atol=1e-12):
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=0, atol=atol)


# ---- the equations ----------------------------------------------------------------------------------------------


def rnn_by_hand(w, x, phi):
    """The handout's column form, one sequence at a time."""
    hidden = np.zeros((len(x), x.shape[1], len(w["b_h"])))
    for b in range(x.shape[1]):
        h = np.zeros(len(w["b_h"]))
        for t in range(len(x)):
            h = PHI[phi](w["W_xh"].T @ x[t, b] + w["W_hh"].T @ h + w["b_h"])
            hidden[t, b] = h
    return hidden


def gru_by_hand(w, x):
    size = (len(x), x.shape[1], len(w["b_h"]))
    hidden, z, r = np.zeros(size), np.zeros(size), np.zeros(size)
    for b in range(x.shape[1]):
        h = np.zeros(size[2])
        for t in range(len(x)):
            z[t, b] = sigma(w["W_xz"].T @ x[t, b] + w["W_hz"].T @ h + w["b_z"])
            r[t, b] = sigma(w["W_xr"].T @ x[t, b] + w["W_hr"].T @ h + w["b_r"])
            candidate = np.tanh(w["W_xh"].T @ x[t, b] + w["W_hh"].T @ (r[t, b] * h) + w["b_h"])
            h = (1 - z[t, b]) * h + z[t, b] * candidate
            hidden[t, b] = h
    return hidden, z, r


@pytest.mark.parametrize("phi", PHI)
def test_rnn_is_its_equation(random_cell, x, phi):
    cell = random_cell("rnn", phi=phi)
    _, hidden, traces = cell(x)
    assert_close(hidden.detach(), rnn_by_hand(arrays(cell), x.numpy(), phi))
    assert traces is None


def test_gru_is_its_equations(random_cell, x):
    cell = random_cell("gru")
    _, hidden, traces = cell(x)
    assert traces.keys() == {"z", "r"}
    for found, by_hand in zip((hidden, traces["z"], traces["r"]), gru_by_hand(arrays(cell), x.numpy()), strict=True):
        assert_close(found.detach(), by_hand)


def test_rnn_equals_torch(random_cell, x):
    cell = random_cell("rnn")
    theirs = nn.RNN(N_IN, H, nonlinearity="tanh", dtype=torch.float64)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(cell.W_xh.T)
        theirs.weight_hh_l0.copy_(cell.W_hh.T)
        theirs.bias_ih_l0.copy_(cell.b_h)
        theirs.bias_hh_l0.zero_()
        assert_close(cell(x)[1], theirs(x)[0])


def test_gru_equals_torch_where_the_two_definitions_meet(random_cell, x):
    """Torch's z is the share of the old state, hence the signs; its reset gate comes late, hence r = 1."""
    cell = random_cell("gru")
    theirs = nn.GRUCell(N_IN, H, dtype=torch.float64)
    with torch.no_grad():
        for name, value in {"W_xr": 0.0, "W_hr": 0.0, "b_r": 50.0}.items():
            getattr(cell, name).fill_(value)
        theirs.weight_ih.copy_(torch.cat([cell.W_xr.T, -cell.W_xz.T, cell.W_xh.T]))
        theirs.weight_hh.copy_(torch.cat([cell.W_hr.T, -cell.W_hz.T, cell.W_hh.T]))
        theirs.bias_ih.copy_(torch.cat([cell.b_r, -cell.b_z, cell.b_h]))
        theirs.bias_hh.zero_()
        hidden = cell(x)[1]
        h = torch.zeros(B, H, dtype=torch.float64)
        for t in range(T):
            h = theirs(x[t], h)
            assert_close(hidden[t], h)


# ---- the gates at their ends ------------------------------------------------------------------------------------


def gates_at(cell, z=None, r=None):
    with torch.no_grad():
        for gate, bias in {"z": z, "r": r}.items():
            if bias is not None:
                getattr(cell, f"W_x{gate}").zero_()
                getattr(cell, f"W_h{gate}").zero_()
                getattr(cell, f"b_{gate}").fill_(bias)
    return cell


@pytest.fixture
def h_prev():
    return torch.randn(B, H, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def test_closed_update_gate_keeps_the_state(random_cell, x, h_prev):
    h_t, gates = gates_at(random_cell("gru"), z=-50.0).step(x[0], h_prev)
    assert_close(h_t.detach(), h_prev)
    assert gates["z"].max() < 1e-20


def test_open_update_and_closed_reset_gate_forget_everything(random_cell, x, h_prev):
    cell = gates_at(random_cell("gru"), z=50.0, r=-50.0)
    h_t, _ = cell.step(x[0], h_prev)
    w = arrays(cell)
    assert_close(h_t.detach(), np.tanh(x[0].numpy() @ w["W_xh"] + w["b_h"]))


def test_open_gates_make_a_vanilla_rnn(random_cell, x, h_prev):
    gru, rnn = gates_at(random_cell("gru"), z=50.0, r=50.0), RNN(N_IN, H, N_OUT, dtype=torch.float64)
    with torch.no_grad():
        for name in ("W_xh", "W_hh", "b_h"):
            getattr(rnn, name).copy_(getattr(gru, name))
    assert_close(gru.step(x[0], h_prev)[0].detach(), rnn.step(x[0], h_prev).detach())


# ---- the contract -----------------------------------------------------------------------------------------------


def test_step_passes_gradcheck(random_cell, x, h_prev, model):
    cell = random_cell(model)

    def step(x_t, h, *weights):
        found = torch.func.functional_call(
            StepOnly(cell), {f"cell.{n}": w for n, w in zip(names, weights, strict=True)}, (x_t, h)
        )
        return found if isinstance(found, torch.Tensor) else (found[0], *found[1].values())

    names = [name for name, _ in cell.named_parameters() if name not in ("W_ho", "b_o")]
    inputs = [x[0], h_prev, *(getattr(cell, name).detach() for name in names)]
    assert torch.autograd.gradcheck(step, [value.clone().requires_grad_() for value in inputs])


class StepOnly(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x_t, h_prev):
        return self.cell.step(x_t, h_prev)


@pytest.mark.parametrize(
    "size", [(6, 4, 3, 5, 2), (1, 4, 3, 5, 2), (6, 1, 3, 5, 2), (6, 4, 3, 1, 2), (1, 1, 1, 1, 1)], ids=str
)
def test_forward_shapes(random_cell, model, head_name, size):
    steps, batch, n_in, n_hid, n_out = size
    cell = random_cell(model, n_in, n_hid, n_out, head=head_name)
    output, hidden, traces = cell(torch.ones(steps, batch, n_in, dtype=torch.float64))
    assert hidden.shape == (steps, batch, n_hid)
    assert output.shape == ((steps, batch, n_out) if head_name == "softmax" else (batch, n_out))
    assert (traces is None) == (model == "rnn")
    states = hidden if head_name == "softmax" else hidden[-1]
    assert_close(output.detach(), states.detach().numpy() @ arrays(cell)["W_ho"] + arrays(cell)["b_o"])


def test_hidden_begins_with_h_1_from_zero(random_cell, x, model):
    cell = random_cell(model)
    first = cell.step(x[0], torch.zeros(B, H, dtype=torch.float64))
    assert torch.equal(cell(x)[1][0], first[0] if isinstance(first, tuple) else first)


def test_sequences_of_a_batch_do_not_mix(random_cell, x, model):
    cell = random_cell(model)
    assert_close(cell(x)[1][:, 2:3].detach(), cell(x[:, 2:3])[1].detach())


@pytest.mark.parametrize(("kind", "gates"), [(RNN, "h"), (GRU, "zrh")], ids=["rnn", "gru"])
def test_parameters(kind, gates):
    found = {name: tuple(value.shape) for name, value in kind(N_IN, H, N_OUT).named_parameters()}
    shapes = {"W_x": (N_IN, H), "W_h": (H, H), "b_": (H,)}
    recurrent = {f"{name}{gate}": shape for gate in gates for name, shape in shapes.items()}
    assert found == recurrent | {"W_ho": (H, N_OUT), "b_o": (N_OUT,)}
    assert found.keys() == {name for name, type in get_type_hints(kind).items() if type is torch.nn.Parameter}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_goes_through(random_cell, x, model, dtype):
    cell = random_cell(model, dtype=dtype)
    assert {parameter.dtype for parameter in cell.parameters()} == {dtype}
    assert cell(x.to(dtype))[0].dtype == dtype


def test_rho_is_that_of_the_candidates_matrix(random_cell, model):
    cell = random_cell(model)
    assert cell.recurrent_weight_for_rho() is cell.W_hh


def test_unknown_phi_is_refused(model):
    kind = RNN if model == "rnn" else GRU
    with pytest.raises(ValueError, match="expected phi to be one of tanh, sigmoid, identity, got 'relu'"):
        kind(N_IN, H, N_OUT, phi="relu")


def test_step_must_be_written():
    class Mine(Cell):
        shapes = RNN.shapes

    with pytest.raises(NotImplementedError, match=r"Mine\.step"):
        Mine(N_IN, H, N_OUT)(torch.ones(T, B, N_IN))
