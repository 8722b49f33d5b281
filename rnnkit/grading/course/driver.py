"""A whole class: each submission in its own process, results entered one by one, nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing.connection
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import unknown
from rnnkit.grading.course import own_run
from rnnkit.grading.course.children import PATIENCE_S, Child
from rnnkit.grading.course.course import Course, Graded, GradingError, back_up, enter, lock, standing
from rnnkit.grading.course.lateness import settle
from rnnkit.grading.course.master import schemes
from rnnkit.grading.course.register import Register
from rnnkit.grading.course.submission import GradingJob
from rnnkit.grading.evidence.borrowed import shipped
from rnnkit.grading.evidence.whose import Whose
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.notebooks.copied import copies
from rnnkit.grading.sandbox import cgroup
from rnnkit.grading.sandbox.confine import probe
from rnnkit.grading.sandbox.nursery import begun_before
from rnnkit.grading.sandbox.room import NO_ROOM, no_room, reason
from rnnkit.grading.sandbox.runtime import scoring_runtime, student_runtime
from rnnkit.grading.variants import kept

STUDENTS, RUNS = "students", "runs"  # below the work folder
CONFINED, TRUSTED = "bubblewrap", "none: the instructor trusted these submissions"


def grade_class(
    course: Course,
    assignment: Assignment,
    *,
    students: Sequence[str] = (),
    questions: Sequence[str] = (),
    jobs: int = 0,
    trust: bool = False,
    force: bool = False,
    seed: int | None = None,
    own_run_s: float = own_run.SECONDS,
    on_entry: Callable[[Entry, int, int], object] = lambda entry, done, of: None,
) -> Graded:
    """Grades what has not been graded yet, or has changed since.

    Arguments:
        students: only these; all by default.
        questions: only these scores are entered anew, whether or not anything has changed; all by default.
        jobs: grader processes at a time; as many as there are cores by default.
        trust: run the submissions' code without a sandbox; it is noted with every result.
        force: grade again what has not changed.
        seed: of the random inputs; by default a new one for each submission, noted in the ledger.
        own_run_s: seconds of computing for trying a submission's runs again, see `rnnkit.grading.course.own_run`.
        on_entry: called with each new entry, how many are done, and how many there are to do.

    Raises:
        BadValue: an unknown assignment, student or question, no sandbox, dates that cannot be used, or another grading
            of this course under way.
    """
    course.dates()  # what is wrong with them is said before anything is graded
    for question in questions:
        if question not in assignment.scored:
            by_hand = f"{question}_task" in schemes(course.root, assignment)
            where = "; points for answers are entered in Formgrader" if by_hand else ""
            raise GradingError(unknown(question, assignment.scored, "question") + where)
    if not trust:
        probe()
    with lock(course):
        ledger = Ledger(course.ledger, assignment.name)
        enter(course, assignment, ledger)
        result = standing(course, assignment, students)
        register = Register(course, assignment, ledger, TRUSTED if trust else CONFINED)
        run = _Grading(register, jobs or os.cpu_count() or 1, trust, seed, tuple(questions))
        waiting = register.waiting(result, again=force or bool(questions) or seed is not None)
        shutil.rmtree(run.work, ignore_errors=True)
        cgroup.sweep()
        try:
            for done, entry in enumerate(run.all(waiting), 1):
                on_entry(entry, done, len(waiting))
            again = [student for student in result.entries if register.owes(student)]
            for done, entry in enumerate(run.try_again(again, own_run_s), 1):
                on_entry(entry, done, len(again))
        finally:
            run.ends.close()
            shutil.rmtree(run.work, ignore_errors=True)
        try:
            register.choose()
            result.doubtful = settle(course, assignment, ledger)
        except OSError as error:
            if not no_room(error):  # each submission's row says so already, and the next grading settles it
                raise
    result.share = cgroup.share() if waiting else ""
    result.gone = sorted(ledger.entries.keys() - result.folders)
    result.copies = copies(ledger.entries) if waiting or again else []  # else it was said before
    result.entries = {student: ledger.entries[student] for student in sorted(result.entries)}
    return result


class _Grading:
    """One call of `grade_class`.

    Attributes:
        shared: what all grader processes are told; nothing before `prepare`.
        cut: student -> the try that a time-out has cut short, until there is another.
        ends: what is ended after the last submission.
    """

    def __init__(
        self, register: Register, jobs: int, trust: bool, seed: int | None, questions: tuple[str, ...]
    ) -> None:
        self.course, self.assignment, self.register = register.course, register.assignment, register
        self.jobs, self.trust, self.seed, self.questions = jobs, trust, seed, questions
        self.work = self.course.work / "grade"
        self.shared: dict[str, Any] = {}
        self.cut: dict[str, Child] = {}
        self.variants = kept(self.course.folder, self.assignment.name)
        self.ends = contextlib.ExitStack()

    def prepare(self) -> None:
        """Copies the gradebook aside, and collects what every grader process is told, once."""
        if self.shared:
            return
        back_up(self.course)
        root = self.course.root
        self.shared = {
            "assignment": self.assignment.name,
            "masters": self.register.masters,
            "schemes": schemes(root, self.assignment),
            "shapes": shipped(root, self.assignment),
            "runtime": student_runtime(root).resolve(),
            "scoring": scoring_runtime(root).resolve(),
            "confined": not self.trust,
        }

    def job(self, student: str, folder: str = STUDENTS, cores: tuple[int, ...] = ()) -> GradingJob:
        """What the grader process of a student is told; its work folder is made, in one that is shared."""
        work, first = self.work / folder / student, self.cut.get(student)
        shutil.rmtree(work, ignore_errors=True)  # of a try that could not begin
        work.mkdir(parents=True)
        return GradingJob(
            student=student,
            folder=self.course.submitted / student / self.assignment.name,
            work=work,
            seed=first.job.seed if first else secrets.randbits(63) if self.seed is None else self.seed,
            questions=() if self.register.whole(student) else self.questions,
            cores=cores,
            whose=Whose(self.variants, student, self.course.ids) if self.variants else None,
            **self.shared,
        )

    def all(self, waiting: Sequence[str]) -> Iterator[Entry]:
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
        if len(waiting) > 1 and not self.trust:  # for one it would take longer
            runtimes = self.shared["runtime"], self.shared["scoring"]
            self.shared["addresses"] = self.ends.enter_context(begun_before(runtimes))
        later = []
        for entry in self.grade(waiting):
            if entry.reason == NO_ROOM:
                later.append(entry.student)
            else:
                yield entry
        yield from self.grade(later)

    def grade(self, waiting: Sequence[str]) -> Iterator[Entry]:
        """Grades, and yields each entry when it stands in the gradebook and in the ledger.

        What a time-out has cut short, while others had a part of the machine, is not entered: it is graded once more
        after all others, with nothing beside it, and that counts.
        """

        def begin(student: str, place: int) -> Child:
            first = self.cut.get(student)
            cores = () if first else cgroup.cores(place, self.jobs)
            return Child(self.job(student, cores=cores), place=place, first=first)

        yield from self._each(waiting, self.jobs, begin, self._keep, "the result")
        for student in list(self.cut):
            yield from self._each([student], 1, begin, self._keep, "the result")
            del self.cut[student]

    def try_again(self, students: Sequence[str], seconds: float) -> Iterator[Entry]:
        """Tries runs again that have points by themselves, and yields each entry when the points stand there, too."""
        if students:
            self.prepare()
        work, wall_s = functools.partial(own_run.try_again, seconds=seconds), own_run.wall_s(seconds) + PATIENCE_S

        def begin(student: str, place: int) -> Child:
            return Child(self.job(student, RUNS), work, wall_s, place=place)

        return self._each(students, self.jobs, begin, self.register.keep_run, "the run of its own")

    def _each(
        self,
        students: Sequence[str],
        jobs: int,
        begin: Callable[[str, int], Child],
        keep: Callable[[Child], Entry | None],
        what: str,
    ) -> Iterator[Entry]:
        """Runs so many grader processes at a time; `keep` enters what one has found out, or nothing yet."""
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
                        if entry := self._kept(child, keep, what):
                            yield entry
        finally:
            for child in running.values():
                child.kill()

    def _kept(self, child: Child, keep: Callable[[Child], Entry | None], what: str) -> Entry | None:
        """What `keep` makes of a result; whatever is wrong with one ends at its own student."""
        try:
            return keep(child)
        except Exception as error:
            return self.register.failed(child.job.student, reason(error, f"{what} could not be entered"))
        finally:
            shutil.rmtree(child.job.work, ignore_errors=True)

    def _keep(self, child: Child) -> Entry | None:
        """Enters a result; None: it is to be tried again alone."""
        result = child.result()
        if child.cut_short(result):
            self.cut[child.job.student] = child
            return None
        if result is None:
            return self.register.failed(child.job.student, child.reason, [*child.flags, *child.tried_again(None)])
        result.flags += child.tried_again(result)
        return self.register.keep(child.job, result)
