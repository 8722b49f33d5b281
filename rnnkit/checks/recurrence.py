"""A whole sequence beside its own step: which state each step was given, and what was made of its result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.checks.case import tensor
from rnnkit.checks.cell_cases import make_cell
from rnnkit.checks.numbers import clamped
from rnnkit.checks.outcome import Outcome, equal
from rnnkit.checks.question import Question

OWN = "steps from its own states"  # an outcome's name
FACTORS = (0.01, 0.1, 0.5, 1.0, -1.0)
EXACT = 1e-7
Parts = dict[str, float]
Given = Callable[[list[Tensor], int], Tensor]  # states so far, h_0 = 0 first, and t -> what the step was given

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


def _starts(cell: Any, kind: str, x: Tensor, zero: Tensor) -> dict[str, Tensor]:
    """States that a sequence may begin with instead of 0."""
    one = torch.ones_like(zero)
    b_h, W_hh = cell.b_h.detach(), cell.W_hh.detach()
    starts = {f"{factor:g}": factor * one for factor in FACTORS}
    starts |= {"b_h": b_h * one, "tanh(b_h)": torch.tanh(b_h) * one, "sigmoid(b_h)": torch.sigmoid(b_h) * one}
    inputs = x[0] @ cell.W_xh.detach()
    starts |= {
        "x_1 @ W_xh": inputs,
        "x_1 @ W_xh + b_h": inputs + b_h,
        "tanh(x_1 @ W_xh + b_h)": torch.tanh(inputs + b_h),
    }
    starts |= {
        "tanh(x_1 @ W_xh)": torch.tanh(inputs),
        "a row of W_hh": W_hh[0] * one,
        "a column of W_hh": W_hh[:, 0] * one,
    }
    if kind == "GRU":
        starts |= {name: getattr(cell, name).detach() * one for name in ("b_z", "b_r")}
    return starts


def own_steps(question: Question, obj: Any) -> Outcome:
    """What the student's `step` gives from the states that the student's `forward` gave; no number is judged here."""
    kind, inputs = question.target, question.inputs
    outcome = Outcome(sizes=inputs.sizes)
    try:
        with torch.no_grad():
            cell: Any = make_cell(obj, kind, torch.float64, inputs)
            x = tensor(inputs["x"], torch.float64)
            hidden = cell.forward(x)[1].detach()
            if not outcome.put("hidden", hidden, "TBH") or outcome.problems:
                return outcome
            zero = torch.zeros_like(hidden[0])
            states, gates = [zero, *hidden], {}

            def step(x_t: Tensor, h: Tensor) -> Tensor:
                value = cell.step(x_t, h)
                state, gates["now"] = (value, {}) if kind == "RNN" else value
                return state

            outcome.put("step", step(*(tensor(inputs[name], torch.float64) for name in ("x_t", "h_prev"))), "BH")
            T = len(x)
            tries, traces = [], []
            for read in READ.values():
                for given in GIVEN.values():
                    tries.append(torch.stack([step(x[read(t, T)], given(states, t)) for t in range(T)]))
                    if kind == "GRU" and len(tries) == 1:
                        traces = [torch.stack([_gate(step, gates, x[t], states[t], g) for t in range(T)]) for g in "zr"]
                    if read is not READ["x_t"]:
                        break
            outcome.put("found", torch.stack(tries), (len(tries), *hidden.shape))
            outcome.put("starts", torch.stack([step(x[0], h) for h in _starts(cell, kind, x, zero).values()]), ())
            outcome.problems.pop("starts", None)
            for gate, trace in zip("zr", traces, strict=False):
                outcome.put(gate, trace, "TBH")
            outcome.put("inputs", x @ cell.W_xh, "TBH")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a student's code raises
        outcome.error = error
    return outcome


def _gate(step: Callable, gates: dict, x_t: Tensor, h: Tensor, gate: str) -> Tensor:
    step(x_t, h)
    return gates["now"][gate]


def names() -> list[str]:
    """What each row of ``found`` is."""
    first = [f"step t is given {given}, not the state before" for given in GIVEN]
    return first + [f"step t reads {read}, not x_t" for read in READ if read != "x_t"]


def of_states(kind: str, own: Outcome | None, step: np.ndarray) -> str | None:
    """How the states of a sequence hang together, where its step is right and they are not.

    Arguments:
        kind: ``RNN`` or ``GRU``.
        own: from `own_steps`.
        step: what a right step gives for the inputs of the question on one step.
    """
    if own is None or own.error is not None or own.problems or not equal(own.values.get("step"), step):
        return None
    hidden, tries, starts = (own.values.get(name) for name in ("hidden", "found", "starts"))
    if hidden is None or tries is None or starts is None or tries.shape != (len(names()), *hidden.shape):
        return None
    fit = [equal(one, hidden, EXACT) for one in tries]
    if fit[0]:
        return None
    if any(fit[1:]):
        return f"{names()[fit.index(True, 1)]}; the step itself is right."
    if equal(tries[0][1:], hidden[1:], EXACT):
        return _begun(kind, hidden[0], starts)
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
    return _mixed(kind, own, hidden, tries[0])


_STARTS = [
    *(f"{factor:g}" for factor in FACTORS), "b_h", "tanh(b_h)", "sigmoid(b_h)", "x_1 @ W_xh", "x_1 @ W_xh + b_h",
    "tanh(x_1 @ W_xh + b_h)", "tanh(x_1 @ W_xh)", "a row of W_hh", "a column of W_hh", "b_z", "b_r",
]  # fmt: skip


def _begun(kind: str, first: np.ndarray, starts: np.ndarray) -> str:
    name = next((name for name, one in zip(_STARTS, starts, strict=False) if equal(one, first, EXACT)), None)
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
    name = next((name for name, one in zip(names(), tries, strict=True) if equal(one[odd], hidden[odd], EXACT)), None)
    if name is None or len(odd) > len(hidden) // 2:
        return None
    which = " and ".join(str(t + 1) for t in odd)
    how = name.replace("step t", "it")
    return f"only step {which} is wrong, the others are what step gives from the state before: {how}."


def _mixed(kind: str, own: Outcome, hidden: np.ndarray, steps: np.ndarray) -> str | None:
    """Whether each state is a sum of few known things."""
    before = np.concatenate([np.zeros_like(hidden[:1]), hidden[:-1]])
    columns: dict[str, np.ndarray | None] = {
        "what step gives": steps,
        "the state before": before,
        "1": np.ones_like(steps),
    }
    columns |= {"x_t @ W_xh": own.values.get("inputs"), "the square of what step gives": steps**2}
    columns |= {"the tanh of what step gives": np.tanh(steps), "the product of both states": steps * before}
    columns["the mean over the batch of what step gives"] = steps.mean(1, keepdims=True) + 0 * steps
    for gate in "zr":
        trace = own.values.get(gate)
        if trace is not None and trace.shape == steps.shape:
            columns |= {f"{gate}_t * what step gives": trace * steps, f"{gate}_t * the state before": trace * before}
            columns[f"{gate}_t"] = trace
    counts = parts(hidden, {name: value for name, value in columns.items() if value is not None})
    return f"each state is {summed(counts)}; the step itself is right." if counts else None


def parts(value: np.ndarray, columns: dict[str, np.ndarray], most: int = 2, whole: bool = False) -> Parts | None:
    """How often each of one or two columns counts, where their sum gives the numbers exactly.

    Arguments:
        value: the numbers.
        columns: by name, of the same shape.
        most: columns that may count.
        whole: whether each counts once, with either sign, and in no other way.
    """
    total = value.ravel()
    size = 1 + np.abs(total).max()
    for count in range(1, most + 1):
        for names in combinations(columns, count):
            table = np.array([columns[name].ravel() for name in names]).T
            counts, _, rank, _ = np.linalg.lstsq(table, total, rcond=1e-9)
            exact = rank == count and np.abs(table @ counts - total).max() < EXACT * size
            if exact and np.abs(counts).min() > 1e-4 and not (whole and np.abs(np.abs(counts) - 1).max() > 1e-6):
                return dict(zip(names, map(float, counts), strict=True))
    return None


def summed(counts: Parts) -> str:
    """``0.5 times a plus 0.5 times b``."""
    (first, times), *rest = counts.items()
    said = f"{'minus ' if times < 0 else ''}{_times(times, first)}"
    return said + "".join(f" {'plus' if times > 0 else 'minus'} {_times(times, name)}" for name, times in rest)


def _times(times: float, name: str) -> str:
    if name == "1":
        return f"{abs(times):.4g}"
    return name if abs(abs(times) - 1) < 1e-5 else f"{abs(times):.4g} times {name}"
