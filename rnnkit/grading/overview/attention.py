"""What a person should look at, submission by submission: work that is missing, and points that wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.course.marks import Submission
from rnnkit.grading.ledger import FAILED, GRADED, NOT_TRIED, REJECTED, WAITS, Entry

KINDS = {
    "failed": "The grader gave up",
    "rejected": "Nothing in it could be used",
    "unreadable": "A notebook is missing or cannot be used",
    "report-missing": "The report is missing, or nothing in it is answered",
    "no-runs": "No run was handed in",
    "smoke-only": "Runs at smoke size only",
    "runs-missing": "Some of the runs that are due are missing",
    "audit": "The audit found something in a record",
    "waits": "Points of a check wait for you",
    "late": "Handed in late",
    "lost": "Graded, but not in the gradebook",
    "not-submitted": "In the roster, and nothing was handed in",
}  # the most pressing first
SMALL = ("smoke", "tiny")  # profiles


class Reason(NamedTuple):
    """Why somebody should look: one of `KINDS`, what is said of it in our words, and in words with a student's in them.

    The last may hold names of people and files.
    """

    kind: str
    said: str = ""
    words: str = ""


def reasons(
    assignment: Assignment, entry: Entry | None, submission: Submission | None, audited: Sequence[str] = ()
) -> list[Reason]:
    """What there is to look at of one student, in the order of `KINDS`.

    Arguments:
        assignment: which runs and which report are due.
        entry: what the ledger says; None where nothing was handed in.
        submission: the student's marks; None where there is no gradebook, or the student is unknown.
        audited: what an audit found, a line for each record.
    """
    if entry is None:
        return [] if submission else [Reason("not-submitted")]
    if entry.status != GRADED:
        return [Reason("failed" if entry.status == FAILED else "rejected", "", entry.reason)]
    found = [*_notebooks(assignment, entry), *_runs(assignment, entry)]
    if audited:
        found.append(Reason("audit", "", "; ".join(audited)))
    if waiting := _waiting(entry, submission):
        found.append(Reason("waits", ", ".join(waiting)))
    if entry.late:
        found.append(Reason("late", f"{round(entry.late.get('penalty', 0.0), 2):g} points less"))
    if submission and not submission.marks:
        found.append(Reason("lost"))
    order = list(KINDS)
    return sorted(found, key=lambda reason: order.index(reason.kind))


def _notebooks(assignment: Assignment, entry: Entry) -> Iterator[Reason]:
    report = assignment.hand_in.report
    for name, notebook in entry.notebooks.items():
        if notebook.get("status") == REJECTED:
            yield Reason("report-missing" if name == report else "unreadable", name, str(notebook.get("reason", "")))
    answers = [one for one in entry.answers.values() if one.get("notebook") == report]
    there = answers and entry.notebooks.get(report or "", {}).get("status") == GRADED
    if there and not any(one.get("answered") for one in answers):
        yield Reason("report-missing", f"none of {len(answers)} questions is answered")


def _runs(assignment: Assignment, entry: Entry) -> Iterator[Reason]:
    due = assignment.hand_in.runs
    there = [key for key in due if key in entry.records]
    if due and not there:
        yield Reason("no-runs")
        return
    if missing := [key for key in due if key not in there]:
        yield Reason("runs-missing", ", ".join(missing))
    profiles = [entry.profiles.get(key, "").removeprefix("custom ") for key in there]
    if profiles and all(profile in SMALL for profile in profiles):
        yield Reason("smoke-only", f"{len(there)} of {len(due)} runs are there")


def _waiting(entry: Entry, submission: Submission | None) -> list[str]:
    """The checks whose points wait for a person."""
    waiting = [id for id, score in entry.scores.items() if score.get("status") in (WAITS, NOT_TRIED)]
    marks = submission.marks if submission else []
    return list(dict.fromkeys([*waiting, *(mark.id for mark in marks if mark.code and mark.to_read)]))
