"""A lab: how far truncated backpropagation looks back on language, with a plain network and with a gated one."""

from __future__ import annotations

from rnnkit.assignments.lookback.questions import CODE, NOTEBOOK, PREDICTION, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="lookback",
    title="How far back it looks",
    notebooks=(NOTEBOOK, REPORT),
    code=CODE,
    records=(PREDICTION,),
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    packed=("asked.py", "cases.py", "inputs.py", "sketches.py", "small_nets.py"),
    aside=("document.py", "foretold.py", "report.py", "sketches.py", "slider.py", "small_nets.py", "tries.py"),
)
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
