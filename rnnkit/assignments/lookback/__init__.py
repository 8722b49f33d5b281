"""A lab: how far truncated backpropagation looks back on language, with a plain network and with a gated one."""

from __future__ import annotations

from rnnkit.assignments.lookback.questions import CODE, NOTEBOOK, PREDICTION, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

ASSIGNMENT = Assignment(
    name="lookback",
    title="How far back it looks",
    notebooks=(NOTEBOOK, "2_experiment.ipynb", REPORT),
    code=CODE,
    records=(PREDICTION,),
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    programs=("runner.py",),
    packed=(
        "asked.py", "cases.py", "facts.py", "inputs.py", "judged.py", "lookback.py", "models.py", "protocol.py",
        "sketches.py", "small_nets.py", "training.py",
    ),
    aside=(
        "baselines.py", "batches.py", "chosen.py", "corpus.py", "data.py", "distances.py", "document.py",
        "experiment.py", "facts.py", "figures.py", "foretold.py", "judged.py", "lag_norms.py", "loaders.py",
        "lookback.py", "measured.py", "models.py", "protocol.py", "report.py", "script.py", "sections.py",
        "settings.py", "sketches.py", "slider.py", "small_nets.py", "tables.py", "training.py", "tries.py",
        "vocabulary.py",
    ),
)  # fmt: skip
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
