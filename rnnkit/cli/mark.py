"""``rnnkit mark``: the written answers of a class, marked question by question in the browser, without names."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue


def main(argv: Sequence[str]) -> int:
    """``rnnkit mark``: 0 when it is ended with Ctrl-C, 2 where it cannot begin."""
    parser = Parser(prog="rnnkit mark", description="Mark written answers in the browser, a question at a time.")
    parser.add_argument("assignment", nargs="?", default=MAIN, help="default: %(default)s")
    parser.add_argument("--course", type=Path, metavar="DIR", help="the course's folder (default: the clone)")
    parser.add_argument("--marker", metavar="NAME", help="who marks, for the journal (default: the user's name)")
    parser.add_argument(
        "--second", action="store_true", help="as the second marker, who does not see the first's marks"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="with --second: N answers of each question, not all")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    options = parser.parse_args(argv)
    marker = " ".join((options.marker or getpass.getuser()).split())
    if not 0 < len(marker) <= 80:
        raise BadValue("--marker: expected a name of at most 80 characters")
    if options.sample is not None and (not options.second or options.sample < 1):
        raise BadValue("--sample: expected at least 1, together with --second")
    if not 0 <= options.port < 65536:
        raise BadValue(f"--port: expected 1 to 65535, got {options.port}")
    from tqdm.auto import tqdm

    from rnnkit.common.lock import locked
    from rnnkit.grading.course.course import Course
    from rnnkit.grading.course.marks import read_marks
    from rnnkit.grading.marking.desk import Desk
    from rnnkit.grading.marking.journal import FIRST, SECOND

    course, assignment = Course.at(options.course), get_assignment(options.assignment)
    read_marks(course, assignment)  # refuses where there is no gradebook, or none with this assignment
    folder = course.folder / "grading" / "marking"
    folder.mkdir(exist_ok=True)
    refusal = BadValue(f"{folder}: {assignment.name} is being marked in another window; end that first")
    with locked(folder / f".{assignment.name}.lock", refusal):
        desk = Desk(course, assignment, marker, SECOND if options.second else FIRST, options.sample)
        if desk.journal.torn:
            print(f"{desk.journal.path}: {desk.journal.torn} lines cannot be read, and do not count")
        for student, path in tqdm(desk.answers.paths(), desc="reading answers", unit="notebook", disable=None):
            desk.answers.read(student, path)
        for student, reason in desk.answers.damaged.items():
            print(f"{student}: {reason}")
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(desk, options.port, not options.no_browser))
    print(f"\nevery mark is in the gradebook, and in {desk.journal.path}")
    return 0


async def _serve(desk: object, port: int, opens: bool) -> None:
    """Serves until it is interrupted."""
    from rnnkit.grading.marking.server import serve

    address, _ = serve(desk, port)  # type: ignore[arg-type]
    print(f"{address}\nOnly this machine can open it, with this address. Ctrl-C ends it; every mark is kept at once.")
    if opens:
        webbrowser.open(address)
    await asyncio.Event().wait()
