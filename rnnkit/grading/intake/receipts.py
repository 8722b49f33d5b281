"""When each submission came, and under which name: ``grading/receipts/ASSIGNMENT/STUDENT.json``, the newest last.

A ledger may be lost and a submission graded again and again: the time of its files stays.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from rnnkit.common.whole import save_text
from rnnkit.grading.dates.moments import stamp
from rnnkit.grading.dates.rule import HAND_IN, SEEN, SOURCES, WORKSHEET
from rnnkit.grading.ledger import file_hashes
from rnnkit.hand_in.pack import MANIFEST

RECEIPTS = "receipts"
MOST_MANIFEST = 1 << 20  # bytes
RANKS = {by: rank for rank, by in enumerate(SOURCES)} | {"": len(SOURCES) - 1}


@dataclass(frozen=True)
class Receipt:
    """One submission that came."""

    tree: str  # hash of its files
    received: str  # when it was handed in, as far as that is known, else when it was first seen; UTC
    source: str = ""  # the name under which it came; empty where somebody put it in its place by hand
    key: str = ""  # what of that name tells whose it is, see `rnnkit.grading.intake.whose.Named`
    files: list[str] = field(default_factory=list)  # the hashes of its files' contents
    name: str = ""  # as `source`, letter by letter: what a platform knows it by
    by: str = ""  # who says when it was received, see `rnnkit.grading.dates.rule.SOURCES`; empty in old ones


class Receipts:
    """The receipts of an assignment, which lie beside the folder of all submissions."""

    def __init__(self, submitted: Path, assignment: str):
        self.folder = submitted.parent / RECEIPTS / assignment

    def find(self, student: str, tree: str) -> Receipt | None:
        """The newest receipt for these files."""
        return next((receipt for receipt in reversed(self.all(student)) if receipt.tree == tree), None)

    def add(self, student: str, receipt: Receipt) -> None:
        """Notes a submission."""
        known = [asdict(one) for one in [*self.all(student), receipt]]
        self.folder.mkdir(parents=True, exist_ok=True)
        save_text(self._path(student), json.dumps(known, indent=1) + "\n")

    def better(self, student: str, new: Receipt) -> None:
        """Notes for files that are there already when they came, where somebody says so who knows better."""
        known = self.find(student, new.tree)
        corrected = known and new.by == known.by == WORKSHEET and new.received != known.received
        if known and (RANKS.get(new.by, 0) < RANKS.get(known.by, 0) or corrected):
            self.add(student, replace(known, received=new.received, by=new.by))

    def received(self, student: str, tree: str, folder: Path, known: str = "") -> Receipt:
        """When the files in a folder, of this hash, came; where no receipt says so it is noted.

        Then it is `known`, or what the hand-in says, or now. Files that somebody has renamed or taken out since have
        the time when they came with the others.
        """
        if receipt := self.find(student, tree):
            return receipt
        files = file_hashes(folder)
        before = [one for one in self.all(student) if files and set(files) <= set(one.files)]
        when, by = (known, "") if known else came(folder)
        first = Receipt(tree, when, files=files, by=by)
        receipt = replace(before[-1], tree=tree) if before and not known else first
        with suppress(OSError):  # a full disk: the ledger has it too
            self.add(student, receipt)
        return receipt

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def all(self, student: str) -> list[Receipt]:
        """All receipts of a student, the newest last."""
        try:
            return [Receipt(**kept) for kept in json.loads(self._path(student).read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return []  # none, or none that can be read: what the ledger says stands


def came(folder: Path, said: datetime | None = None, by: str = "") -> tuple[str, str]:
    """When a submission came and who says so; no time lies ahead of now.

    Arguments:
        folder: with its files: its manifest has a time, which is the student's own word.
        said, by: what is known better than that.
    """
    now = datetime.now(UTC)
    if said is None:
        said, by = _saved(folder), HAND_IN
    return (stamp(min(said.astimezone(UTC), now)), by) if said else (stamp(now), SEEN)


def _saved(folder: Path) -> datetime | None:
    """When the newest of a submission's files was saved, by its manifest."""
    try:
        said = datetime.fromisoformat(str(manifest(folder).get("saved")))
        return said.astimezone(UTC) if said.tzinfo else None
    except (ValueError, OverflowError):
        return None


def manifest(folder: Path) -> dict[str, Any]:
    """What a submission says of itself; nothing where that cannot be read."""
    path = folder / MANIFEST
    try:
        usable = not path.is_symlink() and path.is_file() and path.stat().st_size <= MOST_MANIFEST
        said = json.loads(path.read_bytes()) if usable else None
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def said_by_name(date: str, zone: tzinfo | None) -> datetime | None:
    """When something was handed in, as the platform's name for it says, in this machine's zone if in no other."""
    numbers = [int(number) for number in re.findall(r"\d+", date[:100])]
    try:
        if len(numbers) < 3:
            said = datetime.fromisoformat(date)
        else:
            year, month, day, hour, minute, second = (*numbers, 0, 0, 0)[:6]
            said = datetime(year, month, day, hour, minute, second)
        return (said if said.tzinfo or not zone else said.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
