"""A graded notebook as its page shows it: texts, code and figures, and a frame around each question."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

from markupsafe import Markup

from rnnkit.grading.course.gradebook import TASK
from rnnkit.grading.report.feedback_rows import NotebookPart, Row
from rnnkit.grading.report.graded_cells import TEXT, GradedCell
from rnnkit.grading.report.prose import Prose, code_html
from rnnkit.notebook.cells import SOLUTION

HEADING = re.compile(r"<h([2-6])>(.*?)</h\1>", re.DOTALL)
ELEMENT = re.compile(r"<[^<>]*>")
DOWN = 1  # levels: the page's own title is the first


@dataclass
class Image:
    """A picture that a cell put out."""

    address: str
    alt: str


@dataclass
class Shown:
    """One cell: its text or code, whether the student wrote it, and what it put out."""

    html: Markup
    code: bool
    own: bool
    outputs: list[str | Image] = field(default_factory=list)


@dataclass
class Block:
    """Cells that belong together: those of one question, with its heading's level, or those between two."""

    row: Row | None
    level: int = 0
    cells: list[Shown] = field(default_factory=list)


class _View:
    """The blocks of one notebook, cell by cell."""

    def __init__(self, part: NotebookPart, prose: Prose) -> None:
        self._rows = {row.mark.id: row for row in part.rows}
        self._prose = prose
        self._heading, self._level = part.name, 1 + DOWN
        self._is_over = True  # the last question has had its last cell
        self.blocks: list[Block] = []

    def add(self, cell: GradedCell) -> None:
        """Puts a cell into the block that it belongs to."""
        row = self._row_of(cell)
        current = self.blocks[-1] if self.blocks else None
        if current is None or (current.row is not row and (row or self._is_over)):
            self.blocks.append(Block(row, min(self._level + 1, 6)))
        self._is_over = row is not None and cell.id == row.mark.id
        self.blocks[-1].cells.append(self._shown(cell, row))

    def _row_of(self, cell: GradedCell) -> Row | None:
        for end in ("", TASK, SOLUTION):
            if cell.id.endswith(end) and (row := self._rows.get(cell.id.removesuffix(end))):
                return row
        return None

    def _shown(self, cell: GradedCell, row: Row | None) -> Shown:
        if cell.code:
            about = self._heading if row is None else row.title
            return Shown(code_html(cell.source), True, not cell.given, _outputs(cell, about))
        if not cell.given:
            return Shown(self._prose.written(cell.source, cell.attachments), False, True)
        html = self._prose.given(cell.source, DOWN)
        for level, text in HEADING.findall(html):
            self._level = int(level)
            self._heading = unescape(self._prose.formulas.typed(ELEMENT.sub("", text)))
        return Shown(html, False, False)


def blocks_of(part: NotebookPart, prose: Prose) -> list[Block]:
    """A notebook's blocks, in its order."""
    view = _View(part, prose)
    for cell in part.cells:
        view.add(cell)
    return view.blocks


def _outputs(cell: GradedCell, about: str) -> list[str | Image]:
    """Texts and pictures; a picture is named by what it belongs to and by its cell."""
    alt = f"Figure, {about}" + (f": {cell.id.replace('_', ' ')}" if cell.id else "")
    shown = [(kind, content) for kind, content in cell.shown if content]
    return [content if kind == TEXT else Image(f"data:{kind};base64,{content}", alt) for kind, content in shown]
