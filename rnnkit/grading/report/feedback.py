"""``rnnkit feedback``: what every student gets back, a page for each notebook and one that sums up."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course, lock
from rnnkit.grading.course.gradebook import url
from rnnkit.grading.course.marks import Submission, nobody, order_of, read_marks
from rnnkit.grading.course.roster import Student
from rnnkit.grading.ledger import GRADED, Entry, Ledger
from rnnkit.grading.report.feedback_page import INDEX, Pages


class FeedbackError(BadValue):
    """Feedback that cannot be made."""


@dataclass(frozen=True)
class Made:
    """What became of one student's feedback: the page, or the reason why there is no new one.

    `to_read` says how many of the student's answers a person has yet to look at, `waits_for` all that is to come before
    the total is final.
    """

    student: str
    page: Path | None
    reason: str = ""
    to_read: int = 0
    waits_for: tuple[str, ...] = ()


def feedback(
    course: Course,
    assignment: Assignment,
    students: Sequence[str] | None = None,
    *,
    roster: Sequence[Student] | None = None,
    ledger: Mapping[str, Entry] | None = None,
) -> list[Made]:
    """Renews the feedback of students, each one's whole or not at all; one that fails leaves the others alone.

    Arguments:
        course: where everything is.
        assignment: which one.
        students: whose; everybody who has handed something in where None.
        roster: for the names on the pages; the course's by default.
        ledger: what became of every submission: a page says so where it was not graded; the course's by default.

    Returns:
        What became of each student's feedback, in the order of their ids.

    Raises:
        BadValue: no gradebook, no such assignment, a student who has handed nothing in, or the course is being graded.
    """
    marks = read_marks(url(course.folder), assignment, order_of(course.root, assignment))
    ledger = Ledger(course.ledger, assignment.name).entries if ledger is None else ledger
    names = marks.people | {student.id: student for student in (course.people if roster is None else roster)}
    there = {path.parent.name for path in course.autograded.glob(f"*/{assignment.name}")}
    there |= {student for student, entry in ledger.items() if entry.status != GRADED}
    for student in students or ():
        if student not in there:
            raise FeedbackError(f"{nobody(student, there)}; nothing of theirs was graded")
    chosen = sorted(there) if students is None else list(dict.fromkeys(students))
    with lock(course):
        pages = Pages(assignment, marks)
        return [_renew(course, pages, names.get(id, Student(id)), ledger.get(id, Entry(id, GRADED))) for id in chosen]


def _renew(course: Course, pages: Pages, student: Student, entry: Entry) -> Made:
    assignment, marks = pages.assignment.name, pages.marks
    target = course.feedback / student.id / assignment
    graded = course.autograded / student.id / assignment
    course.work.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="feedback_", dir=course.work))
    try:
        fresh = staging / student.id / assignment
        fresh.mkdir(parents=True)
        pages.write(fresh, graded, student, entry)
        _replace(fresh, target, staging / "old")
    except (BadValue, OSError) as error:
        return Made(student.id, None, str(error))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    submission = marks.submissions.get(student.id) or Submission(student.id, None)
    waits_for = tuple(submission.waits_for(entry))
    return Made(student.id, target / INDEX, to_read=len(submission.to_read(entry)), waits_for=waits_for)


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
