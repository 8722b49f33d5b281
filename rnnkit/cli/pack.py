"""``rnnkit pack``: everything that is to be handed in, checked, and put into one zip with the report as a PDF."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.assignments import get_assignment
from rnnkit.checks.assignment import Assignment
from rnnkit.cli.guard import Parser
from rnnkit.common import variant
from rnnkit.common.names import STUDENT, BadValue
from rnnkit.hand_in.collect import Collected, collect
from rnnkit.hand_in.found import find_notebooks
from rnnkit.hand_in.here import assignment_of
from rnnkit.hand_in.pack import PDF, write
from rnnkit.notebook.pdf import report_pdf

PACKED, INCOMPLETE = 0, 1


def make_parser() -> Parser:
    """The flags of ``rnnkit pack``."""
    parser = Parser(prog="rnnkit pack", description="Check what is to be handed in, and pack it.", allow_abbrev=False)
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the assignment's folder (default: here)")
    parser.add_argument("--assignment", metavar="NAME", help="which one it is, where the folder does not tell")
    parser.add_argument("--check", action="store_true", help="write nothing: only say what is missing")
    parser.add_argument("--student", metavar="ID", help="your id, for the name of the file")
    parser.add_argument("--out", metavar="FILE", help="the file to write (default: ASSIGNMENT[_ID].zip)")
    parser.add_argument("--runs", metavar="DIR", help="where your runs are, if not in runs/ or here")
    parser.add_argument("--pdf", metavar="FILE", help="your own PDF of the report, instead of the one made here")
    parser.add_argument("--allow-smoke", action="store_true", help="runs smaller than the handout's will do")
    parser.add_argument("--anyway", action="store_true", help="pack what there is, once AI chats is answered")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit pack``: 0 packed (with ``--check``: complete), 1 incomplete or not to be written, 2 a bad value."""
    arguments = make_parser().parse_args(argv)
    folder = Path(arguments.folder)
    if (folder / variant.VARIANTS).is_file():
        arguments.student = _owner(folder, arguments.student)
    with variant.working_in(folder):
        return _pack(arguments)


def _owner(folder: Path, student: str | None) -> str:
    """The id in the folder, which its runs are made with; another one is refused."""
    there = variant.owner(folder)
    if student not in (None, there):
        raise BadValue(
            f"--student: expected {there!r}, which {variant.OWNER} says and the runs are made with, got {student!r}"
        )
    return there


def _pack(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.folder)
    assignment = get_assignment(arguments.assignment) if arguments.assignment else assignment_of(folder)
    target = _target(assignment, arguments)
    collected = collect(assignment, arguments.folder, runs=arguments.runs, smoke=arguments.allow_smoke)
    _add_pdf(collected, arguments)
    for line in collected.missing:
        print(f"missing: {line}")
    for line in collected.notes:
        print(f"note: {line}")
    if collected.refused or (collected.missing and not arguments.anyway):
        for line in collected.refused if arguments.anyway else ():
            print(f"rnnkit pack: --anyway cannot pass over: {line}", file=sys.stderr)
        print(f"rnnkit pack: not complete ({len(collected.missing)} to do, above); nothing packed", file=sys.stderr)
        return INCOMPLETE
    if arguments.check:
        print(f"rnnkit pack: {'not complete' if collected.missing else 'complete'}; nothing written (--check)")
        return INCOMPLETE if collected.missing else PACKED
    print(write(collected, target, arguments.student))
    return PACKED


def _target(assignment: Assignment, arguments: argparse.Namespace) -> Path:
    """The file to write, with everything that was asked for looked at."""
    folder, student = Path(arguments.folder), arguments.student
    if student is not None and not STUDENT.fullmatch(student):
        raise BadValue(f"--student: expected letters, digits and . _ @ - (64 at most), got {student!r}")
    due = [name for name in assignment.notebooks if name not in assignment.optional]
    if not any((folder / name).exists() for name in due) and not find_notebooks(assignment, folder):
        told = arguments.assignment or folder.resolve().name == assignment.name
        which = " to ".join(dict.fromkeys((due[0], due[-1]))) if told else "an assignment's notebooks"
        raise BadValue(f"expected {which} in {folder.resolve()}, found none of them; cd into the assignment's folder")
    if arguments.runs is not None and not Path(arguments.runs).is_dir():
        raise BadValue(f"--runs: expected a folder, got {arguments.runs}")
    target = Path(arguments.out or folder / f"{assignment.name}{f'_{student}' if student else ''}.zip")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise BadValue(f"--out: expected a file in a folder that is there, got {target}")
    return target


def _add_pdf(collected: Collected, arguments: argparse.Namespace) -> None:
    """The report as a PDF: the student's own, or one made from the saved notebook."""
    if arguments.pdf is not None:
        content = Path(arguments.pdf).read_bytes() if Path(arguments.pdf).is_file() else b""
        if not content.startswith(b"%PDF-"):
            raise BadValue(f"--pdf: expected a PDF, got {arguments.pdf}")
        collected.files[PDF] = content
        return
    assignment, report = collected.assignment, collected.assignment.hand_in.report
    is_open = collected.refused or (collected.missing and not arguments.anyway)
    saved = collected.files.get(report or "")
    if isinstance(saved, Path) and not (arguments.check or is_open):
        try:
            header = " · ".join(filter(None, [assignment.name, arguments.student]))
            pdf = report_pdf(saved, header)
        except BadValue as error:
            collected.missing.append(f"{PDF}: {error}")
            return
        collected.files[PDF] = pdf.content
        collected.notes += [f"{PDF}: {note}" for note in pdf.notes]
