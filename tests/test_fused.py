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
