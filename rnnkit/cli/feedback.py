"""``rnnkit feedback``: what every student gets back, a page for each notebook and one that sums up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.cli.guard import Parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit feedback``: 0 done, 1 where a student's page could not be made, 2 where nothing could be done."""
    parser = Parser(prog="rnnkit feedback", description="Make the pages that students get back.")
    parser.add_argument("assignment", nargs="?", default=MAIN, help="default: %(default)s")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--student", action="append", metavar="ID", help="only this one (repeat it for more)")
    parser.add_argument("--zip", type=Path, metavar="FILE", help="pack it, too, under the names of the LMS's download")
    options = parser.parse_args(argv)
    from rnnkit.grading.course.course import Course
    from rnnkit.grading.course.marks import unfinished
    from rnnkit.grading.lms.returned import write_zip
    from rnnkit.grading.report.feedback import feedback

    course, assignment = Course.at(options.course), get_assignment(options.assignment)
    made = feedback(course, assignment, options.student)
    failed = [one for one in made if one.page is None]
    for one in failed:
        print(f"rnnkit feedback: {one.student}: {one.reason}; the earlier pages stay", file=sys.stderr)
    print(f"{course.feedback}: feedback for {len(made) - len(failed)} of {len(made)} students")
    if said := unfinished(sum(one.waits for one in made)):
        print(said)
    if options.zip:
        packed = write_zip(course, assignment, [one.student for one in made if one.page], options.zip)
        for platform, count in sorted(packed.platforms.items()):
            how = f"as {platform} named {'it' if count == 1 else 'them'}" if platform else "by id: no platform's names"
            print(f"{options.zip}: {count} {how}")
        if packed.misnamed:
            print(f"a zip that Canvas will show under the name of what was handed in: {', '.join(packed.misnamed)}")
    return 1 if failed else 0
