"""Which assignment a folder is of: what commands mean where none is named."""

from __future__ import annotations

from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.hand_in.found import files_in


def assignment_of(folder: Path) -> Assignment:
    """The assignment of a folder: by its name, else by the notebooks in it; the main one where neither tells."""
    if (name := folder.resolve().name) in names():
        return get_assignment(name)
    files = files_in(folder)
    cells = {name for file in files for name in file.cells}
    there = {file.path.name for file in files}
    if not files:
        return get_assignment(MAIN)
    plugged = map(get_assignment, names())
    return max(plugged, key=lambda one: (len(cells & one.scored.keys()), len(there & {*one.notebooks})))
