"""A course with graded answers to some questions of the report, made in a second, and the desk to mark them at."""

from __future__ import annotations

import asyncio
import functools
import json
import shutil
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import graded_course
import nbformat
from course import ASSIGNMENT, NAME, ROOT
from sqlalchemy.exc import SAWarning

from rnnkit.grading.course.course import Course
from rnnkit.grading.course.gradebook import opened, record
from rnnkit.grading.ledger import GRADED, Entry
from rnnkit.grading.marking.answers import questions_of
from rnnkit.grading.marking.book import Book
from rnnkit.grading.marking.desk import Desk
from rnnkit.grading.marking.journal import Given
from rnnkit.grading.marking.server import serve
from rnnkit.grading.release.release import settings

REPORT = "4_report"
ASKED = {"gradient_mem": 5, "rho_mul": 2, "extra_torder": 0}
Q, EXTRA = "gradient_mem", "extra_torder"


def make(
    empty: Path, folder: Path, answers: dict[str, dict[str, str]], pictures: dict[str, dict] | None = None
) -> Path:
    """A course where these students have given these answers, and nothing else was graded.

    Arguments:
        empty: a course without students, see `fill`; it is copied.
        answers: student -> question -> answer.
        pictures: student -> the attachments of their answer to `Q`.
    """
    shutil.copytree(empty, folder)
    for student, texts in answers.items():
        grade(folder, student, texts, (pictures or {}).get(student))
    return folder


def fill(folder: Path) -> None:
    """A course without students."""
    (folder / "grading").mkdir()
    settings(ROOT, folder)
    with graded_course.gradebook(folder) as book:
        book.add_assignment(NAME, course_id="rnnkit")
        book.add_notebook(REPORT, NAME)
        for id, most in ASKED.items():
            book.add_grade_cell(id, REPORT, NAME, max_score=most, cell_type="markdown")
            book.add_solution_cell(id, REPORT, NAME)
            book.add_task_cell(f"{id}_task", REPORT, NAME, max_score=0, cell_type="markdown")


def grade(folder: Path, student: str, texts: dict[str, str], attachments: dict | None = None) -> None:
    """A student's answers, as grading enters them: anew, where there were others."""
    notebook = nbformat.read(ROOT / "release" / NAME / f"{REPORT}.ipynb", 4)
    for cell in notebook.cells:
        if cell.id == f"{Q}_figure":
            cell.outputs = [
                nbformat.v4.new_output("display_data", data={"image/png": graded_course.PNG, "text/plain": ""})
            ]
        if cell.id in texts:
            cell.source = texts[cell.id]
            if attachments and cell.id == Q:
                cell.attachments = attachments
    place = folder / "grading" / "autograded" / student / NAME
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{REPORT}.ipynb").write_text(json.dumps(notebook, ensure_ascii=True), encoding="utf-8")
    told = {id: {"notebook": REPORT, "answered": bool(text), "sha256": ascii(text)} for id, text in texts.items()}
    before = entries(folder).get(student)
    entry = Entry(
        student, GRADED, answers=told, notebooks={f"{REPORT}.ipynb": {"status": GRADED, "reason": "", "flags": []}}
    )
    with warnings.catch_warnings(), opened(folder) as book:
        warnings.simplefilter("ignore", SAWarning)
        record(book, NAME, entry, list(told), before)
    graded_course.note(folder, entry)


def entries(folder: Path) -> dict[str, Entry]:
    from rnnkit.grading.ledger import Ledger

    return Ledger(folder / "grading" / "ledger.json", NAME).entries


@functools.cache
def questions():
    return questions_of(Course.at(ROOT), ASSIGNMENT)


def desk(folder: Path, marker: str = "ann", *how) -> Desk:
    """A desk; the questions, which are the same in all tests, are read once."""
    with mock.patch("rnnkit.grading.marking.desk.questions_of", return_value=questions()):
        return Desk(Course(ROOT, folder), ASSIGNMENT, marker, *how)


def card_of(at: Desk, student: str, question: str = Q) -> str:
    """The id of a student's answer."""
    return next(card.id for card in at.fetch(question) if student in card.students)


def given(folder: Path, student: str, question: str = Q) -> Given:
    """What the gradebook has, read anew."""
    return Book(Course(ROOT, folder), NAME).read(questions()[question])[student]


def in_formgrader(folder: Path, student: str, points: float, comment: str = "", question: str = Q) -> None:
    """Points as Formgrader enters them."""
    with graded_course.gradebook(folder) as book:
        grade = book.find_grade(question, REPORT, NAME, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(question, REPORT, NAME, student).manual_comment = comment or None


@contextmanager
def served(at):
    """A desk that is served from a thread; its address."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def start():
        found.extend(serve(at))
        ready.set()

    def run():
        asyncio.set_event_loop(loop)
        loop.create_task(start())
        loop.run_forever()

    async def stop():
        found[1].stop()
        await found[1].close_all_connections()
        loop.stop()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield found[0]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop)
        thread.join(30)
        loop.close()
