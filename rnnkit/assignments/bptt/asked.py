"""How a student's code is asked in the cases that are more than a call, and what is kept of what it gives back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.checks.case import Run, given_tensors, in_rounds, parts_of, put_keys, tensor, unchanged_tensors
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import TENSORS, Outcome, kind_of

OUTPUTS = {"outputs": "BTO", "h_T": "BH"}
GRADIENTS: dict[str, Any] = {"W_xh": "IH", "W_hh": "HH", "b_h": "H"}
LAYERS = {"W_xh": ("IH", "b_h"), "W_hh": ("HH", None), "W_hy": ("HO", "b_y")}  # letters of the weight, its bias
THE_DOCUMENTS = (10, 64, 5)  # of the document
STEPPED = "x W_xh W_hh b_h"  # what a step of `truncated` is made of


# ---- a network -------------------------------------------------------------------------------------------------------


def _network(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> nn.Module | None:
    """The student's network with the inputs' weights in its layers; None and a problem where one does not fit."""
    cell = obj(*(inputs.sizes[letter] for letter in "IHO")).to(dtype)
    for name, (letters, bias) in LAYERS.items():
        layer, weight = getattr(cell, name, None), tensor(inputs[name], dtype)
        if not isinstance(layer, nn.Linear) or layer.weight.shape != weight.T.shape:
            size = " -> ".join(letters)
            got = kind_of(layer) if not isinstance(layer, nn.Linear) else f"{layer.in_features} -> {layer.out_features}"
            outcome.problems[name] = f"{name}: expected a Linear from {size}, got {got}"
            continue
        with torch.no_grad():
            layer.weight.copy_(weight.T)
            if layer.bias is not None:
                layer.bias.copy_(tensor(inputs[bias], dtype) if bias else torch.zeros_like(layer.bias))
    return None if outcome.problems else cell


def forward(*quantities: str, before: bool = False, gradients: bool = False) -> Run:
    """Runs the network without a state before, or with one."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        cell = _network(obj, dtype, outcome, inputs)
        if cell is None:
            return
        given = given_tensors("x h_prev" if before else "x", dtype, inputs, grad=gradients)
        value = cell(*given.values()) if before else cell(given["x"])
        if not (found := parts_of(outcome, value, OUTPUTS)):
            return
        outputs = found["outputs"]
        if gradients:
            layers = {name: getattr(cell, name).weight for name in LAYERS}
            if type(outputs) in TENSORS:
                outcome.put_gradients("outputs", outputs, given | layers)
            else:
                outcome.problems["outputs"] = f"outputs: expected a tensor, got {kind_of(outputs)}"
            return
        for name in quantities:
            outcome.put(name, found[name], OUTPUTS[name])
        unchanged_tensors(outcome, given, given_tensors(" ".join(given), dtype, inputs))

    return in_rounds(once)


