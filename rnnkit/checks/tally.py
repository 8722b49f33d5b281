"""How often each check ran and failed: a small file beside the notebooks, the student's own, which nobody vouches for.

It holds no times and limits nothing. What cannot be written is left out, and what cannot be read counts as empty.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.common.small import read_small
from rnnkit.common.text import one_line
from rnnkit.common.whole import PART

FILE = "checks.json"
MOST_BYTES = 1 << 18  # of the file
MOST, MOST_MISTAKES, MOST_TEXT = 999_999, 40, 300  # of a count, of a question, characters
_KEPT: dict[Path, dict[str, Tally]] = {}  # of this session, for where nothing can be written


@dataclass
class Tally:
    """What is known of one question.

    Fields:
        runs: how often its check ran.
        failed: how often it failed.
        mistakes: the named mistakes that were met, and how often.
        last: what tells the last failure from others; empty where the last run was right.
        equal: how often in a row it came.
        open: the mistakes that were met since the check was last right.
        note: what the student says was wrong.
    """

    runs: int = 0
    failed: int = 0
    mistakes: dict[str, int] = field(default_factory=dict)
    last: str = ""
    equal: int = 0
    open: list[str] = field(default_factory=list)
    note: str = ""

    def fails(self, cases: Iterable[str], named: str) -> None:
        """Counts a failure; it is equal to the last one where the same cases failed and the mistake is the same."""
        failure = hashlib.blake2s("\n".join([*cases, named]).encode(), digest_size=6).hexdigest()
        self.runs, self.failed = self.runs + 1, self.failed + 1
        self.last, self.equal = failure, self.equal + 1 if failure == self.last else 1
        if named and (named in self.mistakes or len(self.mistakes) < MOST_MISTAKES):
            self.mistakes[named] = self.mistakes.get(named, 0) + 1
            self.open = [one for one in self.open if one != named] + [named]

    def holds(self) -> list[str]:
        """Counts a check that is right, and returns the named mistakes that were mended by it."""
        mended, self.open = self.open, []
        self.runs, self.last, self.equal = self.runs + 1, "", 0
        return mended


def read(path: Path, questions: Iterable[str]) -> dict[str, Tally]:
    """What a file says of some questions; nothing of it is taken that is not of its kind.

    Raises:
        OSError: there is no such file, or it is none to be read.
        ValueError: it is too large, or not such a file.
    """
    stored = read_small(path, MOST_BYTES).get("questions")
    if not isinstance(stored, dict):
        raise ValueError(f"{path.name} holds no questions")
    return {id: _tally(stored[id]) for id in questions if isinstance(stored.get(id), dict)}


def _tally(stored: Mapping[str, Any]) -> Tally:
    mistakes, waiting = stored.get("mistakes"), stored.get("open")
    named = list(mistakes.items())[:MOST_MISTAKES] if isinstance(mistakes, dict) else []
    texts = waiting[:MOST_MISTAKES] if isinstance(waiting, list) else []
    return Tally(
        _count(stored.get("runs")),
        _count(stored.get("failed")),
        {_text(text): _count(times) for text, times in named},
        _text(stored.get("last"))[:12],
        _count(stored.get("equal")),
        [_text(text) for text in texts if isinstance(text, str)],
        _text(stored.get("note")),
    )


def _count(value: Any) -> int:
    return min(max(value, 0), MOST) if type(value) is int else 0


def _text(value: Any) -> str:
    return one_line(value, MOST_TEXT) if isinstance(value, str) else ""


class Tallies:
    """Those of an assignment's questions, as they stand in a folder's file or, where there is none, in this session.

    Two notebooks that run a check at the same moment may lose one count, and nothing else.
    """

    def __init__(self, folder: Path, questions: Iterable[str]) -> None:
        self.path = folder / FILE
        self.all: dict[str, Tally]
        try:
            self.all = read(self.path, questions)
        except (OSError, ValueError):
            self.all = _KEPT.get(self.path, {})

    def of(self, question: str) -> Tally:
        """That of a question, to be changed and then saved."""
        return self.all.setdefault(question, Tally())

    def save(self, to_disk: bool) -> bool:
        """Keeps them for this session and, where wanted and possible, in the file, whole or not at all.

        Returns:
            whether they stand in the file.
        """
        _KEPT[self.path] = self.all
        if not to_disk:
            return False
        text = json.dumps({"questions": {id: asdict(one) for id, one in self.all.items()}}, indent=1) + "\n"
        part = self.path.with_name(f".{FILE}.{os.getpid()}{PART}")
        try:  # not waiting for the disk as other files do: a check is not to wait for a count
            part.write_text(text, encoding="utf-8")
            os.replace(part, self.path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        return True


def told(tallies: Mapping[str, Tally]) -> list[str]:
    """A line for each question whose check ran, for a teacher: what the student's own file says."""
    lines = []
    for id, one in tallies.items():
        if one.runs:
            met = "; ".join(f"{text} ({times})" for text, times in one.mistakes.items())
            note = f" Note: “{one.note}”" if one.note else ""
            lines.append(
                one_line(f"{id}: {one.runs} runs, {one.failed} failed.{f' Met: {met}' * bool(met)}{note}", 1500)
            )
    return lines
