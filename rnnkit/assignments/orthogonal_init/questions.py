"""The questions of the lab: one table; notebooks, checks and columns of the grades take their ids from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnkit.assignments.orthogonal_init.cases import CASES
from rnnkit.assignments.orthogonal_init.inputs import MAKERS
from rnnkit.assignments.orthogonal_init.probes import PROBED, PROBES
from rnnkit.checks.forbidden import AUTOGRAD, Forbidden
from rnnkit.checks.functions import Functions
from rnnkit.checks.question import Question

if TYPE_CHECKING:
    from rnnkit.checks.report import Judged, Report

NOTEBOOK = "1_pathological.ipynb"
REPORT = "3_report.ipynb"  # its answers are marked by a person

READY_MADE = (
    "torch.nn.init.orthogonal_", "torch.nn.utils.parametrizations.orthogonal", "scipy.stats.ortho_group",
    "scipy.stats._multivariate", "torch.optim", "rnnkit.inits", "rnnkit.optim", "rnnkit.tasks", "rnnkit.diagnostics",
    "rnnkit.engines", "rnnkit.trainer",
)  # fmt: skip
_function = Functions(
    NOTEBOOK, CASES, MAKERS, PROBES, PROBED, Forbidden(modules=READY_MADE), "rnnkit.assignments.orthogonal_init.tries"
)


def _of_predictions(folder: Path, sources: list[str]) -> Judged:
    from rnnkit.checks.predictions import judged

    return judged(PREDICTIONS, folder)


def _of_own_predictions(obj: Any) -> Report:
    return _of_predictions(Path.cwd(), []).report


ROW = "task init T chance metric_name metric loss threshold higher"

CODE = (
    _function("addition_batch", 2, "values i1 i2", "x (B, T, 2), y (B,)", 10),
    _function("orthogonal", 3, "A", "Q (H, H)", 12),
    _function("to_radius", 2, "A rho", "W (H, H)", 8),
    _function("bptt", 4, "x hidden W_hh dh_T", "a dict: W_ih (I, H), W_hh (H, H), b_h (H,)", 30, AUTOGRAD),
    _function("heavy_ball", 2, "p v g lr mu", "new p, new v", 8),
    _function("nesterov", 3, "p v grad lr mu", "new p, new v", 15),
    _function("momentum_schedule", 1, "t mu_max", "a float", 6),
    _function("jacobian_norms", 3, "W_hh hidden", "norms (T,)", 20),
    _function("result_row", 2, ROW, "a dict", 12),
)

# Not code: whether there is a prediction for each arm of the document's table, by a file of the student's.
PREDICTIONS = Question(
    "predictions", 1, NOTEBOOK, "predictions", None, (), "a prediction for each arm", 5,
    judge=_of_own_predictions, handed_in=_of_predictions,
)  # fmt: skip
