"""The cases of 2_diagnostics: what a student's function is asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rnnkit.checks.cases_cells import Case
from rnnkit.checks.inputs import SIZES, shape_of, tensor, wave
from rnnkit.checks.outcome import Outcome, as_array, kind_of

KEYS = ("grad_time", "sat_time", "gate_z_sat_time", "gate_r_sat_time")


def _recurrence(dtype: torch.dtype, gain: float = 1.0) -> list[Tensor]:
    """A list of states (B, H), each made from the one before: no cell of the course, but through time like one."""
    A = tensor(wave(shape_of("HH"), 2.2, 0.6 * gain), dtype)
    inputs = tensor(wave(shape_of("TBH"), 0.7, 0.5), dtype)
    h, hs = tensor(wave(shape_of("BH"), 3.1, 0.3), dtype, grad=True), []
    for x_t in inputs:
        h = torch.sin(h @ A) + x_t * (1 + 0.1 * h)
        hs.append(h)
    return hs


def _loss(hs: list[Tensor], every_step: bool, scale: float = 1.0) -> Tensor:
    hidden = torch.stack(hs)
    weights = tensor(wave(tuple(hidden.shape), 5.3), hidden.dtype)
    if every_step:
        return scale * (weights * hidden**2).mean()
    return scale * (weights[-1] * hs[-1] ** 2).sum(-1).mean()


def _gates(dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        "z": tensor(wave(shape_of("TBH"), 0.9, 0.45, 0.5), dtype),
        "r": tensor(wave(shape_of("TBH"), 2.6, 0.3, 0.35), dtype),
    }


def _grad_time(every_step: bool):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        hs = _recurrence(dtype)
        outcome.put("g", obj(_loss(hs, every_step), list(hs)), "T")

    return run


def _tiny(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
    """Gradients of about 1e-28 in float32, whose squares float32 cannot hold."""
    hs = _recurrence(torch.float32)
    value = obj(_loss(hs, False, 1e-28), list(hs))
    if type(value) is torch.Tensor:
        value = value.detach().double()
    outcome.put("g x 1e28", as_array(value) * 1e28, "T")


def _saturation(name: str, values: Any, argument: str):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        given = tensor(values, dtype)
        outcome.put(name, obj(given), "T")
        if not torch.equal(given, tensor(values, dtype)):
            outcome.problems[argument] = f"{argument}: your code changes it in place; make a new tensor instead"

    return run


def _rho(values: Any):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        outcome.put("rho", obj(tensor(values, dtype)), ())

    return run


def _square() -> Any:
    return -wave((5, 5), 1.1, 0.7)


def _turning() -> Any:
    """A rotation, stretched and skewed: all its large eigenvalues are complex."""
    W = 0.1 * wave((4, 4), 0.2)
    W[0, 1], W[1, 0], W[0, 0], W[1, 1] = -1.4, 0.9, 0.3, 0.2
    return W


def _grads(dtype: torch.dtype, scale: float = 1.0) -> list[Tensor]:
    return [tensor(wave(shape, 0.8 + k, scale), dtype) for k, shape in enumerate([(2, 5), (5, 5), (5,), (5, 1)])]


def _norm(scale: float):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        outcome.put("norm", obj(_grads(dtype, scale)), ())

    return run


def _clip(scale: float, cutoff: float):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        grads = _grads(dtype, scale)
        value = obj(list(grads), cutoff)
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

    return run


def _untouched(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
    grads = _grads(dtype)
    given = list(grads)
    value = obj(given, 0.5)
    new = value[0] if isinstance(value, tuple | list) and len(value) == 2 else None
    inner = Outcome()
    if isinstance(new, tuple | list) and len(new) == len(grads):
        for k, (entry, before) in enumerate(zip(new, grads, strict=True)):
            inner.put(f"grads[{k}]", entry, tuple(before.shape))
    if inner.problems or not inner.values or all(one is other for one, other in zip(new, grads, strict=True)):
        outcome.problems["clip"] = "no clipping was done, so this says nothing yet"
        return
    if len(given) != len(grads) or any(one is not other for one, other in zip(given, grads, strict=False)):
        outcome.problems["grads"] = "grads: your code changes the list that it was given; build a new one"
        return
    for k, g in enumerate(grads):
        outcome.put(f"grads[{k}] afterwards", g, tuple(g.shape))


def _diagnostics(keys: tuple[str, ...], only_keys: bool = False):
    def run(obj: Any, dtype: torch.dtype, outcome: Outcome) -> None:
        hs = _recurrence(dtype)
        value = obj(_loss(hs, False), list(hs), _gates(dtype))
        if not isinstance(value, dict):
            outcome.problems["keys"] = f"expected a dict, got {kind_of(value)}"
            return
        found = [key for key in KEYS if key in value]
        if only_keys:
            strange = sorted(str(key) for key in value if key not in KEYS)
            outcome.put("other keys", float(len(strange)), ())
            if len(found) < len(KEYS) or strange:
                missing = ", ".join(key for key in KEYS if key not in found) or "none"
                extra = ", ".join(strange) or "none"
                outcome.problems["keys"] = f"keys: expected {', '.join(KEYS)}; missing {missing}; too many: {extra}"
            for key in found:
                size = as_array(value[key]).shape
                outcome.put(f"length of {key}", float(size[0]) if len(size) == 1 else -1.0, ())
            return
        for key in keys:
            if key in value:
                outcome.put(key, value[key], "T")
            else:
                outcome.problems[key] = f"{key}: the key is missing"

    return run


TANH = wave(shape_of("TBH"), 0.4, 0.97)
SIGMOID = wave(shape_of("TBH"), 1.4, 0.49, 0.5)
assert SIZES["T"] == 4

CASES: dict[str, tuple[Case, ...]] = {
    "grad_time": (
        Case("loss at the last step", 2.0, _grad_time(every_step=False)),
        Case("loss at every step", 1.0, _grad_time(every_step=True)),
        Case("tiny gradients, norm in float64", 1.0, _tiny),
    ),
    "sat_time": (Case("mean distance of tanh units", 2.0, _saturation("s", TANH, "hidden")),),
    "sat_time_sigmoid": (Case("mean distance of sigmoid units", 1.0, _saturation("s", SIGMOID, "hidden")),),
    "gate_sat_time": (
        Case("gates spread over (0, 1)", 1.0, _saturation("d", SIGMOID, "v")),
        Case("gates nearly shut", 1.0, _saturation("d", wave(shape_of("TBH"), 1.4, 0.02, 0.03), "v")),
    ),
    "rho": (
        Case("a matrix that is not symmetric", 1.0, _rho(_square())),
        Case("complex eigenvalues", 1.0, _rho(_turning())),
    ),
    "grad_norm": (
        Case("all gradients together", 1.0, _norm(1.0)),
        Case("large gradients", 1.0, _norm(300.0)),
    ),
    "clip": (
        Case("above the cutoff", 1.5, _clip(1.0, 0.5)),
        Case("below the cutoff", 1.0, _clip(0.02, 0.5)),
        Case("the gradients given are left alone", 0.5, _untouched),
    ),
    "diagnostic_keys": (
        Case("keys and lengths", 0.5, _diagnostics(KEYS, only_keys=True)),
        Case("grad_time", 0.5, _diagnostics(("grad_time",))),
        Case("sat_time", 0.5, _diagnostics(("sat_time",))),
        Case("gates", 0.5, _diagnostics(("gate_z_sat_time", "gate_r_sat_time"))),
    ),
}
