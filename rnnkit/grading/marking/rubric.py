"""A question's mark scheme as items with points, which a marker clicks: derived from the scheme, then edited freely."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text

BEGIN, END = "=== BEGIN MARK SCHEME ===", "=== END MARK SCHEME ==="
MOST_ITEMS, MOST_TEXT, MOST_TIMES, MOST_POINTS = 40, 2000, 50, 1000.0
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "": 0.0}
NUMBER = r"(\d+(?:[.,]\d+)?|\d*[½¼¾])"
ITEM = re.compile(rf"-\s+{NUMBER}(?:\s+points?)?\s*:\s+(.*)")
PART = re.compile(r"\(([a-z])\)\s")
EACH = re.compile(rf"{NUMBER} (?:for )?each\b|{NUMBER} for (?:each|every)\b")
AS_BEFORE = re.compile(r"\bthe same\b.{0,3}$")


@dataclass(frozen=True)
class Item:
    """One thing that an answer gets points for.

    Fields:
        id: stays when text and points change.
        points: for each time; negative ones take away.
        times: how often an answer can have it.
    """

    id: str
    text: str
    points: float
    times: int = 1


@dataclass(frozen=True)
class Rubric:
    """The items of one question, and the hash of the mark scheme that they were made from."""

    items: tuple[Item, ...] = ()
    scheme: str = ""

    def points(self, counts: Mapping[str, int], adjust: float, most: float | None) -> float:
        """What an answer gets: its items, and what a marker adds or takes off; never below 0, nor above the most.

        Arguments:
            counts: item -> how often; items that are no longer there count nothing.
            adjust: points.
            most: of the question; None where there is no bound.
        """
        total = sum(item.points * min(counts.get(item.id, 0), item.times) for item in self.items) + adjust
        return round(max(0.0, total if most is None else min(total, most)), 4)

    @property
    def sum(self) -> float:
        """What all items together give."""
        return sum(item.points * item.times for item in self.items if item.points > 0)


def scheme_of(source: str) -> tuple[str, str]:
    """A task's text without its mark scheme, and the scheme."""
    before, _, rest = source.partition(BEGIN)
    scheme, _, after = rest.partition(END)
    return f"{before.rstrip()}\n{after}".strip(), scheme.strip()


def fingerprint(scheme: str) -> str:
    """Tells whether a mark scheme is still the one that items were made from."""
    return hashlib.sha256(scheme.encode()).hexdigest()[:16]


def derived(scheme: str, most: float) -> Rubric:
    """The items that a mark scheme lists as ``- POINTS: text``.

    "2½: ½ for each of …" is one item of ½ that an answer can have five times. Where the list is of one part among
    several equal ones, each item can be had once for each part; what is left of the points is an item of its own.

    Arguments:
        scheme: the text between its marks.
        most: the question's points; 0 where they are extra credit.
    """
    found: list[tuple[float, int, str]] = []
    for total, text in _listed(scheme):
        each = EACH.search(text)
        step = _number(each[1] or each[2]) if each else total
        if AS_BEFORE.search(text) and found:
            step = found[-1][0]
        times = total / step if step else 1
        found.append((step, round(times), text) if times == round(times) <= MOST_TIMES else (total, 1, text))
    whole = sum(points * times for points, times, _ in found)
    parts = int(most / whole) if whole else 1
    if parts > 1:
        found = [(points, times * parts, text) for points, times, text in found]
    if whole and (rest := round(most - whole * max(parts, 1), 4)) > 0:
        found.append((rest, 1, "What the mark scheme gives besides."))
    items = [Item(f"i{number}", text, points, times) for number, (points, times, text) in enumerate(found, 1)]
    return Rubric(tuple(items[:MOST_ITEMS]), fingerprint(scheme))


def _listed(scheme: str) -> list[tuple[float, str]]:
    """The points and the text of each item of the list."""
    found: list[tuple[float, str]] = []
    part, is_open = "", False
    for line in scheme.splitlines():
        if item := ITEM.match(line.strip()):
            found.append((_number(item[1]), f"{part}{item[2].strip()}"))
            is_open = True
        elif heading := PART.match(line):
            part, is_open = f"({heading[1]}) ", False
        elif is_open and line.startswith((" ", "\t")) and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            is_open = False
    return found


def _number(text: str) -> float:
    if text[-1] in FRACTIONS:
        return float(text[:-1] or 0) + FRACTIONS[text[-1]]
    return float(text.replace(",", "."))


def checked(raw: Any) -> tuple[Item, ...]:
    """Items as somebody has typed them.

    Raises:
        BadValue: which item cannot be used, and why.
    """
    if not isinstance(raw, list) or len(raw) > MOST_ITEMS:
        raise BadValue(f"items: expected a list of at most {MOST_ITEMS}, got {type(raw).__name__}")
    items: list[Item] = []
    for number, one in enumerate(raw, 1):
        if not isinstance(one, dict):
            raise BadValue(f"item {number}: expected text, points and times, got {type(one).__name__}")
        text = plain(str(one.get("text", "")).strip(), MOST_TEXT)
        try:
            points, times = float(one.get("points", "")), int(one.get("times", 1))
        except (TypeError, ValueError, OverflowError):
            raise BadValue(f"item {number}: expected numbers as its points and times") from None
        if not text:
            raise BadValue(f"item {number}: expected a text, got none; take the item out or say what it is for")
        if not isfinite(points) or abs(points) > MOST_POINTS or not 1 <= times <= MOST_TIMES:
            raise BadValue(f"item {number}: expected points up to {MOST_POINTS:g}, and 1 to {MOST_TIMES} times")
        items.append(Item(plain(str(one.get("id", "")), 20), text, points, times))
    return tuple(_named(items))


def _named(items: Sequence[Item]) -> list[Item]:
    """Items with ids of their own: new ones get one that was never used here."""
    ids = {item.id for item in items}
    numbers = (f"i{number}" for number in range(1, 10_000) if f"i{number}" not in ids)
    seen: set[str] = set()
    named = []
    for item in items:
        id = item.id if item.id and item.id not in seen else next(numbers)
        seen.add(id)
        named.append(Item(id, item.text, item.points, item.times))
    return named


class Rubrics:
    """The items of all questions of an assignment: ``grading/rubrics/ASSIGNMENT.json``, written whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Rubric] = {}
        if path.exists():
            try:
                stored = json.loads(path.read_text(encoding="utf-8"))
                self.known = {
                    id: Rubric(checked(one["items"]), str(one.get("scheme", ""))) for id, one in stored.items()
                }
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                said = str(error) if isinstance(error, BadValue) else type(error).__name__
                raise BadValue(f"{path}: expected the items of each question, got {said}; mend it or move it") from None

    def of(self, question: str, scheme: str, most: float) -> Rubric:
        """A question's items; at first those of its mark scheme."""
        if question not in self.known:
            self.known[question] = derived(scheme, most)
        return self.known[question]

    def save(self) -> None:
        """Writes all of them."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        stored = {
            id: {"scheme": one.scheme, "items": [asdict(item) for item in one.items]} for id, one in self.known.items()
        }
        save_text(self.path, json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
