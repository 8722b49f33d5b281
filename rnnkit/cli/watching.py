"""``rnnkit grade --watch``: grades what arrives in a folder, until it is stopped."""

from __future__ import annotations

import argparse
import functools
import os
import time
from collections.abc import Callable

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Busy, Course
from rnnkit.grading.course.driver import grade_class
from rnnkit.grading.ledger import Entry
from rnnkit.grading.single.watch import Watch

SHORTEST = 0.5  # seconds between two looks


def main(
    given: argparse.Namespace, course: Course, assignment: Assignment, line: Callable[[Assignment, Entry], str]
) -> int:
    """Watches; 0 when Ctrl-C ends it, at whatever moment: the next start goes on."""
    if given.source or given.student or given.question or given.force or given.seed is not None:
        raise BadValue("--watch: expected it without --from, --student, --question, --force and --seed")
    if not given.every >= SHORTEST:
        raise BadValue(f"--every: expected {SHORTEST:g} seconds or more, got {given.every:g}")
    jobs = given.jobs or os.cpu_count() or 1
    how = {"jobs": jobs, "trust": given.trust, "own_run_s": given.own_run_seconds}
    watch = Watch(
        given.watch,
        course,
        assignment,
        functools.partial(grade_class, **how),
        lambda entry: line(assignment, entry).partition("\n")[0],
        at_once=jobs,
        name_regex=given.name_regex,
        replace=given.replace,
    )
    said = ""
    try:
        print(f"{given.watch}: watched for {assignment.name}; Ctrl-C ends it", flush=True)
        while True:
            try:
                for text in watch.look():
                    print(text, flush=True)
                said = ""
            except Busy as busy:
                if str(busy) != said:
                    print(said := str(busy), flush=True)
            time.sleep(given.every)
    except KeyboardInterrupt:
        print("stopped; the same command goes on")
        return 0
