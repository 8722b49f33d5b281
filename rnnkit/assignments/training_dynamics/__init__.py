"""The main assignment: the training dynamics of recurrent networks."""

from __future__ import annotations

from rnnkit.assignments.training_dynamics.earlier import EARLIER
from rnnkit.assignments.training_dynamics.questions import (
    CELLS,
    CODE,
    DIAGNOSTICS,
    EXTRA,
    LESSON,
    OWN,
    PICTURES,
    PREDICTIONS,
    REPORT,
    TESTS,
)
from rnnkit.checks.assignment import Assignment, HandIn, Model

ASSIGNMENT = Assignment(
    name="training_dynamics",
    title="Training dynamics of recurrent networks",
    notebooks=(LESSON, CELLS, DIAGNOSTICS, "3_regime.ipynb", REPORT, EXTRA),
    optional=(LESSON, EXTRA),
    lessons=(LESSON,),
    code=(*CODE, PICTURES),
    records=(OWN, PREDICTIONS),
    tests=TESTS,
    model=Model(CELLS, ("RNN", "GRU")),
    whole=(EXTRA,),
    packed=("cell_tests.py", "lesson.py", "own_diagnostics.py"),
    hand_in=HandIn(
        report=REPORT,
        runs=("A1", "A2", "A3", "A4", "A5", "B1", "B2"),
        welcome=("A1s", "B1s"),
        not_due=("extra_torder", "extra_torder_figure", "sigmoid_figure", "own_experiment_figure"),
        own_runs={"extra_run": "extra_torder", "own_run": "own_experiment"},
        chats="ai_chats",
    ),
    varies={"seed": (1_000, 999_999_999)},
    earlier=EARLIER,
    aside=(
        "again.py", "cell_tests.py", "clues.py", "experiment.py", "figures.py", "foretold.py", "lesson.py",
        "own_diagnostics.py", "own_setting.py", "tries.py",
    ),
)  # fmt: skip
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