def layers(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
    """The layers by their names, and how many parameters there are at the document's sizes."""
    cell = obj(*THE_DOCUMENTS)
    for name, (_, bias) in LAYERS.items():
        layer = getattr(cell, name, None)
        if not isinstance(layer, nn.Linear):
            outcome.problems[name] = f"{name}: expected a layer of that name, a Linear, got {kind_of(layer)}"
        elif (layer.bias is None) is not (bias is None):
            wanted, got = ("with", "without") if bias else ("without", "with")
            outcome.problems[name] = f"{name}: expected a Linear {wanted} a bias, got one {got}"
    if not outcome.problems:
        outcome.put("parameters", float(sum(one.numel() for one in cell.parameters())), ())


# ---- the bound -------------------------------------------------------------------------------------------------------


def says(phi: str, **matrices: str) -> Run:
    """What is said of several matrices: array -> what is special about it."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        for name, special in matrices.items():
            given = tensor(inputs[name], dtype)
            outcome.put(special, obj(given, phi), str)
            unchanged_tensors(outcome, {"W": given}, {"W": tensor(inputs[name], dtype)})

    return in_rounds(once)


# ---- clipping --------------------------------------------------------------------------------------------------------


def clipped(by: str, limit: str, *parts: str) -> Run:
    """Clips, and keeps the new gradients (``new``), the norms (``norms``), or which keys there are (``keys``)."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = given_tensors(" ".join(GRADIENTS), dtype, inputs)
        kept = dict(given)
        keys = {"new grads": [*GRADIENTS], "norms": [*GRADIENTS, "total", "clipped"]}
        if not (found := parts_of(outcome, obj(given, by, float(inputs[limit])), keys)):
            return
        if given.keys() != kept.keys() or any(given[name] is not one for name, one in kept.items()):
            outcome.problems["grads"] = "grads: your code changes the dict that it was given; build a new one"
        unchanged_tensors(outcome, kept, given_tensors(" ".join(GRADIENTS), dtype, inputs))
        for said, value in found.items():
            if not isinstance(value, dict):
                outcome.problems[said] = f"{said}: expected a dict, got {kind_of(value)}"
            elif "keys" in parts:
                put_keys(outcome, value, keys[said], said, f" of {said}")
            elif said.split()[0] in parts:
                for name in keys[said]:
                    if name in value:
                        outcome.put(f"{said}[{name}]", value[name], GRADIENTS[name] if said == "new grads" else ())
                    else:
                        outcome.problems[f"{said} {name}"] = f"{said}: the key {name} is missing"

    return in_rounds(once)


# ---- truncated -------------------------------------------------------------------------------------------------------


def pieces(k: str, states: bool = False, weights: bool = False, reach: bool = False) -> Run:
    """The states, the gradients of a loss on all of them, and how far back that of each state reaches."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        leaves = given_tensors(STEPPED, dtype, inputs, grad=True)
        h_0, steps = tensor(inputs["h_0"], dtype), len(inputs["x"])

        def step(x_t: Tensor, h_prev: Tensor) -> Tensor:
            return torch.tanh(x_t @ leaves["W_xh"] + h_prev @ leaves["W_hh"] + leaves["b_h"])

        value = obj(step, leaves["x"], h_0, int(inputs[k]))
        unchanged_tensors(outcome, leaves | {"h_0": h_0}, given_tensors(f"{STEPPED} h_0", dtype, inputs))
        if not isinstance(value, list | tuple | Tensor) or len(value) != steps:
            outcome.problems["hs"] = f"hs: expected a list of T = {steps} states, got {kind_of(value)}"
            return
        hs = list(value)
        if any(type(h) not in TENSORS for h in hs):
            outcome.problems["hs"] = f"hs: expected tensors, got {kind_of(hs[0])}"
            return
        if states:
            outcome.put("hs", [h.detach() for h in hs], "TBH")
        if not all(h.requires_grad for h in hs):
            cut = next(t for t, h in enumerate(hs) if not h.requires_grad)
            outcome.problems["graph"] = f"hs[{cut}]: it has no graph at all; only what a chunk begins with is cut off"
            return
        if weights:
            outcome.put_gradients("hs", torch.stack(hs), {name: leaves[name] for name in ("W_xh", "W_hh", "b_h")})
        if reach:
            outcome.put("reach", [_reach(h, leaves["x"]) for h in hs], "TT")

    return in_rounds(once)


def _reach(h: Tensor, x: Tensor) -> Tensor:
    """How strongly a state depends on each input, as far as autograd can see: (T,)."""
    (gradient,) = torch.autograd.grad(h.square().sum(), x, retain_graph=True)
    return gradient.square().sum((1, 2)).sqrt()


# ---- echo ------------------------------------------------------------------------------------------------------------


def echoed(*quantities: str, lag: str = "lag") -> Run:
    """Targets where they count, which steps count, and the floor."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        symbols, at = tensor(inputs["symbols"], torch.int64), int(inputs[lag])
        value = obj(symbols, at, int(inputs["classes"]))
        if not (found := parts_of(outcome, value, ("targets", "counts", "floor"))):
            return
        unchanged_tensors(outcome, {"symbols": symbols}, {"symbols": tensor(inputs["symbols"], torch.int64)})
        if "floor" in quantities:
            outcome.put("floor", found["floor"], ())
        for name in ("targets", "counts"):
            if name in quantities:
                outcome.put(name, _plain(found[name]), "BT")
        if "targets" in outcome.values and outcome.values["targets"].ndim == 2:  # before the lag they may be anything
            outcome.values["targets"][:, :at] = 0

    return in_rounds(once)


def _plain(value: Any) -> Any:
    """Whole numbers and truth values as numbers."""
    if type(value) in TENSORS:
        return value.to(torch.float64)
    return value.astype(np.float64) if type(value) is np.ndarray and value.dtype.kind in "biu" else value


# ---- highway ---------------------------------------------------------------------------------------------------------


def driven(W: str, *quantities: str, k: str = "k") -> Run:
    """The norms on the way back, and how far the matrix is from an orthogonal one."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given, steps = {"W": tensor(inputs[W], dtype), "g_T": tensor(inputs["g_T"], dtype)}, int(inputs[k])
        shapes: dict[str, tuple[int, ...]] = {"norms": (steps + 1,), "distance": ()}
        if not (found := parts_of(outcome, obj(given["W"], given["g_T"], steps), shapes)):
            return
        for name in quantities:
            outcome.put(name, found[name], shapes[name])
        fresh = {"W": tensor(inputs[W], dtype), "g_T": tensor(inputs["g_T"], dtype)}
        unchanged_tensors(outcome, given, fresh)

    return in_rounds(once)
