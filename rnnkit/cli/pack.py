"""``rnnkit pack``: everything that is to be handed in, checked, and put into one zip with the report as a PDF."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue
from rnnkit.hand_in.found import NOTEBOOKS, REPORT, HandIn, collect
from rnnkit.hand_in.pack import ASSIGNMENT, PDF, STUDENT, PackError, write
from rnnkit.notebook.pdf import report_pdf

PACKED, INCOMPLETE = 0, 1


def make_parser() -> argparse.ArgumentParser:
    """The flags of ``rnnkit pack``."""
    parser = Parser(prog="rnnkit pack", description="Check what is to be handed in, and pack it.", allow_abbrev=False)
    parser.add_argument("folder", nargs="?", default=".", metavar="DIR", help="the assignment's folder (default: here)")
    parser.add_argument("--check", action="store_true", help="write nothing: only say what is missing")
    parser.add_argument("--student", metavar="ID", help="your id, for the name of the file")
    parser.add_argument("--out", metavar="FILE", help=f"the file to write (default: {ASSIGNMENT}[_ID].zip)")
    parser.add_argument("--runs", metavar="DIR", help="where your runs are, if not in runs/ or here")
    parser.add_argument("--pdf", metavar="FILE", help="your own PDF of 4_report, instead of the one made here")
    parser.add_argument("--allow-smoke", action="store_true", help="runs smaller than the handout's will do")
    parser.add_argument("--anyway", action="store_true", help="pack what there is, once AI chats is answered")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit pack``: 0 packed (with ``--check``: complete), 1 incomplete or not to be written, 2 a bad value."""
    arguments = make_parser().parse_args(argv)
    target = _target(arguments)
    found = collect(arguments.folder, runs=arguments.runs, smoke=arguments.allow_smoke)
    _add_pdf(found, arguments)
    for line in found.missing:
        print(f"missing: {line}")
    for line in found.notes:
        print(f"note: {line}")
    if found.refused or (found.missing and not arguments.anyway):
        for line in found.refused if arguments.anyway else ():
            print(f"rnnkit pack: --anyway cannot pass over: {line}", file=sys.stderr)
        print(f"rnnkit pack: not complete ({len(found.missing)} to do, above); nothing packed", file=sys.stderr)
        return INCOMPLETE
    if arguments.check:
        print(f"rnnkit pack: {'not complete' if found.missing else 'complete'}; nothing written (--check)")
        return INCOMPLETE if found.missing else PACKED
    print(write(found, target, arguments.student or ""))
    return PACKED


def _target(arguments: argparse.Namespace) -> Path:
    """The file to write, with everything that was asked for looked at.

    Raises:
        PackError: a folder or file that is not there, or a bad id.
    """
    folder, student = Path(arguments.folder), arguments.student
    if student is not None and not STUDENT.fullmatch(student):
        raise PackError(f"--student: expected letters, digits and . _ @ - (64 at most), got {student!r}")
    if not any((folder / name).exists() for name in NOTEBOOKS):
        raise PackError(
            f"expected {NOTEBOOKS[0]} to {NOTEBOOKS[-1]} in {folder.resolve()}, found none of them; "
            "cd into the assignment's folder"
        )
    if arguments.runs is not None and not Path(arguments.runs).is_dir():
        raise PackError(f"--runs: expected a folder, got {arguments.runs}")
    target = Path(arguments.out or folder / f"{ASSIGNMENT}{f'_{student}' if student else ''}.zip")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise PackError(f"--out: expected a file in a folder that is there, got {target}")
    return target


def _add_pdf(found: HandIn, arguments: argparse.Namespace) -> None:
    """The report as a PDF: the student's own, or one made from the saved notebook."""
    if arguments.pdf is not None:
        content = Path(arguments.pdf).read_bytes() if Path(arguments.pdf).is_file() else b""
        if not content.startswith(b"%PDF-"):
            raise PackError(f"--pdf: expected a PDF, got {arguments.pdf}")
        found.files[PDF] = content
    elif REPORT in found.files and not (arguments.check or found.refused or (found.missing and not arguments.anyway)):
        try:
            pdf = report_pdf(found.folder / REPORT, " · ".join(filter(None, [ASSIGNMENT, arguments.student])))
        except BadValue as error:
            found.missing.append(f"{PDF}: {error}")
            return
        found.files[PDF] = pdf.content
        found.notes += [f"{PDF}: {note}" for note in pdf.notes]
