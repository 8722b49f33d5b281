"""When a submission came, what that costs and which attempt counts, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from rnnkit.grading.course.marks import Marks
from rnnkit.grading.dates.rule import SOURCES, Rule


def told(marks: Marks, student: str) -> list[str]:
    """Sentences about when a submission came; none where nothing is known of that."""
    submission, rule = marks.of(student), marks.rule
    entry = submission.entry
    if not entry.received:
        return []
    by = SOURCES.get(entry.received_by, "")
    lines = [f"Handed in {_shown(entry.received, rule)}{f' ({by})' if by else ''}."]
    if rule is None:
        return lines
    lines.append(f"Due {_shown(rule.due_for(student).isoformat(), rule)}{_extended(rule, student)}.")
    if late := rule.late(student, entry.received, entry.received_by):
        lines.append(f"That is {_length(late)} late: −{submission.penalty:.4g} points ({rule}).")
    return lines


def attempt(one: dict[str, Any], rule: Rule | None) -> tuple[str, str, str, str]:
    """One of several attempts: when it came, the checks' points, what being late costs them, whether it counts."""
    extra = f" +{one['extra']:.4g} extra" if one["extra"] else ""
    lost = f"−{one['penalty']:.4g}" if one["penalty"] else "–"
    return _shown(one["received"], rule), f"{one['points']:.4g}{extra}", lost, "counts" if one["counts"] else ""


def _extended(rule: Rule, student: str) -> str:
    return ", an extension of your own" if student in rule.extensions else ""


def _shown(when: str, rule: Rule | None) -> str:
    """A time in the zone of the due date, else in UTC."""
    if not when:
        return "–"
    zone: tzinfo = (rule.due.tzinfo if rule else None) or UTC
    return f"{datetime.fromisoformat(when).astimezone(zone):%Y-%m-%d %H:%M (%Z)}"


def _length(late: timedelta) -> str:
    """A length of time in two units; what has begun counts."""
    minutes = -(-int(late.total_seconds()) // 60)
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    return " ".join([f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number][:2])
