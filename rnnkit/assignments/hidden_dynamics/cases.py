"""The cases of the nine questions: what a student's function is asked for, and what each part is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rnnkit.checks.case import (
    Case,
    call,
    form,
    given_tensors,
    in_rounds,
    parts_of,
    put_keys,
    tensor,
    unchanged_tensors,
)  # fmt: skip
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.outcome import TENSORS, Outcome, kind_of
from rnnkit.checks.question import beside

SIZES = "n_in n_hid layers n_out"
LAYER = "x W_xh b_xh W_hh b_hh"
FEATURES: dict[str, Any] = {"c": "H", "a": "H"}
CURVES = ("train_loss", "train_acc", "test_loss", "test_acc")
KEYS = (*CURVES, "best_test_acc", "best_epoch")


# ---- labels, which are whole numbers ---------------------------------------------------------------------------------


def _as_floats(value: Any) -> Any:
    """Whole numbers and truth values as floats; anything else as it is."""
    if type(value) in TENSORS and not value.is_floating_point() and not value.is_complex():
        return value.double()
    if type(value) is np.ndarray and value.dtype.kind in "biu":
        return value.astype(np.float64)
    if type(value) in (list, tuple):
        return [_as_floats(one) for one in value]
    return float(value) if type(value) in (bool, np.bool_) else value


def _is_whole(value: Any) -> bool:
    if type(value) in TENSORS:
        return not (value.is_floating_point() or value.is_complex() or value.dtype is torch.bool)
    if type(value) is np.ndarray:
        return value.dtype.kind in "iu"
    return all(map(_is_whole, value)) if type(value) in (list, tuple) else type(value) in (int, np.int64, np.int32)


def _labels(name: str = "X", whole: bool = False):
    """``whole``: that they are whole numbers, one for each sequence; else which they are, whatever their kind."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = tensor(inputs[name], dtype)
        value = obj(given)
        part = outcome.part() if whole else outcome
        part.put("labels", _as_floats(value), "N")
        unchanged_tensors(outcome, {"X": given}, {"X": tensor(inputs[name], dtype)})
        if not whole:
            return
        outcome.problems |= part.problems
        if "labels" in part.values:
            outcome.values["length of labels"] = np.array(part.values["labels"].shape, dtype=np.float64)
        if not part.problems and not _is_whole(value):
            kind = getattr(value, "dtype", None) or kind_of(next(iter(value), None))
            outcome.problems["labels"] = f"labels: expected whole numbers, 0 or 1, got {kind}"

    return in_rounds(once)


# ---- a network that is a function ------------------------------------------------------------------------------------


def _sensitivity(x: str = "x", recurrent: str = "U"):
    """Asks it of a tanh network, which is handed over as a function alone."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        W, U, V = (tensor(inputs[name], dtype) for name in ("W", recurrent, "V"))

        def logits(x: Any) -> torch.Tensor:
            steps = torch.as_tensor(x, dtype=dtype)
            h = steps.new_zeros(steps.shape[0], U.shape[0])
            for t in range(steps.shape[1]):
                h = torch.tanh(steps[:, t] @ W + h @ U)
            return h @ V

        given = tensor(inputs[x], dtype)
        outcome.put("sensitivity", obj(logits, given), (inputs[x].shape[1],))
        unchanged_tensors(outcome, {"x": given.detach()}, {"x": tensor(inputs[x], dtype)})

    return in_rounds(once)


# ---- units -----------------------------------------------------------------------------------------------------------


def _features(*quantities: str, start: str = "start", watched: bool = False):
    """c, a or both: the other one may be wrong."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given = given_tensors("hidden x", dtype, inputs)
        value = obj(given["hidden"], given["x"], int(inputs[start]))
        found = parts_of(outcome, value, FEATURES)
        for name, one in found.items():
            if name in quantities:
                outcome.put(name, one, "H")
        if watched and found:
            unchanged_tensors(outcome, given, given_tensors("hidden x", dtype, inputs))

    return in_rounds(once)


