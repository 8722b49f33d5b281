"""The nine questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rnnkit.assignments.hidden_dynamics.cases import CASES
from rnnkit.assignments.hidden_dynamics.inputs import MAKERS
from rnnkit.assignments.hidden_dynamics.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.question import Question
from rnnkit.checks.written import prediction

if TYPE_CHECKING:
    from rnnkit.checks.tries import Try
    from rnnkit.checks.written import Part

NOTEBOOK = "1_hidden_dynamics.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

READY_MADE = (
    "rnnkit.cells", "rnnkit.engines", "rnnkit.tasks", "rnnkit.diagnostics", "rnnkit.trainer", "rnnkit.optim",
)  # fmt: skip


def _function(
    id: str, points: float, arguments: str, result: str, minutes: int, forbidden: tuple = (), also: tuple = ()
) -> Question:
    return Question(
        id, points, NOTEBOOK, id, None, tuple(arguments.split()), result, minutes, also=also, cases=CASES[id],
        given=partial(MAKERS.public, id), forbids=Forbidden(modules=READY_MADE + forbidden), tries=partial(_tries, id),
        probes=PROBES.get(id, ()), probed=PROBED.get(id, ()),
    )  # fmt: skip


def _tries(id: str) -> tuple[Try, ...]:
    from rnnkit.assignments.hidden_dynamics.tries import TRIES  # left out where answers are scored

    return TRIES.get(id, ())


def _foretold() -> tuple[Part, ...]:
    from rnnkit.assignments.hidden_dynamics.foretold import PARTS  # left out where answers are scored

    return PARTS


CODE = (
    _function("labels", 1, "X", "labels (n,), whole numbers", 4),
    _function("parameters", 1, "n_in n_hid layers n_out", "an int", 6),
    _function("layer", 3, "x W_xh b_xh W_hh b_hh", "states (B, T, H)", 12),
    _function("contributions", 3, "hidden flow", "norms (T,)", 20, AUTOGRAD),
    _function("input_sensitivity", 2, "logits x", "sensitivity (T,)", 15),
    _function("unit_features", 4, "hidden x start", "c (H,), a (H,)", 30),
    _function("taxonomy", 2, "c a", "a list of H words", 8),
    _function("best_accuracy", 2, "k T", "a fraction; steps_used: a number of steps", 15, also=("steps_used",)),
    _function("summary", 2, "train_loss train_acc test_loss test_acc", "a dict", 8),
)

# Not code: whether two things were foretold before anything was run, by what the notebook says.
PREDICTION = prediction(NOTEBOOK, ("oscillators", "with_half"), "a choice and a fraction", 4, _foretold)
