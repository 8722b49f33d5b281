"""A whole class: each submission in its own process, results entered one by one, nothing lost, nothing twice."""

from __future__ import annotations

import functools
import json
import multiprocessing.connection
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_markdown_cell

from rnnkit.checks.questions import EXTRA, OWN_SETTING, QUESTIONS
from rnnkit.grading import cgroup, gradebook, own_run
from rnnkit.grading.borrowed import shipped
from rnnkit.grading.children import PATIENCE_S, Child
from rnnkit.grading.copied import copies
from rnnkit.grading.course import Course, Graded, GradingError, back_up, enter, lock, standing, told_of_room
from rnnkit.grading.ledger import FAILED, GRADED, NOT_TRIED, REJECTED, Entry, Ledger, tree_hash
from rnnkit.grading.master import masters, schemes, version
from rnnkit.grading.neutral import neutralise
from rnnkit.grading.receipts import Receipts, stamp
from rnnkit.grading.room import NO_ROOM, no_room, reason
from rnnkit.grading.runtime import scoring_runtime, student_runtime
from rnnkit.grading.sandbox import probe
from rnnkit.grading.submission import AUTOGRADED, MASTER, SCHEMES, SHAPES, Job, Result
from rnnkit.names import unknown
from rnnkit.setup_env import clone_root
from rnnkit.whole import save_text

STUDENTS, RUNS = "students", "runs"  # below the work folder, apart from what all of them share
CONFINED, TRUSTED = "bubblewrap", "none: the instructor trusted these submissions"


def grade_class(
    course: Path,
    assignment: str = "training_dynamics",
    *,
    root: Path | None = None,
    students: Sequence[str] = (),
    questions: Sequence[str] = (),
    jobs: int = 0,
    trust: bool = False,
    force: bool = False,
    seed: int | None = None,
    own_run_s: float = own_run.SECONDS,
    on_entry: Callable[[Entry, int, int], None] | None = None,
) -> Graded:
    """Grades what has not been graded yet, or has changed since.

    Arguments:
        course: the folder that holds ``grading/``.
        assignment: a folder of ``notebooks/``.
        root: the clone; by default the one that rnnkit is run from.
        students: only these; all by default.
        questions: only these scores are entered anew, whether or not anything has changed; all by default.
        jobs: grader processes at a time; as many as there are cores by default.
        trust: run the submissions' code without a sandbox; it is noted with every result.
        force: grade again what has not changed.
        seed: of the random inputs; by default a new one for each submission, noted in the ledger.
        own_run_s: seconds of computing in which a submission's runs of temporal order are tried again, after all scores
            stand.
        on_entry: called with each new entry, how many are done, and how many there are to do.

    Raises:
        BadValue: an unknown assignment, student or question, no sandbox, or another grading of this course under way.
    """
    course_ = Course(root or clone_root(), course.resolve())
    for question in questions:
        if question not in QUESTIONS:
            by_hand = f"{question}_task" in schemes(course_.root, assignment)
            where = "; points for answers are entered in Formgrader" if by_hand else ""
            raise GradingError(unknown(question, QUESTIONS, "question") + where)
    if not trust:
        probe()
    with told_of_room(course_), lock(course_):
        ledger = Ledger(course_.ledger, assignment)
        enter(course_, assignment, ledger)
        result = standing(course_, assignment, students)
        run = _Run(course_, assignment, ledger, trust, seed, tuple(questions))
        waiting = run.waiting(result, again=force or bool(questions) or seed is not None)
        shutil.rmtree(run.work, ignore_errors=True)
        cgroup.sweep()
        try:
            jobs = jobs or os.cpu_count() or 1
            for done, entry in enumerate(run.all(waiting, jobs), 1):
                if on_entry:
                    on_entry(entry, done, len(waiting))
            again = [student for student in result.entries if owing(ledger.entries.get(student))]
            for done, entry in enumerate(run.try_again(again, jobs, own_run_s), 1):
                if on_entry:
                    on_entry(entry, done, len(again))
        finally:
            shutil.rmtree(run.work, ignore_errors=True)
    result.share = cgroup.share() if waiting else ""
    result.gone = sorted(ledger.entries.keys() - result.folders)
    result.copies = copies(ledger.entries)
    result.entries = {student: ledger.entries[student] for student in sorted(result.entries)}
    return result


