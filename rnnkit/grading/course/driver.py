"""A whole class: each submission in its own process, results entered one by one, nothing lost, nothing twice."""

from __future__ import annotations

import functools
import json
import multiprocessing.connection
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import unknown
from rnnkit.common.places import clone_root
from rnnkit.common.whole import save_text
from rnnkit.grading.course import own_run
from rnnkit.grading.course.children import PATIENCE_S, Child
from rnnkit.grading.course.course import Course, Graded, GradingError, back_up, enter, lock, standing, told_of_room
from rnnkit.grading.course.master import schemes
from rnnkit.grading.course.register import Register, owing
from rnnkit.grading.course.submission import AUTOGRADED, MASTER, SCHEMES, SHAPES, GradingJob
from rnnkit.grading.evidence.borrowed import shipped
from rnnkit.grading.ledger import GRADED, Entry, Ledger
from rnnkit.grading.notebooks.copied import copies
from rnnkit.grading.sandbox import cgroup
from rnnkit.grading.sandbox.confine import probe
from rnnkit.grading.sandbox.room import NO_ROOM, no_room, reason
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime

STUDENTS, RUNS = "students", "runs"  # below the work folder, apart from what all of them share
CONFINED, TRUSTED = "bubblewrap", "none: the instructor trusted these submissions"


def grade_class(
    course: Path,
    assignment: Assignment,
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
        assignment: which one.
        root: the clone; by default the one that rnnkit is run from.
        students: only these; all by default.
        questions: only these scores are entered anew, whether or not anything has changed; all by default.
        jobs: grader processes at a time; as many as there are cores by default.
        trust: run the submissions' code without a sandbox; it is noted with every result.
        force: grade again what has not changed.
        seed: of the random inputs; by default a new one for each submission, noted in the ledger.
        own_run_s: seconds of computing in which a submission's runs that have points of their own are tried again,
            after all scores stand.
        on_entry: called with each new entry, how many are done, and how many there are to do.

    Raises:
        BadValue: an unknown assignment, student or question, no sandbox, or another grading of this course under way.
    """
    course_ = Course(root or clone_root(), course.resolve())
    for question in questions:
        if question not in assignment.scored:
            by_hand = f"{question}_task" in schemes(course_.root, assignment)
            where = "; points for answers are entered in Formgrader" if by_hand else ""
            raise GradingError(unknown(question, assignment.scored, "question") + where)
    if not trust:
        probe()
    with told_of_room(course_), lock(course_):
        ledger = Ledger(course_.ledger, assignment.name)
        enter(course_, assignment, ledger)
        result = standing(course_, assignment, students)
        register = Register(course_, assignment, ledger, TRUSTED if trust else CONFINED)
        run = _Grading(register, trust, seed, tuple(questions))
        waiting = register.waiting(result, again=force or bool(questions) or seed is not None)
        shutil.rmtree(run.work, ignore_errors=True)
        cgroup.sweep()
        try:
            jobs = jobs or os.cpu_count() or 1
            for done, entry in enumerate(run.all(waiting, jobs), 1):
                if on_entry:
                    on_entry(entry, done, len(waiting))
            again = [student for student in result.entries if owing(assignment, ledger.entries.get(student))]
            for done, entry in enumerate(run.try_again(again, jobs, own_run_s), 1):
                if on_entry:
                    on_entry(entry, done, len(again))
        finally:
            shutil.rmtree(run.work, ignore_errors=True)
    result.share = cgroup.share() if waiting else ""
    result.gone = sorted(ledger.entries.keys() - result.folders)
    result.copies = copies(ledger.entries) if waiting or again else []  # else it was said before
    result.entries = {student: ledger.entries[student] for student in sorted(result.entries)}
    return result


class _Grading:
    """One call of `grade_class`."""

    def __init__(self, register: Register, trust: bool, seed: int | None, questions: tuple[str, ...]) -> None:
        self.course, self.assignment, self.register = register.course, register.assignment, register
        self.trust, self.seed, self.questions = trust, seed, questions
        self.work = self.course.work / "grade"
        self.runtime = Path()

    def prepare(self) -> None:
        """Copies the gradebook aside, and writes what every grader process reads, once."""
        if self.runtime != Path():
            return
        back_up(self.course)
        folder = self.work / MASTER
        folder.mkdir(parents=True, exist_ok=True)
        for name, notebook in self.register.masters.items():
            nbformat.write(notebook, folder / name)
        save_text(folder / SCHEMES, json.dumps(schemes(self.course.root, self.assignment)))
        save_text(folder / SHAPES, json.dumps(shipped(self.course.root, self.assignment)))
        self.runtime, self.scoring = student_runtime(self.course.root), scoring_runtime(self.course.root)

    def job(self, student: str, folder: str = STUDENTS, cores: tuple[int, ...] = ()) -> GradingJob:
        """What the grader process of a student is told; its work folder is made, in one that is shared."""
        work = self.work / folder / student
        shutil.rmtree(work, ignore_errors=True)  # of a try that could not begin
        work.mkdir(parents=True)
        before = self.register.ledger.entries.get(student)
        whole = before is None or before.status != GRADED  # there is nothing that the other scores could stay at
        return GradingJob(
            self.assignment.name,
            student,
            str(self.course.submitted / student / self.assignment.name),
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
            yield from (self.register.failed(student, NO_ROOM) for student in waiting)
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
        """Tries runs again that have points by themselves, and yields each entry when the points stand there, too."""
        if students:
            self.prepare()
        work, wall_s = functools.partial(own_run.try_again, seconds=seconds), own_run.wall_s(seconds) + PATIENCE_S

        def begin(student: str, place: int) -> Child:
            return Child(self.job(student, RUNS), work, wall_s, place=place)

        return self._each(students, jobs, begin, self.register.keep_run)

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
                        yield self.register.failed(student, reason(error, "the grader could not begin"))
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
                return self.register.failed(student, child.reason, [*child.flags, *child.tried_again(None)])
            result.flags += child.tried_again(result)
            entry = self.register.entry(child.job, result)
            self.register.publish(result, Path(child.job.work) / AUTOGRADED)
            fresh = {*result.scores, *result.answers}
            self.register.record(entry, fresh & set(child.job.questions) if child.job.questions else fresh)
        except Exception as error:
            return self.register.failed(student, reason(error, "the result could not be entered"))
        finally:
            shutil.rmtree(child.job.work, ignore_errors=True)
        return entry
