"""The cells of a graded notebook, as the pages for students show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnkit.checks.question import Question
from rnnkit.common.names import BadValue
from rnnkit.common.text import plain
from rnnkit.grading.notebooks.reading import MAGIC, clean_image
from rnnkit.notebook.cells import SOLUTION, joined, marking_of, read_notebook, text_of

TEXT, MOST = "text/plain", 20_000  # characters of an output
SECRETS = ("MARK SCHEME", "HIDDEN TESTS")  # what nbgrader's markers call what students do not see
FILE = re.compile(r"\([^()]*\.py, line (\d+)\)$")  # what Python calls a cell
LINE = r"(line \1)"
BOLD = re.compile(r"\*\*(.+?)\.?\*\*")


@dataclass(frozen=True)
class GradedCell:
    """One cell.

    Fields:
        id: its grade_id; empty where it has none.
        source: its text; of a given cell, without what only graders see.
        given: whether the course wrote it; else the student.
        task: whether it puts a question that a person marks.
        solution: whether a student was to write it.
        outputs, attachments: as the notebook has them.
    """

    id: str
    source: str
    code: bool
    given: bool
    task: bool
    solution: bool
    outputs: list[dict[str, Any]]
    attachments: dict[str, dict[str, str]]

    @property
    def report(self) -> str:
        """What a check displayed; where it displayed nothing, the error that stopped it, without its traceback."""
        shown = [joined(one.get("data", {}).get(TEXT)) for one in self.outputs if one["output_type"] == "display_data"]
        return plain("\n".join(filter(None, shown)), MOST) or self.error

    @property
    def error(self) -> str:
        """What stopped a cell, without its traceback."""
        stopped = [(one["ename"], str(one["evalue"])) for one in self.outputs if one["output_type"] == "error"]
        return plain("\n".join(f"{name}: {FILE.sub(LINE, text)}" for name, text in stopped), MOST)

    @property
    def shown(self) -> list[tuple[str, str, str]]:
        """What it put out, in order: the kind of each, an image's or `TEXT`; its base64 or text; an image's words."""
        return [_shown(output) for output in self.outputs]


def read_cells(path: Path) -> list[GradedCell]:
    """A graded notebook's cells; a damaged one is a BadValue."""
    try:
        return [_cell(cell) for cell in read_notebook(path)["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(f"{path}: expected a graded notebook, got {error!r}; grade this submission again") from None


def _cell(cell: dict[str, Any]) -> GradedCell:
    marking, source = marking_of(cell), plain(text_of(cell), 10**6)
    given, solution = bool(marking) and not marking.get("solution"), bool(marking.get("solution"))
    return GradedCell(
        id=marking.get("grade_id", ""),
        source=without_secrets(source) if given else source,
        code=cell["cell_type"] == "code",
        given=given,
        task=bool(marking.get("task")),
        solution=solution,
        outputs=cell.get("outputs", []),
        attachments=cell.get("attachments", {}),
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


def _shown(output: dict[str, Any]) -> tuple[str, str, str]:
    data = output.get("data", {})
    words = plain(joined(data.get(TEXT)), MOST)
    for mime in MAGIC:
        if image := clean_image(mime, data.get(mime)):
            return mime, image, "" if words.startswith("<") else words
    text = output.get("text") or "\n".join(output.get("traceback", ())) or data.get(TEXT)
    return TEXT, plain(joined(text), MOST), ""


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
