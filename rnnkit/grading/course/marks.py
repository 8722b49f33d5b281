"""What the gradebook says of every submission, as plain data. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment as Released
from nbgrader.api import Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook, TaskCell
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.grading.course import gradebook
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.master import masters
from rnnkit.grading.course.roster import Student
from rnnkit.grading.dates.rule import Rule
from rnnkit.grading.ledger import FAILED, GRADED, NOT_GRADED, Entry, Ledger
from rnnkit.grading.release.release import ReleaseError
from rnnkit.notebook.cells import SOLUTION, name_of


@dataclass(frozen=True)
class Mark:
    """One graded cell of one submission.

    Fields:
        id: its grade_id: a question of the checks, or an answer that a person marks.
        notebook: the notebook's name, without its ending.
        code: whether a check gives the points.
        task: whether it is a task cell, which puts a question and has points only by exception.
        auto: what the check gave; None where it gave nothing, or has not run.
        by_hand: what a person entered; it counts instead.
        extra: extra credit, on top; of a check that has 0 points in the notebook, what it gave.
        waits: whether a person has yet to look at it.
        to_read: whether one can: what was never handed in only waits.
        comment: on the answer, or on the code above the check.
        asked: whether the release that was handed in had it.
    """

    id: str
    notebook: str
    code: bool
    task: bool
    most: float
    auto: float | None = None
    by_hand: float | None = None
    extra: float = 0.0
    waits: bool = False
    to_read: bool = False
    comment: str = ""
    asked: bool = True

    @property
    def place(self) -> tuple[str, str]:
        """Which cell it is: the notebook's name and its own."""
        return self.notebook, self.id

    @property
    def points(self) -> float | None:
        """What counts, without extra credit that a person gave; None where nothing was given yet."""
        return self.auto if self.by_hand is None else self.by_hand

    @property
    def shown(self) -> str:
        """Its points in words: no 0 where nobody has looked yet, nothing where there are none to be had."""
        if not self.most:
            return "not yet marked" if self.waits and not self.code and self.points is None else ""
        if not self.asked:
            return f"{round(self.points or 0.0, 2):g} of {self.most:g}, not asked"
        if self.points is None:
            return f"– of {self.most:g}, not yet marked"
        return f"{round(self.points, 2):g} of {self.most:g}"


@dataclass
class Submission:
    """All marks of one student, and what the ledger says of them."""

    entry: Entry
    submitted: datetime | None = None
    penalty: float = 0.0
    marks: list[Mark] = field(default_factory=list)

    @property
    def most(self) -> float:
        """The most that can be had without extra credit."""
        return sum(mark.most for mark in self.marks)

    @property
    def not_asked(self) -> float:
        """How much of that the release that was handed in did not ask; who deletes cells gets no other total by it."""
        return sum(mark.most for mark in self.marks if not mark.asked)

    @property
    def auto(self) -> float:
        """Points for code; where a person entered others, those."""
        return sum(mark.points or 0.0 for mark in self.marks if mark.code and mark.most)

    @property
    def manual(self) -> float:
        """Points for what persons mark."""
        return sum(mark.points or 0.0 for mark in self.marks if not mark.code)

    @property
    def marked(self) -> bool:
        """Whether a person has marked anything."""
        return any(mark.points is not None for mark in self.marks if not mark.code)

    @property
    def extra(self) -> float:
        """Extra credit."""
        return sum(mark.extra for mark in self.marks)

    @property
    def before_penalty(self) -> float:
        """Everything, as if it were in time."""
        return self.auto + self.manual + self.extra

    @property
    def total(self) -> float:
        """Everything, less the penalty for being late: nbgrader's score."""
        return max(0.0, self.before_penalty - self.penalty)

    @property
    def unread(self) -> int:
        """How much a person has yet to look at; of what the gradebook does not have the ledger knows the answers."""
        if self.marks:
            return sum(mark.to_read for mark in self.marks)
        return sum(answer["answered"] for answer in self.entry.answers.values())

    @property
    def waits_for(self) -> list[str]:
        """What is to come before the total is final, in a few words each; empty where it is."""
        waits = [f"{self.unread} still to be marked by a person"] if self.unread else []
        if self.entry.status == FAILED:
            return [*waits, "the last submission could not be graded"]
        unfinished = {mark.notebook for mark in self.marks if mark.waits}
        lost = [Path(name).stem for name in self.entry.notebooks if self.entry.rejected(name)]
        return waits + [f"{name} is missing, in doubt, or cannot be read" for name in lost if name in unfinished]


@dataclass
class Marks:
    """What is known of one assignment.

    Fields:
        cells: every graded cell, without a student's points; in the notebooks' order.
        people: those of the roster in its order, then the others that gradebook or ledger know.
        submissions: those in the gradebook, by student.
        entries: the ledger's, by student.
        rule: when it is due and what being late costs, where the course says so.
    """

    cells: list[Mark] = field(default_factory=list)
    people: dict[str, Student] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    rule: Rule | None = None

    @property
    def most(self) -> float:
        """The most that can be had without extra credit."""
        return sum(cell.most for cell in self.cells)

    def of(self, student: str) -> Submission:
        """A student's marks; none where the gradebook has none."""
        return self.submissions.get(student) or Submission(self.entries.get(student) or Entry(student, GRADED))


