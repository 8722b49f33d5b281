"""Each diagnostic once more, in plain numpy, on passes of random numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnkit import diagnostics as d
from rnnkit.cells import RNN
from rnnkit.engines import Pass

sizes = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 5))
seeds = st.integers(0, 10_000)


def random_pass(size=(6, 4, 5), phi="tanh", seed=0, dtype="float32", **fields) -> Pass:
    rng = np.random.RandomState(seed)
    h = {"tanh": lambda: rng.uniform(-1, 1, size), "sigmoid": lambda: rng.uniform(0, 1, size)}.get(
        phi, lambda: rng.normal(size=size)
    )()
    normal = {name: torch.tensor(rng.normal(size=size).astype(dtype)) for name in ("flow", "direct")}
    gates = None if phi else {gate: torch.tensor(rng.uniform(size=size).astype(dtype)) for gate in "zr"}
    zero = torch.zeros(())
    fields = {"hidden": torch.tensor(h.astype(dtype)), "gates": gates, "phi": phi} | normal | fields
    return Pass(loss=zero, error=zero, output=zero, **fields)


def means(values):
    """(T, B, H) -> (T,), one number after the other."""
    T, B, H = values.shape
    return [sum(float(values[t, b, i]) for b in range(B) for i in range(H)) / (B * H) for t in range(T)]


def assert_time(found, expected):
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


# ---- gradient through time --------------------------------------------------------------------------------------


@given(size=sizes, seed=seeds)
def test_grad_time_is_the_mean_norm_over_the_batch(size, seed):
    run = random_pass(size, seed=seed)
    for found, derivative in ((d.grad_time(run), run.flow), (d.grad_time_direct(run), run.direct)):
        assert_time(found, [np.mean([math.hypot(*map(float, row)) for row in step]) for step in derivative])


@pytest.mark.parametrize("size", [1e-25, 1e-30, 1e-38, 1e25, 1e38])
def test_squares_of_gradients_neither_underflow_nor_overflow(size):
    run = random_pass(flow=torch.full((3, 2, 4), size, dtype=torch.float32))
    np.testing.assert_allclose(d.grad_time(run), 2 * size, rtol=1e-4)


@pytest.mark.parametrize(("quantity", "missing"), [(d.grad_time, "flow"), (d.grad_time_direct, "direct")])
def test_a_pass_without_flow_says_what_to_do(quantity, missing):
    with pytest.raises(ValueError, match=f"expected a Pass with {missing}.*flow=True"):
        quantity(random_pass(**{missing: None}))


@given(seed=seeds, scale=st.floats(1e-20, 1e20))
def test_gradient_norm_is_over_all_parameters(seed, scale):
    rng = np.random.RandomState(seed)
    grads = {
        name: torch.tensor(scale * rng.normal(size=shape))
        for name, shape in {"W_hh": (3, 3), "b_h": (3,), "b_o": (1,)}.items()
    }
    everything = np.concatenate([g.numpy().ravel() for g in grads.values()])
    assert d.gradient_norm(grads) == pytest.approx(math.sqrt((everything**2).sum()))
    assert isinstance(d.gradient_norm(grads), float)


# ---- units and gates --------------------------------------------------------------------------------------------

SLOPE = {"tanh": lambda h: 1 - h * h, "sigmoid": lambda h: h * (1 - h), "identity": np.ones_like}
TO_SATURATION = {
    "tanh": lambda h: np.minimum(1 - h, 1 + h),
    "sigmoid": lambda h: np.minimum(h, 1 - h),
    "identity": lambda h: 1 - np.abs(h),
    None: lambda h: 1 - np.abs(h),
}


@pytest.mark.parametrize("phi", SLOPE)
@given(size=sizes, seed=seeds)
def test_act_time_is_the_mean_slope(phi, size, seed):
    run = random_pass(size, phi, seed)
    assert_time(d.act_time(run), means(SLOPE[phi](run.hidden.double().numpy())))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid"])
def test_act_time_is_the_slope_that_autograd_sees(phi):
    a = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    h = getattr(torch, phi)(a)
    (slope,) = torch.autograd.grad(h.sum(), a)
    assert_time(d.act_time(random_pass(phi=phi, hidden=h.detach())), slope.mean((1, 2)))


@pytest.mark.parametrize("phi", TO_SATURATION)
@given(size=sizes, seed=seeds, threshold=st.sampled_from([0.0, 0.05, 0.3, 1.0]))
def test_saturation(phi, size, seed, threshold):
    run = random_pass(size, phi, seed)
    away = TO_SATURATION[phi](run.hidden.double().numpy())
    assert_time(d.sat_time(run), means(away))
    assert_time(d.unit_sat_time(run, threshold), means(away < threshold))


def test_half_saturated_units_hide_in_the_mean():
    h = torch.tensor([[[1.0, -1.0, 0.0, 0.0]]])
    run = random_pass(hidden=h)
    assert d.sat_time(run) == [0.5]
    assert d.unit_sat_time(run) == [0.5]


@given(size=sizes, seed=seeds)
def test_gates(size, seed):
    run = random_pass(size, None, seed)
    for gate in "zr":
        value = run.gates[gate].double().numpy()
        assert_time(d.gate_sat_time(run, gate), means(np.minimum(value, 1 - value)))


def test_what_a_cell_has_not_is_nan():
    assert np.isnan(d.act_time(random_pass(phi=None))).all()
    for found in (d.gate_sat_time(random_pass(), "z"), d.gate_mean_time(random_pass(), "z")):
        np.testing.assert_array_equal(found, np.full(6, np.nan))
    np.testing.assert_array_equal(d.gate_units(random_pass(), "z", 5), np.full(5, np.nan))


@pytest.mark.parametrize("gates", [True, False])
def test_over_time_and_over_units_have_every_quantity_once(gates):
    run = random_pass(phi=None)
    histograms = d.over_units(run, bins=9, gates=gates)
    assert histograms.keys() == {"sat_units"} | ({"gate_z_units", "gate_r_units"} if gates else set())
    assert all(value.shape == (9,) for value in histograms.values())
    found = d.over_time(run, satThresh=0.3, gates=gates)
    names = {"grad_time", "grad_time_direct", "act_time", "sat_time", "unit_sat_time"}
    more = {f"gate_{gate}_{what}_time" for gate in "zr" for what in ("sat", "mean")}
    assert found.keys() == names | (more if gates else set())
    assert all(value.shape == (6,) for value in found.values())
    np.testing.assert_array_equal(found["unit_sat_time"], d.unit_sat_time(run, 0.3))


# ---- all units --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("phi", "most"), [("tanh", 1.0), (None, 1.0), ("sigmoid", 0.5)])
@pytest.mark.parametrize("bins", [1, 7, 60])
def test_units_are_counted_by_their_distance(phi, most, bins):
    hidden = torch.rand(6, 3, 4, dtype=torch.float64)
    run = random_pass(phi=phi, hidden=hidden)
    found = d.sat_units(run, bins)
    values = d.distance(run).numpy().ravel()
    np.testing.assert_allclose(found, np.histogram(values, bins, (0, most))[0] / values.size)
    assert found.sum() == pytest.approx(1)
    assert d.farthest(phi) == most


def test_gates_are_counted_by_their_value_so_that_open_and_shut_differ():
    values = torch.tensor([0.05, 0.05, 0.95, 0.5]).reshape(4, 1, 1)
    run = random_pass(phi=None, gates={"z": values, "r": 1 - values}, hidden=values)
    np.testing.assert_allclose(d.gate_units(run, "z", 10), [0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.25])
    np.testing.assert_allclose(d.gate_units(run, "r", 2), [0.25, 0.75])
    assert d.gate_mean_time(run, "z") == pytest.approx([0.05, 0.05, 0.95, 0.5])
    assert d.gate_sat_time(run, "z") == pytest.approx([0.05, 0.05, 0.05, 0.5])


def test_units_that_are_not_finite_are_in_no_bin():
    hidden = torch.rand(6, 3, 4)
    hidden[0] = math.nan
    assert d.sat_units(random_pass(hidden=hidden), 10).sum() == pytest.approx(5 / 6)


# ---- the recurrent matrix ---------------------------------------------------------------------------------------


def cell_with(W, dtype=torch.float64):
    cell = RNN(1, len(W), 1, dtype=dtype)
    with torch.no_grad():
        cell.W_hh.copy_(torch.as_tensor(np.asarray(W)))
    return cell


@given(H=st.integers(1, 8), seed=seeds)
def test_spectrum(H, seed):
    W = np.random.RandomState(seed).normal(size=(H, H))
    rho, sigma = d.rho_Whh(cell_with(W)), d.sigma_max_Whh(cell_with(W))
    assert rho == pytest.approx(max(abs(np.roots(np.poly(W)))), rel=1e-5)  # roots of the characteristic polynomial
    assert sigma == pytest.approx(math.sqrt(max(np.linalg.eigvalsh(W.T @ W))), rel=1e-9)
    assert sigma >= rho * (1 - 1e-12)


def test_spectrum_of_known_matrices():
    rotation = [[0.0, -2.0], [2.0, 0.0]]  # eigenvalues +-2i
    assert d.rho_Whh(cell_with(rotation)) == pytest.approx(2)
    shear = [[0.5, 100.0], [0.0, -0.25]]
    assert d.rho_Whh(cell_with(shear)) == pytest.approx(0.5)
    assert d.sigma_max_Whh(cell_with(shear)) > 100


@pytest.mark.parametrize("bad", [math.nan, math.inf], ids=str)
def test_spectrum_of_a_broken_matrix_is_nan(bad):
    W = np.eye(4)
    W[1, 2] = bad
    assert math.isnan(d.rho_Whh(cell_with(W)))
    assert math.isnan(d.sigma_max_Whh(cell_with(W)))


# ---- summaries --------------------------------------------------------------------------------------------------


def test_log10_grad_has_its_floor():
    np.testing.assert_array_equal(d.log10_grad(np.zeros(4)), -12)
    np.testing.assert_allclose(d.log10_grad(np.array([1e-3, np.nan, 10.0, np.inf])), [-3, 1], rtol=1e-9)
    assert d.EPS == 1e-12


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=40))
def test_summary(values):
    found = d.summarize(np.array([np.nan, *values, np.inf]))
    assert found.mean == pytest.approx(sum(values) / len(values), abs=1e-12)
    for percent in (5, 10, 50, 90, 95):
        place = (len(values) - 1) * percent / 100
        low, high = sorted(values)[math.floor(place)], sorted(values)[math.ceil(place)]
        expected = low + (high - low) * (place - math.floor(place))
        assert getattr(found, f"p{percent:02d}") == pytest.approx(expected, abs=1e-9)
    if len(set(values)) > 1:
        assert (found.low, found.high) == (min(values), max(values))


def test_summary_of_a_constant():
    found = d.summarize(d.log10_grad(np.zeros(7)))
    assert (found.low, found.high) == (-12.5, -11.5)
    assert found[2:] == (-12,) * 6


def test_summary_of_almost_a_constant():
    found = d.summarize(np.array([1.0, 1.0 + 4e-16]))
    assert found.mean == pytest.approx(1)


def test_sigma_max_is_never_below_rho_in_float32():
    for seed in range(20):
        cell = cell_with(np.linalg.qr(np.random.RandomState(seed).normal(size=(50, 50)))[0], torch.float32)
        assert d.sigma_max_Whh(cell) >= d.rho_Whh(cell)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]], ids=["nothing", "all NaN"])
def test_summary_of_nothing_is_nan(values):
    assert np.isnan(d.summarize(np.array(values))).all()
