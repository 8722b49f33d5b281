"""``cd tests; python -m whole_class NEWFOLDER``: makes a class, grades it, kills the grading on the way, and judges."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from whole_class import grading, judge
from whole_class import make as making

STEPS = ("make", "grade", "judge")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m whole_class", description=__doc__)
    add = parser.add_argument
    add("folder", type=Path, help="a new folder, or one that was begun with the same count and seed")
    add("--count", type=int, default=200, help="students (%(default)s)")
    add("--kills", type=int, default=2, help="how often the grading is killed on its way (%(default)s)")
    add("--jobs", type=int, default=2, help="processes at a time (%(default)s)")
    add("--seed", type=int, default=1, help="of all that is drawn (%(default)s)")
    add("--only", choices=STEPS, help="this step alone")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """0 where all that was injected is found and nobody else is accused, 1 where something is missed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a grading on its way ends with this
    given = parse(argv)
    steps, folder = [given.only] if given.only else STEPS, given.folder.resolve()
    students = making.make(folder, given.count, given.seed, given.jobs) if "make" in steps else making.stored(folder)
    if "grade" in steps and (given.only or not (folder / grading.REPORT).is_file()):
        grading.grade(folder, given.count, given.kills, given.jobs, given.seed)
    if "judge" not in steps:
        return 0
    graded = grading.read(folder)
    print(grading.times(graded, len(students)))
    return 0 if judge.told(judge.judged(folder, students, graded, given.jobs)) else 1


if __name__ == "__main__":
    sys.exit(main())
