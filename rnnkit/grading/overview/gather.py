"""What a class did, question by question: points, mistakes, how often checks ran, and what has changed."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.report import INCOMPLETE
from rnnkit.common.names import BadValue
from rnnkit.grading.audit.audit import known as audited
from rnnkit.grading.audit.verdicts import together
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import Mark, Marks, Submission, read_marks
from rnnkit.grading.ledger import GRADED, NOT_ASKED, NOT_GRADED, NOT_TRIED, WAITS, Entry, Ledger
from rnnkit.grading.overview.attention import Reason, reasons
from rnnkit.grading.score.score import AGAINST, NO_ANSWER, NOT_WRITTEN

# Statuses that say more than that points are missing.
STATES = (NOT_WRITTEN, NO_ANSWER, AGAINST, WAITS, NOT_TRIED, INCOMPLETE)
UNKNOWN = "wrong, and no known mistake told"
OLD = "wrong, graded by a version that kept no mistakes"
LEAST = 1e-9  # of a difference of points


@dataclass(frozen=True)
class Told:
    """A known mistake of a question or, where none was told, the state of its answer; and whose it is."""

    what: str
    known: bool
    students: tuple[str, ...]


@dataclass
class Question:
    """One question and the class.

    Fields:
        id, title, notebook: which one it is.
        most: points that can be had.
        check: whether a check gives them.
        points: student -> points, of those whose answer was asked for, is there, and has points.
        told: the mistakes, the most frequent first, then the states.
        runs: student -> how often the check ran and failed, by the student's own file.
        changed: student -> points now, less those of the grading before.
    """

    id: str
    title: str
    notebook: str
    most: float
    check: bool
    extra: bool = False
    points: dict[str, float] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    runs: dict[str, tuple[int, int]] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)

    @property
    def ran(self) -> str:
        """How often its check ran, in words: what the students' own files say; empty where none says anything."""
        runs = [often for often, _ in self.runs.values()]
        if not runs:
            return ""
        right = sum(not failed for _, failed in self.runs.values())
        often = f"{statistics.median(runs):g} times by the median, {max(runs)} at most"
        return f"{len(runs)} ran its check: {often}; {right} of them never saw it fail"

    def share(self, students: int) -> float:
        """Of those who have the question, 0 to 1; 0 where nobody has it."""
        return students / len(self.points) if self.points else 0.0

    @property
    def full(self) -> int:
        """How many have all points."""
        return sum(points >= self.most - LEAST for points in self.points.values())

    @property
    def none(self) -> int:
        """How many have no point."""
        return sum(points <= LEAST for points in self.points.values())

    @property
    def mean(self) -> float:
        """Points on average; 0 where nobody has the question."""
        return sum(self.points.values()) / len(self.points) if self.points else 0.0


@dataclass
class Overview:
    """A class and an assignment.

    Fields:
        names: student -> the name, as far as one is known; of all in the roster, then of all who are known.
        graded: those whose submission was graded.
        totals: student -> points so far, of those with a submission.
        most: points that can be had without extra credit.
        so_far: those whose total is not final.
        by_checks: whether the totals are of the checks alone, as there is no gradebook.
        questions: in the notebooks' order.
        changed: student -> points now, less those of the grading before; of those with such a one.
        handed_in: student -> how many attempts are known.
        attention: student -> what a person should look at.
    """

    assignment: Assignment
    names: dict[str, str] = field(default_factory=dict)
    graded: list[str] = field(default_factory=list)
    totals: dict[str, float] = field(default_factory=dict)
    most: float = 0.0
    so_far: list[str] = field(default_factory=list)
    by_checks: bool = False
    questions: list[Question] = field(default_factory=list)
    changed: dict[str, float] = field(default_factory=dict)
    handed_in: dict[str, int] = field(default_factory=dict)
    attention: dict[str, list[Reason]] = field(default_factory=dict)


