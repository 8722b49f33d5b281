"""The fast engine against the plain one: every array of a `Pass`, in float64 by torch operations."""

from __future__ import annotations

import pytest
import torch

from rnnkit.engines import get_engine
from rnnkit.heads import get_head

ARRAYS = ("loss", "error", "output", "hidden", "flow", "direct")


def both(cell, batch, **how):
    return (get_engine(name).run(cell, get_head(cell.head), batch, **how) for name in ("fused", "autograd"))


def assert_same(found, expected, **tolerance):
    tolerance = tolerance or {"rtol": 1e-10, "atol": 1e-14}
    for name in ARRAYS:
        a, b = getattr(found, name), getattr(expected, name)
        assert (a is None) == (b is None), name
        if a is not None:
            torch.testing.assert_close(a, b, **tolerance)
    assert found.phi == expected.phi
    assert (found.gates is None) == (expected.gates is None)
    for gate, trace in (expected.gates or {}).items():
        torch.testing.assert_close(found.gates[gate], trace, **tolerance)
    assert list(found.grads) == list(expected.grads)
    for name, value in expected.grads.items():
        torch.testing.assert_close(found.grads[name], value, **tolerance)


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("how", [{}, {"flow": False}, {"backward": False}], ids=str)
def test_float64_equals_autograd(random_cell, random_batch, model, head_name, phi, how):
    cell, batch = random_cell(model, phi=phi, head=head_name), random_batch(head_name)
    assert_same(*both(cell, batch, **how))


def distance(found, expected):
    """||found - expected|| / ||expected||."""
    return float((found.double() - expected.double()).norm() / expected.double().norm().clamp_min(1e-300))


@pytest.mark.parametrize("phi", ["tanh", "sigmoid", "identity"])
@pytest.mark.parametrize("how", [{}, {"flow": False}, {"backward": False}], ids=str)
@pytest.mark.parametrize(
    "sizes", [(6, 4, 3, 5, 2), (1, 1, 1, 1, 1), (9, 7, 2, 16, 3), (3, 21, 7, 50, 6), (5, 5, 4, 83, 18)]
)
def test_float32_equals_autograd(random_cell, random_batch, model, head_name, phi, how, sizes):
    steps, size, n_in, n_hid, n_out = sizes
    std = 0.5 / n_hid**0.5
    cell = random_cell(model, n_in, n_hid, n_out, phi=phi, head=head_name, dtype=torch.float32, std=std)
    batch = random_batch(head_name, steps, size, n_in, n_out, dtype=torch.float32)
    found, expected = both(cell, batch, **how)
    assert_same(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("size", [1, 64, 70, 130])
def test_metrics(random_cell, random_batch, model, head_name, dtype, size):
    cell = random_cell(model, n_hid=21, head=head_name, dtype=dtype, std=0.2)
    batch, head = random_batch(head_name, 37, size, dtype=dtype), get_head(head_name)
    fused, plain = get_engine("fused"), get_engine("autograd")
    found = fused.metrics(cell, head, fused.prepare(batch))
    expected = plain.metrics(cell, head, plain.prepare(batch))
    assert found == pytest.approx(expected, rel=1e-5)
    assert found.keys() == expected.keys()
    assert found["error"] == expected["error"]
