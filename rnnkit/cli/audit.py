"""``rnnkit audit``: does parts of the training of submitted records again, and says where they differ."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.cli.guard import Parser

TRUST = "--i-trust-these-submissions"


def main(argv: Sequence[str]) -> int:
    """``rnnkit audit``: 0 done, 1 where there is something to look at, 2 where it cannot begin, 130 stopped."""
    from rnnkit.grading.audit.audit import SECONDS, How, audit
    from rnnkit.grading.audit.page import write_page
    from rnnkit.grading.audit.verdicts import OfStudent, together
    from rnnkit.grading.course.course import Course, GradingError

    parser = Parser(
        prog="rnnkit audit",
        description="Train parts of the submitted records again and compare: evidence for you, never points. Run it "
        "again at any time, also after it was stopped: what was done stays done.",
    )
    add = parser.add_argument
    add("assignment", nargs="?", default=MAIN, help="default: %(default)s")
    add("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    add("--student", action="append", default=[], metavar="ID", help="only this one (repeat it for more)")
    add("--seconds", type=float, default=SECONDS, metavar="N", help="of computing for each student (%(default)g)")
    add("--jobs", type=int, default=0, metavar="N", help="students at a time (as many as there are cores)")
    add("--seed", type=int, metavar="N", help="of the stretches, to repeat an audit (drawn anew by default)")
    add("--force", action="store_true", help="also the records that were done before")
    add("--to", type=Path, metavar="FILE", help="the page (default: grading/audit-ASSIGNMENT.html of the course)")
    add(TRUST, dest="trust", action="store_true", help="run their code without a sandbox")
    given = parser.parse_args(argv)
    assignment, course = get_assignment(given.assignment), Course.at(given.course)
    if not course.folder.is_dir():
        raise GradingError(f"--course {given.course}: expected a folder, found none")
    to = given.to or course.folder / "grading" / f"audit-{assignment.name}.html"
    how = How(given.seconds, given.seed, not given.trust, given.force)
    with tqdm(unit="student", disable=None) as bar:

        def show(one: OfStudent, of: int) -> None:
            bar.total = of
            bar.update()
            for _, verdict in one.records:
                bar.write(f"{one.student}: {verdict.run}: {verdict.text}")
            if one.why:
                bar.write(f"{one.student}: {one.why}")

        found = audit(course, assignment, given.student, how, given.jobs, show, bar.write)
    shared = together(found)
    for one in found:
        for sha256, verdict in one.records:
            for doubt in (*verdict.doubts, *shared.get(sha256, ())):
                print(f"{one.student}: {verdict.run}: {doubt}")
    to.parent.mkdir(parents=True, exist_ok=True)
    write_page(to, assignment, found, shlex.join(["rnnkit", "audit", *argv]))
    counts = Counter(verdict.verdict for one in found for _, verdict in one.records)
    tally = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "no records"
    print(f"{to}: {len(found)} student{'' if len(found) == 1 else 's'}, {tally}")
    return 1 if shared or any(one.suspicious for one in found) else 0