def gather(course: Course, assignment: Assignment) -> Overview:
    """Reads a class's results from ledger and gradebook; without a gradebook the points of the checks alone.

    Raises:
        BadValue: nothing was graded, or one of the two files is not what it should be.
    """
    if course.gradebook.is_file():
        marks = read_marks(course, assignment)
    else:
        marks = Marks(entries=Ledger(course.ledger, assignment.name).entries)
        marks.people = {student.id: student for student in course.people}
    if not (marks.entries or marks.submissions):
        raise BadValue(f"{course.ledger}: nothing of {assignment.name} was graded yet; run rnnkit grade first")
    found = Overview(assignment, by_checks=not course.gradebook.is_file())
    known = {*marks.entries, *marks.submissions}
    ids = dict.fromkeys([*marks.people, *sorted(known)])
    found.names = {id: marks.people[id].name if id in marks.people else "" for id in ids}
    found.graded = [id for id in ids if id in marks.entries and marks.entries[id].status == GRADED]
    found.questions = _questions(assignment, marks)
    found.most = marks.most or sum(one.most for one in found.questions if not one.extra)
    suspicious = _suspicious(course, assignment)
    for id in ids:
        submission, entry = marks.of(id), marks.entries.get(id)
        marked = submission if marks.cells and id in known else None
        found.attention[id] = reasons(assignment, entry, marked, suspicious.get(id, ()))
        if id not in known:
            continue
        found.totals[id] = submission.total if marks.cells else submission.entry.points + submission.entry.extra
        found.so_far += [id] * bool(submission.waits_for)
        for question in found.questions:
            _of_student(question, id, submission)
        if entry and entry.before:
            found.changed[id] = entry.points - float(entry.before.get("points", 0.0))
        found.handed_in[id] = len(submission.entry.attempts) or 1
    for question in found.questions:
        question.told = _told(question, {id: marks.entries[id] for id in question.points if id in marks.entries})
    return found


def _suspicious(course: Course, assignment: Assignment) -> dict[str, list[str]]:
    """Student -> what an audit has found in records that count, a line each; nothing where there was none."""
    students = audited(course, assignment)
    shared = together(students)
    found: dict[str, list[str]] = {}
    for one in students:
        for sha256, verdict in one.records:
            said = [*([verdict.text] if verdict.differs else []), *verdict.doubts, *shared.get(sha256, ())]
            found.setdefault(one.student, []).extend(f"{verdict.run}: {text}" for text in said)
    return {student: lines for student, lines in found.items() if lines}


def _questions(assignment: Assignment, marks: Marks) -> list[Question]:
    """All that has points, in the gradebook's order; without one, what the checks score."""
    if not marks.cells:
        return [
            Question(id, one.name, one.notebook, one.points, True, one.extra) for id, one in assignment.scored.items()
        ]
    return [_question(assignment, cell) for cell in marks.cells if cell.most or cell.id in assignment.scored]


def _question(assignment: Assignment, cell: Mark) -> Question:
    check = assignment.scored.get(cell.id)
    notebook = f"{cell.notebook}.ipynb"
    if check is None:
        return Question(cell.id, cell.id, notebook, cell.most, False)
    return Question(cell.id, check.name, notebook, check.points, True, check.extra)


def _of_student(question: Question, id: str, submission: Submission) -> None:
    """Puts what one student did to a question."""
    entry = submission.entry
    score = entry.scores.get(question.id, {})
    mark = next((one for one in submission.marks if (one.id, f"{one.notebook}.ipynb") == _place(question)), None)
    points = mark.points if mark else score.get("points")
    missing = question.check and score.get("status", NOT_GRADED) in (NOT_GRADED, NOT_ASKED)
    if points is not None and not (missing and not points) and question.id not in entry.not_asked:
        question.points[id] = points
        before = entry.before.get("scores", {})
        if question.check and question.id in before:
            question.changed[id] = score.get("points", 0.0) - before[question.id]
    if own := entry.tried.get(question.id):
        question.runs[id] = (own[0], own[1])


def _place(question: Question) -> tuple[str, str]:
    return question.id, question.notebook


def _told(question: Question, entries: Mapping[str, Entry]) -> list[Told]:
    """What was told of those who do not have all points."""
    said: dict[tuple[bool, str], list[str]] = {}
    for id, entry in entries.items():
        score = entry.scores.get(question.id, {})
        if not question.check or score.get("points", 0.0) >= score.get("most", 0.0) - LEAST:
            continue
        mistakes = [(True, name) for name in score.get("mistakes", ())]
        for one in mistakes or [(False, _state(score))]:
            said.setdefault(one, []).append(id)
    told = [Told(what, known, tuple(students)) for (known, what), students in said.items()]
    return sorted(told, key=lambda one: (not one.known, -len(one.students), one.what))


def _state(score: Mapping[str, object]) -> str:
    status = str(score.get("status"))
    if status in STATES:
        return status
    return UNKNOWN if "mistakes" in score else OLD
