"""A submitted notebook's file: found, read and cleaned, with nothing of it believed."""

from __future__ import annotations

import ast
import base64
import binascii
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.text import listed, shown

MOST_BYTES = 20 << 20  # of a notebook's file
MOST_BRACKETS, MOST_COMMAS = 300_000, 2_000_000  # outside strings; so that reading 20 MB takes no more than 150 MB
STRING = re.compile(rb'"[^"]*"?')
MOST_CELLS = 400
MOST_IMAGE = 1 << 20  # bytes
NO_FOLDERS = ("runs", ".ipynb_checkpoints", "__MACOSX")  # no hand-in's notebooks lie there
GIVEN_UP = (SyntaxError, ValueError, RecursionError, MemoryError)  # what reading hostile code may end with
MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
# What saving, copying and downloading add to a name: "1_cells (1).ipynb", "1_cells-Copy1.ipynb", "1_cells.ipynb.txt",
# "Copy of 1_cells.ipynb".
ADDED = re.compile(r"([ _-]*\(\d{1,3}\)|[ _-]+(copy|kopie)[ _-]*\d{0,3}|[ _-]+(final|v\d{1,2}))+$", re.IGNORECASE)
COPY_OF = re.compile(
    r"^((copy( \(\d{1,3}\))? of|kopie( \(\d{1,3}\))? von|copie de|copia de|copia di)[ _]+)+", re.IGNORECASE
)
ENDING = re.compile(r"(\.ipynb)+(\.txt|\.json)?$", re.IGNORECASE)


class BadSubmission(BadValue):
    """A submission, or a notebook of one, that cannot be graded: the reason in one line."""


class Missing(BadSubmission):
    """A notebook that is not there."""


# ---- reading -----------------------------------------------------------------------------------------------------


def find(folder: Path, name: str) -> Path:
    """The submitted notebook of a name: the file of that name, else the only one that is obviously meant.

    What is meant may be named a little otherwise, as copies are; else have more in its name, or lie in a folder of the
    submission.

    Raises:
        Missing: there is none.
        BadSubmission: more than one could be meant.
    """
    wanted = _plain(name)
    try:
        there = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise BadSubmission(f"{name}: its folder cannot be read ({error.strerror})") from None
    if name in there:
        return folder / name
    meant = [other for other in there if _plain(other) == wanted]
    if not meant:
        inside = _in_folders(folder, there)
        meant = [other for other in there + inside if f"_{wanted}_" in f"_{_plain(Path(other).name)}_"]
    if len(meant) == 1:
        return folder / meant[0]
    if meant:
        raise BadSubmission(f"{name}: expected one notebook of this name, got {listed(meant)}; hand in one of them")
    notebooks = [other for other in there if ENDING.search(other)] or there
    raise Missing(f"{name}: expected this notebook, got {listed(notebooks) or 'an empty folder'}")


def notebooks(folder: Path) -> list[str]:
    """All notebooks of a submission: those that lie in it, then those in its folders."""
    try:
        there = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    return [name for name in there if ENDING.search(name)] + _in_folders(folder, there)


def _in_folders(folder: Path, names: list[str]) -> list[str]:
    """The notebooks in a submission's folders, not those further down, nor those of runs and programs."""
    inside: list[str] = []
    for name in names:
        try:
            if name not in NO_FOLDERS and stat.S_ISDIR(os.lstat(folder / name).st_mode):
                inside += sorted(f"{name}/{entry}" for entry in os.listdir(folder / name) if ENDING.search(entry))
        except OSError:
            continue
    return inside


def _plain(name: str) -> str:
    """A notebook's name without what does not matter; empty where it is no notebook."""
    if not ENDING.search(name):
        return ""
    return re.sub(r"[ _-]+", "_", ADDED.sub("", COPY_OF.sub("", ENDING.sub("", name)))).lower()


def read(path: Path) -> dict[str, Any]:
    """A submitted notebook's JSON: an object with a list of at most 400 cells, and nothing more is promised.

    Raises:
        BadSubmission: the file is not a plain one, is too large, or holds no notebook.
    """
    try:
        return as_notebook(_json(_text(_bytes(path))))
    except BadSubmission as error:
        raise BadSubmission(f"{shown(path.name)}: {error}") from None


