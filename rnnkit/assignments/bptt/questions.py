"""The questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from rnnkit.assignments.bptt.cases import CASES
from rnnkit.assignments.bptt.inputs import MAKERS
from rnnkit.assignments.bptt.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.functions import Functions
from rnnkit.checks.written import prediction

NOTEBOOK = "1_bptt.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

READY_MADE = (
    "rnnkit.assignments.bptt.vanilla", "rnnkit.engines", "rnnkit.diagnostics", "rnnkit.tasks", "rnnkit.optim",
    "rnnkit.trainer", "torch.nn.utils.clip_grad.clip_grad_value_",
)  # fmt: skip
_function = Functions(
    NOTEBOOK, CASES, MAKERS, PROBES, PROBED, Forbidden(READY_MADE, clipping=True), "rnnkit.assignments.bptt.tries"
)

CODE = (
    _function("vanilla_forward", 3, "x h_prev=None", "outputs (B, T, O), h_T (B, H)", 15, target="VanillaRNN",
              method="forward"),
    _function("flow", 4, "hidden direct W_hh", "the total dL/dh_t (T, B, H)", 25, forbidden=AUTOGRAD),
    _function("weight_gradients", 3, "x h_0 hidden flow", "a dict: W_xh (I, H), W_hh (H, H), b_h (H,)", 15,
              forbidden=AUTOGRAD),
    _function("grad_bound", 2, "sigma slope k", "a float", 5),
    _function("what_the_bound_says", 2, "W phi", "'vanishes' or 'undecided'", 12),
    _function("clip_and_monitor", 3, "grads by limit", "new grads, norms", 15),
    _function("truncated", 4, "step x h_0 k", "a list of T states (B, H)", 25),
    _function("echo", 2, "symbols lag classes", "targets (B, T), counts (B, T), floor", 10),
    _function("highway", 2, "W g_T k", "norms (k + 1,), distance", 10),
)  # fmt: skip

# Not code: whether five matrices were sorted before anything was run, by what the notebook says.
PREDICTION = prediction(NOTEBOOK, ("order", "because"), "an order and a sentence", 5,
                        "rnnkit.assignments.bptt.foretold")  # fmt: skip
