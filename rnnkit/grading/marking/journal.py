"""Every mark as a line of ``grading/marking/ASSIGNMENT.jsonl``: only ever appended to, on the disk before it counts.

What holds is what the lines come to, read from the first to the last. A line that a death has cut short is left out.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rnnkit.common.names import BadValue

FIRST, SECOND, SETTLED = "first", "second", "settled"  # whose mark it is; a settled one counts before the first
CHANGES = ("mark", "rubric", "request")  # what can be undone
Event = dict[str, Any]


class Given(NamedTuple):
    """What a person gave one answer, as the gradebook has it.

    Fields:
        points: the score, or the extra credit of a question that has nothing else; None where nobody gave any.
        comment: on the answer.
        waits: whether a person has yet to look at it.
    """

    points: float | None = None
    comment: str = ""
    waits: bool = True

    @property
    def said(self) -> tuple[float | None, str]:
        """What a person gave; whether it waits is also changed by grading again."""
        return self.points, self.comment


@dataclass(frozen=True)
class Mark:
    """One marker's mark of one answer.

    Fields:
        items: item of the rubric -> how often.
        adjust: points beside the items.
        answer: the hash of what was marked.
        number: of its line in the journal.
    """

    items: dict[str, int]
    adjust: float
    comment: str
    answer: str
    by: str
    at: str
    number: int


@dataclass
class State:
    """What a journal comes to.

    Fields:
        marks: first, second or settled -> (question, student) -> the mark.
        expected: (question, student) -> what the gradebook was given last.
        rubrics: question -> the items that were in use last, as the journal has them.
        dealt: requests for another look that were dealt with.
        sample: how many answers of each question the second marker marks, in a list; None there where all, nothing
            where there is no second marker.
    """

    marks: dict[str, dict[tuple[str, str], Mark]] = field(default_factory=lambda: {FIRST: {}, SECOND: {}, SETTLED: {}})
    expected: dict[tuple[str, str], Given] = field(default_factory=dict)
    rubrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    dealt: set[str] = field(default_factory=set)
    sample: list[int | None] = field(default_factory=list)

    def take(self, event: Event, undone: bool = False) -> None:
        """Adds one line's meaning; of one that was undone, what it gave the gradebook."""
        for student, (_, now) in rows_of(event).items():
            self.expected[event["question"], student] = now
        if undone:
            return
        if event["do"] == "mark":
            for student in event["students"]:
                self.marks[event["role"]][event["question"], student] = Mark(
                    event["items"], event["adjust"], event["comment"], event["answer"], event["by"], event["at"],
                    event["n"],
                )  # fmt: skip
        elif event["do"] == "rubric":
            self.rubrics[event["question"]] = event["items"]
        elif event["do"] == "sample":
            self.sample = event["sample"]
        elif event["do"] == "request":
            self.dealt.add(event["request"])

    def effective(self, question: str, student: str) -> Mark | None:
        """The mark that counts."""
        place = question, student
        return self.marks[SETTLED].get(place) or self.marks[FIRST].get(place)


def rows_of(event: Event) -> dict[str, tuple[Given, Given]]:
    """What an event changes in the gradebook: student -> before and after."""
    return {student: (Given(*was), Given(*now)) for student, (was, now) in event.get("rows", {}).items()}


class Journal:
    """The lines of one assignment, and what they come to.

    `salt` makes orders and names of answers that are this course's own, and `torn` counts lines that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.events, self.torn = path, list[Event](), 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._read()
        self.state = folded(self.events)
        begun = next((event for event in self.events if event["do"] == "begin"), None)
        self.salt = str(begun["salt"]) if begun else self.append({"do": "begin", "salt": secrets.token_hex(16)})["salt"]

    def _read(self) -> None:
        lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
        for line in filter(None, lines):
            try:
                event = json.loads(line)
                rows_of(event)
                if event["n"] != len(self.events) + 1 or not isinstance(event["do"], str):
                    raise BadValue(f"{self.path}: expected line {len(self.events) + 1}, got {event['n']!r}; restore it")
                State().take(event)
            except BadValue:
                raise
            except (ValueError, KeyError, TypeError, AttributeError):
                self.torn += 1
                continue
            self.events.append(event)
        self._is_cut = bool(lines and lines[-1])

    def append(self, event: Mapping[str, Any]) -> Event:
        """Writes a line; it is on the disk when this returns.

        Raises:
            OSError: it cannot be written; then it does not count.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"n": len(self.events) + 1, "at": now, **event}
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with open(self.path, "ab") as file:
            size = file.tell()
            try:
                file.write(b"\n" * self._is_cut + text)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self.path, size)  # half a line would be read as one that counts, where its end alone lacks
                raise
        self._is_cut = False
        self.events.append(line)
        if line["do"] == "undo":
            self.state = folded(self.events)
        elif hasattr(self, "state"):
            self.state.take(line)
        return line

    def last(self, by: str, roles: Iterable[str]) -> Event | None:
        """A marker's last change that was not undone."""
        undone, roles = undone_of(self.events), set(roles)
        for event in reversed(self.events):
            is_own = event.get("by") == by and event.get("role", FIRST) in roles
            if is_own and event["do"] in CHANGES and event["n"] not in undone:
                return event
        return None

    def open_rows(self) -> Iterator[tuple[str, str, Given, Given]]:
        """What was to be entered in the gradebook, and may not be there: question, student, before and after."""
        entered = {event["of"] for event in self.events if event["do"] == "entered"}
        last: dict[tuple[str, str], tuple[int, Given, Given]] = {}
        for event in self.events:
            for student, (was, now) in rows_of(event).items():
                last[event["question"], student] = event["n"], was, now
        for (question, student), (number, was, now) in last.items():
            if number not in entered:
                yield question, student, was, now


def undone_of(events: Iterable[Event]) -> set[int]:
    """The numbers of the lines that were undone."""
    return {event["of"] for event in events if event["do"] == "undo"}


def folded(events: list[Event]) -> State:
    """What lines come to; a mark that was undone leaves the one before it."""
    undone, state = undone_of(events), State()
    for event in events:
        state.take(event, event["n"] in undone)
        if event["do"] == "rubric" and event["n"] in undone:
            state.rubrics[event["question"]] = event["before"]
    return state
