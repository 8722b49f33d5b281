"""The prediction of the notebook: five matrices, sorted by the norm of their 60th power; the answering counts alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rnnkit.checks.question import Question
from rnnkit.checks.report import CaseReport, Report
from rnnkit.common.text import shown

MATRICES = ("0.9 Q", "Q", "1.1 Q", "0.1 N(0, 1)", "2 x shift")  # in the order in which the text shows them
ORDER, BECAUSE = "order", "because"  # what the cell calls them
WORDS = 3  # of a sentence


def judged(question: Question, order: Any, because: Any) -> Report:
    """Half of the points for an order of all five, and half for a reason; none for being right."""
    cases = [
        CaseReport("an order of all five", question.points / 2, *_passed(_missing(order))),
        CaseReport("a reason", question.points / 2, *_passed(_unsaid(because))),
    ]
    points, whole = sum(case.weight for case in cases if case.passed), all(case.passed for case in cases)
    return Report(question.id, question.target, points, question.points, "complete" if whole else "incomplete", cases)


def _passed(why: str) -> tuple[bool, list[str]]:
    return not why, [why] if why else []


def _missing(order: Any) -> str:
    """What an order lacks; empty where it is one."""
    if not isinstance(order, list | tuple) or not all(isinstance(name, str) for name in order):
        return f"{ORDER}: expected a list of names, got {shown(repr(order))}"
    if not any(name.strip() for name in order):
        return f"{ORDER}: no prediction yet"
    if sorted(order) == sorted(MATRICES):
        return ""
    return f"{ORDER}: expected each of {', '.join(map(repr, MATRICES))} once, got {shown(repr(list(order)))}"


def _unsaid(because: Any) -> str:
    words = because.split() if isinstance(because, str) else []
    return "" if len(words) >= WORDS else f"{BECAUSE}: expected a sentence, got {shown(repr(because))}"


def in_sources(sources: Iterable[str]) -> tuple[Any, Any]:
    """The order and the reason that a notebook's cells write down; None where they do not."""
    found: dict[str, Any] = {}
    for source in sources:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.parse(source).body:
                for target in node.targets if isinstance(node, ast.Assign) else ():
                    if getattr(target, "id", "") in (ORDER, BECAUSE):
                        found[getattr(target, "id", "")] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return found.get(ORDER), found.get(BECAUSE)
