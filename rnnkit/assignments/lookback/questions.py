"""The questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from rnnkit.assignments.lookback.cases import CASES
from rnnkit.assignments.lookback.inputs import MAKERS
from rnnkit.assignments.lookback.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.functions import Functions
from rnnkit.checks.written import prediction

NOTEBOOK = "1_lookback.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

FORBIDDEN = (
    "rnnkit.cells", "rnnkit.engines", "rnnkit.diagnostics", "rnnkit.tasks", "rnnkit.optim", "rnnkit.trainer", *AUTOGRAD,
)  # fmt: skip
_function = Functions(
    NOTEBOOK, CASES, MAKERS, PROBES, PROBED, Forbidden(modules=FORBIDDEN), "rnnkit.assignments.lookback.tries"
)

CODE = (
    _function("rnn_forward", 3, "x U V W", "s (T, H), y (T, O)", 15),
    _function("mean_loss", 2, "ys ds", "nats per word, perplexity", 8),
    _function("lookback_gradient", 5, "x d s y U V W tau", "dU (H, H), dV (K, H), dW (H, O)", 40),
    _function("gru_step", 3, "x s Ur Vr Uz Vz Uh Vh", "s_t, r, z, c, each (H,)", 12),
    _function("gru_backward", 5, "ds s c_prev r z c Ur Uz Uh", "a dict: s_prev (H,), Ur, Uz, Uh (H, H)", 40),
    _function("learning_rate", 1, "lr0 anneal epoch", "a number", 5),
    _function("contribution_norms", 3, "deltas states", "a dict: per_tau (n,), accumulated (n,)", 20),
    _function("by_distance", 2, "distance predicted label", "a dict of seven shares", 12),
    _function("update_after", 1, "n batch_size", "indices, divisors: two lists of ints", 10),
)

# Not code: whether it was said where both networks stop gaining, before anything was run, by what the notebook says.
PREDICTION = prediction(NOTEBOOK, ("rnn_stops", "gru_stops", "because"), "two lookbacks and a sentence", 5,
                        "rnnkit.assignments.lookback.foretold")  # fmt: skip
