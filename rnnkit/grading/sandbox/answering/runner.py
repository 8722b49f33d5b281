"""`check` where answers are scored: the questions are asked from outside, and nothing here knows a right number."""

from __future__ import annotations

from typing import Any

from rnnkit.checks.assignment import Assignment


def check(assignment: Assignment, question_id: str, obj: Any = None, **_: Any) -> float:
    """Says that nothing is checked here, and returns what a solved question has, so that a student's cell goes on."""
    print(f"{question_id}: not checked here; while answers are scored, the questions are asked from outside")
    question = assignment.asked.get(question_id) if isinstance(question_id, str) else None
    return question.points if question else 0.0
