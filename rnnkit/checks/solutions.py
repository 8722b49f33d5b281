"""The solutions of an assignment's notebooks: their texts, and the objects that check cells hand over."""

from __future__ import annotations

import linecache
from functools import cache, lru_cache
from typing import Any

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.checks.question import Question
from rnnkit.common.places import PACKAGE
from rnnkit.notebook.cells import SOLUTION, read_notebook, text_of

ROOT = PACKAGE.parent
GIVEN = ("setup", "rnn_class", "gru_class")
Asked = Question | str  # a question, the id of one of the main assignment's, or ``ASSIGNMENT/ID``


def question_of(asked: Asked) -> Question:
    """The question that is meant."""
    if isinstance(asked, Question):
        return asked
    name, _, id = asked.rpartition("/")
    return get_assignment(name or MAIN).questions[id]


@cache
def _cells(assignment: str, notebook: str) -> dict[str, str]:
    read = read_notebook(ROOT / "notebooks" / assignment / notebook)["cells"]
    cells = {cell["id"]: cell for cell in read if cell["cell_type"] == "code"}
    return {id: text_of(cell) for id, cell in cells.items() if id in GIVEN or id.endswith(SOLUTION)}


def solution(asked: Asked) -> str:
    """The text of a question's solution cell."""
    question = question_of(asked)
    return _cells(question.assignment.name, question.notebook)[f"{question.id}_solution"]


def student_object(asked: Asked, text: str | None = None, **others: str) -> Any:
    """The class or function of a notebook, as a check cell would hand it over.

    The solution cells of the question and of others, by id, may be replaced by these texts.
    """
    question = question_of(asked)
    if text:
        others[question.id] = text
    texts = {f"{id}_solution": other for id, other in others.items()}
    space: dict[str, Any] = {"__name__": "__main__"}
    for id, source in (_cells(question.assignment.name, question.notebook) | texts).items():
        name = f"<cell {id}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(_compiled(source, name), space)
    return space[question.target]


@lru_cache(200)
def _compiled(source: str, name: str) -> Any:
    return compile(source, name, "exec")


def patched(asked: Asked, old: str, new: str) -> str:
    """A solution cell with one place changed, which must be there exactly once."""
    text = solution(asked)
    if text.count(old) != 1:
        raise ValueError(f"{question_of(asked).id}: expected {old!r} once in the solution, not {text.count(old)} times")
    return text.replace(old, new)
