"""Two clocks of a process tree: what it has had of the processors, and how long it slept.

Both stand still while it waits for a processor. They are written where the grader reads them at any time.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections.abc import Sequence

BEAT = 0.05  # seconds between two looks
LONGEST_SLEEP = 4 * BEAT  # that one look can count: a late one says nothing of the time before it
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
FORM = struct.Struct("dd")


def stat_of(path: str) -> list[bytes]:
    """What /proc says of a process or thread, after its name: state, parent, ...; empty where it is gone."""
    try:
        with open(f"/proc/{path}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def had(pid: int) -> float:
    """Seconds of processor time of a process, of all its threads and of the children that it has waited for."""
    return TICK * sum(map(int, stat_of(str(pid))[11:15]))


def awake(pid: int) -> bool:
    """Whether a thread of a process runs, waits for a processor, or for the disk."""
    with contextlib.suppress(OSError):
        return any(stat_of(f"{pid}/task/{task}")[:1] in ([b"R"], [b"D"]) for task in os.listdir(f"/proc/{pid}/task"))
    return False


def reap_orphans(child: int) -> None:
    """Waits for adopted processes that have ended: from then on their time is part of this one's."""
    with contextlib.suppress(ChildProcessError, AttributeError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != child:
            os.waitpid(ended.si_pid, os.WNOHANG)


class Clocks:
    """What a tree has had of the processors, and how long it slept: seconds, written into a file for the grader.

    `usage` is a file of the tree's control group that counts all that was ever in it; empty where there is none.
    """

    def __init__(self, file: int, usage: str) -> None:
        self.file, self.usage = file, usage
        self.cpu = self.asleep = 0.0
        self.looked = time.monotonic()

    def look(self, pids: Sequence[int]) -> None:
        """Brings both up to date; `pids` are the living processes, parents first."""
        now, ended = time.monotonic(), os.times()
        counted = sum(map(had, pids)) + ended.children_user + ended.children_system
        self.cpu = max(self.cpu, counted, self.of_group())
        if not any(awake(pid) for pid in reversed(pids)):
            self.asleep += min(now - self.looked, LONGEST_SLEEP)
        self.looked = now
        with contextlib.suppress(OSError):
            os.pwrite(self.file, FORM.pack(self.cpu, self.asleep), 0)

    def of_group(self) -> float:
        """Seconds by the control group: those of processes that nobody waited for are among them."""
        try:
            with open(self.usage, "rb") as file:
                text = file.read().split()
            return int(text[1]) / 1e6 if text[0] == b"usage_usec" else int(text[0]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0
