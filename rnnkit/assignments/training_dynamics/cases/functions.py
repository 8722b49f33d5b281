"""The cases of 2_diagnostics and of 5_extra_credit: what a student's function is asked for.

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
omega                 squared norms at the bound exactly, flows as tiny as training has them or 0, slopes of 0
not asked             an empty list, gradients of zeros for clip (cutoff / norm is the text's own formula), tensors that
                      need gradients or are not contiguous: the texts do not speak of them
====================  ================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.training_dynamics.inputs import SOURCES
from rnnkit.checks.case import Case, Shape, call, given_tensors, in_rounds, tensor, unchanged, unchanged_tensors
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


def _grad_time(every_step: bool):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        hs = _recurrence(dtype, inputs)
        given = list(hs)
        outcome.put("g", obj(_loss(hs, inputs, every_step), given), "T")
        unchanged(outcome, "hs", given, hs, hs)

    return in_rounds(run)


def _tiny(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    """Gradients of about 1e-28 in float32, whose squares float32 cannot hold."""
    hs = _recurrence(torch.float32, inputs)
    value = obj(_loss(hs, inputs, False, 1e-28), list(hs))
    if type(value) is torch.Tensor:
        value = value.detach().double()
    outcome.put("g x 1e28", as_array(value) * 1e28, "T")


def _put_list(outcome: Outcome, new: Any, grads: list[Tensor]) -> bool:
    """Takes in a list of new gradients; whether it is one."""
    if not isinstance(new, tuple | list) or len(new) != len(grads):
        return False
    for k, (entry, before) in enumerate(zip(new, grads, strict=True)):
        outcome.put(f"grads[{k}]", entry, tuple(before.shape))
    return True


def _clip(source: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        grads = [tensor(values, dtype) for values in inputs.listed(source)]
        value = obj(list(grads), float(inputs["cutoff"]))
        if not isinstance(value, tuple | list) or len(value) != 2:
            outcome.problems["clip"] = f"expected to get back (new grads, norm before), got {kind_of(value)}"
            return
        new, norm = value
        if not _put_list(outcome, new, grads):
            outcome.problems["grads"] = f"new grads: expected a list of {len(grads)} tensors, got {kind_of(new)}"
        outcome.put("norm", norm, ())

    return in_rounds(run)


def _untouched(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    grads, fresh = ([tensor(values, dtype) for values in inputs.listed("g")] for _ in range(2))
    given = list(grads)
    value = obj(given, float(inputs["cutoff"]))
    new = value[0] if isinstance(value, tuple | list) and len(value) == 2 else None
    unchanged(outcome, "grads", given, grads, grads)
    if not all(map(torch.equal, grads, fresh)):
        outcome.problems["grads"] = "grads: your code changes the tensors in place; make new ones (g * factor)"
    if outcome.problems:
        return
    inner = outcome.part()
    if not _put_list(inner, new, grads) or inner.problems:
        outcome.problems["clip"] = "the new gradients cannot be looked at, so this says nothing yet"
    elif all(one is other for one, other in zip(new, grads, strict=True)):
        outcome.problems["clip"] = "the tensors given are what comes back, so this says nothing yet"
    else:
        for k, g in enumerate(grads):
            outcome.put(f"grads[{k}] afterwards", g, tuple(g.shape))


def _diagnostics(*keys: str):
    """Some of the values by their keys; without any, which keys there are and how long their values are."""

    def run(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        hs = _recurrence(dtype, inputs)
        gates, fresh = ({gate: tensor(inputs[gate], dtype) for gate in inputs.options.get("gates", "zr")} for _ in "ab")
        given, kept = list(hs), dict(gates)
        value = obj(_loss(hs, inputs, False), given, gates)
        unchanged(outcome, "hs", given, hs, hs)
        same = gates.keys() == kept.keys() and all(gates[gate] is kept[gate] for gate in kept)
        if not same or not all(torch.equal(kept[gate], fresh[gate]) for gate in kept):
            outcome.problems["gates"] = "gates: your code changes what it was given; make a new dict, and new tensors"
        if not isinstance(value, dict):
            outcome.problems["keys"] = f"expected a dict, got {kind_of(value)}"
        elif not keys:
            _put_keys(outcome, value)
        for key in keys if isinstance(value, dict) else ():
            if key in value:
                outcome.put(key, value[key], "T")
            else:
                outcome.problems[key] = f"{key}: the key is missing"

    return in_rounds(run)


def _put_keys(outcome: Outcome, value: dict[Any, Any]) -> None:
    strange = sorted(str(key) for key in value if key not in KEYS)
    outcome.put("other keys", float(len(strange)), ())
    missing = [key for key in KEYS if key not in value]
    if missing or strange:
        said = f"missing {', '.join(missing) or 'none'}; too many: {', '.join(strange) or 'none'}"
        outcome.problems["keys"] = f"keys: expected {', '.join(KEYS)}; {said}"
    for key in KEYS:
        if key in value:
            size = as_array(value[key]).shape
            outcome.put(f"length of {key}", float(size[0]) if len(size) == 1 else -1.0, ())


def _of_sources(question_id: str, shape: Shape, called: str, quantity: str) -> tuple[Case, ...]:
    sources = SOURCES[question_id].items()
    return tuple(call(case, 1.0, source, shape, called=called, quantity=quantity) for case, source in sources)


# ---- omega -------------------------------------------------------------------------------------------------------

PARTS: dict[str, Shape] = {"Omega": (), "steps in the past": (), "gradient": "HH"}  # what comes back, and its shape
TOO_HIGH = np.array(1e6)  # a bound that no gradient of the cases reaches


def _omega(parts: Iterable[str], obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs, end: str = "") -> None:
    """Takes in some of what comes back, their names with this end."""
    names = "flow slope W_hh"
    given = given_tensors(names, dtype, inputs)
    value = obj(*given.values(), float(inputs["bound"]))
    if not isinstance(value, tuple | list) or len(value) != len(PARTS):
        outcome.problems["omega"] = f"expected to get back ({', '.join(PARTS)}), got {kind_of(value)}"
        return
    for (name, shape), part in zip(PARTS.items(), value, strict=True):
        if name in parts:
            outcome.put(name + end, part, shape)
    unchanged_tensors(outcome, given, given_tensors(names, dtype, inputs))


def _nothing(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    """Zeros, where nothing reaches the bound; Omega with another bound as well, for zeros alone are no answer."""
    _omega(("Omega",), obj, dtype, outcome, inputs)
    inputs = replace(inputs, arrays=inputs.arrays | {"bound": TOO_HIGH})
    _omega(PARTS, obj, dtype, outcome, inputs, ", nothing counts")


CASES: dict[str, tuple[Case, ...]] = {
    "grad_time": (
        Case("loss at the last step", 2.0, _grad_time(every_step=False)),
        Case("loss at every step", 1.0, _grad_time(every_step=True)),
        Case("tiny gradients, norm in float64", 1.0, in_rounds(_tiny)),
    ),
    "sat_time": (call("mean distance of tanh units", 2.0, "hidden", "T", called="hidden", quantity="s"),),
    "gate_sat_time": _of_sources("gate_sat_time", "T", "v", "d"),
    "rho": _of_sources("rho", (), "W", "rho"),
    "grad_norm": _of_sources("grad_norm", (), "grads", "norm"),
    "clip": (
        Case("above the cutoff", 1.5, _clip("g")),
        Case("below the cutoff", 1.0, _clip("small")),
        Case("the gradients given are left alone", 0.5, _untouched),
    ),
    "diagnostic_keys": (
        Case("keys and lengths", 0.5, _diagnostics()),
        Case("grad_time", 0.5, _diagnostics("grad_time")),
        Case("sat_time", 0.5, _diagnostics("sat_time")),
        Case("gates", 0.5, _diagnostics("gate_z_sat_time", "gate_r_sat_time")),
    ),
    "omega": (
        Case("Omega", 1.0, in_rounds(partial(_omega, ("Omega",)))),
        Case("steps in the past", 0.5, in_rounds(partial(_omega, ("steps in the past",)))),
        Case("the gradient with respect to W_hh", 1.0, in_rounds(partial(_omega, ("gradient",)))),
        Case("a bound that nothing reaches", 0.5, in_rounds(_nothing)),
    ),
}