def read_marks(course: Course, assignment: Assignment) -> Marks:
    """Reads an assignment's marks.

    The penalty for being late is that of the course's dates as they are now; where they do not have the assignment it
    is what the gradebook has.

    Raises:
        BadValue: no gradebook there, or none with this assignment; dates that cannot be used.
    """
    rule = course.dates().rules.get(assignment.name)
    marks = Marks(entries=Ledger(course.ledger, assignment.name).entries, rule=rule)
    with _opened(course) as book:
        try:
            released = book.find_assignment(assignment.name)
        except MissingEntry:
            known = ", ".join(one.name for one in book.assignments) or "none"
            raise BadValue(f"assignment: expected one of {known}, got {assignment.name!r}") from None
        entered, roster = gradebook.people(book), {student.id: student for student in course.people}
        others = sorted({*entered, *marks.entries} - {*roster})
        marks.people = roster | {id: entered.get(id) or Student(id) for id in others}
        marks.cells = _cells(released, _order(course.root, assignment))
        notebooks = selectinload(SubmittedAssignment.notebooks)
        whole = (notebooks.selectinload(SubmittedNotebook.grades), notebooks.selectinload(SubmittedNotebook.comments))
        for one in book.db.query(SubmittedAssignment).filter_by(assignment=released).options(*whole):
            submission = _submission(one, marks.cells, marks.of(one.student_id).entry)
            marks.submissions[one.student_id] = _penalised(submission, rule)
    return marks


def _penalised(submission: Submission, rule: Rule | None) -> Submission:
    """A submission with the penalty of a rule; without one a penalty of an earlier rule is none."""
    entry = submission.entry
    if rule:
        late = rule.late(entry.student, *rule.came(entry.student, entry.received, entry.received_by))
        submission.penalty = rule.penalty(submission.before_penalty, late)
    elif entry.late:
        submission.penalty = 0.0
    return submission


def entered(course: Course) -> list[str]:
    """The names of the assignments that a gradebook knows; see `read_marks` for what it raises."""
    with _opened(course) as book:
        return [assignment.name for assignment in book.assignments]


@contextmanager
def _opened(course: Course) -> Iterator[Gradebook]:
    if not course.gradebook.is_file():
        raise BadValue(f"expected a gradebook, found no file {course.gradebook}; grade submissions first")
    try:
        with gradebook.opened(course.folder) as book:
            yield book
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise BadValue(f"{course.gradebook}: expected a gradebook of nbgrader, got {reason}") from None


def _order(root: Path, assignment: Assignment) -> list[tuple[str, str]]:
    """The places of the released notebooks' cells; none where nothing was released."""
    try:
        released = masters(root, assignment)
    except ReleaseError:
        return []
    return [(Path(name).stem, name_of(cell)) for name, notebook in released.items() for cell in notebook.cells]


def _cells(released: Released, order: list[tuple[str, str]]) -> list[Mark]:
    """All graded cells; those that stand in no released notebook are the last."""
    cells = []
    for notebook in released.notebooks:
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            task = isinstance(cell, TaskCell)
            cells.append(Mark(cell.name, notebook.name, cell.cell_type == "code", task, cell.max_score))
    numbers = {place: number for number, place in enumerate(order)}
    return sorted(cells, key=lambda cell: (numbers.get(cell.place, len(numbers)), cell.place))


def _submission(stored: SubmittedAssignment, cells: list[Mark], entry: Entry) -> Submission:
    """A submission's marks, in the order of the cells."""
    submission = Submission(entry, stored.timestamp)
    given: dict[tuple[str, str], tuple[Grade, dict[str, str | None]]] = {}
    for notebook in stored.notebooks:
        submission.penalty += notebook.late_submission_penalty or 0.0
        comments = {comment.name: comment.comment for comment in notebook.comments}
        given |= {(notebook.name, grade.name): (grade, comments) for grade in notebook.grades}
    submission.marks = [_mark(cell, *given[cell.place], entry) for cell in cells if cell.place in given]
    return submission


def _mark(cell: Mark, grade: Grade, comments: dict[str, str | None], entry: Entry) -> Mark:
    waits, auto, extra = bool(grade.needs_manual_grade), grade.auto_score, grade.extra_credit or 0.0
    not_run = not auto and entry.scores.get(cell.id, {}).get("status") == NOT_GRADED
    if waits and (not_run or not cell.code):
        auto = None  # the 0 of what could not be run, or has not been read, is nobody's
    comment = comments.get(cell.id) or comments.get(cell.id + SOLUTION) or ""
    to_read = waits and entry.has(cell.id)
    mark = replace(cell, auto=auto, by_hand=grade.manual_score, waits=waits, to_read=to_read, comment=comment)
    mark = replace(mark, asked=cell.id not in entry.not_asked)
    return replace(mark, extra=extra if mark.most or not mark.code else extra + (mark.points or 0.0))


def unfinished(students: int) -> str:
    """A line that says for how many students something waits; empty where nothing does."""
    if not students:
        return ""
    have = "1 student's total is" if students == 1 else f"{students} students' totals are"
    return f"{have} so far: answers are to be read, or a notebook is missing or in doubt"
