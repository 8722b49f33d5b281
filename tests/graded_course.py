"""A course as it is after grading, made in a second: gradebook and autograded notebooks, without running anything."""

from __future__ import annotations

import datetime
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from course import NAME, NOTEBOOKS, ROOT
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks.report import CaseReport, Report
from rnnkit.grading.course.gradebook import url
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.release.release import settings

AUTO = sum(question.points for question in QUESTIONS.values() if not question.extra)
EXTRA = sum(question.points for question in QUESTIONS.values() if question.extra)
WHEN = datetime.datetime(2026, 11, 20, 18, 30)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel


@contextmanager
def gradebook(course: Path) -> Iterator[Gradebook]:
    """The course's gradebook; what is changed in it is kept."""
    with warnings.catch_warnings(), Gradebook(url(course), course_id="rnnkit") as book:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader 0.9.6 under SQLAlchemy 2.1
        yield book
        book.db.commit()


def make(course: Path) -> Path:
    """An empty gradebook that knows the assignment's cells."""
    (course / "grading").mkdir(parents=True)
    settings(ROOT, course)  # says where nbgrader finds alembic
    with gradebook(course) as book:
        book.add_assignment(NAME, course_id="rnnkit")
        for path in NOTEBOOKS:
            book.add_notebook(path.stem, NAME)
            for cell in nbformat.read(path, 4).cells:
                about = cell.metadata.get("nbgrader", {})
                where = (about.get("grade_id"), path.stem, NAME)
                if about.get("grade"):
                    book.add_grade_cell(*where, max_score=about.points, cell_type=cell.cell_type)
                if about.get("solution"):
                    book.add_solution_cell(*where)
                if about.get("task"):
                    book.add_task_cell(*where, max_score=about.points, cell_type="markdown")
    return course


def report(id: str, points: float) -> Report:
    """What a check says of full points, or of none."""
    question = QUESTIONS[id]
    case = CaseReport("values", question.points, points == question.points, [] if points else ["expected 1, got 2"])
    messages = [] if points else ["the bias is missing: add b_h"]
    status = "solved" if points else "not right yet"
    return Report(id, question.name, points, question.points, status, [case], messages)


def hand_in(course: Path, student: str, *, wrong=(), answers=None, marked=None, comments=None, **person) -> None:
    """One student's graded submission.

    Arguments:
        wrong: the questions without points; all others have all of them.
        answers: grade_id -> text; all others are "my answer".
        marked: grade_id -> points by hand, or (points, extra credit).
        comments: grade_id of an answer or a solution -> a grader's comment.
        person: first_name, last_name, email.
    """
    folder = course / "grading" / "autograded" / student / NAME
    folder.mkdir(parents=True)
    with gradebook(course) as book:
        book.update_or_create_student(student, **person)
        book.add_submission(NAME, student).timestamp = WHEN
        for path in NOTEBOOKS:
            notebook = nbformat.read(path, 4)
            for cell in notebook.cells:
                about = cell.metadata.get("nbgrader", {})
                id = about.get("grade_id")
                if about.get("solution"):
                    written = "my answer" if cell.cell_type == "markdown" else "pass"
                    cell.source = (answers or {}).get(id, written)
                    if id in (comments or {}):
                        book.find_comment(id, path.stem, NAME, student).manual_comment = comments[id]
                if cell.id.endswith("_figure"):
                    cell.outputs = [new_output("display_data", data={"image/png": PNG, "text/plain": "a figure"})]
                if about.get("grade") or about.get("task"):
                    grade = book.find_grade(id, path.stem, NAME, student)
                    grade.needs_manual_grade = bool(about.grade) and cell.cell_type == "markdown"
                    if id in QUESTIONS:
                        points = 0.0 if id in wrong else QUESTIONS[id].points
                        cell.outputs = [new_output("display_data", data={"text/plain": report(id, points).text()})]
                        grade.auto_score = points
                    elif about.get("task"):
                        grade.auto_score = 0.0
                    if id in (marked or {}):
                        points, extra = marked[id] if isinstance(marked[id], tuple) else (marked[id], None)
                        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
            nbformat.write(notebook, folder / path.name)


def note(course: Path, *entries: Entry) -> None:
    """Puts entries into the course's ledger."""
    ledger = Ledger(course / "grading" / "ledger.json", NAME)
    ledger.entries |= {entry.student: entry for entry in entries}
    ledger.save()


def change(course: Path, student: str, name: str, edit) -> None:
    """Edits the cells of an autograded notebook, by id."""
    path = course / "grading" / "autograded" / student / NAME / name
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit({cell["id"]: cell for cell in notebook["cells"]})
    path.write_text(json.dumps(notebook), encoding="utf-8")
