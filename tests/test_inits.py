"""Initial weights: drawn here a second time, from the table of the inits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnkit.cells import GRU, RNN
from rnnkit.inits import INITS, get_init, init_gru, init_rnn, recurrent, set_weights

STD = {"sigmoid": 0.01, "basic_tanh": 0.1, "smart_tanh": 0.01}
SIZES = [(7, 50, 6), (2, 20, 1), (3, 14, 4), (1, 1, 1)]  # n_in, n_hid, n_out


def draw_rnn(init, rng, n_in, H, n_out):
    std = STD[init]
    W_xh = rng.normal(scale=std, size=(n_in, H))
    W_hh = rng.normal(scale=std, size=(H, H))
    if init == "smart_tanh":
        for i in range(H):
            for j in rng.permutation(H)[15:]:
                W_hh[i, j] = 0
        W_hh = 0.95 * W_hh / max(abs(np.linalg.eigvals(W_hh)))
    W_ho = rng.normal(scale=std, size=(H, n_out))
    return {"W_xh": W_xh, "W_hh": W_hh, "b_h": np.zeros(H), "W_ho": W_ho, "b_o": np.zeros(n_out)}


def draw_gru(rng, n_in, H, n_out):
    return {
        "W_xz": rng.normal(0, 0.01, (n_in, H)),
        "W_hz": rng.normal(0, 0.005, (H, H)),
        "W_xr": rng.normal(0, 0.01, (n_in, H)),
        "W_hr": rng.normal(0, 0.005, (H, H)),
        "W_hh": rng.normal(0, 0.01, (H, H)),
        "W_xh": rng.normal(0, 0.01, (n_in, H)),
        "W_ho": rng.normal(0, 0.01, (H, n_out)),
    } | {"b_z": np.full(H, -2.0), "b_r": np.zeros(H), "b_h": np.zeros(H), "b_o": np.zeros(n_out)}


def assert_weights(cell, expected):
    found = dict(cell.named_parameters())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == torch.float32
        np.testing.assert_allclose(found[name].detach().numpy(), value, rtol=5e-6, err_msg=name)


@pytest.mark.parametrize("seed", [52, 1])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("init", [*STD, "gru"])
def test_weights_are_drawn_in_order(init, size, seed):
    ours, theirs = np.random.RandomState(seed), np.random.RandomState(seed)
    cell = GRU(*size) if init == "gru" else RNN(*size)
    if init == "gru":
        init_gru(cell, ours)
        assert_weights(cell, draw_gru(theirs, *size))
    else:
        init_rnn(cell, init, ours)
        assert_weights(cell, draw_rnn(init, theirs, *size))
    assert ours.uniform() == theirs.uniform()  # both streams stand at the same place


@pytest.mark.parametrize("init", STD)
def test_draws_are_rounded_once(init):
    rng = np.random.RandomState(52)
    cell = RNN(7, 50, 6)
    init_rnn(cell, init, np.random.RandomState(52))
    np.testing.assert_array_equal(
        cell.W_xh.detach().numpy(), rng.normal(scale=STD[init], size=(7, 50)).astype("float32")
    )


def smart(H):
    cell = RNN(3, H, 2)
    init_rnn(cell, "smart_tanh", np.random.RandomState(52))
    return cell.W_hh.detach().numpy()


@pytest.mark.parametrize("H", [16, 50, 100])
def test_smart_tanh_keeps_15_weights_of_each_row(H):
    nonzero = smart(H) != 0
    assert (nonzero.sum(1) == 15).all()
    assert (nonzero.sum(0) != 15).any()  # rows, not columns


@pytest.mark.parametrize("H", [1, 5, 14, 15])
def test_smart_tanh_keeps_all_weights_of_a_small_net(H):
    assert (smart(H) != 0).all()


@pytest.mark.parametrize("H", [1, 5, 50])
def test_smart_tanh_has_spectral_radius_095(H):
    assert max(abs(np.linalg.eigvals(smart(H).astype("float64")))) == pytest.approx(0.95, rel=1e-5)


def test_basic_tanh_has_the_known_spectral_radius():
    cell = RNN(7, 50, 6)
    init_rnn(cell, "basic_tanh", np.random.RandomState(52))
    assert max(abs(np.linalg.eigvals(cell.W_hh.detach().numpy()))) == pytest.approx(0.71, abs=0.05)


@pytest.mark.parametrize("init", STD)
def test_nonlinearity_belongs_to_the_init(init):
    assert get_init(init).phi == ("sigmoid" if init == "sigmoid" else "tanh")
    assert set(INITS) == set(STD)


@pytest.mark.parametrize("z_bias", [-2.0, 0.0, -4.5])
def test_update_gate_bias_can_be_set(z_bias):
    cell, default = GRU(2, 6, 1), GRU(2, 6, 1)
    init_gru(cell, np.random.RandomState(52), z_bias)
    init_gru(default, np.random.RandomState(52))
    assert (cell.b_z == z_bias).all()
    assert (default.b_z == -2).all()
    for name, parameter in cell.named_parameters():
        if name != "b_z":
            assert torch.equal(parameter, getattr(default, name)), name


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    init_rnn(RNN(2, 20, 1), "smart_tanh", np.random.RandomState(0))
    init_gru(GRU(2, 20, 1), np.random.RandomState(0))
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])
    assert torch.equal(torch.get_rng_state(), before[1])


def test_unknown_init_says_the_nearest():
    with pytest.raises(ValueError, match=r"unknown init 'smart_than'.*did you mean 'smart_tanh'"):
        init_rnn(RNN(1, 2, 1), "smart_than", np.random.RandomState(0))


@pytest.mark.parametrize("bad", [{"W_hh": np.ones((2, 3))}, {"W_hx": np.ones((2, 2))}], ids=["shape", "name"])
def test_weights_that_do_not_fit_change_nothing(bad):
    cell = RNN(1, 2, 1)
    init_rnn(cell, "basic_tanh", np.random.RandomState(0))
    before = cell.W_xh.clone()
    with pytest.raises(ValueError, match=next(iter(bad))):
        set_weights(cell, {"W_xh": np.zeros((1, 2))} | bad)
    assert torch.equal(cell.W_xh, before)


# ---- recurrent matrices by name -------------------------------------------------------------------------------------


def matrix(name, units=40, scale=None, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((units, units))
    return recurrent(name, rng, A, scale)


def radius(W):
    return np.abs(np.linalg.eigvals(W)).max()


@pytest.mark.parametrize("name", ["orthogonal", "permutation", "identity"])
def test_isometries_keep_every_length(name):
    np.testing.assert_allclose(matrix(name) @ matrix(name).T, np.eye(40), atol=1e-12)
    np.testing.assert_allclose(np.linalg.svd(matrix(name, scale=0.3), compute_uv=False), 0.3)


def test_orthogonal_matrices_are_haars():
    first = np.array([matrix("orthogonal", 3, seed=seed)[0, 0] for seed in range(2000)])
    assert abs(first.mean()) < 0.04  # without the signs of R it would be -.5
    assert abs((first**2).mean() - 1 / 3) < 0.02


@pytest.mark.parametrize(("name", "usual"), [("gaussian_radius", 1.0), ("sparse", 1.1)])
def test_radii_are_as_asked(name, usual):
    assert radius(matrix(name)) == pytest.approx(usual)
    assert radius(matrix(name, scale=0.7)) == pytest.approx(0.7)


def test_sparse_matrices_have_fifteen_weights_into_each_unit():
    assert {*(matrix("sparse") != 0).sum(axis=0)} == {15}


def test_gaussian_matrices_have_the_standard_deviation():
    assert matrix("gaussian", 200).std() == pytest.approx(0.1, rel=0.02)


def test_unknown_matrices_are_refused():
    with pytest.raises(ValueError, match="did you mean 'orthogonal'"):
        matrix("orthogonl")
