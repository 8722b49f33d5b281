"""The answers to one question, equal ones as one, in an order that tells nothing of who wrote them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.gradebook import TASK
from rnnkit.grading.course.master import is_answer, masters, schemes
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.marking.rubric import END, scheme_of
from rnnkit.grading.report.graded_cells import TEXT, GradedCell, read_cells, titles_of
from rnnkit.notebook.cells import SOLUTION, cells_by_id, read_notebook, text_of


@dataclass(frozen=True)
class Question:
    """A question that persons mark.

    Fields:
        notebook: its notebook's file.
        most: its points; 0 where what is given is extra credit.
        task, scheme: what is asked, and how it is to be marked.
        given: what stands in the answer's cell before anybody writes there.
    """

    id: str
    notebook: str
    title: str
    most: float
    task: str
    scheme: str
    given: str


@dataclass(frozen=True)
class Answer:
    """One student's answer.

    Fields:
        figures: the pictures above it, since the answer before: kind, base64, and their own words where they have some.
        hint: what the records of the student's own runs say of its numbers.
        hash: equal ones have the same, but for spaces.
    """

    student: str
    text: str
    attachments: dict[str, dict[str, str]]
    figures: list[tuple[str, str, str]]
    hint: str
    hash: str


@dataclass
class Card:
    """Equal answers, marked at once; `id` is of this question and course alone."""

    id: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def students(self) -> list[str]:
        """Whose they are."""
        return [one.student for one in self.answers]


def questions_of(course: Course, assignment: Assignment) -> dict[str, Question]:
    """The questions that persons mark, in the notebooks' order."""
    found, texts = {}, schemes(course.root, assignment)
    for name, notebook in masters(course.root, assignment).items():
        path = course.root / "release" / assignment.name / name
        titles = titles_of(read_cells(path), assignment.scored)
        for cell in filter(is_answer, notebook.cells):
            if cell.cell_type == "markdown":
                marking = cell.metadata.nbgrader
                task, scheme = scheme_of(texts.get(f"{marking.grade_id}{TASK}", ""))
                id, most = marking.grade_id, float(marking.points)
                found[id] = Question(id, name, titles.get(id, id), most, task, scheme, cell.source.strip())
    return found


class Answers:
    """The graded notebooks of a class; a file is read again where it has changed."""

    def __init__(self, course: Course, assignment: Assignment, questions: dict[str, Question], salt: str) -> None:
        self.course, self.assignment, self.questions, self.salt = course, assignment, questions, salt
        self._read: dict[Path, tuple[Any, dict[str, Answer]]] = {}
        self.damaged: dict[str, str] = {}

    def paths(self) -> list[tuple[str, Path]]:
        """Student and graded notebook, of all those that have answers."""
        names = list(dict.fromkeys(one.notebook for one in self.questions.values()))
        folders = sorted(self.course.autograded.glob(f"*/{self.assignment.name}"))
        there = ((folder.parent.name, folder / name) for folder in folders for name in names)
        return [(student, path) for student, path in there if path.is_file()]

    def read(self, student: str, path: Path) -> dict[str, Answer]:
        """The answers in one graded notebook, by question; none where it is damaged, which `damaged` names."""
        about = path.stat()
        state = about.st_mtime_ns, about.st_size
        if path not in self._read or self._read[path][0] != state:
            try:
                found = {one[0]: one[1] for one in _answers(student, path, self.questions)}
                self.damaged.pop(student, None)
            except BadValue as error:
                found, self.damaged[student] = {}, str(error)
            self._read[path] = state, found
        return self._read[path][1]

    def entries(self) -> dict[str, Entry]:
        """What the ledger says of every student."""
        return Ledger(self.course.ledger, self.assignment.name).entries

    def cards(self, question: str) -> list[Card]:
        """The answers to a question, equal ones together, in their order."""
        cards: dict[str, Card] = {}
        wanted, entries = self.questions[question], self.entries()
        for student, path in self.paths():
            if path.name != wanted.notebook or not (answer := self.read(student, path).get(question)):
                continue
            told = entries[student].answers.get(question) if student in entries else None
            if told["answered"] if told else answer.text.strip() not in ("", wanted.given):
                id = self.hidden(question, answer.hash)
                cards.setdefault(id, Card(id)).answers.append(answer)
        return [cards[id] for id in sorted(cards)]

    def hidden(self, *what: str) -> str:
        """A name that tells nothing of what it stands for."""
        return hashlib.sha256("\0".join([self.salt, *what]).encode("utf-8", "replace")).hexdigest()[:16]


def _answers(student: str, path: Path, questions: dict[str, Question]) -> Iterator[tuple[str, Answer]]:
    """The answers of one notebook, each with the pictures between the one before and it."""
    figures: list[tuple[str, str, str]] = []
    tasks = {id: text_of(cell) for id, cell in cells_by_id(read_notebook(path)).items() if id.endswith(TASK)}
    for cell in read_cells(path):
        if cell.code:
            figures += [one for one in cell.shown if one[0] != TEXT and one[1]]
        elif cell.solution and cell.id in questions:
            hint = _hint(tasks.get(f"{cell.id}{TASK}", ""), questions[cell.id].scheme)
            yield cell.id, Answer(student, cell.source, cell.attachments, figures, hint, _hash(cell))
            figures = []


def _hint(task: str, scheme: str) -> str:
    """What grading has added to a mark scheme."""
    told = scheme_of(task)[1]
    return told.removeprefix(scheme).replace(END, "").strip() if scheme and told.startswith(scheme) else ""


def _hash(cell: GradedCell) -> str:
    whole = " ".join(cell.source.split()) + json.dumps(cell.attachments, sort_keys=True)
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()


def code_of(path: Path, question: str) -> tuple[str, str]:
    """The code above a check in a graded notebook, and what the check said; empty where there is none."""
    cells = {cell.id: cell for cell in read_cells(path)} if path.is_file() else {}
    code, check = cells.get(question + SOLUTION), cells.get(question)
    return (code.source if code else ""), (check.report if check else "")
