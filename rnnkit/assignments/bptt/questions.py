"""The questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from rnnkit.assignments.bptt.cases import CASES
from rnnkit.assignments.bptt.inputs import MAKERS
from rnnkit.assignments.bptt.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.question import Question
from rnnkit.checks.written import prediction

if TYPE_CHECKING:
    from rnnkit.checks.tries import Try
    from rnnkit.checks.written import Part

NOTEBOOK = "1_bptt.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

READY_MADE = (
    "rnnkit.assignments.bptt.vanilla", "rnnkit.engines", "rnnkit.diagnostics", "rnnkit.tasks", "rnnkit.optim",
    "rnnkit.trainer", "torch.nn.utils.clip_grad.clip_grad_value_",
)  # fmt: skip


def _question(id: str, points: float, arguments: str, result: str, minutes: int, **more: Any) -> Question:
    modules = READY_MADE + more.pop("forbidden", ())
    target, method = more.pop("target", id), more.pop("method", None)
    return Question(
        id, points, NOTEBOOK, target, method, tuple(arguments.split()), result, minutes, cases=CASES[id],
        given=partial(MAKERS.public, id), forbids=Forbidden(modules=modules, clipping=True), tries=partial(_tries, id),
        probes=PROBES.get(id, ()), probed=PROBED.get(id, ()),
    )  # fmt: skip


def _tries(id: str) -> tuple[Try, ...]:
    from rnnkit.assignments.bptt.tries import TRIES  # left out where answers are scored

    return TRIES.get(id, ())


def _foretold() -> tuple[Part, ...]:
    from rnnkit.assignments.bptt.foretold import PARTS  # left out where answers are scored

    return PARTS


CODE = (
    _question("vanilla_forward", 3, "x h_prev=None", "outputs (B, T, O), h_T (B, H)", 15, target="VanillaRNN",
              method="forward"),
    _question("flow", 4, "hidden direct W_hh", "the total dL/dh_t (T, B, H)", 25, forbidden=AUTOGRAD),
    _question("weight_gradients", 3, "x h_0 hidden flow", "a dict: W_xh (I, H), W_hh (H, H), b_h (H,)", 15,
              forbidden=AUTOGRAD),
    _question("grad_bound", 2, "sigma slope k", "a float", 5),
    _question("what_the_bound_says", 2, "W phi", "'vanishes' or 'undecided'", 12),
    _question("clip_and_monitor", 3, "grads by limit", "new grads, norms", 15),
    _question("truncated", 4, "step x h_0 k", "a list of T states (B, H)", 25),
    _question("echo", 2, "symbols lag classes", "targets (B, T), counts (B, T), floor", 10),
    _question("highway", 2, "W g_T k", "norms (k + 1,), distance", 10),
)  # fmt: skip

# Not code: whether five matrices were sorted before anything was run, by what the notebook says.
PREDICTION = prediction(NOTEBOOK, ("order", "because"), "an order and a sentence", 5, _foretold)
