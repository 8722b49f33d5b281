"""A lab: backpropagation through time by hand, and what a bound on its gradients says and does not say."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnnkit.assignments.bptt.questions import CODE, NOTEBOOK, PREDICTION, REPORT
from rnnkit.checks.assignment import Assignment, HandIn

if TYPE_CHECKING:
    from rnnkit.assignments.bptt.vanilla import VanillaRNN, monitor_gradients

ASSIGNMENT = Assignment(
    name="bptt",
    title="Backpropagation through time, by hand",
    notebooks=(NOTEBOOK, "2_experiment.ipynb", REPORT),
    code=CODE,
    records=(PREDICTION,),
    hand_in=HandIn(report=REPORT, chats="ai_chats"),
    programs=("vanilla_rnn.py", "gradient_monitoring.py"),
    packed=(
        "asked.py", "bound_sketches.py", "bounded.py", "cases.py", "inputs.py", "jacobians.py", "lag_map.py",
        "networks.py", "sketches.py", "tasks.py", "training.py", "vanilla.py",
    ),
    aside=(
        "bound_sketches.py", "bounded.py", "examples.py", "experiment.py", "explorer.py", "facts.py", "figures.py",
        "foretold.py", "jacobians.py", "lag_map.py", "measured.py", "networks.py", "outcome.py", "report.py",
        "sections.py", "settings.py", "sketches.py", "speaking.py", "tables.py", "tasks.py", "text.py", "training.py",
        "tries.py", "vanilla.py",
    ),
)  # fmt: skip
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "VanillaRNN", "check", "monitor_gradients"]


def __getattr__(name: str) -> Any:  # the document's two names, loaded where they are asked for: they are left out where
    if name in ("VanillaRNN", "monitor_gradients"):  # answers are scored
        return getattr(import_module(f"{__name__}.vanilla"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
