"""The file in which students ask for another look at a question: what it is like, and how it is read.

The page of feedback has it with an empty place below every question; it comes back with the next hand-in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from urllib.parse import quote

from rnnkit.common.small import read_text
from rnnkit.common.text import one_line, plain
from rnnkit.hand_in.collect import MOST_REGRADE, REGRADE

MOST_REASON = 3000  # characters
HEADING = re.compile(r"\s*\[([A-Za-z0-9_]{1,80})\].*")
REMARK = "#"
INTRODUCTION = """\
# Another look: {assignment}
# Write below a question why its points should be looked at again: what the answer has, and where. Leave the others
# as they are. Save this file as {file} beside your notebooks and hand in again: rnnkit pack takes it along.
"""


def blank(assignment: str, questions: Iterable[tuple[str, str, str]]) -> str:
    """The file before anything is written into it.

    Arguments:
        questions: id, title, and points in words.
    """
    lines = [INTRODUCTION.format(assignment=assignment, file=REGRADE)]
    lines += [f"[{id}] {one_line(title, 120)}{f' ({points})' if points else ''}\n\n" for id, title, points in questions]
    return "\n".join(lines)


def as_link(text: str) -> str:
    """An address that has the file in it, to be saved from a page that loads nothing."""
    return f"data:text/plain;charset=utf-8,{quote(text)}"


def read(folder: Path, questions: Collection[str]) -> dict[str, str]:
    """What a student asks for: question -> the reason; nothing where there is no such file, or none that can be read.

    Arguments:
        folder: what was handed in.
        questions: the ids that are known; others are left out.
    """
    try:
        text = read_text(folder / REGRADE, MOST_REGRADE)
    except (OSError, ValueError):
        return {}
    found: dict[str, list[str]] = {}
    question = ""
    for line in plain(text).split("\n"):
        if heading := HEADING.fullmatch(line):
            question = heading[1] if heading[1] in questions else ""
        elif question and not line.startswith(REMARK):
            found.setdefault(question, []).append(line)
    reasons = {id: plain("\n".join(lines).strip(), MOST_REASON) for id, lines in found.items()}
    return {id: reason for id, reason in reasons.items() if reason}
