"""Files that are written whole or not at all, so that nobody ever meets half of one; earlier ones are kept aside."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"  # the ending of a file that is being written
KEPT = "_kept_"  # in the name of an earlier run's folder, of an earlier file


def save_text(path: Path | str, text: str) -> Path:
    """Writes a text file.

    Raises:
        OSError: the folder cannot be written or the disk is full; an earlier file of this name stays as it was.
    """
    return save_bytes(path, text.encode())


def save_bytes(path: Path | str, content: bytes) -> Path:
    """Writes a file, as `save_text` does."""
    with whole(Path(path)) as file:
        file.write(content)
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


def unfinished(path: Path) -> list[Path]:
    """What killed processes have left of a file that they were writing."""
    return list(path.parent.glob(f".{glob.escape(path.name)}.*{PART}"))


def free_name(path: Path, ending: str = "") -> Path:
    """A name that is not taken, for what has to make room: ``path_kept_1``, ``path_kept_2`` …

    Arguments:
        path: what has to make room.
        ending: of its name, which stays at the end: ``path_kept_1.zip``.
    """
    name = path.name.removesuffix(ending)
    number = 1
    while (free := path.with_name(f"{name}{KEPT}{number}{ending}")).exists():
        number += 1
    return free