def owing(entry: Entry | Result | None) -> bool:
    """Whether a submission's run of temporal order has yet to be tried again."""
    return entry is not None and entry.scores.get(OWN_SETTING, {}).get("status") == NOT_TRIED


class _Run:
    """One call of `grade_class`."""

    def __init__(
        self, course: Course, assignment: str, ledger: Ledger, trust: bool, seed: int | None, questions: tuple[str, ...]
    ) -> None:
        self.course, self.assignment, self.ledger = course, assignment, ledger
        self.trust, self.seed, self.questions = trust, seed, questions
        self.version = version(course.root, assignment)
        self.masters = masters(course.root, assignment)
        self.trees: dict[str, str] = {}
        self.received: dict[str, str] = {}
        self.work = course.work / "grade"
        self.runtime = Path()

    def waiting(self, result: Graded, again: bool) -> list[str]:
        """The students whose submissions are to be graded now."""
        found, receipts = [], Receipts(self.course.submitted, self.assignment)
        with gradebook.opened(self.course.folder) as book:
            for student in result.entries:
                folder = self.course.submitted / student / self.assignment
                tree = self.trees[student] = tree_hash(folder)
                before = self.ledger.entries.get(student)
                known = before.received if before and before.tree == tree else ""
                self.received[student] = receipts.received(student, tree, folder, known)
                if again or not self._settled(student, gradebook.auto_scores(book, self.assignment, student)):
                    found.append(student)
                else:
                    result.unchanged.append(student)
        return found

    def _settled(self, student: str, stored: dict[str, float | None] | None) -> bool:
        """Whether files, scoring and gradebook are those of the ledger's entry."""
        entry = self.ledger.entries.get(student)
        if entry is None or stored is None or entry.status == FAILED:
            return False
        same = (entry.tree, entry.version, entry.confined) == (self.trees[student], self.version, self._confined)
        return same and all(stored.get(id) == about["points"] for id, about in entry.scores.items())

    @property
    def _confined(self) -> str:
        return TRUSTED if self.trust else CONFINED

    def prepare(self) -> None:
        """Copies the gradebook aside, and writes what every grader process reads, once."""
        if self.runtime != Path():
            return
        back_up(self.course)
        folder = self.work / MASTER
        folder.mkdir(parents=True, exist_ok=True)
        for name, notebook in self.masters.items():
            nbformat.write(notebook, folder / name)
        save_text(folder / SCHEMES, json.dumps(schemes(self.course.root, self.assignment)))
        save_text(folder / SHAPES, json.dumps(shipped(self.course.root)))
        self.runtime, self.scoring = student_runtime(self.course.root), scoring_runtime(self.course.root)

    def job(self, student: str, folder: str = STUDENTS, cores: tuple[int, ...] = ()) -> Job:
        """What the grader process of a student is told; its work folder is made, in one that is shared."""
        work = self.work / folder / student
        work.mkdir(parents=True)
        before = self.ledger.entries.get(student)
        whole = before is None or before.status != GRADED  # there is nothing that the other scores could stay at
        return Job(
            student,
            str(self.course.submitted / student / self.assignment),
            str(work),
            str(self.work / MASTER),
            str(self.runtime),
            str(self.scoring),
            secrets.randbits(63) if self.seed is None else self.seed,
            not self.trust,
            () if whole else self.questions,
            cores,
        )

    def all(self, waiting: Sequence[str], jobs: int) -> Iterator[Entry]:
        """As `grade`; those for whom a disk was full come once more after all others, and are failed if it still is."""
        if not waiting:
            return
        try:
            self.prepare()
        except Exception as error:
            if not no_room(error):
                raise
            yield from (self._failed(student, NO_ROOM) for student in waiting)
            return
        later = []
        for entry in self.grade(waiting, jobs):
            if entry.reason == NO_ROOM:
                later.append(entry.student)
            else:
                yield entry
        yield from self.grade(later, jobs)

    def grade(self, waiting: Sequence[str], jobs: int) -> Iterator[Entry]:
        """Grades, and yields each entry when it stands in the gradebook and in the ledger.

        What a time-out has cut short, while others had a part of the machine, is not entered: it is graded once more
        after all others, with nothing beside it, and that counts.
        """
        alone: list[Child] = []

        def begin(student: str, place: int) -> Child:
            return Child(self.job(student, cores=cgroup.cores(place, jobs)), place=place)

        def keep(child: Child) -> Entry | None:
            if (entry := self._keep(child)) is None:
                alone.append(child)
            return entry

        yield from self._each(waiting, jobs, begin, keep)
        for first in alone:
            yield from self._each([first.job.student], 1, functools.partial(self._begin_again, first), self._keep)

    def _begin_again(self, first: Child, student: str, place: int) -> Child:
        return Child(replace(self.job(student), seed=first.job.seed), place=place, first=first)

    def try_again(self, students: Sequence[str], jobs: int, seconds: float) -> Iterator[Entry]:
        """Tries runs of temporal order again, and yields each entry when the points stand there, too."""
        if students:
            self.prepare()
        work, wall_s = functools.partial(own_run.try_again, seconds=seconds), own_run.wall_s(seconds) + PATIENCE_S

        def begin(student: str, place: int) -> Child:
            return Child(self.job(student, RUNS), work, wall_s, place=place)

        return self._each(students, jobs, begin, self._keep_run)

    def _each(
        self,
        students: Sequence[str],
        jobs: int,
        begin: Callable[[str, int], Child],
        keep: Callable[[Child], Entry | None],
    ) -> Iterator[Entry]:
        """Runs so many grader processes at a time; `keep` gives None where there is nothing to be entered yet."""
        queue: list[str] = list(students)
        running: dict[str, Child] = {}
        try:
            while queue or running:
                while queue and len(running) < jobs:
                    student = queue.pop(0)
                    place = min(set(range(jobs)) - {child.place for child in running.values()})
                    try:
                        running[student] = begin(student, place)
                    except Exception as error:
                        yield self._failed(student, reason(error, "the grader could not begin"))
                for child in running.values():
                    child.alone &= len(running) == 1
                sentinels = [child.process.sentinel for child in running.values()]
                multiprocessing.connection.wait(sentinels, timeout=1)
                for student, child in list(running.items()):
                    if child.over():
                        del running[student]
                        if entry := keep(child):
                            yield entry
        finally:
            for child in running.values():
                child.kill()

    def _keep(self, child: Child) -> Entry | None:
        """Enters a result; whatever is wrong with one ends at its own student. None: it is to be tried again alone."""
        student = child.job.student
        try:
            result = child.result()
            if child.cut_short(result):
                return None
            if result is None:
                return self._failed(student, child.reason, [*child.flags, *child.tried_again(None)])
            result.flags += child.tried_again(result)
            entry = self._entry(child.job, result)
            self._publish(result, Path(child.job.work) / AUTOGRADED)
            fresh = {*result.scores, *result.answers}
            self._record(entry, fresh & set(child.job.questions) if child.job.questions else fresh)
        except Exception as error:
            return self._failed(student, reason(error, "the result could not be entered"))
        finally:
            shutil.rmtree(child.job.work, ignore_errors=True)
        return entry

    def _keep_run(self, child: Child) -> Entry:
        """Enters what trying a run again has shown; where that was broken off, its points wait for the instructor."""
        student = child.job.student
        entry = self.ledger.entries[student]
        about = entry.scores[OWN_SETTING]
        try:
            result = child.result() or own_run.broken_off(student, child.reason)
            about = about | result.scores[OWN_SETTING]
            entry = replace(
                entry,
                scores=entry.scores | {OWN_SETTING: about},
                evidence=[flag for flag in entry.evidence if not flag.startswith(OWN_SETTING)] + result.evidence,
            )
            notebook = self.course.autograded / student / self.assignment / EXTRA
            if notebook.is_file():
                own_run.show(notebook, about["text"])
            self._record(entry, (OWN_SETTING,))
        except Exception as error:
            return self._failed(student, reason(error, "the run of its own could not be entered"))
        shutil.rmtree(child.job.work, ignore_errors=True)
        return entry

    def _record(self, entry: Entry, fresh: Collection[str]) -> None:
        """Gradebook, then ledger: killed between the two, the submission is graded again."""
        with gradebook.opened(self.course.folder) as book:
            gradebook.record(book, self.assignment, entry, fresh, self.ledger.entries.get(entry.student))
        self.ledger.entries[entry.student] = entry
        self.ledger.save()

    def _failed(self, student: str, reason: str, flags: Sequence[str] = ()) -> Entry:
        """The entry of a submission that the grader gave up on; it keeps the scores it had before."""
        kept = self.ledger.entries.get(student)
        about = {"scores": kept.scores, "answers": kept.answers} if kept else {}
        entry = Entry(student, FAILED, reason, flags=list(flags), **about, **self._about(student, 0))
        try:
            self._record(entry, ())
        except Exception as error:  # then it has no row on the disk, and is graded by the next command
            if not no_room(error):
                raise
            self.ledger.entries[student] = entry
        return entry

    def _about(self, student: str, seed: int) -> dict[str, Any]:
        """What every new entry says of itself."""
        about = {"tree": self.trees[student], "version": self.version, "confined": self._confined, "seed": seed}
        return about | {"received": self.received[student], "graded": stamp(datetime.now(UTC))}

    def _entry(self, job: Job, result: Result) -> Entry:
        """The ledger's new entry; what could not be graded now keeps what it had before."""
        before, about = self.ledger.entries.get(job.student), self._about(job.student, job.seed)
        kept = before.scores if before else {}
        if owing(result) and OWN_SETTING in kept:  # until it is tried again they stay
            result.scores[OWN_SETTING]["points"] = kept[OWN_SETTING]["points"]
        if job.questions:  # everything else stays as it was, and so does what was graded last as a whole
            fresh = {id: new for id, new in result.scores.items() if id in job.questions}
            return replace(before, scores=kept | fresh, seed=job.seed, graded=about["graded"])
        zero = {"points": 0.0, "status": "not graded", "text": "", "sha256": ""}
        none = {q.id: {"notebook": q.notebook, "most": q.points, **zero} for q in QUESTIONS.values()}
        status = GRADED if any(one.status == GRADED for one in result.notebooks.values()) else REJECTED
        reasons = "; ".join(f"{name}: {one.reason}" for name, one in result.notebooks.items() if one.reason)
        return Entry(
            job.student,
            status,
            "" if status == GRADED else reasons,
            seconds=result.seconds,
            peak_mb=result.peak_mb,
            notebooks={name: asdict(one) for name, one in result.notebooks.items()},
            scores=none | kept | result.scores,
            answers=(before.answers if before else {}) | result.answers,
            records=result.records,
            times=result.times,
            evidence=result.evidence,
            flags=result.flags,
            **about,
        )

    def _publish(self, result: Result, graded: Path) -> None:
        """Puts the graded notebooks in their place, one by one and whole; an earlier one outlives a rejected one."""
        folder = self.course.autograded / result.student / self.assignment
        folder.mkdir(parents=True, exist_ok=True)
        for name, about in result.notebooks.items():
            if (graded / name).is_file():
                save_text(folder / name, (graded / name).read_text(encoding="utf-8"))
            elif about.status == REJECTED and not (folder / name).exists():
                notebook = nbformat.from_dict(self.masters[name])
                why = new_markdown_cell(f"**Nothing of this notebook could be graded**: {about.reason}", id="rejected")
                notebook.cells.insert(0, why)
                save_text(folder / name, nbformat.writes(neutralise(notebook)) + "\n")
