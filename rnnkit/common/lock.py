"""One process at a time: a lock on a file, which the system lets go of when the process ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def locked(path: Path | str, refusal: Exception, patience: float = 0) -> Iterator[None]:
    """Holds a lock while the work inside is done.

    Arguments:
        path: of the lock's file, which is made; its folder is there.
        refusal: raised where another process holds the lock.
        patience: seconds to wait for that process to end.
    """
    try:
        lock = FileLock(path).acquire(timeout=patience, poll_interval=0.1)
    except Timeout:
        raise refusal from None
    with lock:
        yield
