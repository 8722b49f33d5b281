"""Which assignment a folder is of: what commands mean where none is named."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.notebook.cells import SOLUTION, name_of, read_notebook


def assignment_of(folder: Path) -> Assignment:
    """The assignment of a folder: by its name, else by the notebooks in it; the main one where neither tells."""
    if (name := folder.resolve().name) in names():
        return get_assignment(name)
    if not any(folder.glob("*.ipynb")):
        return get_assignment(MAIN)
    return max(map(get_assignment, names()), key=lambda assignment: _likeness(folder, assignment))


def _likeness(folder: Path, assignment: Assignment) -> tuple[int, int]:
    """How many of an assignment's questions are in its notebooks in a folder, and how many of these there are."""
    cells: set[str] = set()
    there = [folder / name for name in assignment.notebooks if (folder / name).is_file()]
    for path in there:
        with suppress(BadValue):
            cells |= {name_of(cell).removesuffix(SOLUTION) for cell in read_notebook(path)["cells"]}
    return len(cells & {*assignment.scored}), len(there)
