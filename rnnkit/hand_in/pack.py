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
from rnnkit.common.names import STUDENT, BadValue
from rnnkit.common.whole import free_name, whole
from rnnkit.hand_in.found import NOTEBOOKS, REPORT, HandIn, collect
from rnnkit.notebook.pdf import report_pdf

ASSIGNMENT = "training_dynamics"
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
    parser.add_argument("--check", action="store_true", help="write nothing: only say what is missing")
    parser.add_argument("--student", metavar="ID", help="your id, for the name of the file")
    parser.add_argument("--out", metavar="FILE", help=f"the file to write (default: {ASSIGNMENT}[_ID].zip)")
    parser.add_argument("--runs", metavar="DIR", help="where your runs are, if not in runs/ or here")
    parser.add_argument("--pdf", metavar="FILE", help="your own PDF of 4_report, instead of the one made here")
    parser.add_argument("--allow-smoke", action="store_true", help="runs smaller than the handout's will do")
    parser.add_argument("--anyway", action="store_true", help="pack what there is, once AI chats is answered")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit pack``: 0 packed (with ``--check``: complete), 1 incomplete, 2 where it cannot be done."""
    try:
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
    except BadValue as error:
        print(f"rnnkit pack: {error}", file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"rnnkit pack: cannot be read or written: {error}; make room, or another --out", file=sys.stderr)
        return REFUSED
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


def write(found: HandIn, target: Path, student: str = "") -> str:
    """Writes the zip whole or not at all; another file of its name is kept. Says what was done.

    Arguments:
        found: what to pack.
        target: the file.
        student: the id that the manifest names.
    """
    hashes = {}
    with whole(target) as part:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(found.files):
                source = found.files[name]
                content = source if isinstance(source, bytes) else source.read_bytes()
                hashes[name] = hashlib.sha256(content).hexdigest()
                _add(archive, name, content)
            _add(archive, MANIFEST, _manifest(found, hashes, student))
        part.flush()
        kept = _keep(target, Path(part.name))
    size = target.stat().st_size / 1e6
    aside = f"; the earlier one is kept as {kept.name}" if kept else ""
    lacking = f" NOT COMPLETE, {len(found.missing)} to do." if found.missing else ""
    return f"{target}: {len(hashes) + 1} files, {size:.1f} MB{aside}.{lacking} Hand in this file."


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    about = zipfile.ZipInfo(name, EPOCH)
    about.external_attr = 0o100644 << 16
    about.create_system = 3  # the same bytes on every system
    about.compress_type = zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED
    archive.writestr(about, content)


def _manifest(found: HandIn, hashes: dict[str, str], student: str) -> bytes:
    profiles = {run["profile"] for run in found.runs.values()}
    about = {
        "assignment": ASSIGNMENT,
        "student": student or None,
        "rnnkit": rnnkit.__version__,
        "profile": profiles.pop() if len(profiles) == 1 else "mixed" if profiles else None,
        "runs": found.runs,
        "missing": found.missing,
        "notes": found.notes,
        "files": hashes,
    }
    return (json.dumps(about, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _keep(target: Path, new: Path) -> Path | None:
    """Moves an earlier file of this name aside, unless it is the same."""
    if not target.exists() or target.read_bytes() == new.read_bytes():
        return None
    return target.rename(free_name(target, target.suffix))
