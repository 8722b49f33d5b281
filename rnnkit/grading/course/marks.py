"""What the gradebook says of every submission, as plain data. Nothing is written here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment as Released
from nbgrader.api import BaseCell, Comment, Grade, Notebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.api import Student as Person
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue, unknown
from rnnkit.grading.course.master import masters
from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import FAILED, GRADED, Entry
from rnnkit.grading.release.release import ReleaseError
from rnnkit.notebook.cells import SOLUTION

TASK = "_task"  # ends the name of a question that a person marks; its answer has none
NOT_GRADED = "not graded"  # the ledger's word for questions of a notebook that was never there


class MarksError(BadValue):
    """A gradebook that cannot be read."""


@dataclass(frozen=True)
class Mark:
    """One graded cell of one submission.

    Fields:
        id: its grade_id: a question of the checks, or an answer that a person marks.
        notebook: the notebook's name, without its ending.
        code: whether a check gives the points.
        task: whether it is a task cell, which puts a question and has points only by exception.
        most: the most that can be had.
        auto: what the check gave; None where it gave nothing.
        by_hand: what a person entered; it counts instead.
        extra: extra credit, on top; of a check that has 0 points in the notebook, what it gave.
        waits: whether a person has yet to look at it.
        comment: on the answer, or on the code above the check.
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
    comment: str = ""

    @property
    def points(self) -> float | None:
        """What counts, without extra credit that a person gave; None where nothing was given yet."""
        return self.auto if self.by_hand is None else self.by_hand

    def known_to(self, entry: Entry) -> Mark:
        """The mark without the 0 of a check whose notebook could not be graded and waits, as the ledger has it."""
        not_graded = entry.scores.get(self.id, {}).get("status") == NOT_GRADED
        return replace(self, auto=None) if self.code and self.waits and not_graded else self

    @property
    def shown(self) -> str:
        """Its points in words: no 0 where nobody has looked yet, nothing where there are none to be had."""
        if not self.most:
            return "not yet marked" if self.waits and not self.code and self.points is None else ""
        if self.points is None:
            return f"– of {self.most:g}, not yet marked"
        return f"{round(self.points, 2):g} of {self.most:g}"


@dataclass
class Submission:
    """All marks of one student."""

    student: str
    submitted: datetime | None
    penalty: float = 0.0
    marks: list[Mark] = field(default_factory=list)

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
    def total(self) -> float:
        """Everything, less the penalty for being late: nbgrader's score."""
        return max(0.0, self.auto + self.manual + self.extra - self.penalty)

    def to_read(self, entry: Entry) -> list[Mark]:
        """What a person has yet to look at, but what was never handed in: of that there is nothing to see.

        Arguments:
            entry: the ledger's; an empty one says nothing.
        """
        if entry.status == GRADED and not (entry.scores or entry.answers):
            return [mark for mark in self.marks if mark.waits]
        checked = {id for id, score in entry.scores.items() if score["status"] != NOT_GRADED}
        return [mark for mark in self.marks if mark.waits and mark.id in checked | set(entry.answers)]

    def waits_for(self, entry: Entry) -> list[str]:
        """What is to come before the total is final, in a few words each; empty where it is.

        Arguments:
            entry: the ledger's; an empty one says nothing.
        """
        to_read, open_ = len(self.to_read(entry)), {mark.notebook for mark in self.marks if mark.waits}
        lost = [Path(name).stem for name in entry.notebooks if entry.rejected(name) and Path(name).stem in open_]
        return [
            *([f"{to_read} still to be marked by a person"] if to_read else []),
            *([f"{name} is missing, in doubt, or cannot be read" for name in lost] if entry.status != FAILED else []),
            *(["the last submission could not be graded"] if entry.status == FAILED else []),
        ]


@dataclass
class Marks:
    """What a gradebook says of one assignment.

    Fields:
        cells: every graded cell, without a student's points; in the notebooks' order, where that is known.
        people: the students that the gradebook knows.
        submissions: by student.
    """

    cells: list[Mark]
    people: dict[str, Student]
    submissions: dict[str, Submission]

    @property
    def most(self) -> float:
        """The most that can be had without extra credit."""
        return sum(cell.most for cell in self.cells)


def order_of(root: Path, assignment: Assignment) -> list[tuple[str, str]]:
    """Notebook and grade_id of every cell, in the order of the released notebooks; empty where nothing was released."""
    try:
        given = masters(root, assignment)
    except ReleaseError:
        return []
    cells = [(Path(name).stem, cell) for name, notebook in given.items() for cell in notebook.cells]
    return [(name, cell.metadata.get("nbgrader", {}).get("grade_id", "")) for name, cell in cells]


