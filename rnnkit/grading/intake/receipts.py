"""When each submission came, and under which name: ``grading/receipts/ASSIGNMENT/STUDENT.json``, the newest last.

A ledger may be lost and a submission graded again and again: the time of its files stays.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from rnnkit.common.whole import save_text
from rnnkit.grading.ledger import file_hashes

RECEIPTS = "receipts"


@dataclass(frozen=True)
class Receipt:
    """One submission that came."""

    tree: str  # hash of its files
    received: str  # when it was handed in, as far as that is known, else when it was first seen; UTC
    source: str = ""  # the name under which it came; empty where somebody put it in its place by hand
    key: str = ""  # what of that name tells whose it is, see `rnnkit.grading.intake.whose.Named`
    files: list[str] = field(default_factory=list)  # the hashes of its files' contents
    name: str = ""  # as `source`, letter by letter: what a platform knows it by


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

    def received(self, student: str, tree: str, folder: Path, known: str = "") -> str:
        """When the files in a folder, of this hash, came; where no receipt says so it is noted, as `known` or as now.

        Files that somebody has renamed or taken out since have the time when they came with the others.
        """
        if receipt := self.find(student, tree):
            return receipt.received
        files = file_hashes(folder)
        before = [one for one in self.all(student) if files and set(files) <= set(one.files)]
        first = Receipt(tree, known or stamp(datetime.now(UTC)), files=files)
        receipt = replace(before[-1], tree=tree) if before and not known else first
        with suppress(OSError):  # a full disk: the ledger has it too
            self.add(student, receipt)
        return receipt.received

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def all(self, student: str) -> list[Receipt]:
        """All receipts of a student, the newest last."""
        try:
            return [Receipt(**kept) for kept in json.loads(self._path(student).read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            return []  # none, or none that can be read: what the ledger says stands


def stamp(when: datetime) -> str:
    """A time as it is noted."""
    return when.astimezone(UTC).isoformat(timespec="seconds")


def handed_in(date: str) -> str:
    """When something was handed in: as the platform's name for it says, in this machine's time zone; else now."""
    now, numbers = datetime.now(UTC), [int(number) for number in re.findall(r"\d+", date)]
    try:
        if len(numbers) < 3:
            said = datetime.fromisoformat(date)
        else:
            year, month, day, hour, minute, second = (*numbers, 0, 0, 0)[:6]
            said = datetime(year, month, day, hour, minute, second)
        return stamp(min(said.astimezone(UTC), now))
    except (ValueError, OverflowError, OSError):
        return stamp(now)
