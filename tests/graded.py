"""A course that tests grade: submissions written into it, and what stands in it afterwards."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, filled

from rnnkit.assignments.training_dynamics.questions import ASKED, DIAGNOSTICS
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.driver import grade_class
from rnnkit.grading.course.gradebook import opened

SECOND = sum(question.points for question in ASKED.values() if question.notebook == DIAGNOSTICS)
RELEASE = ROOT / "release" / NAME
RIGHT = "    return torch.linalg.eigvals(W).abs().max().item()"
ANSWER = "gradient_mem"


def submit(course: Path, student: str, *names: str, right: bool = True) -> Path:
    """A student's folder with these notebooks, solved or as they were given out."""
    folder = course / "grading" / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        if path.name in names and right:
            filled(RELEASE / path.name, path, folder / path.name)
        elif path.name in names:
            shutil.copyfile(RELEASE / path.name, folder / path.name)
    return folder


def edit(path: Path, cell_id: str, text: str) -> None:
    """Other text in one cell."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["id"] == cell_id)["source"] = text
    path.write_text(json.dumps(notebook), encoding="utf-8")


def grade(course: Path, **how):
    return grade_class(Course(ROOT, course), ASSIGNMENT, jobs=2, **how)


def dump(course: Path) -> dict[str, str]:
    """Everything that a grading leaves, but for when it was: rows of the gradebook, notebooks, ledger."""
    with closing(sqlite3.connect(course / "grading" / "gradebook.db")) as database:
        found = {"gradebook": "\n".join(database.iterdump())}
    files = [*(course / "grading" / "autograded").rglob("*"), course / "grading" / "ledger.json"]
    return found | {str(path): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def scores(course: Path) -> dict[str, dict[str, tuple]]:
    """Student -> question -> automatic and manual points, and whether it waits for a person."""
    with opened(course) as book:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.find_assignment(NAME).submissions
        }


def points(course: Path, student: str) -> float:
    return sum(about[0] for id, about in scores(course)[student].items() if id in ASKED)
