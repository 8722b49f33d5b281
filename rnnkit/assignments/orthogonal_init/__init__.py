"""A lab: what the initial recurrent matrix alone decides, on tasks that need a long memory."""

from __future__ import annotations

from rnnkit.assignments.orthogonal_init.questions import CODE, NOTEBOOK, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="orthogonal_init",
    title="Orthogonal against random: the pathological tasks",
    notebooks=(NOTEBOOK, REPORT),
    code=CODE,
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    packed=("sketches.py",),
    aside=("sketches.py", "tries.py"),
)
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
