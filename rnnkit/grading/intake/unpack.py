"""The files in a folder or a zip that came from outside: listed, and read one by one with limits."""

from __future__ import annotations

import functools
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, BinaryIO

from rnnkit.common.text import shown
from rnnkit.grading.notebooks.reading import BadSubmission

MOST_FILES = 2000  # of a submission
MOST_BYTES = 1 << 30  # of a submission
MOST_FILE = 256 << 20
MOST_DEPTH = 8
BOMB_BYTES, BOMB_RATIO = 10 << 20, 200  # a file of at least so many bytes that is packed better than so many to one
MOST_DIRECTORY = 64 << 20  # bytes of a zip's list of contents
JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__", ".git"}
CHUNK = 1 << 20
Packed = zipfile.ZipExtFile  # what a file in a zip opens as
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, ValueError)


@dataclass
class File:
    """A file of a submission.

    Fields:
        path: below the submission.
        size: in bytes, as it is said to be.
        open: opens it.
        why: the reason, if it is left out; the rest is taken.
        fatal: the reason, if it keeps the whole submission from being taken.
        dated: year to second, as a zip has it, in nobody knows which zone; empty elsewhere.
    """

    path: tuple[str, ...]
    size: int
    open: Callable[[], IO[bytes]]
    why: str = ""
    fatal: str = ""
    dated: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Its path, for a message."""
        return shown("/".join(self.path))

    def below(self) -> File:
        """The same file, seen from the folder in which it lies."""
        return replace(self, path=self.path[1:])


def in_folder(folder: str | Path, above: tuple[str, ...] = ()) -> list[File]:
    """The files below a folder, in order; `above` is where it lies in the submission.

    Raises:
        BadSubmission: there are too many.
        OSError: a folder cannot be read.
    """
    files: list[File] = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = (*above, entry.name)
        status = entry.stat(follow_symlinks=False)
        if is_junk(entry.name):
            continue
        if stat.S_ISDIR(status.st_mode) and len(path) < MOST_DEPTH:
            files += in_folder(entry.path, path)
        else:
            files.append(File(path, status.st_size, opener(entry.path), _why_not("/".join(path), status.st_mode)))
        if len(files) > MOST_FILES:
            raise BadSubmission(f"expected at most {MOST_FILES} files, got more")
    return files


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _why_not(name: str, mode: int) -> str:
    """Why a file is left out, or nothing."""
    parts = _parts(name)
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "neither file nor folder" if not stat.S_ISDIR(mode) else "too many folders in folders"
    if name.startswith(("/", "\\")) or ".." in parts or any(part[1:2] == ":" for part in parts[:1]):
        return "its path leads out of the submission"
    if len(parts) > MOST_DEPTH or len(name) > 400 or any(len(part.encode("utf-8", "replace")) > 200 for part in parts):
        return "its path is too long"
    return "" if name.isprintable() else "its name has characters that no name should have"


def is_junk(name: str) -> bool:
    """Whether an operating system or a program has left it."""
    return name in JUNK or name.startswith("._")


def opener(path: Path | str) -> Callable[[], BinaryIO]:
    """Opens a file on the disk, and no link."""
    return lambda: open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def in_zip(archive: zipfile.ZipFile) -> list[File]:
    """The files of a zip, each with the reason where it cannot be taken."""
    files: dict[tuple[str, ...], File] = {}
    for info in archive.infolist():
        mode, path = info.external_attr >> 16, _parts(info.filename)
        if not path or any(map(is_junk, path)) or info.filename.endswith(("/", "\\")) or stat.S_ISDIR(mode):
            continue
        fatal = "the zip is locked by a password; hand in one without" if info.flag_bits & 1 else ""
        if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * max(info.compress_size, 1):
            fatal = f"{shown(info.filename)} is packed {BOMB_RATIO} to one or more: a zip bomb?"
        if path in files:
            fatal = f"{shown(info.filename)} is in the zip twice; pack it again"
        opening = functools.partial(archive.open, info)
        files[path] = File(path, info.file_size, opening, _why_not(info.filename, mode), fatal, info.date_time)
    return list(files.values())


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """A zip, whose list of contents is not too long to be read.

    Raises:
        BadSubmission: it is no zip.
    """
    try:
        if _directory_bytes(file) <= MOST_DIRECTORY:
            return zipfile.ZipFile(file)
    except (*BROKEN, OSError) as error:
        raise BadSubmission(f"expected a zip, got a file that cannot be read as one ({shown(str(error))})") from None
    raise BadSubmission("the zip lists too many files: a zip bomb?")


def _directory_bytes(file: IO[bytes]) -> int:
    """The size of a zip's list of contents, as its end tells it."""
    end = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, end - (1 << 16) - 100))
    tail = file.read(end - start)
    at = tail.rfind(b"PK\x05\x06")
    size = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # a second end, for large zips, stands before the first
        size = max(size % 0xFFFFFFFF, int.from_bytes(tail[at - 36 : at - 28], "little"))
    return size


def chunks(file: File, most: int) -> Iterator[bytes]:
    """A file's content, piece by piece, never more than is allowed, whatever its list of contents said.

    Raises:
        BadSubmission: it is larger, or cannot be read.
    """
    try:
        with file.open() as stream:
            while piece := stream.read(CHUNK):
                most -= len(piece)
                if most < 0:
                    raise BadSubmission(f"{file.name} is too large")
                yield piece
    except BadSubmission:
        raise
    except OSError as error:
        raise BadSubmission(f"{file.name} cannot be read ({error.strerror})") from None
    except BROKEN as error:
        raise BadSubmission(f"{file.name} cannot be unpacked ({shown(str(error))})") from None


def check_sizes(files: list[File]) -> None:
    """Refuses a submission that is too large or has too many files."""
    if len(files) > MOST_FILES:
        raise BadSubmission(f"expected at most {MOST_FILES} files, got {len(files)}")
    large = [file for file in files if file.size > MOST_FILE]
    if large:
        raise BadSubmission(f"{large[0].name} has {large[0].size >> 20} MB, more than {MOST_FILE >> 20}")
    if (total := sum(file.size for file in files)) > MOST_BYTES:
        raise BadSubmission(f"expected at most {MOST_BYTES >> 20} MB in all, got {total >> 20}")
