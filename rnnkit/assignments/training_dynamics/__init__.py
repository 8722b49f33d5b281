"""The main assignment: the training dynamics of recurrent networks."""

from __future__ import annotations

from rnnkit.assignments.training_dynamics.questions import (
    CELLS,
    CODE,
    DIAGNOSTICS,
    EXTRA,
    LESSON,
    OWN,
    PICTURES,
    REPORT,
)
from rnnkit.checks.assignment import Assignment, HandIn, Model

ASSIGNMENT = Assignment(
    name="training_dynamics",
    title="Training dynamics of recurrent networks",
    notebooks=(LESSON, CELLS, DIAGNOSTICS, "3_regime.ipynb", REPORT, EXTRA),
    optional=(LESSON, EXTRA),
    lessons=(LESSON,),
    code=(*CODE, PICTURES),
    records=(OWN,),
    model=Model(CELLS, ("RNN", "GRU")),
    whole=(EXTRA,),
    packed=("lesson.py", "own_diagnostics.py"),
    hand_in=HandIn(
        report=REPORT,
        runs=("A1", "A2", "A3", "A4", "A5", "B1", "B2"),
        welcome=("A1s", "B1s"),
        not_due=("extra_torder", "extra_torder_figure", "a1s_sigmoid_figure"),
        extra_run="extra_run",
        extra_name="extra_torder",
        chats="ai_chats",
    ),
    # setup and imports of 1, 2, 3 and 5, before the house was laid out in folders
    earlier=("996355504a36bdf6", "a5cd9654f5990499", "a8c36af9eb7b9f9f", "ba779f396bf0926c", "48c051483c954b5b"),
    aside=("again.py", "clues.py", "experiment.py", "lesson.py", "own_diagnostics.py", "own_setting.py", "tries.py"),
)
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
