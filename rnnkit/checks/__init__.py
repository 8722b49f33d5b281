"""What a check cell runs: ``check("gru_step", GRU)`` shows a report and returns the points.

The right answers, and the fingerprints of known mistakes, are shipped as numbers; there is no solution in here.
"""

from __future__ import annotations

from rnnkit.checks.questions import QUESTIONS, Question
from rnnkit.checks.runner import check

__all__ = ["QUESTIONS", "Question", "check"]
