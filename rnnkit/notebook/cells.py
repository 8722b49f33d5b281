"""Reads the cells of saved notebooks, as plain JSON. Nothing of a notebook runs here.

Of files that nobody vouches for, `rnnkit.grading.notebooks.reading` reads them first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue

SOLUTION = "_solution"  # question rnn_step has the solution cell rnn_step_solution


class NotebookError(BadValue):
    """A notebook that cannot be read, or that no file can be made from."""


def read_notebook(path: str | Path) -> dict[str, Any]:
    """A saved notebook as plain JSON.

    Raises:
        NotebookError: it cannot be read.
    """
    try:
        notebook = json.loads(Path(path).read_text(encoding="utf-8"))
        if not all(isinstance(cell.get("metadata"), dict) for cell in notebook["cells"]):
            raise ValueError("no cells")
    except OSError as error:
        reason = f"{error.strerror}; save it, and if it has another name give that one: write_model(NAME)"
        raise NotebookError(f"{path}: expected the saved notebook, got: {reason}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotebookError(f"{path}: expected a saved notebook, got something else; save it again") from None
    return notebook


def text_of(cell: Mapping[str, Any]) -> str:
    """The source of a cell."""
    return joined(cell.get("source", ""))


def joined(text: Any) -> str:
    """A text as a notebook has it: whole, or as a list of lines."""
    return text if isinstance(text, str) else "".join(map(str, text or ()))


def marking_of(cell: Mapping[str, Any]) -> dict[str, Any]:
    """What nbgrader's metadata say of a cell; empty where it has none."""
    return cell.get("metadata", {}).get("nbgrader", {})


def is_given(cell: Mapping[str, Any]) -> bool:
    """Whether a cell's text is the course's, and nobody else's to write."""
    marking = marking_of(cell)
    return bool(marking) and not marking.get("solution")


def name_of(cell: Mapping[str, Any]) -> str:
    """A cell's grade_id, or else its id; empty where it has neither."""
    return str(marking_of(cell).get("grade_id") or cell.get("id") or "")


def cells_by_id(notebook: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A notebook's cells by their names; of a copied one the first."""
    cells: dict[str, dict[str, Any]] = {}
    for cell in notebook["cells"]:
        if name := name_of(cell):
            cells.setdefault(name, cell)
    return cells
