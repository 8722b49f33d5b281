"""``rnnkit export --format``: totals in the grade sheet of a learning platform, and what it says of them."""

from __future__ import annotations

import argparse
from pathlib import Path

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.text import listed
from rnnkit.grading.course.course import Course
from rnnkit.grading.lms.formats import BLACKBOARD, FORMATS
from rnnkit.grading.lms.grades import fill


def main(given: argparse.Namespace, course: Course, assignment: Assignment) -> int:
    """Writes the sheet; 0 done, 1 where somebody's total could not be written."""
    lms = FORMATS[given.format]
    if given.student:
        raise BadValue("--student: a platform's sheet has all students; expected it without --format")
    ending = given.worksheet.suffix if given.worksheet else ".xls" if lms is BLACKBOARD else ".csv"
    to = given.to or course.folder / "grading" / f"{assignment.name}_{given.format}{ending}"
    how = {"worksheet": given.worksheet, "column": given.column, "so_far": given.so_far}
    done = fill(course, assignment, lms, Path(to), **how)
    print(f"{to}: {len(done.written)} total{'' if len(done.written) == 1 else 's'}")
    if done.waiting:
        print(f"not final, left out (--so-far writes them): {listed(done.waiting)}")
    if done.left:
        print(f"nobody known, left as they are: {listed(done.left)}")
    for line in done.warned:
        print(line)
    for student, reason in done.refused.items():
        print(f"refused: {student}: {reason}")
    return 1 if done.refused else 0