def _kinds(c: str = "c", a: str = "a", *, count: bool = False):
    """Words, in float64 whatever is asked: a border such as -0.1 is another number in float32."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        value = obj(tensor(inputs[c], torch.float64), tensor(inputs[a], torch.float64))
        value = value.tolist() if type(value) is np.ndarray else value
        if not isinstance(value, list | tuple):
            outcome.problems["kinds"] = f"kinds: expected a list of words, got {kind_of(value)}"
        elif count or len(value) != len(inputs[c]):
            outcome.put("length of the list", float(len(value)), ())
        else:
            for k, word in enumerate(value):
                outcome.put(f"unit {k} (c = {inputs[c][k]:.3g}, a = {inputs[a][k]:.3g})", word, str)

    return in_rounds(once)


# ---- the bound and its inverse ---------------------------------------------------------------------------------------


def _bound(*seen: str):
    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        for name in seen:
            outcome.put(f"accuracy at {name}", obj(int(inputs[name]), int(inputs["T"])), ())

    return in_rounds(once)


def _inverse(*reached: str):
    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        other = beside(obj, "steps_used")
        if not callable(other):
            outcome.problems["steps_used"] = "steps_used: there is no such function beside best_accuracy"
            return
        for name in reached:
            try:
                outcome.put(f"steps at {name}", other(float(inputs[name]), int(inputs["T"])), ())
            except NotImplementedError:
                outcome.problems["steps_used"] = "steps_used is not written yet"

    return in_rounds(once)


# ---- a summary -------------------------------------------------------------------------------------------------------


def _summary(*keys: str, test_acc: str = "test_acc"):
    """Some of the summary's values by their keys; without any, which keys there are."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        names = (*CURVES[:3], test_acc)
        given, kept = ([inputs[name].tolist() for name in names] for _ in range(2))
        value = obj(*given)
        if given != kept:
            outcome.problems["lists"] = "your code changes the lists that it was given"
        if type(value) is not dict:
            outcome.problems["summary"] = f"expected a dict, got {kind_of(value)}"
        elif not keys:
            put_keys(outcome, value, KEYS, "the summary")
        for key in keys if type(value) is dict else ():
            if key not in value:
                outcome.problems[key] = f"{key}: the key is missing"
            elif key == "best_epoch" and type(value[key]) not in (int, np.int64, np.int32):
                outcome.problems[key] = f"best_epoch: expected an int, got {kind_of(value[key])}"
            else:
                outcome.put(key, value[key], ())

    return in_rounds(once)


def _cases() -> dict[str, tuple[Case, ...]]:
    return {
        "labels": (
            Case("signs", 0.5, _labels()),
            Case("whole numbers, one for each sequence", 0.25, _labels(whole=True)),
            Case("means of exactly 0, and near it", 0.25, _labels("even")),
        ),
        "parameters": (
            call("two layers", 0.5, "n_in n_hid two n_out", (), integers="n_in n_hid two n_out", called=SIZES,
                 quantity="parameters"),
            call("one layer", 0.25, "n_in n_hid one n_out", (), integers="n_in n_hid one n_out", called=SIZES,
                 quantity="parameters"),
            call("more layers", 0.25, f"{SIZES}", (), integers=SIZES, quantity="parameters"),
        ),
        "layer": (
            call("all states", 1.5, LAYER, "BTH", quantity="states"),
            form("shape", 0.25, call("", 0, LAYER, "BTH", quantity="states")),
            call("one step", 0.5, "x_1 W_xh b_xh W_hh b_hh", "B1H", called=LAYER, quantity="states"),
            call("no input", 0.75, "quiet W_xh b_xh W_hh b_hh", "BTH", called=LAYER, quantity="states"),
        ),
        "contributions": (
            call("the norm of every step", 1.5, "hidden flow", "T", quantity="norms"),
            form("shape", 0.25, call("", 0, "hidden flow", "T", quantity="norms")),
            call("a first state of 0", 0.5, "from_0 flow", "T", called="hidden flow", quantity="norms"),
            call("flat units", 0.5, "flat flow", "T", called="hidden flow", quantity="norms"),
            call("one step", 0.25, "hidden_1 flow_1", (1,), called="hidden flow", quantity="norms"),
        ),
        "input_sensitivity": (
            Case("every step", 1.0, _sensitivity()),
            form("shape", 0.25, Case("", 0, _sensitivity())),
            Case("a network without memory", 0.5, _sensitivity(recurrent="none")),
            Case("one step", 0.25, _sensitivity("x_1")),
        ),
        "unit_features": (
            Case("c", 1.25, _features("c")),
            Case("a", 1.5, _features("a")),
            form("shapes, and what came in stays", 0.25, Case("", 0, _features("c", "a", watched=True))),
            Case("all steps", 0.5, _features("a", start="zero")),
            Case("the last two steps alone", 0.5, _features("a", start="late")),
        ),
        "taxonomy": (
            Case("kinds", 1.0, _kinds()),
            Case("as many words as units", 0.25, _kinds(count=True)),
            Case("at the borders", 0.75, _kinds("c_border", "a_border")),
        ),
        "best_accuracy": (
            Case("the best accuracy", 0.75, _bound("k", "k_more")),
            Case("nothing seen, all seen", 0.25, _bound("none", "T")),
            Case("steps_used", 0.75, _inverse("accuracy")),
            Case("steps_used at chance, and without an error", 0.25, _inverse("chance", "right")),
        ),
        "summary": (
            Case("keys", 0.5, _summary()),
            Case("the last epoch", 0.5, _summary(*CURVES)),
            Case("the best epoch", 0.5, _summary("best_test_acc", "best_epoch")),
            Case("the first of equals", 0.5, _summary("best_epoch", test_acc="equals")),
        ),
    }  # fmt: skip


CASES = _cases()
