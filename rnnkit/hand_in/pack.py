"""``rnnkit pack``: everything that is to be handed in, checked, and put into one zip with the report as a PDF."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import rnnkit
from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import STUDENT, BadValue
from rnnkit.common.whole import free_name, whole
from rnnkit.hand_in.collect import Collected, collect
from rnnkit.hand_in.which import which_assignment
from rnnkit.notebook.pdf import report_pdf

PDF, MANIFEST = "report.pdf", "manifest.json"
EPOCH = (2026, 1, 1, 0, 0, 0)  # of every file in the zip: the same files give the same bytes
PACKED, INCOMPLETE, REFUSED = 0, 1, 2


class PackError(BadValue):
    """Something that cannot be packed, or asked for."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise PackError(f"{message.removeprefix('argument ')}; rnnkit pack --help says what there is")


def make_parser() -> argparse.ArgumentParser:
    """The flags of ``rnnkit pack``."""
    parser = _Parser(prog="rnnkit pack", description="Check what is to be handed in, and pack it.", allow_abbrev=False)
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
    """``rnnkit pack``: 0 packed (with ``--check``: complete), 1 incomplete, 2 where it cannot be done."""
    try:
        arguments = make_parser().parse_args(argv)
        assignment = which_assignment(Path(arguments.folder), arguments.assignment)
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
        print(write(collected, target, arguments.student or ""))
    except BadValue as error:
        print(f"rnnkit pack: {error}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"rnnkit pack: cannot be read or written: {error}; make room, or another --out", file=sys.stderr)
        return REFUSED
    return PACKED


def _target(assignment: Assignment, arguments: argparse.Namespace) -> Path:
    """The file to write, with everything that was asked for looked at.

    Raises:
        PackError: a folder or file that is not there, or a bad id.
    """
    folder, student = Path(arguments.folder), arguments.student
    if student is not None and not STUDENT.fullmatch(student):
        raise PackError(f"--student: expected letters, digits and . _ @ - (64 at most), got {student!r}")
    due = [name for name in assignment.notebooks if name not in assignment.optional]
    if not any((folder / name).exists() for name in due):
        which = " to ".join(dict.fromkeys((due[0], due[-1])))
        raise PackError(f"expected {which} in {folder.resolve()}, found none of them; cd into the assignment's folder")
    if arguments.runs is not None and not Path(arguments.runs).is_dir():
        raise PackError(f"--runs: expected a folder, got {arguments.runs}")
    target = Path(arguments.out or folder / f"{assignment.name}{f'_{student}' if student else ''}.zip")
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise PackError(f"--out: expected a file in a folder that is there, got {target}")
    return target


def _add_pdf(collected: Collected, arguments: argparse.Namespace) -> None:
    """The report as a PDF: the student's own, or one made from the saved notebook."""
    if arguments.pdf is not None:
        content = Path(arguments.pdf).read_bytes() if Path(arguments.pdf).is_file() else b""
        if not content.startswith(b"%PDF-"):
            raise PackError(f"--pdf: expected a PDF, got {arguments.pdf}")
        collected.files[PDF] = content
        return
    assignment, open_ = collected.assignment, collected.refused or (collected.missing and not arguments.anyway)
    report = assignment.hand_in.report
    if report in collected.files and not (arguments.check or open_):
        try:
            header = " · ".join(filter(None, [assignment.name, arguments.student]))
            pdf = report_pdf(collected.folder / report, header)
        except BadValue as error:
            collected.missing.append(f"{PDF}: {error}")
            return
        collected.files[PDF] = pdf.content
        collected.notes += [f"{PDF}: {note}" for note in pdf.notes]


def write(collected: Collected, target: Path, student: str = "") -> str:
    """Writes the zip whole or not at all; another file of its name is kept. Says what was done.

    Arguments:
        collected: what to pack.
        target: the file.
        student: the id that the manifest names.
    """
    hashes = {}
    with whole(target) as part:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(collected.files):
                source = collected.files[name]
                content = source if isinstance(source, bytes) else source.read_bytes()
                hashes[name] = hashlib.sha256(content).hexdigest()
                _add(archive, name, content)
            _add(archive, MANIFEST, _manifest(collected, hashes, student))
        part.flush()
        kept = _keep(target, Path(part.name))
    size = target.stat().st_size / 1e6
    aside = f"; the earlier one is kept as {kept.name}" if kept else ""
    lacking = f" NOT COMPLETE, {len(collected.missing)} to do." if collected.missing else ""
    return f"{target}: {len(hashes) + 1} files, {size:.1f} MB{aside}.{lacking} Hand in this file."


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    about = zipfile.ZipInfo(name, EPOCH)
    about.external_attr = 0o100644 << 16
    about.create_system = 3  # the same bytes on every system
    about.compress_type = zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED
    archive.writestr(about, content)


def _manifest(collected: Collected, hashes: dict[str, str], student: str) -> bytes:
    profiles = {run["profile"] for run in collected.runs.values()}
    about = {
        "assignment": collected.assignment.name,
        "student": student or None,
        "rnnkit": rnnkit.__version__,
        "profile": profiles.pop() if len(profiles) == 1 else "mixed" if profiles else None,
        "runs": collected.runs,
        "missing": collected.missing,
        "notes": collected.notes,
        "files": hashes,
    }
    return (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _keep(target: Path, new: Path) -> Path | None:
    """Moves an earlier file of this name aside, unless it is the same."""
    if not target.exists() or target.read_bytes() == new.read_bytes():
        return None
    return target.rename(free_name(target, target.suffix))
