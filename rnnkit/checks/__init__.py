"""What a check cell runs: ``check("gru_step", GRU)`` shows a report and returns the points.

The right answers, and the fingerprints of known mistakes, are shipped as numbers; there is no solution in here.
Names are imported from their modules when first used, so that what needs no torch can be had without it.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {"QUESTIONS": "questions", "Question": "questions", "check": "runner"}

__all__ = ["QUESTIONS", "Question", "check"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rnnkit.checks' has no attribute {name!r}")
    return getattr(importlib.import_module(f"rnnkit.checks.{_HOME[name]}"), name)
