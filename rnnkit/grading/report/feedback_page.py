"""The pages of a student's feedback: one that sums up, and one for each notebook as it was graded."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import jinja2

import rnnkit
from rnnkit.checks.assignment import Assignment
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.marks import Marks, Submission
from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import Entry
from rnnkit.grading.report.feedback_rows import parts_of
from rnnkit.grading.report.notebook_view import blocks_of
from rnnkit.grading.report.prose import STYLE, Prose

INDEX = "index.html"


class Pages:
    """Makes the pages of one class: self-contained, without scripts, whatever the texts of students and graders hold.

    Arguments:
        assignment: which one.
        marks: of the class; each student's pages show their own alone.
    """

    def __init__(self, assignment: Assignment, marks: Marks) -> None:
        self.assignment, self.marks = assignment, marks
        self._prose = Prose()
        loader = jinja2.PackageLoader("rnnkit.grading.report")
        environment = jinja2.Environment(
            loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["points"] = lambda number: f"{round(number, 2):g}"
        environment.globals |= {"version": rnnkit.__version__, "index": INDEX, "quote": quote}
        self._index = environment.get_template("feedback.html")
        self._notebook = environment.get_template("feedback_notebook.html")

    def write(self, folder: Path, graded: Path, student: Student, entry: Entry) -> None:
        """Writes one student's pages.

        Arguments:
            folder: where they come.
            graded: the student's autograded notebooks.
            student: whose they are.
            entry: the ledger's: the first page says first what could not be graded, and why.

        Raises:
            BadValue: a notebook is damaged, or no formula can be set.
            OSError: a page cannot be written.
        """
        submission = self.marks.submissions.get(student.id) or Submission(student.id, None)
        parts = parts_of(self.assignment, graded, submission, entry, self._prose)
        about = {
            "assignment": self.assignment.name.replace("_", " "),
            "id": student.id,
            "name": plain(student.name, 200),
            "parts": parts,
        }
        pages = {
            INDEX: self._index.render(
                about,
                submission=submission,
                waits_for=submission.waits_for(entry),
                most=self.marks.most,
                status=entry.status,
                reason=plain(entry.reason, 1000),
            )
        }
        for part in parts:
            if part.link:
                blocks = blocks_of(part, self._prose)
                pages[f"{part.name}.html"] = self._notebook.render(about, part=part, blocks=blocks, code_style=STYLE)
        for name, page in zip(pages, self._prose.formulas.settled(list(pages.values())), strict=True):
            save_text(folder / name, page)
