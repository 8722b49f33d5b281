"""The cases of the nine questions: what a student's code is asked for, and what each part is worth."""

from __future__ import annotations

from typing import Any

from rnnkit.assignments.bptt.asked import (
    GRADIENTS,
    clipped,
    driven,
    echoed,
    forward,
    layers,
    pieces,
    says,
)
from rnnkit.checks.case import Case, call, form


def _cases() -> dict[str, tuple[Case, ...]]:
    sizes = "hidden direct W_hh"
    given, one = "x h_0 hidden flow", "x_1 h_0 hidden_1 flow_1"
    bound: dict[str, Any] = {
        "numbers": "below above one sigma slope",
        "integers": "k steps none",
        "called": "sigma slope k",
    }
    return {
        "vanilla_forward": (
            Case("layers and their names", 0.5, layers),
            Case("outputs", 1.0, forward("outputs")),
            Case("h_T", 0.5, forward("h_T")),
            Case("a state before is given", 0.5, forward("outputs", "h_T", before=True)),
            Case("gradients", 0.5, forward(before=True, gradients=True)),
        ),
        "flow": (
            call("dL/dh_t", 2.0, sizes, "TBH", quantity="flow"),
            form("shape", 0.5, call("", 0, sizes, "TBH", quantity="flow")),
            call("a loss at the last step alone", 0.75, "hidden last W_hh", "TBH", called=sizes, quantity="flow"),
            call("one step", 0.75, "hidden_1 direct_1 W_hh", called=sizes, quantity="flow"),
        ),
        "weight_gradients": (
            *(call(name, weight, given, {name: shape}, parts=dict)
              for (name, shape), weight in zip(GRADIENTS.items(), (0.75, 0.75, 0.5), strict=True)),
            form("keys and shapes", 0.5, call("", 0, given, GRADIENTS, parts=dict)),
            call("one step", 0.5, one, GRADIENTS, parts=dict, called=given),
        ),
        "grad_bound": (
            call("a factor below 1", 0.5, "below one k", (), quantity="bound", **bound),
            call("a factor above 1", 0.5, "above one k", (), quantity="bound", **bound),
            call("a slope", 0.5, "sigma slope steps", (), quantity="bound", **bound),
            call("no step", 0.5, "sigma slope none", (), quantity="bound", **bound),
        ),
        "what_the_bound_says": (
            Case("tanh", 0.5, says("tanh", small="a norm below 1", turned="a norm above 1, a radius below 1",
                                    one="a norm of exactly 1")),
            Case("sigmoid", 0.5, says("sigmoid", small="a norm below 1", low="a norm between 1 and 2",
                                      middle="a norm between 2 and 4", four="a norm of exactly 4",
                                      large="a norm above 4")),
            Case("the identity", 0.5, says("identity", small="a norm below 1", shift="a norm of 2, a radius of 0",
                                           eye="a norm of exactly 1")),
            Case("entries and the norm", 0.5, says("tanh", fine="small entries, a norm above 1",
                                                   lone="one large entry, a norm above 1",
                                                   tall="one full column, a norm below 1",
                                                   flat="one full row, a norm below 1")),
        ),
        "clip_and_monitor": (
            Case("keys", 0.5, clipped("norm", "norm", "keys")),
            Case("by norm: new gradients", 0.75, clipped("norm", "norm", "new")),
            Case("by norm: norms", 0.5, clipped("norm", "norm", "norms")),
            Case("by value: new gradients", 0.5, clipped("value", "value", "new")),
            Case("by value: norms", 0.25, clipped("value", "value", "norms")),
            Case("a limit that is not reached", 0.5, clipped("norm", "high", "new", "norms")),
        ),
        "truncated": (
            Case("states", 1.0, pieces("k", states=True)),
            Case("how far back the graph reaches", 1.0, pieces("k", reach=True)),
            Case("gradients of the weights", 1.0, pieces("k", weights=True)),
            Case("k = 1", 0.5, pieces("one", states=True, reach=True)),
            Case("one chunk", 0.5, pieces("all", states=True, reach=True)),
        ),
        "echo": (
            Case("targets", 0.5, echoed("targets")),
            Case("which steps count", 0.5, echoed("counts")),
            Case("floor", 0.25, echoed("floor")),
            Case("no lag", 0.5, echoed("targets", "counts", lag="none")),
            Case("a lag as long as the sequence", 0.25, echoed("counts", "floor", lag="all")),
        ),
        "highway": (
            Case("norms", 0.75, driven("W", "norms")),
            Case("distance from an orthogonal matrix", 0.5, driven("W", "distance")),
            Case("an orthogonal matrix", 0.5, driven("turn", "norms", "distance")),
            Case("no step", 0.25, driven("W", "norms", k="none")),
        ),
    }  # fmt: skip


CASES = _cases()
