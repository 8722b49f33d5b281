"""What the pages of a student's feedback say: each question's points, what its check said, answers and comments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from rnnkit.checks.assignment import Assignment
from rnnkit.common.text import plain
from rnnkit.grading.course.gradebook import TASK
from rnnkit.grading.course.marks import Mark, Submission
from rnnkit.grading.ledger import REJECTED
from rnnkit.grading.report.graded_cells import GradedCell, read_cells, titles_of
from rnnkit.grading.report.prose import Prose
from rnnkit.notebook.cells import SOLUTION


@dataclass
class Row:
    """One question on the page.

    Fields:
        mark: its points.
        title: what a student calls it.
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
        name: the notebook's, without its ending.
        link: to its page; empty where it was not handed in.
        reason: why the last one that was handed in could not be graded.
        cells: all of them.
        rows: its questions.
    """

    name: str
    link: str
    reason: str = ""
    cells: list[GradedCell] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def points(self) -> float:
        """Points so far, without extra credit."""
        return sum(row.mark.points or 0.0 for row in self.rows if row.mark.most or not row.mark.code)

    @property
    def waits(self) -> bool:
        """Whether these points are not final."""
        return any(row.mark.waits for row in self.rows)

    @property
    def extra(self) -> float:
        """Extra credit."""
        return sum(row.mark.extra for row in self.rows)

    @property
    def most(self) -> float:
        """The most that can be had."""
        return sum(row.mark.most for row in self.rows)


def parts_of(assignment: Assignment, graded: Path, submission: Submission, prose: Prose) -> list[NotebookPart]:
    """A part for every notebook, its questions in the notebook's order.

    Arguments:
        assignment: which one.
        graded: the student's autograded notebooks.
        submission: the student's marks.
        prose: reads the texts of students and graders.

    Raises:
        PageError: a notebook is damaged.
    """
    parts = []
    for name in sorted({mark.notebook for mark in submission.marks} | {path.stem for path in graded.glob("*.ipynb")}):
        path = graded / f"{name}.ipynb"
        outcome = submission.entry.notebooks.get(path.name, {})
        part = NotebookPart(name, f"{quote(name)}.html" if path.is_file() else "")
        part.reason = plain(outcome["reason"], 1000) if outcome.get("status") == REJECTED else ""
        part.cells = read_cells(path) if part.link else []
        part.rows = _rows(assignment, part, [mark for mark in submission.marks if mark.notebook == name], prose)
        if part.rows or part.link:
            parts.append(part)
    return parts


def _rows(assignment: Assignment, part: NotebookPart, marks: list[Mark], prose: Prose) -> list[Row]:
    cells, titles = {cell.id: cell for cell in part.cells}, titles_of(part.cells, assignment.scored)
    places = {id: number for number, id in enumerate(cells)}
    rows = []
    for mark in sorted(_merged(marks), key=lambda mark: places.get(mark.id, len(places))):
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