def _bytes(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise BadSubmission("expected a file, got a link, a folder or a device")
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadSubmission(f"the file cannot be read ({error.strerror})") from None
    if not content:
        raise BadSubmission("the file is empty (0 bytes)")
    if len(content) > MOST_BYTES:
        raise BadSubmission(f"expected at most {MOST_BYTES >> 20} MB, got more; clear large outputs and attachments")
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        kind = "a zip file" if content[:2] == b"PK" else "a PDF" if content[:4] == b"%PDF" else "another file"
        raise BadSubmission(f"expected a notebook, got bytes that are no text; is it {kind} with a new name?") from None


def _json(text: str) -> Any:
    if _is_too_much(text.count("[") + text.count("{"), text.count(",")) and _is_too_much(*_parts(text)):
        raise BadSubmission("the notebook has too many parts to be read; clear its outputs")
    try:
        return json.loads(text)
    except RecursionError:
        raise BadSubmission("its JSON is nested too deeply to be a notebook") from None
    except ValueError as error:
        raise BadSubmission(f"expected a notebook, got no valid JSON ({shown(str(error))}); is it complete?") from None


def _is_too_much(brackets: int, commas: int) -> bool:
    return brackets > MOST_BRACKETS or commas > MOST_COMMAS


def _parts(text: str) -> tuple[int, int]:
    """How many brackets open and how many commas there are outside strings: plotly's strings have plenty."""
    content = text.encode("utf-8", "replace").replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets, commas = content.count(b"[") + content.count(b"{"), content.count(b",")
    for match in STRING.finditer(content):
        inside = match.group()
        brackets -= inside.count(b"[") + inside.count(b"{")
        commas -= inside.count(b",")
    return brackets, commas


def as_notebook(content: Any) -> dict[str, Any]:
    """Any JSON as a notebook, as far as it is one: an object with a list of at most 400 cells.

    Raises:
        BadSubmission: it is none.
    """
    if not isinstance(content, dict):
        raise BadSubmission(f"expected a notebook, got JSON that is a {type(content).__name__}")
    if not isinstance(content.get("cells"), list) and isinstance(content.get("worksheets"), list):
        content = {**content, "cells": _cells_of_format_3(content["worksheets"])}
    if not isinstance(content.get("cells"), list):
        raise BadSubmission("expected a notebook, got JSON without a list of cells")
    if len(content["cells"]) > MOST_CELLS:
        raise BadSubmission(f"expected at most {MOST_CELLS} cells, got {len(content['cells'])}; delete the superfluous")
    return content


def _cells_of_format_3(worksheets: list) -> list:
    """The cells as format 4 has them: one list, and the text always under ``source``."""
    sheets = [
        sheet["cells"] for sheet in worksheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
    ]
    cells = [cell for sheet in sheets for cell in sheet if isinstance(cell, dict)]
    for cell in cells:
        cell["source"] = cell.get("input" if cell.get("cell_type") == "code" else "source", "")
        cell["cell_type"] = cell.get("cell_type") if cell.get("cell_type") in ("code", "raw") else "markdown"
    return cells


# ---- texts and images from outside -----------------------------------------------------------------------------


def parsed(source: str) -> ast.Module | None:
    """A cell's code; None where Python alone cannot read it, or gives up on it."""
    try:
        return ast.parse(source)
    except GIVEN_UP:
        return None


def cut(text: str, most: int) -> str:
    """A text's beginning and end, and between them how much was left out."""
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end]}\n[{len(text) - most} characters left out]\n{text[len(text) - end :]}"


def clean_image(mime: str, data: Any, most: int = MOST_IMAGE) -> str | None:
    """An image's base64, decoded strictly and encoded again; None where it is none, or larger than ``most`` bytes."""
    if isinstance(data, list) and all(isinstance(part, str) for part in data):
        data = "".join(data)
    if mime not in MAGIC or not isinstance(data, str) or len(data) > 2 * most:
        return None
    try:
        content = base64.b64decode("".join(data.split()).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not content.startswith(MAGIC[mime]) or len(content) > most:
        return None
    return base64.b64encode(content).decode("ascii")
