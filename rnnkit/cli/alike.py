"""``rnnkit alike``: whose work is it; what pairs of a class's hand-ins have in common that others have not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.cli.guard import Parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit alike``: 0 done, whatever was found; 2 where it cannot be done."""
    parser = Parser(prog="rnnkit alike", description="Compare a class's hand-ins; evidence to be read, never points.")
    parser.add_argument("assignment", nargs="?", default=MAIN, help="default: %(default)s")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--to", type=Path, metavar="FILE", help="default: grading/alike-ASSIGNMENT.html of the course")
    parser.add_argument("--threshold", type=float, metavar="X", help="a score from 0 to 1 (default: 0.74)")
    options = parser.parse_args(argv)
    from rnnkit.grading.alike.alike import alike
    from rnnkit.grading.alike.pairs import THRESHOLD
    from rnnkit.grading.course.course import Course

    course, assignment = Course.at(options.course), get_assignment(options.assignment)
    to = options.to or course.folder / "grading" / f"alike-{assignment.name}.html"
    threshold = THRESHOLD if options.threshold is None else options.threshold
    found = alike(course, assignment, to, threshold)
    count = len(found.works)
    pairs = f"{found.above} of {sum(found.counts)} pairs reach {threshold:g}"
    print(f"{to}: {count} hand-in{'' if count == 1 else 's'}, {pairs}")
    return 0
