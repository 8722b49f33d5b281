"""What lies in a submitted folder, whatever that is: links are not followed, and what cannot be looked at is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

DEEPEST = 20  # folders inside one another
MOST = 20_000  # files and folders


def walk(folder: Path) -> Iterator[tuple[str, os.stat_result | None]]:
    """Every file and link below a folder, in order.

    Returns:
        its path relative to the folder, and what `os.lstat` says; None for what cannot be looked at: a folder that is
        too deep or closed, and everything after too many.
    """
    waiting, count = [("", 0)], 0
    while waiting:
        inside, depth = waiting.pop()
        try:
            with os.scandir(os.path.join(folder, inside)) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:
            yield inside, None
            continue
        for entry in entries:
            path = os.path.join(inside, entry.name)
            count += 1
            if count > MOST:
                yield path, None
                return
            try:
                if not entry.is_dir(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False)
                elif depth < DEEPEST:
                    waiting.append((path, depth + 1))
                else:
                    yield path, None
            except OSError:
                yield path, None