def read_marks(url: str, assignment: Assignment, order: Sequence[tuple[str, str]] = ()) -> Marks:
    """Reads an assignment's marks.

    Arguments:
        url: the gradebook, as sqlalchemy has it.
        assignment: which one.
        order: of the cells, see `order_of`; the others follow: questions of the checks first, then by name.

    Raises:
        MarksError: no gradebook there, or none with this assignment.
    """
    checks = {(Path(one.notebook).stem, one.id): len(order) + number for number, one in enumerate(assignment.code)}
    with _session(url) as session:
        return _read(session, assignment.name, checks | {place: number for number, place in enumerate(order)})


def entered(url: str) -> list[str]:
    """The names of the assignments that a gradebook knows; see `read_marks` for what it raises."""
    with _session(url) as session:
        return [name for (name,) in session.query(Released.name)]


@contextmanager
def _session(url: str) -> Iterator[Session]:
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and not Path(where.database or "").is_file():
        raise MarksError(f"expected a gradebook, found no file {where.database}; grade submissions first")
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            yield session
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise MarksError(f"{where.database}: expected a gradebook of nbgrader, got {reason}") from None
    finally:
        engine.dispose()


def _read(session: Session, assignment: str, order: dict[tuple[str, str], int]) -> Marks:
    known = [name for (name,) in session.query(Released.name)]
    if assignment not in known:
        raise MarksError(f"assignment: expected one of {', '.join(known) or 'none'}, got {assignment!r}")
    people = {
        person.id: Student(person.id, person.first_name or "", person.last_name or "", person.email or "")
        for person in session.query(Person)
    }
    submissions = {
        student: Submission(student, submitted)
        for student, submitted in session.query(SubmittedAssignment.student_id, SubmittedAssignment.timestamp)
        .join(Released)
        .filter(Released.name == assignment)
    }
    penalties = _of_submissions(session.query(SubmittedNotebook.late_submission_penalty), assignment)
    for penalty, student, _ in penalties:
        submissions[student].penalty += penalty or 0.0
    comments = {
        (student, notebook, name): comment or ""
        for comment, name, student, notebook in _of_submissions(
            session.query(Comment.comment, BaseCell.name).select_from(Comment).join(BaseCell).join(Comment.notebook),
            assignment,
        )
    }
    columns = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
    grades = session.query(*columns, *_ABOUT).select_from(Grade).join(BaseCell).join(Grade.notebook)
    for auto, by_hand, extra, waits, name, kind, most, cell_type, student, notebook in _of_submissions(
        grades, assignment
    ):
        comment = comments.get((student, notebook, name)) or comments.get((student, notebook, name + SOLUTION), "")
        code, task = cell_type == "code", kind == "TaskCell"
        if waits and not code:  # the 0 of what a person has yet to mark is nobody's
            auto = None
        mark = Mark(name, notebook, code, task, most, auto, by_hand, extra or 0.0, bool(waits), comment)
        if code and not most:
            mark = replace(mark, extra=mark.extra + (mark.points or 0.0))
        submissions[student].marks.append(mark)
    for submission in submissions.values():
        submission.marks.sort(key=lambda mark: _place(mark, order))
    cells = sorted(_cells(session, assignment), key=lambda mark: _place(mark, order))
    return Marks(cells, people, submissions)


_ABOUT = (BaseCell.name, BaseCell.type, Grade.max_score, Grade.cell_type)


def _of_submissions(query: Any, assignment: str) -> Any:
    """A query on submitted notebooks, with the student and the notebook's name as its last two columns."""
    return (
        query.join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Released, SubmittedAssignment.assignment_id == Released.id)
        .join(Notebook, SubmittedNotebook.notebook_id == Notebook.id)
        .filter(Released.name == assignment)
        .add_columns(SubmittedAssignment.student_id, Notebook.name)
    )


def _cells(session: Session, assignment: str) -> list[Mark]:
    cells = []
    for notebook in session.query(Notebook).join(Released).filter(Released.name == assignment):
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            task = cell.type == "TaskCell"
            cells.append(Mark(cell.name, notebook.name, cell.cell_type == "code", task, cell.max_score))
    return cells


def _place(mark: Mark, order: dict[tuple[str, str], int]) -> tuple:
    """Where a cell stands among all: as given, then the questions of the checks in their order, then by name."""
    return (order.get((mark.notebook, mark.id), math.inf), mark.notebook, mark.id)


def nobody(id: str, known: Iterable[str]) -> str:
    """What is said of a student whom nobody knows."""
    known = sorted(known)
    return unknown(id, known, "student") if known else f"unknown student {id!r}, there are none yet"


def unfinished(students: int) -> str:
    """A line that says for how many students something waits; empty where nothing does."""
    if not students:
        return ""
    have = "1 student's total is" if students == 1 else f"{students} students' totals are"
    return f"{have} so far: answers are to be read, or a notebook is missing or in doubt"
