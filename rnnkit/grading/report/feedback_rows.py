"""What the pages of a student's feedback show: points, reports, answers and comments, and the notebooks around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from rnnkit.checks.assignment import Assignment
from rnnkit.common.text import plain
from rnnkit.grading.course.gradebook import TASK
from rnnkit.grading.course.marks import Mark, Submission
from rnnkit.grading.ledger import REJECTED
from rnnkit.grading.report.graded_cells import GradedCell, read_cells, titles_of
from rnnkit.grading.report.prose import Prose, code_html
from rnnkit.notebook.cells import SOLUTION

HEADING = re.compile(r"<h([2-6])>(.*?)</h\1>", re.DOTALL)
ELEMENT = re.compile(r"<[^<>]*>")
DOWN = 1  # levels: the page's own title is the first


@dataclass
class Row:
    """One question on the page.

    Fields:
        link: to its place on the notebook's page; empty where there is none.
        comment: a grader's.
        report: what the check said.
        error: what stopped the solution above the check.
        answer: what the student wrote, where a person marks it.
    """

    mark: Mark
    title: str
    link: str = ""
    report: str = ""
    error: str = ""
    comment: str = ""
    answer: str = ""

    @property
    def state(self) -> str:
        """``waits``, ``full``, ``part``, ``none``, or ``free`` where there are no points."""
        if self.mark.to_read or self.mark.points is None:
            return "waits"
        if not self.mark.most:
            return "free"
        return "full" if self.mark.points >= self.mark.most else "part" if self.mark.points else "none"

    @property
    def settled(self) -> str:
        """A sentence where a person has set the points of a check, else nothing."""
        mark = self.mark
        if not mark.code or mark.by_hand is None or mark.auto is None or mark.by_hand == mark.auto:
            return ""
        return f"Set by hand: the check gave {mark.auto:g}."


@dataclass
class NotebookPart:
    """The questions of one notebook.

    Fields:
        link: to its page; empty where it was not handed in.
        reason: why the last one that was handed in could not be graded.
        sums: the student's marks, of this notebook alone.
    """

    name: str
    link: str
    reason: str
    sums: Submission
    cells: list[GradedCell]
    rows: list[Row] = field(default_factory=list)


def parts_of(assignment: Assignment, graded: Path, submission: Submission, prose: Prose) -> list[NotebookPart]:
    """A part for every notebook but lessons, its questions in the notebook's order."""
    parts, there = [], {path.stem for path in graded.glob("*.ipynb") if path.name not in assignment.lessons}
    for name in sorted({mark.notebook for mark in submission.marks} | there):
        path = graded / f"{name}.ipynb"
        outcome = submission.entry.notebooks.get(path.name, {})
        reason = plain(outcome["reason"], 1000) if outcome.get("status") == REJECTED else ""
        sums = Submission(submission.entry, marks=[mark for mark in submission.marks if mark.notebook == name])
        link, cells = (f"{quote(name)}.html", read_cells(path)) if path.is_file() else ("", [])
        part = NotebookPart(name, link, reason, sums, cells)
        part.rows = _rows(assignment, part, prose)
        if part.rows or part.link:
            parts.append(part)
    return parts


def _rows(assignment: Assignment, part: NotebookPart, prose: Prose) -> list[Row]:
    cells, titles = {cell.id: cell for cell in part.cells}, titles_of(part.cells, assignment.scored)
    places = {id: number for number, id in enumerate(cells)}
    rows = []
    for mark in sorted(_merged(part.sums.marks), key=lambda mark: places.get(mark.id, len(places))):
        title = titles.get(mark.id) or (assignment.scored[mark.id].name if mark.id in assignment.scored else mark.id)
        row = Row(mark, title, comment=prose.commented(mark.comment))
        if cell := cells.get(mark.id):
            row.link = f"{part.link}#{quote(mark.id)}"
            row.report = cell.report if mark.code else ""
            row.answer = prose.written(cell.source) if cell.solution else ""
        if mark.code and (solution := cells.get(mark.id + SOLUTION)):
            row.error = solution.error
        rows.append(row)
    return rows


def _merged(marks: list[Mark]) -> list[Mark]:
    """One mark for a question and its answer: what a grader entered at a task without points stands at the answer."""
    tasks = {mark.id.removesuffix(TASK): mark for mark in marks if mark.task and not mark.most and not mark.points}
    answered = {mark.id for mark in marks if not mark.task}
    merged = []
    for mark in marks:
        task = tasks.get(mark.id)
        if mark.task and mark.id.removesuffix(TASK) in tasks:
            if mark.id.removesuffix(TASK) in answered or not (mark.extra or mark.comment):
                continue
        elif task is not None:
            comment = "\n\n".join(filter(None, (mark.comment, task.comment)))
            mark = replace(mark, extra=mark.extra + task.extra, comment=comment)
        merged.append(mark)
    return merged


# ---- the notebooks around them --------------------------------------------------------------------------------------


@dataclass
class Shown:
    """One cell: its text or code, whether the student wrote it, what it put out, and what its pictures are called."""

    html: Markup
    code: bool
    own: bool
    outputs: list[tuple[str, str, str]] = field(default_factory=list)
    alt: str = ""


@dataclass
class Block:
    """Cells that belong together: those of one question, with its heading's level, or those between two."""

    row: Row | None
    level: int = 0
    cells: list[Shown] = field(default_factory=list)


def blocks_of(part: NotebookPart, prose: Prose) -> list[Block]:
    """A notebook's blocks, in its order."""
    rows, blocks = {row.mark.id: row for row in part.rows}, []
    heading, level = part.name, 1 + DOWN
    is_over = True  # the last question has had its last cell
    for cell in part.cells:
        row = _row_of(cell, rows)
        if not blocks or (blocks[-1].row is not row and (row or is_over)):
            blocks.append(Block(row, min(level + 1, 6)))
        is_over = row is not None and cell.id == row.mark.id
        shown = _shown(cell, row.title if row else heading, prose)
        blocks[-1].cells.append(shown)
        if not shown.own and not shown.code:
            for number, text in HEADING.findall(shown.html):
                heading, level = unescape(prose.formulas.typed(ELEMENT.sub("", text))), int(number)
    return blocks


def _row_of(cell: GradedCell, rows: dict[str, Row]) -> Row | None:
    for end in ("", TASK, SOLUTION):
        if cell.id.endswith(end) and (row := rows.get(cell.id.removesuffix(end))):
            return row
    return None


def _shown(cell: GradedCell, title: str, prose: Prose) -> Shown:
    """A cell's HTML; pictures are named by the question, or by the heading above, and by their cell."""
    if not cell.code:
        html = prose.given(cell.source, DOWN) if cell.given else prose.written(cell.source, cell.attachments)
        return Shown(html, False, not cell.given)
    alt = f"Figure, {title}" + (f": {cell.id.replace('_', ' ')}" if cell.id else "")
    return Shown(code_html(cell.source), True, not cell.given, cell.shown, alt)
