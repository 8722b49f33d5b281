"""A whole sequence beside its own step: which state each step was given, and what was made of its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.case import Case, cell_in_rounds, tensor
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.numbers import EXACT, clamped, parts, summed
from rnnkit.checks.outcome import Outcome, as_array, equal

OWN = "steps from its own states"  # an outcome's name
Given = Callable[[list[Tensor], int], Tensor]  # states so far, h_0 = 0 first, and t -> what the step was given
Start = Callable[[Any, Tensor], Tensor | float]  # a cell and x_1 -> a state, or what is the same for every sequence

GIVEN: dict[str, Given] = {
    "the state before": lambda states, t: states[t],
    "h_0 = 0": lambda states, t: states[0],
    "the state two steps before": lambda states, t: states[max(t - 1, 0)],
    "the sum of all states so far": lambda states, t: sum(states[1 : t + 1], states[0]),
    "the mean of the states so far": lambda states, t: sum(states[1 : t + 1], states[0]) / max(t, 1),
    "the sum of the last two states": lambda states, t: states[t] + states[max(t - 1, 0)],
    "the state before, put through tanh once more": lambda states, t: torch.tanh(states[t]),
    "the state before, put through the sigmoid once more": lambda states, t: torch.sigmoid(states[t]),
    "the state before with its sign turned": lambda states, t: -states[t],
    "the absolute value of the state before": lambda states, t: states[t].abs(),
    "the state before, its negative entries 0": lambda states, t: states[t].relu(),
    "half of the state before": lambda states, t: states[t] / 2,
    "the mean of the state before over the batch": lambda states, t: states[t].mean(0, keepdim=True) + 0 * states[t],
    "the state of the sequence beside it": lambda states, t: states[t].roll(1, 0),
    "the state before, its units backwards": lambda states, t: states[t].flip(-1),
}  # fmt: skip
READ = {
    "x_t": lambda t, T: t,
    "x_(t-1), the input before (x_1 at first)": lambda t, T: max(t - 1, 0),
    "x_(t+1), the input after (x_T at last)": lambda t, T: min(t + 1, T - 1),
    "x from its end": lambda t, T: T - 1 - t,
    "x_1 at every step": lambda t, T: 0,
    "x_T at every step": lambda t, T: T - 1,
}


def _always(number: float, cell: Any, x_1: Tensor) -> float:
    return number


STARTS: dict[str, Start] = {
    **{f"{number:g}": partial(_always, number) for number in (0.01, 0.1, 0.5, 1.0, -1.0)},
    "b_h": lambda cell, x_1: cell.b_h,
    "tanh(b_h)": lambda cell, x_1: torch.tanh(cell.b_h),
    "sigmoid(b_h)": lambda cell, x_1: torch.sigmoid(cell.b_h),
    "x_1 @ W_xh": lambda cell, x_1: x_1 @ cell.W_xh,
    "x_1 @ W_xh + b_h": lambda cell, x_1: x_1 @ cell.W_xh + cell.b_h,
    "tanh(x_1 @ W_xh + b_h)": lambda cell, x_1: torch.tanh(x_1 @ cell.W_xh + cell.b_h),
    "tanh(x_1 @ W_xh)": lambda cell, x_1: torch.tanh(x_1 @ cell.W_xh),
    "a row of W_hh": lambda cell, x_1: cell.W_hh[0],
    "a column of W_hh": lambda cell, x_1: cell.W_hh[:, 0],
}  # states that a sequence may begin with instead of 0
GATE_STARTS: dict[str, Start] = {"b_z": lambda cell, x_1: cell.b_z, "b_r": lambda cell, x_1: cell.b_r}
NAMES = [
    *(f"step t is given {given}, not the state before" for given in GIVEN),
    *(f"step t reads {read}, not x_t" for read in READ if read != "x_t"),
]  # of the ways that are tried, in their order


def own_steps(kind: str) -> Case:
    """What the student's `step` gives from the states that the student's `forward` gave; no number is judged here."""
    return Case(OWN, 0.0, cell_in_rounds(kind, partial(_ask_steps, kind)))


@torch.no_grad()
def _ask_steps(kind: str, cell: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    def step(x_t: Tensor, h_prev: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        value = cell.step(x_t, h_prev)
        return value if kind == "GRU" else (value, {})

    x = tensor(inputs["x"], dtype)
    hidden = cell.forward(x)[1]
    if not outcome.put("hidden", hidden, "TBH") or outcome.problems:
        return
    outcome.put("step", step(*(tensor(inputs[name], dtype) for name in ("x_t", "h_prev")))[0], "BH")
    zero, times = torch.zeros_like(hidden[0]), range(len(x))
    states = [zero, *hidden]
    usual, *others = READ.values()
    ways = [(usual, given) for given in GIVEN.values()] + [(read, GIVEN["the state before"]) for read in others]
    tries = [torch.stack([step(x[read(t, len(x))], given(states, t))[0] for t in times]) for read, given in ways]
    outcome.put("tries", torch.stack(tries), (len(tries), *hidden.shape))
    starts = STARTS | (GATE_STARTS if kind == "GRU" else {})
    outcome.values["starts"] = as_array(torch.stack([step(x[0], h(cell, x[0]) + zero)[0] for h in starts.values()]))
    gates = [step(x[t], states[t])[1] for t in times]
    for gate in "zr" if kind == "GRU" else "":
        outcome.put(gate, torch.stack([one[gate] for one in gates]), "TBH")
    outcome.put("inputs", x @ cell.W_xh, "TBH")


def of_states(own: Outcome | None, step: np.ndarray) -> str | None:
    """How the states in the outcome of `own_steps` hang together, where its step is right and they are not."""
    if own is None or own.error is not None or own.problems or not equal(own.values.get("step"), step):
        return None
    hidden, tries, starts = (own.values.get(name) for name in ("hidden", "tries", "starts"))
    if hidden is None or tries is None or starts is None or tries.shape != (len(NAMES), *hidden.shape):
        return None
    fit = [equal(one, hidden, EXACT) for one in tries]
    if fit[0]:
        return None
    if any(fit[1:]):
        return f"{NAMES[fit.index(True, 1)]}; the step itself is right."
    if equal(tries[0][1:], hidden[1:], EXACT):
        return _begun(hidden[0], starts)
    if odd := _odd_steps(hidden, tries):
        return odd
    if equal(tries[0], hidden, 1e-2):
        for digits in range(1, 6):
            if equal(np.round(tries[0], digits), hidden, EXACT):
                return f"each state is what step gives, rounded to {digits} digit{'s' * (digits != 1)}."
        return "each state is what step gives but for less than 1 %: it is rounded, or goes through another dtype."
    if cut := clamped(hidden, tries[0]):
        return f"each state is what step gives{cut.removeprefix('it is the right answer')}"
    factors = [float((one * other).sum() / (one * one).sum()) for one, other in zip(tries[0], hidden, strict=True)]
    if len(set(np.round(factors, 6))) > 1 and equal(tries[0] * np.array(factors)[:, None, None], hidden, EXACT):
        return f"each state is what step gives times a factor that changes: {', '.join(f'{f:.4g}' for f in factors)}."
    return _mixed(own, hidden, tries[0])


def _begun(first: np.ndarray, starts: np.ndarray) -> str:
    known = zip((*STARTS, *GATE_STARTS), starts, strict=False)
    name = next((name for name, one in known if equal(one, first, EXACT)), None)
    if name:
        return f"h_0 is not 0: the state before the first step is {name}; all later steps are right."
    return (
        "every step after the first is right, given the state before; the first is not what step gives from h_0 = 0: "
        "look at h_0, and at what is done before the loop."
    )


def _odd_steps(hidden: np.ndarray, tries: np.ndarray) -> str | None:
    """Which single steps are given something else than the others are."""
    odd = [t for t in range(len(hidden)) if not equal(tries[0][t], hidden[t], EXACT)]
    if not 0 < len(odd) < len(hidden):
        return None
    name = next((name for name, one in zip(NAMES, tries, strict=True) if equal(one[odd], hidden[odd], EXACT)), None)
    if name is None or len(odd) > len(hidden) // 2:
        return None
    which, how = " and ".join(str(t + 1) for t in odd), name.replace("step t", "it")
    return f"only step {which} is wrong, the others are what step gives from the state before: {how}."


def _mixed(own: Outcome, hidden: np.ndarray, steps: np.ndarray) -> str | None:
    """Whether each state is a sum of few known things."""
    before = np.concatenate([np.zeros_like(hidden[:1]), hidden[:-1]])
    columns = {"what step gives": steps, "the state before": before, "1": np.ones_like(steps)}
    if "inputs" in own.values:
        columns["x_t @ W_xh"] = own.values["inputs"]
    columns |= {
        "the square of what step gives": steps**2,
        "the tanh of what step gives": np.tanh(steps),
        "the product of both states": steps * before,
        "the mean over the batch of what step gives": steps.mean(1, keepdims=True) + 0 * steps,
    }
    for gate in "zr":
        trace = own.values.get(gate)
        if trace is not None and trace.shape == steps.shape:
            columns |= {f"{gate}_t * what step gives": trace * steps, f"{gate}_t * the state before": trace * before}
            columns[f"{gate}_t"] = trace
    counts = parts(hidden, columns)
    return f"each state is {summed(counts)}; the step itself is right." if counts else None
