"""The cases of 2_diagnostics: what a student's function is asked for.

What a set of inputs can hide, and is shown by the later rounds (`inputs`, `key.draws`) or a case:

====================  ================================================================================================
all questions         T, B, H of 1, all sizes equal, B > T; another call of the function; other numbers in float32;
                      lists, dicts and tensors changed; tensors, arrays and lists are all right as results
grad_time             a loss at the last or every step, gradients too small for float32, a sequence without gradient
sat_time              states of -1, 0 and 1 exactly
gate_sat_time         0, 1 and 0.5 exactly; nearly shut, nearly open, spread
rho                   the largest eigenvalue last, positive or negative, a complex pair last or purely imaginary, a
                      double one, none but 0 in a matrix that is not 0, zeros, H = 1
grad_norm             one gradient, many of one shape, a number, three axes, one of zeros among others, zeros
clip                  the same shapes; norms just above, just below and at the cutoff; cutoffs far from 1
diagnostic_keys       the gates in either order; the rest as in grad_time and sat_time
not asked             an empty list, gradients of zeros for clip (cutoff / norm is the text's own formula), tensors that
                      need gradients or are not contiguous: the texts do not speak of them
====================  ================================================================================================
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rnnkit.checks.case import Case, call, in_rounds, tensor
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import Outcome, as_array, kind_of

KEYS = ("grad_time", "sat_time", "gate_z_sat_time", "gate_r_sat_time")


def _recurrence(dtype: torch.dtype, inputs: Inputs) -> list[Tensor]:
    """A list of states (B, H), each made from the one before: no cell of the course, but through time like one."""
    A, pushes = tensor(inputs["A"], dtype), tensor(inputs["pushes"], dtype)
    h, hs = tensor(inputs["h_0"], dtype, grad=True), []
    for x_t in pushes:
        h = torch.sin(h @ A) + x_t * (1 + 0.1 * h)
        hs.append(h)
    return hs


def _loss(hs: list[Tensor], inputs: Inputs, every_step: bool, scale: float = 1.0) -> Tensor:
    hidden = torch.stack(hs)
    weights = tensor(inputs["loss_weights"], hidden.dtype)
    if every_step:
        return scale * (weights * hidden**2).mean()
    return scale * (weights[-1] * hs[-1] ** 2).sum(-1).mean()


def _unchanged(outcome: Outcome, what: str, given: list[Any], kept: list[Any]) -> None:
    """Whether a list that was handed in still holds the same things."""
    if len(given) != len(kept) or any(one is not other for one, other in zip(given, kept, strict=True)):
        outcome.problems[what] = f"{what}: your code changes the list that it was given; build a new one"


def _grad_time(every_step: bool):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        hs = _recurrence(dtype, inputs)
        given = list(hs)
        outcome.put("g", obj(_loss(hs, inputs, every_step), given), "T")
        _unchanged(outcome, "hs", given, hs)

    return in_rounds(run)


def _tiny(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    """Gradients of about 1e-28 in float32, whose squares float32 cannot hold."""
    hs = _recurrence(torch.float32, inputs)
    value = obj(_loss(hs, inputs, False, 1e-28), list(hs))
    if type(value) is torch.Tensor:
        value = value.detach().double()
    outcome.put("g x 1e28", as_array(value) * 1e28, "T")


def _grads(source: str, dtype: torch.dtype, inputs: Inputs) -> list[Tensor]:
    return [tensor(values, dtype) for values in inputs.listed(source)]


def _clip(source: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        grads = _grads(source, dtype, inputs)
        value = obj(list(grads), float(inputs["cutoff"]))
        if not isinstance(value, tuple | list) or len(value) != 2:
            outcome.problems["clip"] = f"expected to get back (new grads, norm before), got {kind_of(value)}"
            return
        new, norm = value
        if isinstance(new, tuple | list) and len(new) == len(grads):
            for k, (entry, before) in enumerate(zip(new, grads, strict=True)):
                outcome.put(f"grads[{k}]", entry, tuple(before.shape))
        else:
            outcome.problems["grads"] = f"new grads: expected a list of {len(grads)} tensors, got {kind_of(new)}"
        outcome.put("norm", norm, ())

    return in_rounds(run)


def _untouched(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    grads = _grads("g", dtype, inputs)
    given = list(grads)
    value = obj(given, float(inputs["cutoff"]))
    new: Any = value[0] if isinstance(value, tuple | list) and len(value) == 2 else None
    inner = outcome.part()
    if isinstance(new, tuple | list) and len(new) == len(grads):
        for k, (entry, before) in enumerate(zip(new, grads, strict=True)):
            inner.put(f"grads[{k}]", entry, tuple(before.shape))
    _unchanged(outcome, "grads", given, grads)
    if not all(map(torch.equal, grads, _grads("g", dtype, inputs))):
        outcome.problems["grads"] = "grads: your code changes the tensors in place; make new ones (g * factor)"
    if outcome.problems:
        return
    if inner.problems or not inner.values:
        outcome.problems["clip"] = "the new gradients cannot be looked at, so this says nothing yet"
        return
    if all(one is other for one, other in zip(new, grads, strict=True)):
        outcome.problems["clip"] = "the tensors given are what comes back, so this says nothing yet"
        return
    for k, g in enumerate(grads):
        outcome.put(f"grads[{k}] afterwards", g, tuple(g.shape))


def _diagnostics(keys: tuple[str, ...], only_keys: bool = False):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        hs = _recurrence(dtype, inputs)
        gates = {gate: tensor(inputs[gate], dtype) for gate in inputs.options.get("gates", "zr")}
        given, kept = list(hs), dict(gates)
        value = obj(_loss(hs, inputs, False), given, gates)
        _unchanged(outcome, "hs", given, hs)
        same = gates.keys() == kept.keys() and all(gates[gate] is kept[gate] for gate in kept)
        if not same or not all(torch.equal(kept[gate], tensor(inputs[gate], dtype)) for gate in kept):
            outcome.problems["gates"] = "gates: your code changes what it was given; make a new dict, and new tensors"
        if not isinstance(value, dict):
            outcome.problems["keys"] = f"expected a dict, got {kind_of(value)}"
            return
        there = [key for key in KEYS if key in value]
        if only_keys:
            strange = sorted(str(key) for key in value if key not in KEYS)
            outcome.put("other keys", float(len(strange)), ())
            if len(there) < len(KEYS) or strange:
                missing = ", ".join(key for key in KEYS if key not in there) or "none"
                extra = ", ".join(strange) or "none"
                outcome.problems["keys"] = f"keys: expected {', '.join(KEYS)}; missing {missing}; too many: {extra}"
            for key in there:
                size = as_array(value[key]).shape
                outcome.put(f"length of {key}", float(size[0]) if len(size) == 1 else -1.0, ())
            return
        for key in keys:
            if key in value:
                outcome.put(key, value[key], "T")
            else:
                outcome.problems[key] = f"{key}: the key is missing"

    return in_rounds(run)


CASES: dict[str, tuple[Case, ...]] = {
    "grad_time": (
        Case("loss at the last step", 2.0, _grad_time(every_step=False)),
        Case("loss at every step", 1.0, _grad_time(every_step=True)),
        Case("tiny gradients, norm in float64", 1.0, in_rounds(_tiny)),
    ),
    "sat_time": (call("mean distance of tanh units", 2.0, "hidden", "T", called="hidden", quantity="s"),),
    "gate_sat_time": (
        call("sigmoid units", 1.0, "hidden", "T", called="v", quantity="d"),
        call("gates spread over (0, 1)", 1.0, "spread", "T", called="v", quantity="d"),
        call("gates nearly shut", 1.0, "nearly_shut", "T", called="v", quantity="d"),
    ),
    "rho": (
        call("a matrix that is not symmetric", 1.0, "W", (), called="W", quantity="rho"),
        call("complex eigenvalues", 1.0, "W_turning", (), called="W", quantity="rho"),
    ),
    "grad_norm": (
        call("all gradients together", 1.0, "g*", (), called="grads", quantity="norm"),
        call("large gradients", 1.0, "large*", (), called="grads", quantity="norm"),
    ),
    "clip": (
        Case("above the cutoff", 1.5, _clip("g")),
        Case("below the cutoff", 1.0, _clip("small")),
        Case("the gradients given are left alone", 0.5, _untouched),
    ),
    "diagnostic_keys": (
        Case("keys and lengths", 0.5, _diagnostics(KEYS, only_keys=True)),
        Case("grad_time", 0.5, _diagnostics(("grad_time",))),
        Case("sat_time", 0.5, _diagnostics(("sat_time",))),
        Case("gates", 0.5, _diagnostics(("gate_z_sat_time", "gate_r_sat_time"))),
    ),
}
