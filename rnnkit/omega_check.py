"""Says where somebody's Omega differs from the equations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from rnnkit.omega import omega

RTOL = 1e-8  # of float64 arithmetic in another order
STEP = 1e-6  # of the central differences
BOUND = 1e-3  # leaves out some steps of the cases


def disagreement(function: Callable[..., Sequence[Any]]) -> list[str]:
    """Tries a function ``(flow, slope, W_hh, bound) -> (value, steps in the past, gradient)`` on float64 cases.

    The gradient is held against central differences of Omega with d_t and h_t constant.

    Returns:
        a line for each of the three, what is wrong or that it is right; one line if there is nothing to compare.
    """
    flow, slope, W_hh = _case()
    try:
        found = function(flow.clone(), slope.clone(), W_hh.clone(), BOUND)
        value, steps, grad = (torch.as_tensor(each, dtype=torch.float64).detach() for each in found)
    except NotImplementedError:
        return ["omega: not written yet"]
    except Exception as error:  # a student's function may raise anything
        return [f"omega: expected (value, steps in the past, gradient), it stopped: {type(error).__name__}: {error}"]
    right = omega(flow, slope, W_hh, BOUND)
    return [
        _line("value", value, torch.tensor(right.value, dtype=torch.float64), _wrong_values(flow, slope, W_hh)),
        _line("steps in the past", steps, torch.tensor(right.steps_in_past, dtype=torch.float64), _wrong_steps(flow)),
        _line("gradient", grad, _by_differences(flow, slope, W_hh), _wrong_grads(right.grad), rtol=1e-6),
    ]


def _case() -> tuple[Tensor, Tensor, Tensor]:
    """d ``(T, B, H)`` with steps below the bound and one of zeros, slopes ``(T, B, H)``, W_hh ``(H, H)``."""
    generator = torch.Generator().manual_seed(7)
    steps, size, units = 6, 3, 4

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    flow = normal(steps, size, units)
    flow[0] *= 1e-4
    flow[1, 1] = 0
    return flow, 1 - torch.tanh(normal(steps, size, units)) ** 2, normal(units, units)


def _by_differences(flow: Tensor, slope: Tensor, W_hh: Tensor) -> Tensor:
    grad = torch.zeros_like(W_hh)
    for place in torch.cartesian_prod(*(torch.arange(n) for n in W_hh.shape)).tolist():
        move = torch.zeros_like(W_hh)
        move[tuple(place)] = STEP
        ends = [omega(flow, slope, W, BOUND).value for W in (W_hh + move, W_hh - move)]
        grad[tuple(place)] = (ends[0] - ends[1]) / (2 * STEP)
    return grad


def _line(name: str, found: Tensor, right: Tensor, known: Iterator[tuple[str, Tensor]], rtol: float = RTOL) -> str:
    def same(other: Tensor) -> bool:
        return found.shape == other.shape and bool(torch.allclose(found, other, rtol=rtol, atol=rtol))

    if found.shape != right.shape:
        return f"{name}: expected shape {tuple(right.shape)}, got {tuple(found.shape)}"
    if same(right):
        return f"{name}: right"
    if not found.isfinite().all():
        return f"{name}: NaN or infinity; a step whose gradient is 0 has no R: leave out what is below the bound"
    for mistake, other in known:
        if same(other):
            return f"{name}: {mistake}"
    if right.dim():
        return f"{name}: off by {float((found - right).abs().max()):.3g} at most, of {float(right.abs().max()):.3g}"
    return f"{name}: expected {float(right):.6g}, got {float(found):.6g}"


def _wrong_values(flow: Tensor, slope: Tensor, W_hh: Tensor) -> Iterator[tuple[str, Tensor]]:
    counts = flow.square().sum(-1) >= BOUND

    def value(back: Tensor, power: float = 1.0) -> Tensor:
        ratio = (back.square().sum(-1) / flow.square().sum(-1)) ** power
        return (ratio - 1).square()[counts].mean()

    yield "W_hh the other way round: v is (d * slope) W_hh^T, from h_t back to h_{t-1}", value((flow * slope) @ W_hh)
    yield "the slopes are missing: v is (d * slope) W_hh^T", value(flow @ W_hh.T)
    yield "norms, not squared norms, in the ratio R", value((flow * slope) @ W_hh.T, 0.5)
    right = value((flow * slope) @ W_hh.T)
    yield "divided by all steps, not by those that count", right * counts.double().mean()
    yield "a sum, not a mean over what counts", right * counts.sum()
    off = (((flow * slope) @ W_hh.T).square().sum(-1) / flow.square().sum(-1) - 1).square()
    off[~off.isfinite()] = 0
    yield "steps below the bound are not left out", off.mean()


def _wrong_steps(flow: Tensor) -> Iterator[tuple[str, Tensor]]:
    counts = (flow.square().sum(-1) >= BOUND).double()
    yield "a count: divide by steps and sequences", counts.sum()
    yield "a count of steps: divide by the steps", counts.mean(1).sum()
    yield "the bound is on the squared norm, not on the norm", (flow.norm(dim=-1) >= BOUND).double().mean()
    yield "everything counts: leave out what is below the bound", torch.tensor(1.0, dtype=torch.float64)


def _wrong_grads(right: Tensor) -> Iterator[tuple[str, Tensor]]:
    yield "transposed: row i belongs to v_i, column j to d_j", right.T
    yield "half of it: (R - 1) is squared, and so is the norm in R; each gives a 2", right / 2
    yield "a quarter of it: (R - 1) is squared, and so is the norm in R; each gives a 2", right / 4
    yield "of the wrong sign", -right
