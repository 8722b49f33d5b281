"""``rnnkit grade``: takes submissions in, grades the class, and says in one line each what became of it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.checks.assignment import Assignment
from rnnkit.cli import one, watching
from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue
from rnnkit.grading.course import own_run
from rnnkit.grading.course.course import Course, Graded, GradingError, forget, lock
from rnnkit.grading.course.driver import grade_class
from rnnkit.grading.course.gradebook import REVIEW
from rnnkit.grading.course.marks import read_marks, unfinished
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.intake.worksheet import read_worksheet
from rnnkit.grading.ledger import GRADED, REJECTED, Entry

OWN_RUN = "computing in which a student's runs with points of their own are tried again, after all scores (%(default)s)"
TRUST = "--i-trust-these-submissions"


def make_parser() -> Parser:
    """The arguments of ``rnnkit grade``."""
    parser = Parser(
        prog="rnnkit grade",
        description="Grade what has come in or changed; run it again at any time, also after it was killed.",
    )
    add = parser.add_argument
    add("assignment", nargs="?", default=MAIN, help="a folder of notebooks/ (%(default)s)")
    add("--from", dest="source", type=Path, help="take submissions in first: a folder per student, or the LMS's zip")
    add("--worksheet", type=Path, metavar="CSV", help="with --from: the LMS's table of when each was handed in")
    add("--name-regex", help="with --from: how file names give the student, with a group (?P<student_id>...)")
    add("--replace", action="store_true", help="with --from: also what is not named as that student's earlier one was")
    add("--course", type=Path, help="the folder with grading/ in it (the clone)")
    add("--student", action="append", default=[], help="only this one, again; may be repeated")
    add("--question", action="append", default=[], help="enter only this question's score anew; may be repeated")
    add("--jobs", type=int, default=0, help="submissions at a time (as many as there are cores)")
    add("--seed", type=int, help="of the random inputs, to repeat a result; the ledger has each submission's")
    add("--own-run-seconds", type=float, default=own_run.SECONDS, metavar="N", help=OWN_RUN)
    add("--force", action="store_true", help="grade again what has not changed")
    add("--forget", metavar="ID", help="take out a student whose submission you have moved away")
    add("--one", nargs="+", type=Path, metavar="PATH", help="notebooks, a folder or a zip: by itself, without a class")
    add("--json", action="store_true", help="with --one: print a dict of points and messages, and nothing else")
    add("--gradescope", type=Path, metavar="FILE", help="with --one: write results.json as Gradescope reads it")
    add("--watch", type=Path, metavar="FOLDER", help="grade what arrives there, with its feedback, until Ctrl-C")
    add("--every", type=float, default=5.0, metavar="S", help="with --watch: seconds between two looks (%(default)g)")
    add(TRUST, dest="trust", action="store_true", help="run their code without a sandbox; noted with every result")
    return parser


def main(argv: Sequence[str]) -> int:
    """Grades; 0 all graded, 1 where something was refused, rejected or failed, 2 where it cannot begin, 130 stopped."""
    given = make_parser().parse_args(argv)
    if (given.json or given.gradescope) and not given.one:
        raise BadValue("--json and --gradescope go with --one")
    if given.one:
        return one.main(given, get_assignment(given.assignment))
    assignment, course = get_assignment(given.assignment), Course.at(given.course)
    if not course.folder.is_dir():
        raise GradingError(f"--course {given.course}: expected a folder, found none")
    if given.watch:
        return watching.main(given, course, assignment, line)
    if given.forget:
        forget(course, assignment, given.forget)
        print(f"{given.forget}: forgotten")
        return 0
    if given.worksheet and not given.source:
        raise GradingError("--worksheet: expected it with --from and the download that it belongs to")
    refused = _take_in(course, given) if given.source else 0
    with tqdm(unit="submission", disable=None) as bar:
        graded = grade_class(
            course,
            assignment,
            students=given.student,
            questions=given.question,
            jobs=given.jobs,
            trust=given.trust,
            force=given.force or bool(given.student),
            seed=given.seed,
            own_run_s=given.own_run_seconds,
            on_entry=lambda entry, done, of: _show(bar, assignment, entry, done, of),
        )
    print(summary(graded, course.submitted))
    for student in given.student or ():
        if student in graded.entries and (counted := graded.entries[student].checks):
            what = "how often checks ran, and what was predicted, by the student's own files (no score):"
            print("\n".join([f"{student}: {what}", *counted]))
    marks = read_marks(course, assignment)
    if said := unfinished(sum(bool(marks.of(id).waits_for) for id in marks.submissions if id in marks.entries)):
        print(said)
    bad = refused or graded.refused or any(entry.status != GRADED for entry in graded.entries.values())
    return 1 if bad else 0


def line(assignment: Assignment, entry: Entry) -> str:
    """One submission in one line, and its flags below."""
    to_read = sum(answer["answered"] for answer in entry.answers.values())
    checks = [id for id, score in entry.scores.items() if score["status"] in REVIEW]
    with_points = {assignment.hand_in.report, *(question.notebook for question in assignment.code)}
    lost = [name for name, about in entry.notebooks.items() if about["status"] == REJECTED and name in with_points]
    waits = [
        f"{to_read} answer{'s' if to_read > 1 else ''} to read" if to_read else "",
        f"to look at: {', '.join(checks)}" if checks else "",
        f"without {', '.join(lost)}" if lost else "",
    ]
    points = f"{entry.points:g} of {entry.most:g} points" if entry.scores else ""
    points += f" and {entry.extra:g} for extra credit" if entry.extra else ""
    points += " so far" if points and (any(waits) or entry.status != GRADED) else ""
    what = ", ".join(filter(None, [entry.status, points, *waits, entry.reason]))
    return "\n".join([f"{entry.student}: {what}", *(f"    {flag}" for flag in entry.all_flags)])


def summary(graded: Graded, submitted: Path) -> str:
    """What became of the class, in a few lines."""
    if not graded.entries and not graded.refused:
        return f"no submissions in {submitted}; --from takes them in"
    counts = Counter(entry.status for entry in graded.entries.values())
    lines = [", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "nothing graded"]
    if graded.unchanged:
        lines[0] += f"; {len(graded.unchanged)} of them unchanged since the last time"
    if count := len(graded.again):
        which = "1 submission that is" if count == 1 else f"{count} submissions that are"
        lines.append(f"graded again, as the code or notebooks that decide points have changed: {which} as before")
    lines += [f"not graded: {name}: {reason}" for name, reason in graded.refused.items()]
    lines += [f"no longer submitted: {name}; rnnkit grade --forget {name} takes them out" for name in graded.gone]
    lines += [f"the same record of {run}: {', '.join(students)}" for run, students in graded.copies]
    lines += [f"not submitted: {', '.join(graded.missing)}"] if graded.missing else []
    if graded.doubtful:
        lines.append(
            f"late or not, nothing says: {', '.join(graded.doubtful)}; no penalty (--worksheet, or dates.toml)"
        )
    lines += [f"each submission's share of the machine: {graded.share}"] if graded.share else []
    if any("trust" in entry.confined for entry in graded.entries.values()):
        lines.append(f"graded without a sandbox ({TRUST})")
    return "\n".join(lines)


def _show(bar: tqdm, assignment: Assignment, entry: Entry, done: int, of: int) -> None:
    bar.total = of
    bar.update(done - bar.n)
    bar.write(line(assignment, entry))


def _take_in(course: Course, given: argparse.Namespace) -> int:
    """Takes submissions in, says what became of each, and counts those that were refused."""
    roster = [student.id for student in course.people] if course.roster.exists() else None
    zone = course.dates().zone
    sheet = read_worksheet(given.worksheet, zone) if given.worksheet else None
    with lock(course):
        how = {"roster": roster, "name_regex": given.name_regex, "replace": given.replace, "others": names()}
        taken = take_in(given.source, course.submitted, given.assignment, worksheet=sheet, zone=zone, **how)
    for thing in taken:
        print(f"{thing.student}: {thing.status}{': ' + thing.reason if thing.reason else ''}")
    return sum(thing.status == "refused" for thing in taken)
