"""The notebooks as they were given out, the mark schemes that only graders see, and what scores depend on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.course.decides import deciding
from rnnkit.grading.release.release import RELEASE, SOURCE, ReleaseError, assignments


def masters(root: Path, assignment: Assignment) -> dict[str, NotebookNode]:
    """File name -> the released notebook, in order.

    Raises:
        ReleaseError: no such assignment, or one that was not released.
    """
    if assignment.name not in assignments(root):
        known = ", ".join(assignments(root)) or "none"
        raise ReleaseError(f"assignment: expected one of {known}, got {assignment.name!r}")
    released = {name: root / RELEASE / assignment.name / name for name in assignment.notebooks}
    for path in released.values():
        if not path.is_file():
            raise ReleaseError(f"{path}: expected the released notebook, found none; run rnnkit release first")
    return {name: nbformat.read(path, 4) for name, path in released.items()}


def schemes(root: Path, assignment: Assignment) -> dict[str, str]:
    """Task cell -> its text with the mark scheme, which was not released."""
    paths = (root / SOURCE / assignment.name).glob("*.ipynb")
    return {cell.id: cell.source for path in paths for cell in nbformat.read(path, 4).cells if is_task(cell)}


def is_task(cell: NotebookNode) -> bool:
    """Whether a cell puts a question that a person marks."""
    return bool(cell.metadata.get("nbgrader", {}).get("task"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether a cell holds an answer that a person marks."""
    marks = cell.metadata.get("nbgrader", {})
    return bool(marks.get("grade") and marks.get("solution"))


def version(root: Path, assignment: Assignment) -> str:
    """A hash of everything that scores depend on, but for the submissions."""
    digest = hashlib.sha256()
    notebooks = [path for side in (RELEASE, SOURCE) for path in sorted((root / side / assignment.name).glob("*.ipynb"))]
    for path in (*deciding(assignment.name), *notebooks):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
