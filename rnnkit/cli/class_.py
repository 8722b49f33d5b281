"""``rnnkit class``: what a whole class did in an assignment, as a page and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.cli.guard import Parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit class``: 0 done, 2 where it cannot be done."""
    parser = Parser(prog="rnnkit class", description="What a class got wrong: one page and one table.")
    parser.add_argument("assignment", nargs="?", default=MAIN, help="default: %(default)s")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--to", type=Path, metavar="FILE", help="the page (default: grading/class/ASSIGNMENT.html)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the table (default: grading/class/ASSIGNMENT.csv)")
    said = "hidden: the page has a button (default); shown: in page and table; none: in neither"
    parser.add_argument("--names", choices=("hidden", "shown", "none"), default="hidden", help=said)
    options = parser.parse_args(argv)
    from rnnkit.grading.course.course import Course
    from rnnkit.grading.overview.page import write

    course = Course.at(options.course)
    made = write(course, get_assignment(options.assignment), options.to, options.csv, options.names)
    print(f"page: {made.page}")
    print(f"table: {made.csv}")
    print(f"{made.graded} graded, {made.mistakes} known mistakes of theirs, {made.attention} need attention")
    return 0
