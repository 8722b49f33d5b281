"""Clipping by the global norm, its rule for bad gradients, and the step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.cells import RNN
from rnnkit.optim import adam, clip, look_ahead, momentum_schedule, sgd, with_momentum

W_HH = torch.arange(9.0).reshape(3, 3)


def random_grads(scale=1.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"W_xh": (2, 3), "W_hh": (3, 3), "b_h": (3,), "W_ho": (3, 1), "b_o": (1,)}
    return {name: scale * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def norm_of(grads):
    return math.sqrt(sum(float(v) ** 2 for g in grads.values() for v in g.flatten()))


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-6, 1e6), cutoff=st.floats(1e-4, 1e4))
def test_rescale_keeps_the_direction(seed, scale, cutoff):
    grads = random_grads(scale, seed)
    norm = norm_of(grads)
    clipped = clip(grads, W_HH, "rescale", cutoff)
    assert clipped.norm == pytest.approx(norm, rel=1e-6)
    factor = min(1.0, cutoff / norm)
    for name, g in grads.items():
        torch.testing.assert_close(clipped.grads[name], g * factor, rtol=1e-5, atol=0)
    assert clipped.norm_clipped == pytest.approx(min(norm, cutoff), rel=1e-6)
    assert norm_of(clipped.grads) == pytest.approx(clipped.norm_clipped, rel=1e-5)


@pytest.mark.parametrize(
    ("cutoff", "norm_clipped"),
    [(5.0, 5.0), (6.0, 5.0), (4.9, 4.9), (4.0, 4.0)],
    ids=["equal", "above", "just below", "below"],
)
def test_cutoff_at_and_around_the_norm(cutoff, norm_clipped):
    grads = {"W_hh": torch.tensor([[3.0]]), "b_h": torch.tensor([4.0])}  # norm 5
    clipped = clip(grads, torch.ones(1, 1), "rescale", cutoff)
    assert (clipped.norm, clipped.norm_clipped) == (5.0, norm_clipped)
    if cutoff >= 5:
        assert_same(clipped.grads, grads)
    torch.testing.assert_close(clipped.grads["b_h"], torch.tensor([4 * norm_clipped / 5]))


def test_rescale_leaves_its_argument_alone():
    grads = random_grads(100)
    before = {name: g.clone() for name, g in grads.items()}
    clip(grads, W_HH, "rescale", 0.01)
    assert_same(grads, before)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e11])
def test_nothing_is_done_by_nothing(scale):
    grads = random_grads(scale)
    clipped = clip(grads, W_HH, "nothing", 1e-6)
    assert_same(clipped.grads, grads)
    assert clipped.norm == clipped.norm_clipped == pytest.approx(norm_of(grads), rel=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e11], ids=str)
def test_a_bad_norm_shrinks_the_recurrent_weights(bad):
    grads = random_grads()
    grads["b_h"][1] = bad
    clipped = clip(grads, W_HH, "rescale", 1.0)
    assert clipped.grads.keys() == grads.keys()
    for name, g in clipped.grads.items():
        expected = 0.02 * W_HH if name == "W_hh" else torch.zeros_like(grads[name])
        torch.testing.assert_close(g, expected, rtol=1e-6, atol=0)
    assert clipped.norm == pytest.approx(abs(bad), rel=1e-6, nan_ok=True)  # reported as it was
    assert clipped.norm_clipped == pytest.approx(0.02 * math.sqrt(sum(k * k for k in range(9))), rel=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf], ids=str)
def test_a_bad_norm_stays_without_clipping(bad):
    grads = random_grads()
    grads["W_hh"][0, 0] = bad
    clipped = clip(grads, W_HH, "nothing", 1.0)
    assert_same({"b_h": clipped.grads["b_h"]}, {"b_h": grads["b_h"]})
    assert not math.isfinite(clipped.norm)
    assert not math.isfinite(clipped.norm_clipped)


@pytest.mark.parametrize(("norm", "cutoff"), [(9.9e9, 2.0), (3e-30, 1e-30)], ids=["up to 1e10", "no underflow"])
def test_norms_of_any_size_are_rescaled(norm, cutoff):
    clipped = clip({"W_hh": torch.full((1, 1), norm)}, torch.ones(1, 1), "rescale", cutoff)
    assert clipped.norm == pytest.approx(norm, rel=1e-5)
    torch.testing.assert_close(clipped.grads["W_hh"], torch.full((1, 1), cutoff), rtol=1e-5, atol=0)


def test_bad_norm_and_step_multiply_the_recurrent_weights():
    cell, lr = RNN(2, 3, 1), 0.5
    with torch.no_grad():
        cell.W_hh.copy_(W_HH)
    grads = {name: torch.full_like(p, math.nan) for name, p in cell.named_parameters()}
    sgd(cell, clip(grads, cell.W_hh, "rescale", 1.0).grads, lr)
    torch.testing.assert_close(cell.W_hh.detach(), (1 - 0.02 * lr) * W_HH)
    assert all((p == 0).all() for name, p in cell.named_parameters() if name != "W_hh")


def test_sgd_goes_down_by_lr_times_gradient(random_cell, model):
    cell = random_cell(model)
    before = {name: p.detach().numpy().copy() for name, p in cell.named_parameters()}
    grads = {name: torch.full_like(p, 3.0) for name, p in cell.named_parameters()}
    sgd(cell, grads, 0.1)
    for name, p in cell.named_parameters():
        np.testing.assert_allclose(p.detach().numpy(), before[name] - 0.3, rtol=1e-12)
        assert p.requires_grad


@pytest.mark.parametrize("style", ["rescal", "Rescale"])
def test_unknown_clipstyle_says_the_nearest(style):
    with pytest.raises(ValueError, match=f"unknown clipstyle '{style}'.*did you mean 'rescale'"):
        clip(random_grads(), W_HH, style, 1.0)


# ---- momentum and Adam on arrays ------------------------------------------------------------------------------------

CURVATURE = np.array([1.0, 10.0])


def descended(steps, nesterov, lr=0.02, mu=0.9):
    """Parameters and velocity after some steps on a quadratic valley."""
    p, v = np.array([1.0, 1.0]), np.zeros(2)
    for _ in range(steps):
        at = look_ahead(p, v, mu) if nesterov else p
        p, v = with_momentum(p, v, CURVATURE * at, lr, mu)
    return p, v


def test_two_steps_of_momentum_are_the_papers():
    p, v = descended(2, nesterov=False)
    g = CURVATURE
    first = -0.02 * g
    np.testing.assert_allclose(v, 0.9 * first - 0.02 * g * (1 + first))
    np.testing.assert_allclose(p, 1 + first + v)
    p, v = descended(2, nesterov=True)
    np.testing.assert_allclose(v, 0.9 * first - 0.02 * g * (1 + first + 0.9 * first))


def test_nesterov_turns_less_than_the_heavy_ball():
    ball, ahead = (np.abs([descended(k, one)[0][1] for k in range(20, 40)]).max() for one in (False, True))
    assert ahead < ball / 2


def test_the_schedule_is_sutskevers():
    times = {0: 0.5, 249: 0.5, 250: 0.75, 6000: 0.98, 12250: 0.99, 24750: 0.995, 124750: 0.999}
    for t, mu in times.items():
        assert momentum_schedule(t, 0.9999) == pytest.approx(mu)
    assert momentum_schedule(10**6, 0.9) == 0.9


def test_adam_is_torchs():
    weight = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.Adam([weight], lr=0.05)
    p, m, s = weight.detach().numpy().copy(), np.zeros(2), np.zeros(2)
    for t in range(1, 6):
        theirs.zero_grad()
        (weight**4).sum().backward()
        theirs.step()
        p, m, s = adam(p, m, s, 4 * p**3, 0.05, t)
    np.testing.assert_allclose(p, weight.detach().numpy(), rtol=1e-12)
