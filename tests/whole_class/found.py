"""What the verbs for instructors say of the class: its page, the audit, who is alike."""

from __future__ import annotations

from pathlib import Path


def counted(folder: Path) -> dict[tuple[str, str], int]:
    """How many students the page of the class counts for each question's mistakes."""
    return {}


def audited(folder: Path) -> dict[tuple[str, str], list[str]]:
    """What training again says against records: student, run -> doubts."""
    return {}


def alike(folder: Path) -> list[set[str]]:
    """The pairs above the threshold."""
    return []
