"""A lab: what happens inside a recurrent network that was trained, and what its accuracy says of its memory."""

from __future__ import annotations

from rnnkit.assignments.hidden_dynamics.questions import CODE, NOTEBOOK, PREDICTION, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="hidden_dynamics",
    title="The life of hidden units",
    notebooks=(NOTEBOOK, "2_experiment.ipynb", REPORT),
    code=CODE,
    records=(PREDICTION,),
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    packed=("cases.py", "facts.py", "inputs.py", "inside.py", "network.py", "sketches.py", "stacks.py"),
    aside=(
        "browser.py", "cost.py", "experiment.py", "facts.py", "foretold.py", "inside.py", "network.py", "networks.py",
        "pictures.py", "report.py", "rows.py", "sections.py", "settings.py", "sketches.py", "stacks.py", "tables.py",
        "training.py", "tries.py",
    ),
)  # fmt: skip
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
