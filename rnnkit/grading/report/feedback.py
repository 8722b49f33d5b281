"""``rnnkit feedback``: what every student gets back, a page for each notebook and one that sums up."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.pages import pages
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.course import Course, lock
from rnnkit.grading.course.lateness import refresh
from rnnkit.grading.course.marks import Marks, read_marks
from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import GRADED
from rnnkit.grading.report import when
from rnnkit.grading.report.feedback_rows import blocks_of, parts_of
from rnnkit.grading.report.prose import STYLE, Prose
from rnnkit.grading.report.regrade import as_link, blank
from rnnkit.hand_in.collect import REGRADE

INDEX = "index.html"


@dataclass(frozen=True)
class Made:
    """What became of one student's feedback: the page, or the reason why there is no new one.

    `waits` says whether anything is to come before the total is final.
    """

    student: str
    page: Path | None
    reason: str = ""
    waits: bool = False


def feedback(course: Course, assignment: Assignment, students: Sequence[str] | None = None) -> list[Made]:
    """Renews the feedback of students, each one's whole or not at all; one that fails leaves the others alone.

    Without names it is that of everybody who has handed something in, in the order of their ids.

    Raises:
        BadValue: no gradebook, no such assignment, a student who has handed nothing in, or the course is being graded.
    """
    refresh(course, [assignment])
    marks = read_marks(course, assignment)
    there = {path.parent.name for path in course.autograded.glob(f"*/{assignment.name}")}
    there |= {student for student, entry in marks.entries.items() if entry.status != GRADED}
    for student in students or ():
        if student not in there:
            raise BadValue(f"{unknown(student, sorted(there), 'student')}; nothing of theirs was graded")
    chosen = sorted(there) if students is None else list(dict.fromkeys(students))
    with lock(course):
        pages = Pages(assignment, marks)
        return [_renew(course, pages, student) for student in chosen]


def _renew(course: Course, pages: Pages, student: str) -> Made:
    place = Path(student, pages.assignment.name)
    target = course.feedback / place
    course.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="feedback_", dir=course.work, ignore_cleanup_errors=True) as staging:
        fresh = Path(staging) / place
        try:
            fresh.mkdir(parents=True)
            pages.write(fresh, course.autograded / place, student)
            _replace(fresh, target, Path(staging) / "old")
        except (BadValue, OSError) as error:
            return Made(student, None, str(error))
    return Made(student, target / INDEX, waits=bool(pages.marks.of(student).waits_for))


def _replace(fresh: Path, target: Path, aside: Path) -> None:
    """Puts a folder in another's place; the old one comes back where that fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


class Pages:
    """Makes the pages of one class: self-contained, without scripts, whatever students and graders have written."""

    def __init__(self, assignment: Assignment, marks: Marks) -> None:
        self.assignment, self.marks = assignment, marks
        self._prose = Prose()
        environment = pages("rnnkit.grading.report")
        environment.globals |= {
            "index": INDEX,
            "quote": quote,
            "plain": plain,
            "file": REGRADE,
            "as_link": as_link,
        }
        self._index = environment.get_template("feedback.html")
        self._notebook = environment.get_template("feedback_notebook.html")

    def write(self, folder: Path, graded: Path, student: str) -> None:
        """Writes one student's pages into a folder; those of the notebooks from where the graded ones lie.

        Raises:
            BadValue: a notebook is damaged, or no formula can be set.
            OSError: a page cannot be written.
        """
        submission = self.marks.of(student)
        parts = parts_of(self.assignment, graded, submission, self._prose)
        common = {
            "assignment": self.assignment.name.replace("_", " "),
            "student": self.marks.people.get(student) or Student(student),
            "parts": parts,
        }
        asking = blank(
            self.assignment.name, [(row.mark.id, row.title, row.mark.shown) for part in parts for row in part.rows]
        )
        attempts = [when.attempt(one, self.marks.rule) for one in submission.entry.attempts]
        times = {"told": when.told(self.marks, student), "attempts": attempts if len(attempts) > 1 else []}
        sums = {"submission": submission, "most": self.marks.most, "asking": asking}
        pages = {INDEX: self._index.render(common, **sums, **times)}
        for part in parts:
            if part.link:
                blocks = blocks_of(part, self._prose)
                pages[f"{part.name}.html"] = self._notebook.render(common, part=part, blocks=blocks, code_style=STYLE)
        for name, page in zip(pages, self._prose.formulas.settled(list(pages.values())), strict=True):
            save_text(folder / name, page)
