"""Orthogonal against random recurrent weights, on tasks with long dependencies."""

from __future__ import annotations

from rnnkit.checks.assignment import Assignment

ASSIGNMENT = Assignment(
    name="orthogonal_init",
    title="Orthogonal against random: the pathological tasks",
    notebooks=("2_arm.ipynb",),
    code=(),
    packed=("bptt.py", "tasks.py"),
    aside=("bptt.py", "experiment.py", "tasks.py", "training.py"),
)
check = ASSIGNMENT.check

__all__ = ["ASSIGNMENT", "check"]
