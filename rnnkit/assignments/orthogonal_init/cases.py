"""The cases of the nine questions: what a student's function is asked for, and what each part is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rnnkit.assignments.orthogonal_init.inputs import OF_A, OF_LATE
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
from rnnkit.checks.outcome import Outcome, kind_of

BATCH: dict[str, Any] = {"x": "BT2", "y": "B"}
GRADIENTS: dict[str, Any] = {"W_ih": "IH", "W_hh": "HH", "b_h": "H"}
STEP: dict[str, Any] = {"new p": "HN", "new v": "HN"}
PARAMETERS = "p v g lr mu"
KEYS = ("task", "init", "T", "chance", "metric_name", "final_metric", "final_loss", "solved_epoch")


def _batch(part: str):
    """One of the two things that a batch is made of: the other may be wrong."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        at = [tensor(inputs[name], torch.int64) for name in ("i1", "i2")]
        value = obj(tensor(inputs["values"], dtype), *at)
        if found := parts_of(outcome, value, BATCH):
            outcome.put(part, found[part], BATCH[part])

    return in_rounds(once)


def _of_matrix(source: str, arguments: str, quantity: str, look: Callable[[np.ndarray], Any], shape: Any):
    """What holds of a matrix that comes back, whatever its numbers."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        numbers = [float(inputs[name]) for name in arguments.split()]
        part = outcome.part()
        part.put(source, obj(tensor(inputs["A"], dtype), *numbers), "HH")
        outcome.problems |= part.problems
        if not part.problems:
            outcome.put(quantity, look(part.values[source]), shape)

    return in_rounds(once)


# ---- a gradient that is a function -----------------------------------------------------------------------------------


def _nesterov(*quantities: str, still: bool = False, watched: bool = False):
    """Calls it with a gradient that notes where it was asked; ``still``: with no momentum."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        given, asked = given_tensors("p v", dtype, inputs), []
        M, c = (tensor(inputs[name], dtype) for name in "Mc")

        def grad(p: Any) -> torch.Tensor:
            point = torch.as_tensor(p, dtype=dtype)
            asked.append(point.detach().clone())
            return torch.tanh((point - c) @ M) + (point - c) / 2

        mu = float(inputs["none" if still else "mu"])
        value = obj(given["p"], given["v"], grad, float(inputs["lr"]), mu)
        if not (found := parts_of(outcome, value, STEP)):
            return
        if "asked at" in quantities:
            if not asked:
                outcome.problems["grad"] = "grad: your code never calls it"
                return
            found["asked at"] = asked[-1]
        for name in quantities:
            outcome.put(name, found[name], "N")
        if watched:
            unchanged_tensors(outcome, given, given_tensors("p v", dtype, inputs))

    return in_rounds(once)


# ---- a row of results.json -------------------------------------------------------------------------------------------


def _row(*keys: str, metric: str = "metric", threshold: str = "threshold"):
    """Some of the row's values by their keys; without any, which keys there are."""

    def once(obj: Any, dtype: torch.dtype, outcome: Outcome, inputs: Inputs) -> None:
        words = inputs.options
        history = inputs[metric].tolist()
        losses = inputs["loss"][: len(history)].tolist()
        given, kept = (history, losses), (list(history), list(losses))
        value = obj(
            words["task"], words["init"], int(inputs["T"]), float(inputs["chance"]), words["metric_name"], *given,
            float(inputs[threshold]), threshold == "threshold",
        )  # fmt: skip
        if given != kept:
            outcome.problems["lists"] = "metric, loss: your code changes the lists that it was given"
        if type(value) is not dict:
            outcome.problems["row"] = f"expected a dict, got {kind_of(value)}"
        elif not keys:
            put_keys(outcome, value, KEYS, "the row")
        for key in keys if type(value) is dict else ():
            if key not in value:
                outcome.problems[key] = f"{key}: the key is missing"
            elif key == "solved_epoch":
                _put_epoch(outcome, value[key])
            else:
                outcome.put(key, value[key], str if key in words else ())

    return in_rounds(once)


