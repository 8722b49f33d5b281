"""``rnnkit export``: the grades of a class as CSV, a row for everybody, whether handed in or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue

GRADES = Path("grading") / "grades.csv"
FORMATS = ("moodle", "canvas", "blackboard")


def main(argv: Sequence[str]) -> int:
    """``rnnkit export``: 0 done, 1 where a total could not be written, 2 where it cannot be done."""
    parser = Parser(prog="rnnkit export", description="Write the grades of a class as CSV (UTF-8).")
    parser.add_argument("assignment", nargs="?", help="only this one (default: all that are graded)")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--student", action="append", metavar="ID", help="only this one (repeat it for more)")
    parser.add_argument("--to", type=Path, metavar="FILE", help=f"default: {GRADES} of the course")
    parser.add_argument("--format", choices=FORMATS, help="totals alone, in the grade sheet of that platform")
    parser.add_argument("--worksheet", type=Path, metavar="FILE", help="with --format: fill in this one, as downloaded")
    parser.add_argument("--column", default="", metavar="NAME", help="with --format: the assignment's in that sheet")
    parser.add_argument("--so-far", action="store_true", help="with --format: totals that are not final, too")
    options = parser.parse_args(argv)
    if not options.format and (options.worksheet or options.column or options.so_far):
        raise BadValue("--worksheet, --column and --so-far go with --format")
    from rnnkit.grading.course.course import Course
    from rnnkit.grading.course.marks import entered, unfinished
    from rnnkit.grading.report.export import export

    course = Course.at(options.course)
    to = options.to or course.folder / GRADES
    chosen = [options.assignment] if options.assignment else [name for name in names() if name in entered(course)]
    if options.format:
        if len(chosen) > 1:
            raise BadValue(f"--format: expected one assignment, got {', '.join(chosen)}; name it")
        from rnnkit.cli import sheets

        return sheets.main(options, course, get_assignment(*chosen))
    done = export(course, [get_assignment(name) for name in chosen or [MAIN]], to, options.student)
    print(f"{to}: {done.rows} student{'' if done.rows == 1 else 's'}")
    if said := unfinished(done.waiting):
        print(said)
    if done.lost:
        print(f"not in the gradebook, though graded: {', '.join(done.lost)}; run rnnkit grade")
    return 0
