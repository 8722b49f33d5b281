"""One student's work as it is compared: the cells that are the student's own, their prints, and what lies beside."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.grading.alike import code, prose
from rnnkit.grading.walk import walk
from rnnkit.notebook.cells import NotebookError, is_given, joined, name_of, read_notebook, text_of

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".pdf")
PASTED = ", pasted into "  # in the name of a picture that stands in a text
PNG = b"\x89PNG\r\n\x1a\n"
MOST_PICTURES, MOST_BYTES = 100, 8 << 20  # of a student, of a picture
MOST_PIXELS = 64 << 20  # bytes of a picture when it is unpacked


@dataclass(frozen=True)
class Cell:
    """One cell of a student's own, with its prints and where they stand."""

    notebook: str
    name: str
    is_code: bool
    text: str
    prints: dict[str, list[tuple[int, int]]] = field(repr=False)


@dataclass
class Work:
    """What one student handed in.

    Fields:
        cells: the student's own, in their order.
        pictures: hash -> name, of pictures that the student put into a text or beside the notebooks.
        unread: notebooks that could not be read.
    """

    student: str
    cells: list[Cell] = field(default_factory=list)
    pictures: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def prints(self, is_code: bool) -> dict[str, int]:
        """Those of all the cells of a kind, each with the number of prints of its cell."""
        return {key: len(cell.prints) for cell in self.cells if cell.is_code == is_code for key in cell.prints}


def work_of(student: str, graded: Path, submitted: Path, assignment: Assignment) -> Work:
    """A student's work.

    Arguments:
        student: the id.
        graded: the folder of the graded notebooks, whose given cells are as they were given.
        submitted: the folder that was handed in, of several attempts that of the one that counts.
        assignment: says which notebooks there are.
    """
    work = Work(student)
    for name in assignment.notebooks:
        if not (graded / name).is_file():
            continue
        try:
            notebook = read_notebook(graded / name)
        except NotebookError:
            work.unread.append(name)
            continue
        work.cells += own_cells(name, notebook)
        for cell in notebook["cells"]:
            work.pictures |= _attached(cell)
    for content, name in _beside(submitted):
        work.pictures.setdefault(picture(content), name)
    return work


def own_cells(name: str, notebook: dict[str, Any]) -> list[Cell]:
    """The cells of a notebook that are a student's own, with their prints."""
    names = code.Names.of(text_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "code")
    cells = []
    for cell in notebook["cells"]:
        if is_given(cell) or not (text := text_of(cell)).strip():
            continue
        is_code = cell.get("cell_type") == "code"
        found = code.prints(text, names).lines if is_code else prose.prints(text)
        cells.append(Cell(name, name_of(cell), is_code, text, found))
    return cells


def _attached(cell: dict[str, Any]) -> dict[str, str]:
    """The pictures in a text of the student's own."""
    attachments = {} if is_given(cell) else cell.get("attachments") or {}
    return {
        picture(_decoded(joined(data))): f"{name}{PASTED}{name_of(cell)}"
        for name, kinds in attachments.items()
        for data in kinds.values()
    }


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        return data.encode("utf-8", "replace")


def _beside(folder: Path) -> Iterator[tuple[bytes, str]]:
    """The pictures that lie beside the notebooks."""
    left = MOST_PICTURES
    for inside, status in walk(folder):
        if status is None or not inside.lower().endswith(PICTURES) or not 0 < status.st_size <= MOST_BYTES:
            continue
        try:
            path = folder / inside
            if left and path.is_file() and not path.is_symlink():
                left -= 1
                yield path.read_bytes(), inside
        except OSError:
            continue


def picture(content: bytes) -> str:
    """A picture's hash: of a PNG the unpacked rows, so that texts and packing of the file do not matter."""
    if content.startswith(PNG):
        content = _rows(content) or content
    return hashlib.sha256(content).hexdigest()


def _rows(content: bytes) -> bytes:
    """Header and unpacked rows of a PNG; empty where it has none that can be had."""
    header, packed, at = b"", [], len(PNG)
    while at + 8 <= len(content):
        size, kind = struct.unpack(">I4s", content[at : at + 8])
        if kind == b"IHDR":
            header = content[at + 8 : at + 8 + size]
        elif kind == b"IDAT":
            packed.append(content[at + 8 : at + 8 + size])
        at += 12 + size
    unpacking = zlib.decompressobj()
    try:
        rows = unpacking.decompress(b"".join(packed), MOST_PIXELS)
    except zlib.error:
        return b""
    return header + rows if rows and not unpacking.unconsumed_tail else b""
