"""A disk that is full: told apart from all other errors, because what it stops is only put off."""

from __future__ import annotations

import errno
import sqlite3

FULL = {errno.ENOSPC, errno.EDQUOT}
NO_ROOM = "there is no room on the disk: make some and run rnnkit grade again, which goes on from here"
EXIT = 75  # of a grader process that found none (EX_TEMPFAIL)


def no_room(error: BaseException | None) -> bool:
    """Whether an error, or one behind it, says that a disk is full."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def reason(error: BaseException, otherwise: str) -> str:
    """What stands in the row of a submission that an error has stopped."""
    return NO_ROOM if no_room(error) else f"{otherwise} ({type(error).__name__})"
