"""What persons gave the answers to one question, in nbgrader's gradebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook

from rnnkit.grading.course.course import Course
from rnnkit.grading.course.gradebook import opened
from rnnkit.grading.marking.answers import Question
from rnnkit.grading.marking.journal import Given


class Book:
    """One assignment's gradebook; opened for each use, so that Formgrader and grading can work beside it."""

    def __init__(self, course: Course, assignment: str) -> None:
        self.course, self.assignment = course, assignment

    def read(self, question: Question) -> dict[str, Given]:
        """Student -> what a person gave an answer."""
        points = Grade.manual_score if question.most else Grade.extra_credit
        with opened(self.course.folder) as book:
            comments = dict(self._rows(book, Comment, question, Comment.manual_comment))
            rows = self._rows(book, Grade, question, points, Grade.needs_manual_grade)
            return {id: Given(given, comments.get(id) or "", bool(waits)) for id, given, waits in rows}

    def write(self, question: Question, now: Mapping[str, Given]) -> None:
        """Enters what a person gave, for all students or none; who is not there any more is left out."""
        with opened(self.course.folder) as book:
            grades = dict(self._rows(book, Grade, question, Grade, of=now))
            comments = dict(self._rows(book, Comment, question, Comment, of=now))
            for student, grade in grades.items():
                if question.most:
                    grade.manual_score = now[student].points
                else:
                    grade.extra_credit = now[student].points
                grade.needs_manual_grade = now[student].waits
                if student in comments:
                    comments[student].manual_comment = now[student].comment or None
            book.db.commit()

    def _rows(
        self, book: Gradebook, kind: Any, question: Question, *columns: Any, of: Mapping[str, Given] | None = None
    ) -> list[Any]:
        """Each student's id, and columns of their grade of, or comment on, an answer; of some students alone."""
        rows = (
            book.db.query(SubmittedAssignment.student_id, *columns)
            .select_from(kind)
            .join(SubmittedNotebook, kind.notebook_id == SubmittedNotebook.id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .filter(SubmittedAssignment.assignment.has(name=self.assignment))
            .filter(SubmittedNotebook.notebook.has(name=question.notebook.removesuffix(".ipynb")))
            .filter(kind.cell.has(name=question.id))
        )
        return (rows if of is None else rows.filter(SubmittedAssignment.student_id.in_(of))).all()
