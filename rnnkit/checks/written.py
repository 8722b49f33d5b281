"""Points for what a cell of the notebook says before anything is run, by its names; never for having been right."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from rnnkit.checks.question import Question
from rnnkit.checks.report import CaseReport, Report
from rnnkit.common.text import shown

WORDS = 3  # of a sentence


def judged(question: Question, parts: Mapping[str, str]) -> Report:
    """A report with an equal share of the points for each part.

    Arguments:
        question: whose points they are.
        parts: by name, what each lacks; empty where it is whole.
    """
    share = question.points / len(parts)
    cases = [CaseReport(name, share, not why, [why] if why else []) for name, why in parts.items()]
    points, whole = sum(case.weight for case in cases if case.passed), all(case.passed for case in cases)
    return Report(question.id, question.target, points, question.points, "complete" if whole else "incomplete", cases)


def unsaid(name: str, value: Any) -> str:
    """What a sentence lacks; empty where it is one."""
    words = value.split() if isinstance(value, str) else []
    return "" if len(words) >= WORDS else f"{name}: expected a sentence, got {shown(repr(value))}"


def in_sources(sources: Iterable[str], names: Sequence[str]) -> tuple[Any, ...]:
    """What a notebook's cells write down under these names, in their order; None where they do not."""
    found: dict[str, Any] = {}
    for source in sources:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.parse(source).body:
                for target in node.targets if isinstance(node, ast.Assign) else ():
                    if (name := getattr(target, "id", "")) in names:
                        found[name] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return tuple(found.get(name) for name in names)
