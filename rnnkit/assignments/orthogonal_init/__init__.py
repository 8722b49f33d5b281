"""A lab: what the initial recurrent matrix alone decides, on tasks that need a long memory."""

from __future__ import annotations

from rnnkit.assignments.orthogonal_init.questions import CODE, NOTEBOOK, PREDICTIONS, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="orthogonal_init",
    title="Orthogonal against random: the pathological tasks",
    notebooks=(NOTEBOOK, "2_arm.ipynb", REPORT),
    code=CODE,
    records=(PREDICTIONS,),
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    programs=("rnn_pathological.py", "visualize_rnn_pathological.py", "make_rnn_pathological_gif.py"),
    packed=(
        "bptt.py", "cases.py", "drawing.py", "explored.py", "inputs.py", "networks.py", "results.py",
        "scalar.py", "sketches.py", "spectra.py",
    ),
    aside=(
        "bptt.py", "bytedmd.py", "compiled.py", "drawing.py", "experiment.py", "explored.py", "explorer.py",
        "facts.py", "figures.py", "foretold.py", "lru.py", "networks.py", "parting.py", "pictures.py",
        "report.py", "results.py", "scalar.py", "script.py", "sections.py", "settings.py", "show.py",
        "sketches.py", "spectra.py", "tables.py", "tasks.py", "training.py", "tries.py",
    ),
)  # fmt: skip
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
