"""What is used of a cell that came back, every field of its type, whatever came; and work in a cell that is locked."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nbformat import NotebookNode

from rnnkit.common.text import storable
from rnnkit.grading.notebooks.reading import parsed
from rnnkit.notebook.cells import name_of

MOST_TEXT = 200_000  # characters of a cell
INJECTED = "injected-parameters"  # papermill's tag
CHECK = "check("
DEFINES = re.compile(
    r"^(?:@method_of\((?P<owner>\w{1,80})\)[ \t]*\n)?(?:async[ \t]+)?(?:def|class)[ \t]+(?P<name>\w{1,80})",
    re.MULTILINE,
)


@dataclass
class SubmittedCell:
    """One cell of a submission."""

    kind: str  # code, markdown or raw
    text: str  # its source, with line ends as they are here; one character more than is kept, where it is longer
    grade_id: str = ""
    id: str = ""
    injected: bool = False  # whether papermill put it in
    attachments: dict = field(default_factory=dict)
    used: bool = False  # whether its text stands elsewhere, or nowhere for a good reason

    def __post_init__(self):
        self.bare = self.text.strip()

    @property
    def digest(self) -> str:
        """What `Assignment.earlier` tells a text by."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:16]

    @cached_property
    def defined(self) -> set[str]:
        """The functions, methods and classes in it."""
        return defined(self.text)

    @property
    def prose(self) -> str:
        """Its text, if it is text: of markdown and raw cells, and of code that is all comments."""
        if self.kind != "code":
            return self.bare
        lines = [line.strip() for line in self.bare.split("\n")]
        if not any(lines) or not all(line.startswith("#") for line in lines if line):
            return ""
        return "\n".join(line.lstrip("#").strip() for line in lines).strip()


def from_json(raw: dict) -> SubmittedCell:
    """A cell of a notebook's JSON."""
    metadata = of(dict, raw.get("metadata"))
    marks = of(dict, metadata.get("nbgrader"))
    kind = of(str, raw.get("cell_type"))
    return SubmittedCell(
        kind=kind if kind in ("code", "markdown") else "raw",
        text=_source(raw.get("source")),
        grade_id=of(str, marks.get("grade_id")),
        id=of(str, raw.get("id")),
        injected=INJECTED in of(list, metadata.get("tags")),
        attachments=of(dict, raw.get("attachments")),
    )


def of(kind: type, value: Any) -> Any:
    """The value if it is of the type, else an empty one."""
    return value if isinstance(value, kind) else kind()


def _source(source: Any) -> str:
    parts, room = [], MOST_TEXT + 1  # so that it is known that something was cut
    for part in source if isinstance(source, list) else [source]:
        if isinstance(part, str) and room > 0:
            parts.append(part[:room])
            room -= len(parts[-1])
    return storable("".join(parts)).replace("\r\n", "\n").replace("\r", "\n")


def in_order_of(rebuilt: NotebookNode, submitted: dict[str, Any]) -> dict[str, Any]:
    """A rebuilt notebook's cells in the order in which they were handed in: that of the student's own ``model.py``.

    A cell that was not, or under another name, stays behind the one before it.
    """
    handed_in = [from_json(raw) for raw in of(list, submitted.get("cells")) if isinstance(raw, dict)]
    places = {cell.grade_id or cell.id: at for at, cell in reversed([*enumerate(handed_in)])}
    at, placed = -1, []
    for cell in rebuilt.cells:
        at = places.get(name_of(cell), at)
        placed.append((at, cell))
    return {"cells": [cell for _, cell in sorted(placed, key=lambda pair: pair[0])]}


# ---- work in cells -------------------------------------------------------------------------------------------------


def work_in(given: str, returned: str, kind: str) -> str:
    """What a student added to a locked cell and would miss; empty where that is nothing.

    That is of text what stands after the given one; of code, imports that were not given, or, in the cell of a check,
    what stands before it.
    """
    given, returned = given.strip(), returned.strip()
    if kind != "code":
        return returned.removeprefix(given).strip() if returned.startswith(given) else ""
    if given.startswith(CHECK):
        lines = returned.split("\n")
        calls = [number for number, line in enumerate(lines) if line.startswith(CHECK)]
        return "\n".join(lines[: calls[-1]]).strip() if calls else ""
    known = set(imports(given))
    return "\n".join(line for line in imports(returned) if line not in known)


def imports(source: str) -> list[str]:
    """The import statements of a cell, each on one line; none where it is no Python."""
    body = getattr(parsed(source), "body", ())
    return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]


def defined(source: str) -> set[str]:
    """The functions, methods (``RNN.step``) and classes that a cell's text defines, whether it is Python or not."""
    return {".".join(filter(None, match.group("owner", "name"))) for match in DEFINES.finditer(source)}
