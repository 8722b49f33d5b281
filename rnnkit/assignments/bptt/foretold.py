"""The prediction of the notebook: five matrices, sorted by the norm of their 60th power; the answering counts alone."""

from __future__ import annotations

from typing import Any

from rnnkit.checks import written
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report
from rnnkit.common.text import shown

MATRICES = ("0.9 Q", "Q", "1.1 Q", "0.1 N(0, 1)", "2 x shift")  # in the order in which the text shows them
ORDER, BECAUSE = "order", "because"  # what the cell calls them


def judged(question: Question, order: Any, because: Any) -> Report:
    """Half of the points for an order of all five, and half for a reason; none for being right."""
    parts = {"an order of all five": _missing(order), "a reason": written.unsaid(BECAUSE, because)}
    return written.judged(question, parts)


def _missing(order: Any) -> str:
    """What an order lacks; empty where it is one."""
    if not isinstance(order, list | tuple) or not all(isinstance(name, str) for name in order):
        return f"{ORDER}: expected a list of names, got {shown(repr(order))}"
    if not any(name.strip() for name in order):
        return f"{ORDER}: no prediction yet"
    if sorted(order) == sorted(MATRICES):
        return ""
    return f"{ORDER}: expected each of {', '.join(map(repr, MATRICES))} once, got {shown(repr(list(order)))}"
