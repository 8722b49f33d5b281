"""Small files of a student's own, which nobody vouches for: read so that nothing in them can do harm."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any


def read_small(path: Path, most: int) -> dict[str, Any]:
    """The object that a JSON file holds; a link is not followed.

    Arguments:
        path: of the file.
        most: bytes.

    Raises:
        OSError: there is no such file, or it is none to be read.
        ValueError: it is too large, or not such a file.
    """
    try:
        stored = json.loads(_content(path, most))
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deep") from None
    if not isinstance(stored, dict):
        raise ValueError(f"{path.name} holds no object")
    return stored


def read_text(path: Path, most: int) -> str:
    """What a text file holds, whatever stands for bytes that are no UTF-8; see `read_small`."""
    return _content(path, most).decode("utf-8-sig", "replace")


def _content(path: Path, most: int) -> bytes:
    """The bytes of a regular file; see `read_small`."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is no regular file")
    with open(descriptor, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path.name} is too large")
    return content
