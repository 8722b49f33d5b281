"""The nine questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from typing import Any

from rnnkit.assignments.hidden_dynamics.cases import CASES
from rnnkit.assignments.hidden_dynamics.inputs import MAKERS
from rnnkit.assignments.hidden_dynamics.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.functions import Functions
from rnnkit.checks.written import prediction

NOTEBOOK = "1_hidden_dynamics.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

READY_MADE = (
    "rnnkit.cells", "rnnkit.engines", "rnnkit.tasks", "rnnkit.diagnostics", "rnnkit.trainer", "rnnkit.optim",
)  # fmt: skip
_function = Functions(
    NOTEBOOK, CASES, MAKERS, PROBES, PROBED, Forbidden(modules=READY_MADE), "rnnkit.assignments.hidden_dynamics.tries"
)


def _of_kinds(*given: Any) -> str | None:
    from rnnkit.assignments.hidden_dynamics.clues import asked_first  # left out where answers are scored

    return asked_first(*given)


CODE = (
    _function("labels", 1, "X", "labels (n,), whole numbers", 4),
    _function("parameters", 1, "n_in n_hid layers n_out", "an int", 6),
    _function("layer", 3, "x W_xh b_xh W_hh b_hh", "states (B, T, H)", 12),
    _function("contributions", 3, "hidden flow", "norms (T,)", 20, AUTOGRAD),
    _function("input_sensitivity", 2, "logits x", "sensitivity (T,)", 15),
    _function("unit_features", 4, "hidden x start", "c (H,), a (H,)", 30),
    _function("taxonomy", 2, "c a", "a list of H words", 8, clue=_of_kinds),
    _function("best_accuracy", 2, "k T", "a fraction; steps_used: a number of steps", 15, also=("steps_used",)),
    _function("summary", 2, "train_loss train_acc test_loss test_acc", "a dict", 8),
)

# Not code: whether two things were foretold before anything was run, by what the notebook says.
PREDICTION = prediction(NOTEBOOK, ("oscillators", "with_half"), "a choice and a fraction", 4,
                        "rnnkit.assignments.hidden_dynamics.foretold")  # fmt: skip
