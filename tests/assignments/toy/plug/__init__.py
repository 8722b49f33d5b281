"""The toy assignment: gradient descent in two questions, and what it trains."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.assignment import Assignment, HandIn
from rnnkit.checks.case import call
from rnnkit.checks.forbidden import Forbidden
from rnnkit.checks.inputs import Inputs, wave
from rnnkit.checks.question import Question

DESCENT = "1_descent.ipynb"


def _for_clip() -> Inputs:
    return Inputs({"N": 5}, {"long": wave((5,), 0.8, 3.0), "short": wave((5,), 0.8, 0.1), "cutoff": np.array(0.5)})


def _for_descend() -> Inputs:
    valley = {
        "w": wave((5,), 0.4, 2.0),
        "curvature": wave((5,), 1.1, 0.9, 1.0),
        "rate": np.array(0.3),
        "cutoff": np.array(0.5),
    }
    return Inputs({"N": 5}, valley)


CLIP = Question(
    "clip", 2, DESCENT, "clip", None, ("gradient", "cutoff"), "the gradient (N,)", 5, given=_for_clip,
    cases=(call("a long one", 1, "long cutoff", "N", numbers="cutoff"),
           call("a short one", 1, "short cutoff", "N", numbers="cutoff")),
)  # fmt: skip
DESCEND = Question(
    "descend", 3, DESCENT, "descend", None, ("w", "curvature", "rate", "cutoff"), "w (N,), the loss", 5, ("clip",),
    given=_for_descend, forbids=Forbidden(modules=("torch.autograd", "torch.optim")),
    cases=(call("one step", 3, "w curvature rate cutoff", {"w": "N", "loss": ()}, numbers="rate cutoff"),),
)  # fmt: skip
ASSIGNMENT = Assignment(
    name="toy", title="Down a valley", notebooks=(DESCENT,), code=(CLIP, DESCEND), hand_in=HandIn(runs=("slow",))
)
check = ASSIGNMENT.check
