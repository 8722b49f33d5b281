"""Files that are written whole or not at all: a reader or a crash never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"  # the ending of a file that is being written


def save_text(path: Path | str, text: str) -> Path:
    """Writes a text file.

    Raises:
        OSError: the folder cannot be written or the disk is full; an earlier file of this name stays as it was.
    """
    with whole(Path(path)) as file:
        file.write(text.encode())
    return Path(path)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is complete and on the disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        with open(part, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