def _put_epoch(outcome: Outcome, epoch: Any) -> None:
    """An epoch or None, compared as words: None is no number."""
    if epoch is None or type(epoch) in (int, np.int64, np.int32):
        outcome.put("solved_epoch", str(epoch), str)
    else:
        outcome.problems["solved_epoch"] = f"solved_epoch: expected an int or None, got {kind_of(epoch)}"


def _cases() -> dict[str, tuple[Case, ...]]:
    return {
        "addition_batch": (
            Case("x: values and markers", 0.75, _batch("x")),
            Case("y: targets", 0.75, _batch("y")),
            form("shapes", 0.25, call("", 0, "values i1 i2", BATCH, integers="i1 i2")),
            call("markers at both ends", 0.25, "at_ends first last", BATCH, integers="first last",
                 called="values i1 i2"),
        ),
        "orthogonal": (
            call("Q", 1.5, "A", "HH", quantity="Q"),
            Case("orthogonal columns of length 1", 0.5, _of_matrix("Q", "", "Q^T Q", lambda Q: Q.T @ Q, "HH")),
            call("a triangular matrix", 1.0, "known", "HH", called="A", quantity="Q"),
        ),
        "to_radius": (
            call(OF_A[0], 1.0, "A rho", "HH", numbers="rho", quantity="W"),
            Case(OF_A[1], 0.5, _of_matrix("W", "rho", "radius", lambda W: np.abs(np.linalg.eigvals(W)).max(), ())),
            call(OF_LATE[0], 0.5, "late rho", "HH", numbers="rho", called="A rho", quantity="W"),
        ),
        "bptt": (
            *(call(name, weight, "x hidden W_hh dh_T", {name: shape}, parts=dict)
              for (name, shape), weight in zip(GRADIENTS.items(), (1.0, 1.25, 0.5), strict=True)),
            form("keys and shapes", 0.5, call("", 0, "x hidden W_hh dh_T", GRADIENTS, parts=dict)),
            call("one step", 0.75, "x_1 hidden_1 W_hh dh_T", GRADIENTS, parts=dict, called="x hidden W_hh dh_T"),
        ),
        "heavy_ball": (
            call("new p and new v", 1.0, PARAMETERS, STEP, numbers="lr mu", watched=False),
            form("shapes, and what came in stays", 0.5, call("", 0, PARAMETERS, STEP, numbers="lr mu")),
            call("no momentum", 0.5, "p v g lr none", STEP, numbers="lr none", watched=False),
        ),
        "nesterov": (
            Case("new p and new v", 1.5, _nesterov("new p", "new v")),
            Case("where the gradient is asked", 0.5, _nesterov("asked at")),
            form("shapes, and what came in stays", 0.5, Case("", 0, _nesterov("new p", "new v", watched=True))),
            Case("no momentum", 0.5, _nesterov("new p", "new v", still=True)),
        ),
        "momentum_schedule": (
            call("on the way", 0.5, "t mu_max", (), numbers="mu_max", integers="t", quantity="mu"),
            call("at a step", 0.25, "at mu_max", (), numbers="mu_max", integers="at", called="t mu_max", quantity="mu"),
            call("at the limit", 0.25, "late mu_max", (), numbers="mu_max", integers="late", called="t mu_max",
                 quantity="mu"),
        ),
        "jacobian_norms": (
            call("norms of the products", 1.5, "W_hh hidden", "T", quantity="norms"),
            form("shape", 0.25, call("", 0, "W_hh hidden", "T", quantity="norms")),
            call("flat units", 0.75, "W_hh flat", "T", called="W_hh hidden", quantity="norms"),
            call("one step", 0.5, "W_hh hidden_1", (1,), called="W_hh hidden", quantity="norms"),
        ),
        "result_row": (
            Case("keys", 0.5, _row()),
            Case("what is handed on", 0.25, _row("task", "init", "T", "chance", "metric_name")),
            Case("the last epoch", 0.25, _row("final_metric", "final_loss")),
            Case("the first crossing, an accuracy", 0.25, _row("solved_epoch")),
            Case("the first crossing, an error", 0.25, _row("solved_epoch", metric="error", threshold="below")),
            Case("never crossed", 0.5, _row("solved_epoch", metric="never")),
        ),
    }  # fmt: skip


CASES = _cases()
