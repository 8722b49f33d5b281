"""A course as it is after grading, made in a second: gradebook and autograded notebooks, without running anything."""

from __future__ import annotations

import datetime
import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from course import NAME, NOTEBOOKS, ROOT, cells
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.checks.report import CaseReport, Report
from rnnkit.grading.course.gradebook import url
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.release.release import settings

AUTO = sum(question.points for question in ASKED.values() if not question.extra)
EXTRA = sum(question.points for question in ASKED.values() if question.extra)
WRITTEN = {
    cell["id"]: cell["about"]["points"]
    for path in NOTEBOOKS
    for cell in cells(path)
    if cell["about"].get("grade") and cell["cell_type"] == "markdown"
}  # what a person marks, with its points
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
    question = ASKED[id]
    case = CaseReport("values", question.points, points == question.points, [] if points else ["expected 1, got 2"])
    messages = [] if points else ["the bias is missing: add b_h"]
    status = "solved" if points else "not right yet"
    return Report(id, question.name, points, question.points, status, [case], messages)


def hand_in(course: Path, student: str, *, wrong=(), answers=None, marked=None, comments=None, **person) -> None:
    """One student's graded submission, right and answered with "my answer" where nothing else is said.

    Arguments:
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
                    if id in ASKED:
                        points = 0.0 if id in wrong else ASKED[id].points
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


class Page(HTMLParser):
    """A page of feedback: what it is made of, and the words that are shown, of each question, and in its contents."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements, self.attributes, self.links, self.ids, self.levels, self.images = set(), [], [], [], [], []
        self.entries, self._rows, self._words, self._row, self._lists = [], {}, [], None, []
        self.feed(text)
        self.shown = " ".join(" ".join(self._words).split())
        self.rows = {id: " ".join(" ".join(words).split()) for id, words in self._rows.items()}

    def handle_starttag(self, tag, attrs):
        about = dict(attrs)
        self.elements.add(tag)
        self.attributes += attrs
        self.links += [about["href"]] if tag == "a" else []
        self.ids += [about["id"]] if "id" in about else []
        self.levels += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        self.images += [about] if tag == "img" else []
        self._lists += [tag] if tag in ("nav", "ol") else []
        self.entries += [[]] if tag == "li" and self._lists == ["nav", "ol"] else []
        self._row = about["id"] if tag == "article" else self._row

    def handle_endtag(self, tag):
        self._row = None if tag == "article" else self._row
        if tag in ("nav", "ol"):
            self._lists.pop()

    def handle_data(self, data):
        self._words.append(data)
        if self._row:
            self._rows.setdefault(self._row, []).append(data)
        if self._lists == ["nav", "ol"] and self.entries and data.strip():
            self.entries[-1].append(data.strip())
