"""The page that sums up a student's feedback: points, what each check said, answers and comments."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import rnnkit
from rnnkit.checks.questions import OWN, QUESTIONS
from rnnkit.grading.gradebook import TASK
from rnnkit.grading.ledger import REJECTED, Entry
from rnnkit.grading.marks import NOT_GRADED, SOLUTION, Mark, Marks, Submission, plain
from rnnkit.grading.roster import Student
from rnnkit.names import BadValue
from rnnkit.record import save_text

INDEX = "index.html"
TEMPLATE = "templates/feedback.html"
FILE = re.compile(r"\([^()]*\.py, line (\d+)\)$")  # what Python calls a cell
LINE = r"(line \1)"
BOLD = re.compile(r"\*\*(.+?)\.?\*\*")


class PageError(BadValue):
    """A graded notebook that cannot be read."""


@dataclass
class Row:
    """One question on the page.

    Fields:
        mark: its points.
        title: what a student calls it.
        link: to its place on the notebook's page; empty where there is none.
        waits: whether a person has yet to look at it, and can.
        report: what the check said.
        error: what stopped the solution above the check.
        answer: what the student wrote, where a person marks it.
    """

    mark: Mark
    title: str
    link: str = ""
    waits: bool = False
    report: str = ""
    error: str = ""
    answer: str = ""

    @property
    def state(self) -> str:
        """``waits``, ``full``, ``part``, ``none``, or ``free`` where there are no points."""
        if self.waits or self.mark.points is None:
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
    """The questions of one notebook; `reason` says why the last one that was handed in could not be graded."""

    name: str
    link: str
    reason: str = ""
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


def write_page(folder: Path, graded: Path, assignment: str, student: Student, marks: Marks, entry: Entry) -> Path:
    """Writes ``index.html``: self-contained, without scripts, whatever the texts of students and graders hold.

    Arguments:
        folder: where nbgrader's pages of the notebooks lie and this one comes.
        graded: the student's autograded notebooks.
        assignment: its name, for the heading.
        student: whose page it is.
        marks: of the class; nothing of others is shown.
        entry: the ledger's: the page says first what could not be graded, and why.

    Raises:
        PageError: a notebook is damaged.
    """
    import jinja2

    submission = marks.submissions.get(student.id) or Submission(student.id, None)
    template = resources.files("rnnkit").joinpath(TEMPLATE).read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["plain"] = plain
    environment.filters["points"] = lambda number: f"{round(number, 2):g}"
    page = environment.from_string(template).render(
        assignment=assignment.replace("_", " "),
        id=student.id,
        name=plain(student.name, 200),
        submission=submission,
        waits_for=submission.waits_for(entry),
        most=marks.most,
        parts=_parts(folder, graded, submission, entry),
        status=entry.status,
        reason=plain(entry.reason, 1000),
        version=rnnkit.__version__,
    )
    return save_text(folder / INDEX, page)


def _parts(folder: Path, graded: Path, submission: Submission, entry: Entry) -> list[NotebookPart]:
    """A part for every notebook, its questions in the notebook's order."""
    parts, waiting = [], {(mark.notebook, mark.id) for mark in submission.to_read(entry)}
    for name in sorted({mark.notebook for mark in submission.marks} | {page.stem for page in folder.glob("*.html")}):
        path = graded / f"{name}.ipynb"
        cells = read_cells(path) if path.is_file() else []
        page = f"{quote(name)}.html" if (folder / f"{name}.html").is_file() else ""
        places = {cell["grade_id"]: number for number, cell in enumerate(cells)}
        by_id, titles = {cell["grade_id"]: cell for cell in cells}, _titles(cells)
        there = _merged([_open(mark, entry) for mark in submission.marks if mark.notebook == name])
        about = entry.notebooks.get(f"{name}.ipynb", {})
        reason = plain(about.get("reason", ""), 1000) if about.get("status") == REJECTED else ""
        part = NotebookPart(name, page, reason)
        for mark in sorted(there, key=lambda mark: places.get(mark.id, len(places))):
            cell = by_id.get(mark.id, {})
            row = Row(mark, titles.get(mark.id) or mark.id, f"{page}#{quote(mark.id)}" if page and cell else "")
            row.waits = (name, mark.id) in waiting
            row.report = cell.get("report", "") if mark.code else ""
            row.error = by_id.get(mark.id + SOLUTION, {}).get("error", "") if mark.code else ""
            row.answer = plain(cell.get("source", "")) if cell.get("solution") else ""
            part.rows.append(row)
        if part.rows or part.link:
            parts.append(part)
    return parts


