"""Lateness and attempts as the course's dates say now, in ledger and gradebook. No submission is graded for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from nbgrader.api import Gradebook, SubmittedAssignment

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.course import gradebook
from rnnkit.grading.course.attempts import Attempts, history, timed
from rnnkit.grading.course.course import Course, GradingError, lock
from rnnkit.grading.course.marks import Marks, Submission, read_marks
from rnnkit.grading.dates.rule import Rule
from rnnkit.grading.intake.receipts import Receipts
from rnnkit.grading.ledger import Entry, Ledger

NEAR = 1e-9  # points that are nothing


def settle(course: Course, assignment: Assignment, ledger: Ledger | None = None) -> list[str]:
    """Brings times, lateness and penalties up to date, in the ledger and in the gradebook, and attempts in the ledger.

    It is for whoever has the course's lock. What is up to date is not written again.

    Returns:
        students who may have been late: they were first seen after the due date, and nothing says when they handed in.
    """
    rule = course.dates().rules.get(assignment.name)
    ledger = ledger or Ledger(course.ledger, assignment.name)
    receipts = Receipts(course.submitted, assignment.name)
    if not ledger.entries:
        return []
    attempts = Attempts(course, assignment.name)
    for student, entry in ledger.entries.items():
        others = [timed(one, receipts, rule) for one in attempts.aside(student).values()]
        entry.attempts = history(timed(entry, receipts, rule), others, rule)
    ledger.save()
    marks = read_marks(course, assignment)
    with gradebook.opened(course.folder) as book:
        for student, submission in marks.submissions.items():
            if student in ledger.entries:
                _enter(book, assignment.name, submission, rule)
        if rule:
            book.find_assignment(assignment.name).duedate = gradebook.naive(rule.due.isoformat())
        book.db.commit()
    for entry in ledger.entries.values():
        entry.late = _late(rule, entry, marks) if rule else {}
    ledger.save()
    return [id for id, one in ledger.entries.items() if rule and rule.doubtful(id, one.received, one.received_by)]


def _late(rule: Rule, entry: Entry, marks: Marks) -> dict[str, object]:
    """What the ledger says of a submission's lateness."""
    seconds = rule.late(entry.student, entry.received, entry.received_by).total_seconds()
    if not seconds:
        return {}
    penalty = round(marks.of(entry.student).penalty, 4)
    due = rule.due_for(entry.student).isoformat(timespec="seconds")
    return {"seconds": seconds, "due": due, "penalty": penalty, "rule": str(rule)}


def _enter(book: Gradebook, assignment: str, submission: Submission, rule: Rule | None) -> None:
    """Enters when a submission came, and its penalty: nbgrader knows one for each notebook."""
    entry, came = submission.entry, gradebook.naive(submission.entry.received)
    if not (rule or entry.late) and (came is None or came == submission.submitted):
        return  # a penalty of nbgrader's own stays
    stored = book.find_submission(assignment, entry.student)
    stored.timestamp = came or stored.timestamp
    if not (rule or entry.late):
        return
    for notebook, penalty in _shares(stored, submission):
        if abs((notebook.late_submission_penalty or 0.0) - penalty) > NEAR:
            notebook.late_submission_penalty = penalty
    stored.extension = (rule.due_for(entry.student) - rule.due if rule else None) or None


def _shares(stored: SubmittedAssignment, submission: Submission) -> Iterator[tuple]:
    """Each notebook of a submission and what it loses: the penalty, shared out as the points are."""
    total = submission.before_penalty
    for notebook in stored.notebooks:
        marks = [mark for mark in submission.marks if mark.notebook == notebook.name]
        points = Submission(submission.entry, marks=marks).before_penalty
        yield notebook, submission.penalty * points / total if total else 0.0


def refresh(course: Course, assignments: Sequence[Assignment]) -> None:
    """As `settle`, where nothing is in the way: a course that is being graded, or cannot be written, stays as it is."""
    if course.gradebook.is_file():
        with suppress(GradingError, OSError), lock(course):
            for assignment in assignments:
                settle(course, assignment)
