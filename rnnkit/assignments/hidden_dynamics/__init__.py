"""A lab: what happens inside a recurrent network that was trained, and what its accuracy says of its memory."""

from __future__ import annotations

from rnnkit.assignments.hidden_dynamics.questions import CODE, NOTEBOOK, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="hidden_dynamics",
    title="The life of hidden units",
    notebooks=(NOTEBOOK, REPORT),
    code=CODE,
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    packed=("cases.py", "inputs.py", "network.py", "sketches.py"),
    aside=("network.py", "sketches.py", "tries.py"),
)
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
