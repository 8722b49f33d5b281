"""What stands of a class: which submissions are due, and their results in gradebook, ledger and ``autograded/``."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_markdown_cell

from rnnkit.checks.assignment import Assignment
from rnnkit.common.whole import save_text
from rnnkit.grading.course import gradebook, own_run
from rnnkit.grading.course.attempts import Attempts, counting, timed
from rnnkit.grading.course.children import Child
from rnnkit.grading.course.course import Course, Graded
from rnnkit.grading.course.master import masters, version
from rnnkit.grading.course.submission import AUTOGRADED, GradingJob, Result
from rnnkit.grading.dates.moments import stamp
from rnnkit.grading.intake.receipts import Receipt, Receipts
from rnnkit.grading.ledger import FAILED, GRADED, NOT_GRADED, NOT_TRIED, REJECTED, Entry, Findings, Ledger, tree_hash
from rnnkit.grading.notebooks.neutral import neutralise
from rnnkit.grading.sandbox.room import no_room
from rnnkit.grading.variants import kept
from rnnkit.notebook.cells import name_of


def owing(assignment: Assignment, entry: Entry | Result | None) -> list[str]:
    """The questions of a submission whose runs have yet to be tried again."""
    scores = entry.scores if entry else {}
    return [one.id for one in assignment.records if scores.get(one.id, {}).get("status") == NOT_TRIED]


class Register:
    """The standing of one assignment, and what is entered into it.

    Attributes:
        confined: how submissions are run, in words; it is noted with every result.
        version: of what decides points.
        masters: the notebooks that submissions are rebuilt from, by file name.
        asked: the names of their cells.
        trees: student -> hash of the submitted files.
        received: student -> when they came, and who says so.
    """

    def __init__(self, course: Course, assignment: Assignment, ledger: Ledger, confined: str) -> None:
        self.course, self.assignment, self.ledger, self.confined = course, assignment, ledger, confined
        self.version = version(course.root, assignment)
        if variants := kept(course.folder, assignment.name):  # what is told of records depends on them
            self.version = hashlib.sha256(f"{self.version}{variants.to_json()}".encode()).hexdigest()
        self.masters = masters(course.root, assignment)
        self.asked = {name_of(cell) for notebook in self.masters.values() for cell in notebook.cells}
        self.rule = course.dates().rules.get(assignment.name)
        self.attempts = Attempts(course, assignment.name)
        self.receipts = Receipts(course.submitted, assignment.name)
        self.trees: dict[str, str] = {}
        self.received: dict[str, Receipt] = {}

    def waiting(self, result: Graded, again: bool) -> list[str]:
        """The students whose submissions are to be graded now."""
        waiting = []
        with gradebook.opened(self.course.folder) as book:
            for student in result.entries:
                folder = self.course.submitted / student / self.assignment.name
                tree = self.trees[student] = tree_hash(folder)
                before = self.ledger.entries.get(student)
                known = before.received if before and before.tree == tree else ""
                self.received[student] = self.receipts.received(student, tree, folder, known)
                if again or not self._settled(student, gradebook.auto_scores(book, self.assignment.name, student)):
                    waiting.append(student)
                    if before and before.tree == tree and before.version != self.version:
                        result.again.append(student)
                else:
                    result.unchanged.append(student)
        return waiting

    def _settled(self, student: str, stored: dict[str, float | None] | None) -> bool:
        """Whether files and scoring are those of the ledger's entry, or of an attempt that does not count.

        The gradebook has to be as the entry is.
        """
        entry = self.ledger.entries.get(student)
        if entry is None or stored is None or entry.status == FAILED:
            return False
        graded = self._aside(student) or entry
        same = (graded.tree, graded.version, graded.confined) == (self.trees[student], self.version, self.confined)
        return same and all(stored.get(id) == score["points"] for id, score in entry.scores.items())

    def owes(self, student: str) -> bool:
        """Whether runs of the submission that counts, and that lies in its place, have yet to be tried again."""
        entry = self.ledger.entries.get(student)
        return entry is not None and entry.tree == self.trees[student] and bool(owing(self.assignment, entry))

    def keep(self, job: GradingJob, result: Result) -> Entry:
        """Enters what a grader process has found out."""
        entry, fresh = self._entry(job, result), {*result.scores, *result.answers}
        before = self.ledger.entries.get(job.student)
        if before and before.tree != entry.tree:
            self.attempts.keep(before, self._graded(job.student))
            if before.status != FAILED and self._counting(entry, [timed(before, self.receipts, self.rule)]) is before:
                self.attempts.keep(entry, job.work / AUTOGRADED)
                return replace(entry, flags=[*entry.flags, f"the attempt of {before.received} counts: it is better"])
        self._publish(result, job.work / AUTOGRADED)
        self.record(entry, fresh & {*job.questions} if job.questions else fresh)
        return entry

    def keep_run(self, child: Child) -> Entry:
        """Enters what trying a run again has shown; where that was broken off, its points wait for the instructor."""
        entry = self.ledger.entries[child.job.student]
        owed = owing(self.assignment, entry)
        result = child.result() or own_run.broken_off(entry.student, self.assignment, owed, child.reason)
        fresh = {id: entry.scores[id] | score for id, score in result.scores.items()}
        earlier = [flag for flag in entry.evidence if not flag.startswith(tuple(fresh))]
        entry = replace(entry, scores=entry.scores | fresh, evidence=earlier + result.evidence)
        for id, score in fresh.items():
            own_run.show(self._graded(entry.student) / self.assignment.scored[id].notebook, id, score["text"])
        self.record(entry, fresh)
        return entry

    def choose(self) -> None:
        """Lets that attempt of each student count which does so by the course's dates; nothing is graded for it."""
        for student, current in list(self.ledger.entries.items()):
            others = [one for tree, one in self.attempts.aside(student).items() if tree != current.tree]
            if others and (chosen := self._counting(current, others)) is not current:
                self.attempts.keep(current, self._graded(student))
                self.attempts.publish(chosen)
                self.record(chosen, {*chosen.scores, *chosen.answers})

    def _counting(self, current: Entry, others: Sequence[Entry]) -> Entry:
        """Which of a student's attempts counts."""
        every = [timed(one, self.receipts, self.rule) for one in others]
        current = timed(current, self.receipts, self.rule)
        return counting(current, every, self.rule, self.trees.get(current.student, current.tree))

    def _aside(self, student: str) -> Entry | None:
        """What lies in ``submitted/``, where that is an attempt that was graded and does not count."""
        entry, tree = self.ledger.entries.get(student), self.trees[student]
        return self.attempts.aside(student).get(tree) if entry and entry.tree != tree else None

    def whole(self, student: str) -> bool:
        """Whether no score of a student's can be graded by itself: there is nothing that the others could stay at."""
        before = self.ledger.entries.get(student)
        return before is None or before.status != GRADED or self._aside(student) is not None

    def _graded(self, student: str) -> Path:
        return self.course.autograded / student / self.assignment.name

    def record(self, entry: Entry, fresh: Collection[str]) -> None:
        """Gradebook, then ledger: killed between the two, the submission is graded again."""
        with gradebook.opened(self.course.folder) as book:
            gradebook.record(book, self.assignment.name, entry, fresh, self.ledger.entries.get(entry.student))
        self.ledger.entries[entry.student] = entry
        self.ledger.save()

    def failed(self, student: str, reason: str, flags: Sequence[str] = ()) -> Entry:
        """The entry of a submission that the grader gave up on; it keeps the scores it had before."""
        entry = self._new(student, 0, status=FAILED, reason=reason, flags=[*flags])
        if before := self.ledger.entries.get(student):
            with suppress(OSError):  # it is in the ledger's new entry, too
                if before.tree != entry.tree:
                    self.attempts.keep(before, self._graded(student))
            entry.scores, entry.answers, entry.before = self._scores(before.scores), before.answers, before.before
        try:
            self.record(entry, ())
        except Exception as error:  # then it has no row on the disk, and is graded by the next command
            if not no_room(error):
                raise
            self.ledger.entries[student] = entry
        return entry

    def _new(self, student: str, seed: int, **fields: Any) -> Entry:
        """An entry of now."""
        itself: dict[str, Any] = {"tree": self.trees[student], "version": self.version, "confined": self.confined}
        receipt = self.received[student]
        itself |= {"received": receipt.received, "received_by": receipt.by, "graded": stamp(datetime.now(UTC))}
        return Entry(student, seed=seed, **itself, **fields)

    def _entry(self, job: GradingJob, result: Result) -> Entry:
        """The ledger's new entry; what could not be graded now keeps what it had before."""
        before = self.ledger.entries.get(job.student)
        kept = before.scores if before else {}
        for id in set(owing(self.assignment, result)) & set(kept):  # until it is tried again they stay
            result.scores[id]["points"] = kept[id]["points"]
        if before and job.questions:  # everything else stays as it was, and so does what was graded last as a whole
            fresh = {id: new for id, new in result.scores.items() if id in job.questions}
            now: dict[str, Any] = {"graded": stamp(datetime.now(UTC)), "before": before.standing}
            return replace(before, scores=self._scores(kept | fresh), seed=job.seed, **now)
        zero = {"points": 0.0, "status": NOT_GRADED, "text": "", "sha256": ""}
        none = {q.id: {"notebook": q.notebook, "most": q.points, **zero} for q in self.assignment.asked.values()}
        status = GRADED if any(one["status"] == GRADED for one in result.notebooks.values()) else REJECTED
        reasons = "; ".join(f"{name}: {one['reason']}" for name, one in result.notebooks.items() if one["reason"])
        findings = {one.name: getattr(result, one.name) for one in fields(Findings)} | {
            "scores": self._scores(none | kept | result.scores),
            "answers": {id: one for id, one in (before.answers if before else {}).items() if id in self.asked}
            | result.answers,
            "before": before.standing if before else {},
        }
        return self._new(job.student, job.seed, status=status, reason="" if status == GRADED else reasons, **findings)

    def _scores(self, scores: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Scores, and of each whether it is extra credit."""
        known = self.assignment.scored
        return {id: score | {"extra": id in known and known[id].extra} for id, score in scores.items()}

    def _publish(self, result: Result, graded: Path) -> None:
        """Puts the graded notebooks in their place, one by one and whole; an earlier one outlives a rejected one."""
        folder = self._graded(result.student)
        folder.mkdir(parents=True, exist_ok=True)
        for name, outcome in result.notebooks.items():
            if (graded / name).is_file():
                save_text(folder / name, (graded / name).read_text(encoding="utf-8"))
            elif outcome["status"] == REJECTED and not (folder / name).exists():
                notebook = nbformat.from_dict(self.masters[name])
                why = f"**Nothing of this notebook could be graded**: {outcome['reason']}"
                notebook.cells.insert(0, new_markdown_cell(why, id="rejected"))
                save_text(folder / name, nbformat.writes(neutralise(notebook)) + "\n")
