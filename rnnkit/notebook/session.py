"""A notebook without a file: its cells as this session has run them, where a host keeps the notebook elsewhere.

A function counts as it is now, in the cell that made it: of a cell that ran several times the last run that got as far
as that, and nothing of one that raised before. The order is the notebook's, whatever the order of the runs.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rnnkit.assignments import get_assignment, names
from rnnkit.common.looking import cells_run, session
from rnnkit.notebook.assemble import defined_in, segment
from rnnkit.notebook.cells import SOLUTION

if TYPE_CHECKING:
    from rnnkit.checks.question import Question

NOTHING = object()


def notebook_run(name: str) -> dict[str, Any] | None:
    """What this session has run of an assignment's notebook, as a notebook to be read.

    Imports that hold, the classes that are filled, and a solution cell for each question: one that has not been run is
    unsolved.

    Arguments:
        name: the notebook's file name.

    Returns:
        None where nothing has been run, or no assignment has such a notebook.
    """
    asked = next((found for one in names() if (found := _asked(one, name))), [])
    sources = cells_run()
    if not asked or not any(sources):
        return None
    keys = {_key(question) for question in asked}
    given = [text for source in sources if (text := _given(source, keys))]
    solutions: dict[str, str] = {}  # text: the question it is the cell of
    for question in asked:
        solutions.setdefault(_solution(question, sources), question.id)
    cells = [_cell(text, locked=True) for text in given]
    cells += [_cell(text, solution=True, grade_id=f"{id}{SOLUTION}") for text, id in solutions.items()]
    return {"cells": cells}


def _asked(assignment: str, notebook: str) -> list[Question]:
    return [question for question in get_assignment(assignment).asked.values() if question.notebook == notebook]


def _key(question: Question) -> tuple[str, str]:
    """Class and name of what a question asks for, as `defined_in` has them."""
    return (question.target, question.method) if question.method else ("", question.target)


def _cell(text: str, **marks: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": text, "metadata": {"nbgrader": marks}}


def _given(source: str, keys: set[tuple[str, str]]) -> str:
    """The imports and classes of a cell that are there now; empty for a solution's, and for what is no Python."""
    if keys & defined_in(source).keys():
        return ""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    classes = {owner for owner, _ in keys} & session().keys()
    kept = [node for node in body if _holds(node) or (isinstance(node, ast.ClassDef) and node.name in classes)]
    return "\n".join(segment(source, node) for node in kept)


def _holds(node: ast.stmt) -> bool:
    """Whether a statement is an import that has succeeded, and whose names are still there."""
    have, loaded = session(), sys.modules
    if isinstance(node, ast.Import):
        return all(one.name in loaded and (one.asname or one.name.split(".")[0]) in have for one in node.names)
    if not isinstance(node, ast.ImportFrom):
        return False
    module = loaded.get(node.module or "")
    return all(
        one.name == "*" or (hasattr(module, one.name) and (one.asname or one.name) in have) for one in node.names
    )


def _solution(question: Question, sources: list[str]) -> str:
    """The text of the cell that a question's function is from; an unsolved one where there is no such function."""
    owner, name = _key(question)
    have: Mapping[str, Any] = session()
    if owner:
        have = getattr(have.get(owner), "__dict__", {})
    function = have.get(name, NOTHING)
    if function is NOTHING:
        return _unsolved(question)
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    made = "".join(linecache.getlines(code.co_filename)) if code else ""
    cells = [source for source in (*sources, made) if (owner, name) in defined_in(source)]
    return cells[-1].strip("\n") if cells else _unsolved(question)


def _unsolved(question: Question) -> str:
    owner, name = _key(question)
    head = f"@method_of({owner})\n" if owner else ""
    given = "*given" if owner or question.arguments else ""
    return f"{head}def {name}({given}):\n    raise NotImplementedError"
