"""Right code of the questions that later answers call, for the calls that a student's code makes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.training_dynamics.key.reference import gradient_through_time, loss_at_the_end, trajectory
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.cells import PHI
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import equal
from rnnkit.checks.standins import Call

MOST_RESULT = 1 << 16  # numbers of a result
CLOSE = 1e-5  # a state in float32


def called(call: Call, inputs: Inputs) -> list[np.ndarray]:
    """What right code gives in a call or, where ``call.back`` is given, the gradients of what it was given.

    ``inputs`` are those of the question whose answer calls it. Whatever right code raises in this call is raised.
    """
    if call.question == "grad_time":
        return [_gradient_through_time(inputs, *call.arrays)]
    bounded(call)
    return computed(partial(_RIGHT[call.question], call.phi), call)


def computed(code: Callable[..., Tensor | tuple[Tensor, ...]], call: Call) -> list[np.ndarray]:
    """What code gives in a call or, where ``call.back`` is given, the gradients of what it was given."""
    given = [torch.from_numpy(one.copy()).requires_grad_(bool(call.back)) for one in call.arrays]
    value = code(*given)
    results = [value] if isinstance(value, Tensor) else [*value]
    if call.back:
        ways = [torch.from_numpy(one.copy()) for one in call.back]
        live = [k for k, one in enumerate(results) if one.requires_grad]  # others are cut off from what is given
        outputs, ways = [results[k] for k in live], [ways[k] for k in live]
        back = torch.autograd.grad(outputs, given, ways, allow_unused=True) if live else [None] * len(given)
        results = [torch.zeros_like(one) if way is None else way for one, way in zip(given, back, strict=True)]
    return [result.detach().numpy() for result in results]


def bounded(call: Call) -> None:
    """Refuses what few numbers could blow up: arrays are spread over one another's axes."""
    question = QUESTIONS[call.question]
    if question.method is None:
        return
    count = len(question.arguments)
    if any(one.ndim > 2 for one in call.arrays[count:]):
        raise ValueError("a parameter has more than two axes")
    with contextlib.suppress(ValueError):  # shapes that do not fit; torch says which
        rows = np.broadcast_shapes(*(one.shape[:-1] for one in call.arrays[:count]))
        if math.prod(rows) * max(np.shape(one)[-1] for one in call.arrays if one.ndim) <= MOST_RESULT:
            return
        raise RuntimeError(f"the result of this call would have more than {MOST_RESULT} numbers")


# ---- right code ---------------------------------------------------------------------------------------------------


def _affine(x_t: Tensor, h: Tensor, W_x: Tensor, W_h: Tensor, b: Tensor) -> Tensor:
    return x_t @ W_x + h @ W_h + b


def _gate(phi: str, x_t: Tensor, h_prev: Tensor, *weights: Tensor) -> Tensor:
    return torch.sigmoid(_affine(x_t, h_prev, *weights))


def _candidate(phi: str, x_t: Tensor, h_prev: Tensor, r_t: Tensor, *weights: Tensor) -> Tensor:
    return torch.tanh(_affine(x_t, r_t * h_prev, *weights))


def _rnn_step(phi: str, x_t: Tensor, h_prev: Tensor, *weights: Tensor) -> Tensor:
    if phi not in PHI:
        raise ValueError(f"phi: expected one of {', '.join(PHI)}")
    return PHI[phi](_affine(x_t, h_prev, *weights))


def _gru_step(phi: str, x_t: Tensor, h_prev: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    z, r = _gate(phi, x_t, h_prev, *weights[:3]), _gate(phi, x_t, h_prev, *weights[3:6])
    return (1 - z) * h_prev + z * _candidate(phi, x_t, h_prev, r, *weights[6:]), z, r


def _gradient_through_time(inputs: Inputs, loss: np.ndarray, *hs: np.ndarray) -> np.ndarray:
    """For states of one of the rounds, which say what the loss came from; a multiple of that loss has its multiple."""
    for given in (inputs, *inputs.rounds.values()):
        states = trajectory(given.arrays)
        rows = [next((t for t, state in enumerate(states) if equal(h, state, CLOSE)), None) for h in hs]
        steps = [row for row in rows if row is not None]
        if hs and len(steps) == len(rows):
            right = loss_at_the_end(given.arrays, states)
            times = 1.0 if equal(loss, right, CLOSE) else abs(loss / right)
            return times * gradient_through_time(given.arrays, every_step=False)[steps]
    raise ValueError("gradient_through_time is given other states than those that were handed over")


_RIGHT: dict[str, Callable[..., Tensor | tuple[Tensor, ...]]] = {
    "rnn_step": _rnn_step,
    "gru_update_gate": _gate,
    "gru_reset_gate": _gate,
    "gru_candidate": _candidate,
    "gru_step": _gru_step,
    "sat_time": lambda phi, hidden: (1 - hidden.abs()).mean((1, 2)),
    "gate_sat_time": lambda phi, v: torch.minimum(v, 1 - v).mean((1, 2)),
    "grad_norm": lambda phi, *grads: torch.stack([g.double().square().sum() for g in grads]).sum().sqrt(),
}
