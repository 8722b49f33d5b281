"""``rnnkit alike``: a class's hand-ins compared pair by pair, and a page of the pairs that are most alike."""

from __future__ import annotations

import random
from pathlib import Path

from tqdm.auto import tqdm

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.whole import save_text
from rnnkit.grading.alike.page import page
from rnnkit.grading.alike.pairs import THRESHOLD, Compared, compare
from rnnkit.grading.alike.usual import background
from rnnkit.grading.alike.work import work_of
from rnnkit.grading.course.attempts import files_of
from rnnkit.grading.course.course import Course
from rnnkit.grading.ledger import GRADED, Ledger
from rnnkit.grading.overview.pseudonyms import pseudonyms


def alike(course: Course, assignment: Assignment, to: Path, threshold: float = THRESHOLD) -> Compared:
    """Compares all hand-ins of an assignment that were graded, and writes the page.

    Arguments:
        course: whose ledger, graded notebooks and hand-ins are read.
        assignment: that is compared.
        to: the page's file; an earlier one is replaced when the new one is whole.
        threshold: a score between 0 and 1.

    Raises:
        BadValue: the threshold is no share, or nothing was graded.
    """
    if not 0 < threshold <= 1:
        raise BadValue(f"threshold: expected a number above 0 and at most 1, got {threshold:g}")
    if to.is_dir() or not to.parent.is_dir():
        raise BadValue(f"{to}: expected a file in a folder that is there; give another one with --to")
    entries = Ledger(course.ledger, assignment.name).entries
    graded = sorted(student for student, entry in entries.items() if entry.status == GRADED)
    if not graded:
        raise BadValue(f"{assignment.name}: nothing was graded yet; run rnnkit grade {assignment.name} first")
    usual = background(course.root, assignment)
    works = [
        work_of(
            student,
            course.autograded / student / assignment.name,
            files_of(course, assignment.name, entries[student], student),
            assignment,
        )
        for student in tqdm(graded, desc="hand-ins", unit="hand-in", leave=False, disable=None)
    ]
    compared = compare(works, entries, usual, threshold)
    names = {one.id: one.name for one in course.people}
    numbers = pseudonyms(course.ledger.parent, graded, random.SystemRandom())
    people = [(numbers[student], names.get(student, "")) for student in graded]
    others = [student for student in entries if student not in graded]
    save_text(to, page(compared, people, assignment.name.replace("_", " "), threshold, others))
    return compared
