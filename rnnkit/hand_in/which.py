"""Which assignment a folder holds: by the folder's name, else by the notebooks in it."""

from __future__ import annotations

from pathlib import Path

from rnnkit.assignments import get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.notebook.cells import SOLUTION, name_of, read_notebook


def which_assignment(folder: Path, name: str | None = None) -> Assignment:
    """The assignment of a folder; the main one where nothing tells.

    Arguments:
        folder: with a student's notebooks.
        name: the assignment's, where it was said.

    Raises:
        BadValue: no assignment has this name.
    """
    if name is not None or folder.resolve().name in names():
        return get_assignment(name or folder.resolve().name)
    return max(map(get_assignment, names()), key=lambda assignment: _likeness(folder, assignment))


def _likeness(folder: Path, assignment: Assignment) -> tuple[int, int]:
    """How many of an assignment's questions are in its notebooks in a folder, and how many of these there are."""
    cells: set[str] = set()
    there = [folder / name for name in assignment.notebooks if (folder / name).is_file()]
    for path in there:
        try:
            cells |= {name_of(cell).removesuffix(SOLUTION) for cell in read_notebook(path)["cells"]}
        except BadValue:
            continue
    return len(cells & {*assignment.scored}), len(there)
