"""Two passes, set side by side."""

from __future__ import annotations

import torch

from rnnkit.engines import Pass

ARRAYS = ("loss", "error", "output", "hidden", "flow", "direct")


def assert_same(found: Pass, expected: Pass, rtol: float = 1e-10, atol: float = 1e-14) -> None:
    assert found.phi == expected.phi
    assert list(found.grads) == list(expected.grads)
    pairs = {name: (getattr(found, name), getattr(expected, name)) for name in ARRAYS}
    pairs |= {f"dL/d{name}": (found.grads[name], value) for name, value in expected.grads.items()}
    pairs |= {f"gate {name}": ((found.gates or {}).get(name), value) for name, value in (expected.gates or {}).items()}
    assert (found.gates is None) == (expected.gates is None)
    for name, (a, b) in pairs.items():
        assert (a is None) == (b is None), name
        if a is not None:
            torch.testing.assert_close(a, b, rtol=rtol, atol=atol)
