"""Several attempts of one student: each that was graded is kept, and which counts follows the course's dates.

The attempt that counts is the ledger's entry, and stands in the gradebook and in ``autograded/``. The others are in
``grading/attempts/ASSIGNMENT/STUDENT/``, each with its entry and its graded notebooks; what was handed in lies in
``submitted/`` and, once replaced, in ``replaced/``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnnkit.common.whole import save_text
from rnnkit.grading.course.course import Course
from rnnkit.grading.dates.rule import BEST, Rule
from rnnkit.grading.intake.receipts import Receipts
from rnnkit.grading.intake.take_in import REPLACED
from rnnkit.grading.ledger import FAILED, GRADED, Entry, tree_hash

ENTRY = "entry.json"
OF_TODAY = ("received", "received_by", "late", "attempts")  # what of an entry is known anew each time


class Attempts:
    """The attempts of an assignment that do not count."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.folder = course.attempts / assignment

    def aside(self, student: str) -> dict[str, Entry]:
        """Those of a student by the hash of what was handed in; also the one that counts, if it once did not."""
        return {tree: entry for tree, (_, entry) in self._kept(student).items()}

    def keep(self, entry: Entry, notebooks: Path) -> None:
        """Puts an entry aside with its graded notebooks, whole or not at all; none that the grader gave up on."""
        said = asdict(entry) | {"late": {}, "attempts": []}
        lasting = json.dumps({name: value for name, value in said.items() if name not in OF_TODAY})
        home = self.folder / entry.student
        target = home / f"{entry.tree[:12]}-{hashlib.sha256(lasting.encode()).hexdigest()[:12]}"
        if entry.status == FAILED or target.exists():
            return
        before = self._kept(entry.student).get(entry.tree)
        self.course.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="attempt_", dir=self.course.work) as staging:
            fresh = Path(staging) / target.name
            fresh.mkdir()
            for path in notebooks.glob("*.ipynb"):
                shutil.copyfile(path, fresh / path.name)
            save_text(fresh / ENTRY, json.dumps(said, indent=1) + "\n")
            home.mkdir(parents=True, exist_ok=True)
            fresh.rename(target)
        if before:
            shutil.rmtree(before[0])

    def publish(self, entry: Entry) -> None:
        """Puts the notebooks of an attempt where those are that count, one by one and whole."""
        folder = self.course.autograded / entry.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        for path in self._kept(entry.student)[entry.tree][0].glob("*.ipynb"):
            save_text(folder / path.name, path.read_text(encoding="utf-8"))

    def _kept(self, student: str) -> dict[str, tuple[Path, Entry]]:
        """Hash -> where an attempt is and its entry, the one that was graded last."""
        found: dict[str, tuple[Path, Entry]] = {}
        for path in (self.folder / student).glob(f"*/{ENTRY}"):
            with suppress(OSError, ValueError, TypeError):  # one that somebody has damaged
                entry = Entry(**json.loads(path.read_text(encoding="utf-8")))
                if entry.tree not in found or found[entry.tree][1].graded <= entry.graded:
                    found[entry.tree] = path.parent, entry
        return found


def timed(entry: Entry, receipts: Receipts, rule: Rule | None) -> Entry:
    """An entry with the time when it came, as is known now."""
    if receipt := receipts.find(entry.student, entry.tree):
        entry.received, entry.received_by = receipt.received, receipt.by
    if rule:
        entry.received, entry.received_by = rule.came(entry.student, entry.received, entry.received_by)
    return entry


def penalty(entry: Entry, rule: Rule | None) -> float:
    """What being late costs of the points of an attempt's checks alone; persons may not have marked it."""
    if rule is None:
        return 0.0
    late = rule.late(entry.student, entry.received, entry.received_by)
    return rule.penalty(entry.points + entry.extra, late)


def better(rule: Rule) -> Callable[[Entry], tuple[bool, float, str]]:
    """What the best of several attempts has most of: points of the checks less the penalty; of two equals the later."""
    return lambda entry: (entry.status == GRADED, round(entry.points + entry.extra - penalty(entry, rule), 6),
                          entry.received)  # fmt: skip


def counting(current: Entry, others: Iterable[Entry], rule: Rule | None, submitted: str) -> Entry:
    """The attempt that counts.

    Arguments:
        current: that which has counted until now; it stays where the grader gave up on it, and is graded again.
        others: the others of that student.
        submitted: the hash of what lies in ``submitted/``: the last.
    """
    if current.status == FAILED:
        return current
    if rule and rule.attempts == BEST:
        return max([*others, current], key=better(rule))
    return next((one for one in others if one.tree == submitted), current) if current.tree != submitted else current


def history(current: Entry, others: Iterable[Entry], rule: Rule | None) -> list[dict[str, Any]]:
    """All attempts as the ledger has them, see `Entry.attempts`."""
    every = sorted([*(one for one in others if one.tree != current.tree), current], key=lambda one: one.received)
    return [
        {
            "received": one.received,
            "received_by": one.received_by,
            "points": one.points,
            "extra": one.extra,
            "penalty": round(penalty(one, rule), 4),
            "status": one.status,
            "tree": one.tree,
            "counts": one is current,
        }
        for one in every
    ]


def files_of(course: Course, assignment: str, entry: Entry | None, student: str) -> Path:
    """The folder with what was handed in for the attempt that counts, wherever it lies now.

    That in ``submitted/`` where nothing was graded yet, or where the other is there no longer.
    """
    last = course.submitted / student / assignment
    replaced = course.submitted.parent / REPLACED / assignment / student
    if entry is None or not replaced.is_dir():
        return last
    places = [last, *sorted(replaced.iterdir())]
    return next((place for place in places if place.is_dir() and tree_hash(place) == entry.tree), last)
