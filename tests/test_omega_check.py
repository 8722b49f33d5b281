"""What is said about somebody's Omega."""

from __future__ import annotations

import pytest
import torch

from rnnkit.omega import omega
from rnnkit.omega_check import disagreement

RIGHT = ["value: right", "steps in the past: right", "gradient: right"]


def own(flow, slope, W_hh, bound, *, back=None, power=1, over=None):
    """Another way to write it: the gradient by autograd, the parts changeable."""
    W = W_hh.clone().requires_grad_()
    v = back(flow, slope, W) if back else (flow * slope) @ W.T
    counts = flow.square().sum(-1) >= bound
    ratio = (v.square().sum(-1)[counts] / flow.square().sum(-1)[counts]) ** power
    value = (ratio - 1).square().sum() / (over(counts) if over else counts.sum())
    (grad,) = torch.autograd.grad(value, W)
    return value.item(), counts.double().mean(), grad


def test_right_ones():
    assert disagreement(omega) == RIGHT
    assert disagreement(own) == RIGHT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"back": lambda d, s, W: (d * s) @ W}, "other way round"),
        ({"back": lambda d, s, W: d @ W.T}, "slopes are missing"),
        ({"power": 0.5}, "not squared norms"),
        ({"over": lambda counts: counts.numel()}, "divided by all steps"),
        ({"over": lambda counts: 1}, "not a mean"),
    ],
)
def test_wrong_values(change, said):
    lines = disagreement(lambda *given: own(*given, **change))
    assert said in lines[0]
    assert lines[1] == RIGHT[1]
    assert "right" not in lines[2].split()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda g: g.T, "transposed"),
        (lambda g: g / 2, "half"),
        (lambda g: g / 4, "quarter"),
        (lambda g: -g, "sign"),
        (lambda g: g[0], "expected shape (4, 4), got (4,)"),
        (lambda g: g * float("nan"), "NaN"),
        (lambda g: g + 1, "off by 1 at most"),
    ],
)
def test_wrong_gradients(change, said):
    def wrong(*given):
        value, steps, grad = own(*given)
        return value, steps, change(grad)

    assert disagreement(wrong)[:2] == RIGHT[:2]
    assert said in disagreement(wrong)[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda counts: counts.sum(), "divide by steps and sequences"),
        (lambda counts: counts.mean(1).sum(), "divide by the steps"),
        (lambda counts: 1.0, "everything counts"),
        (lambda counts: 0.5, "got 0.5"),
    ],
)
def test_wrong_steps(change, said):
    def wrong(flow, slope, W_hh, bound):
        value, _, grad = own(flow, slope, W_hh, bound)
        return value, change((flow.square().sum(-1) >= bound).double()), grad

    assert said in disagreement(wrong)[1]


def test_without_the_bound_is_not_a_number():
    lines = disagreement(lambda flow, slope, W, bound: own(flow, slope, W, -1.0))
    assert "leave out what is below the bound" in lines[0]


def test_nothing_to_compare():
    def stop(*given):
        raise NotImplementedError

    assert disagreement(stop) == ["omega: not written yet"]
    assert "ZeroDivisionError" in disagreement(lambda *given: 1 / 0)[0]
    assert "expected (value, steps in the past, gradient)" in disagreement(lambda *given: 3.0)[0]