def _open(mark: Mark, entry: Entry) -> Mark:
    """A check's mark without the 0 that it has where its notebook could not be graded."""
    status = entry.scores.get(mark.id, {}).get("status")
    return replace(mark, auto=None) if mark.code and mark.waits and status == NOT_GRADED else mark


def _merged(marks: list[Mark]) -> list[Mark]:
    """One mark for a question and its answer: what a grader entered at a task without points stands at the answer."""
    tasks = {mark.id.removesuffix(TASK): mark for mark in marks if mark.task and not mark.most and not mark.points}
    answered = {mark.id for mark in marks if not mark.task}
    found = []
    for mark in marks:
        task = tasks.get(mark.id)
        if mark.task and mark.id.removesuffix(TASK) in tasks:
            if mark.id.removesuffix(TASK) in answered or not (mark.extra or mark.comment):
                continue
        elif task is not None:
            comment = "\n\n".join(filter(None, (mark.comment, task.comment)))
            mark = replace(mark, extra=mark.extra + task.extra, comment=comment)
        found.append(mark)
    return found


def read_cells(path: Path) -> list[dict[str, Any]]:
    """A graded notebook's named cells: ``grade_id``, ``source``, ``report``, ``error``, and whether text, locked, task,
    solution.

    Raises:
        PageError: no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        about = [(cell, (cell.get("metadata") or {}).get("nbgrader") or {}) for cell in cells]
        return [
            {
                "grade_id": found["grade_id"],
                "source": _joined(cell.get("source")),
                "text": cell.get("cell_type") == "markdown",
                "report": _report(cell.get("outputs") or []),
                "error": _error(cell.get("outputs") or []),
                **{what: bool(found.get(what)) for what in ("locked", "task", "solution")},
            }
            for cell, found in about
            if found.get("grade_id")
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PageError(f"{path}: expected a graded notebook, got {error!r}; grade this submission again") from None


def _report(outputs: list[dict[str, Any]]) -> str:
    """What a check displayed; where it displayed nothing, the error that stopped it, without its traceback."""
    shown = [_joined(o["data"].get("text/plain")) for o in outputs if o.get("output_type") == "display_data"]
    return plain("\n".join(filter(None, shown))) or _error(outputs)


def _error(outputs: list[dict[str, Any]]) -> str:
    """What stopped a cell, without its traceback."""
    stopped = [(o.get("ename"), str(o.get("evalue"))) for o in outputs if o.get("output_type") == "error"]
    return plain("\n".join(f"{name}: {FILE.sub(LINE, text)}" for name, text in stopped))


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _titles(cells: list[dict[str, Any]]) -> dict[str, str]:
    """What the questions are called: the table's names; for answers the given headings and questions above them."""
    titles, heading, question = {}, "", ""
    for cell in cells:
        id, first = cell["grade_id"], cell["source"].lstrip().partition("\n")[0]
        if id in QUESTIONS:
            titles[id] = QUESTIONS[id].name
        elif id == OWN.id:
            titles[id] = OWN.name
        elif cell["locked"] and cell["text"] and first.startswith("#"):
            heading, question = first.lstrip("# ").partition(":")[0], ""
        elif cell["locked"] and cell["task"] and (bold := BOLD.match(first)):
            question = titles[id] = f"{heading} · {bold[1]}" if heading else bold[1]
        elif cell["solution"] and not id.endswith(SOLUTION):
            titles[id], question = question or heading, ""
    return titles
