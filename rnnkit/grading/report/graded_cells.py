"""The cells of a graded notebook, as the pages for students show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.checks.question import Question
from rnnkit.common.names import BadValue
from rnnkit.common.text import plain
from rnnkit.grading.notebooks.reading import MAGIC, clean_image
from rnnkit.notebook.cells import SOLUTION, joined, read_notebook

TEXT, MOST = "text/plain", 20_000  # characters of an output
SECRETS = ("MARK SCHEME", "HIDDEN TESTS")  # what nbgrader's markers call what students do not see
FILE = re.compile(r"\([^()]*\.py, line (\d+)\)$")  # what Python calls a cell
LINE = r"(line \1)"
BOLD = re.compile(r"\*\*(.+?)\.?\*\*")


class PageError(BadValue):
    """A graded notebook that cannot be read."""


@dataclass(frozen=True)
class GradedCell:
    """One cell.

    Fields:
        id: its grade_id; empty where it has none.
        source: its text; of a given cell, without what only graders see.
        code: whether it is code.
        given: whether the course wrote it; else the student.
        task: whether it puts a question that a person marks.
        solution: whether a student was to write it.
        outputs: as the notebook has them.
        attachments: the images of its text, by name.
    """

    id: str
    source: str
    code: bool
    given: bool
    task: bool = False
    solution: bool = False
    outputs: list[dict[str, Any]] = field(default_factory=list)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def report(self) -> str:
        """What a check displayed; where it displayed nothing, the error that stopped it, without its traceback."""
        shown = [joined(_data(o).get(TEXT)) for o in self.outputs if o.get("output_type") == "display_data"]
        return plain("\n".join(filter(None, shown)), MOST) or self.error

    @property
    def error(self) -> str:
        """What stopped a cell, without its traceback."""
        stopped = [(o.get("ename"), str(o.get("evalue"))) for o in self.outputs if o.get("output_type") == "error"]
        return plain("\n".join(f"{name}: {FILE.sub(LINE, text)}" for name, text in stopped), MOST)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What it put out, in order: the kind of each, an image's or `TEXT`, and its base64 or text."""
        return [_shown(output) for output in self.outputs]


def read_cells(path: Path) -> list[GradedCell]:
    """A graded notebook's cells.

    Raises:
        PageError: no notebook.
    """
    try:
        return [_cell(cell) for cell in read_notebook(path)["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PageError(f"{path}: expected a graded notebook, got {error!r}; grade this submission again") from None


def _cell(cell: dict[str, Any]) -> GradedCell:
    marking = (cell.get("metadata") or {}).get("nbgrader") or {}
    given = bool(marking) and not marking.get("solution")
    source = plain(joined(cell.get("source")), 10**6)
    return GradedCell(
        str(marking.get("grade_id") or ""),
        without_secrets(source) if given else source,
        cell["cell_type"] == "code",
        given,
        bool(marking.get("task")),
        bool(marking.get("solution")),
        [output for output in cell.get("outputs") or [] if isinstance(output, dict)],
        _if_dict(cell.get("attachments")),
    )


def without_secrets(source: str) -> str:
    """A given text without mark schemes and hidden tests; one that does not end goes to the end."""
    kept, inside = [], ""
    for line in source.split("\n"):
        begins = next((secret for secret in SECRETS if f"BEGIN {secret}" in line), "")
        if not inside and not begins:
            kept.append(line)
        elif not inside:
            inside = begins
        elif f"END {inside}" in line:
            inside = ""
    return "\n".join(kept)


def _shown(output: dict[str, Any]) -> tuple[str, str]:
    kind, data = output.get("output_type"), _data(output)
    for mime in MAGIC:
        if image := clean_image(mime, data.get(mime)):
            return mime, image
    if kind == "stream":
        return TEXT, plain(joined(output.get("text")), MOST)
    if kind == "error":
        return TEXT, plain("\n".join(map(str, output.get("traceback") or [])), MOST)
    return TEXT, plain(joined(data.get(TEXT)), MOST)


def _data(output: dict[str, Any]) -> dict[str, Any]:
    return _if_dict(output.get("data"))


def _if_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def titles_of(cells: Iterable[GradedCell], scored: Mapping[str, Question]) -> dict[str, str]:
    """What the questions are called: the table's names; for answers the given headings and questions above them."""
    titles, heading, question = {}, "", ""
    for cell in cells:
        id, first = cell.id, cell.source.lstrip().partition("\n")[0]
        if id in scored:
            titles[id] = scored[id].name
        elif cell.given and not cell.code and first.startswith("#"):
            heading, question = first.lstrip("# ").partition(":")[0], ""
        elif cell.task and (bold := BOLD.match(first)):
            question = titles[id] = f"{heading} · {bold[1]}" if heading else bold[1]
        elif cell.solution and id and not id.endswith(SOLUTION):
            titles[id], question = question or heading, ""
    return titles
