"""What the checks say of a wrong answer, in sentences, and whether it is true of two mistakes at once."""

from __future__ import annotations

import re
from typing import Any

from checking import answer, report_of

from rnnkit.checks import generate
from rnnkit.checks.report import Report

BARE = re.compile(r"^\d+ of \d+ entries differ|^also different: |^the same as above|^they differ as well|^missing: |"
                  r"^[^:]{1,40}: expected -?[\d.]+(e[-+]?\d+)?, got (-?[\d.]+(e[-+]?\d+)?|nan|-?inf)$")  # fmt: skip


def told(report: Report) -> list[str]:
    """The sentences of a report, without details that are numbers alone."""
    details = [detail for case in report.cases for detail in case.details if not BARE.search(detail)]
    return list(dict.fromkeys([*report.messages, *details]))


def said(id: str, body: str) -> str:
    """Everything that is told of an answer with this body."""
    return "\n".join(told(report_of(id, answer(id, body))))


def of_pair(one: Any, other: Any, report: Report, assignment: Any = None) -> str:
    """passed, true, other, clue or silent: what is said of two known mistakes at once; true is either's message."""
    if report.points == report.most:
        return "passed"
    said = " ".join(told(report))
    if one.message in said or other.message in said:
        return "true"
    others = [mistake.message for mistake in generate.bank(assignment) if mistake.question == one.question]
    return "other" if any(message in said for message in others) else "clue" if told(report) else "silent"
