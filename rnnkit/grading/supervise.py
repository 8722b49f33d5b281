"""The process between the grader and what it runs; it ends the whole tree when it must.

It runs as a script, with the standard library alone. The tree ends when the grader's pipe closes (the grader may have
been killed), and when memory, processes, files, time or the folder of the sockets go over their limits. Two clocks of
the tree are written where the grader reads them at any time: the processor time that it has had, and the time in which
it slept. Both stand still while it waits for a processor.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BEAT = 0.05  # seconds between two looks at the tree
SLOW_BEAT = 1.0  # seconds between two looks at the files in memory
LONGEST_SLEEP = 4 * BEAT  # that one look can count: a late one says nothing of the time before it
SPARE = 64  # processes above the limit, which the system itself keeps for all users but root
SOCKETS_MB, SOCKETS_FILES = 1, 100
KEPT_STDERR = 8192  # bytes: its end says why something could not start
SET_CHILD_SUBREAPER = 36  # of prctl(2)
TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds


def children(pid: int) -> list[int]:
    """The child processes of all threads of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def descendants(most: int) -> list[int]:
    """The living processes below this one, parents first; not many more than `most`."""
    found, waiting = [], children(os.getpid())
    while waiting and len(found) <= most:
        pid = waiting.pop(0)
        found.append(pid)
        waiting += children(pid)
    return found


def about(pid: int) -> tuple[str, int]:
    """The state letter of a process and the number of its threads; a process that is gone is a zombie without any."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0].decode(), int(fields[17])
    except (OSError, ValueError, IndexError):
        return "Z", 0


def memory(pids: Sequence[int], most: int) -> int:
    """Bytes that some processes hold: a quick upper bound, and where that is over `most`, shared pages once only."""
    page, sizes = os.sysconf("SC_PAGESIZE"), {}
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
            sizes[pid] = int(file.read().split()[1]) * page
    if sum(sizes.values()) > most:
        for pid in sizes:
            try:
                with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                    sizes[pid] = sum(int(line.split()[1]) << 10 for line in file if line.startswith(b"Pss:"))
            except PermissionError:
                continue
            except OSError:  # it is about to be gone
                sizes[pid] = 0
    return sum(sizes.values())


def overfull(folder: str) -> bool:
    """Whether the folder of the sockets holds more than sockets."""
    size = count = 0
    for place, _, names in os.walk(folder):
        count += 1
        for name in names:
            count += 1
            if count > SOCKETS_FILES:
                return True
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
    return size > SOCKETS_MB << 20


def files(pid: int, folders: Sequence[str]) -> int:
    """How many files there are in these file systems, as a process sees them; none while they are not all there."""
    count = 0
    if not all(os.path.isdir(f"/proc/{pid}/root{folder}") for folder in folders):
        return count
    for folder in folders:
        with contextlib.suppress(OSError):
            about = os.statvfs(f"/proc/{pid}/root{folder}")
            count += about.f_files - about.f_ffree
    return count


def first_that_works(pid: int) -> int:
    """The command itself: below the programs that only set up its surroundings."""
    while True:
        try:
            with open(f"/proc/{pid}/comm", "rb") as file:
                if file.read().strip() != b"bwrap":
                    return pid
        except OSError:
            return pid
        below = children(pid)
        if not below:
            return pid
        pid = min(below, key=started)


def started(pid: int) -> int:
    """When a process started, in the kernel's ticks."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return sys.maxsize


def had(pid: int) -> float:
    """Seconds of processor time of a process, of all its threads and of the children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return TICK * sum(map(int, file.read().rpartition(b")")[2].split()[11:15]))
    except (OSError, ValueError):
        return 0.0


def awake(pid: int) -> bool:
    """Whether a thread of a process runs, waits for a processor, or for the disk."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] in (b"R", b"D"):
                    return True
    return False


def reap_orphans(child: int) -> None:
    """Waits for adopted processes that have ended: from then on their time is part of this one's."""
    with contextlib.suppress(ChildProcessError, AttributeError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != child:
            os.waitpid(ended.si_pid, os.WNOHANG)


class Clocks:
    """What a tree has had of the processors, and how long it slept: seconds, written into a file for the grader.

    Arguments:
        file: its descriptor.
        usage: a file of the tree's control group that counts all that was ever in it; empty where there is none.
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
            os.pwrite(self.file, struct.pack("dd", self.cpu, self.asleep), 0)

    def of_group(self) -> float:
        """Seconds by the control group: those of processes that nobody waited for are among them."""
        try:
            with open(self.usage, "rb") as file:
                text = file.read().split()
            return int(text[1]) / 1e6 if text[0] == b"usage_usec" else int(text[0]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def settle(settings: Mapping[str, Any]) -> None:
    """In the command's process, before it begins: gives it its place on the machine."""
    for folder in settings["group"].get("folders", ()):
        with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs", "w") as file:
            file.write("0")
    with contextlib.suppress(OSError):
        if settings["cores"]:
            os.sched_setaffinity(0, settings["cores"])
        os.nice(settings["nice"])


def adopt_orphans() -> None:
    """Makes this process the parent of everything below it that loses its own, so that nothing gets away."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Tree:
    """The command with everything below it, and what it may use."""

    def __init__(self, settings: Mapping[str, Any], argv: Sequence[str]) -> None:
        self.settings = settings
        self.peak, self.stderr, self.began = 0, b"", time.monotonic()
        self.looked = self.began
        self.too_much_memory = f"used more than {settings['memory_mb']} MB of memory"
        self.clocks = Clocks(settings["clocks"], settings["group"].get("usage", ""))
        self.child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: settle(settings),
        )

    def excess(self) -> str | None:
        """What is over its limit, in words."""
        most_memory, most = self.settings["memory_mb"] << 20, self.settings["processes"]
        if time.monotonic() - self.began > self.settings["wall_s"]:
            return f"took longer than {self.settings['wall_s']:g} s"
        pids = descendants(most + SPARE)
        reap_orphans(self.child.pid)
        self.clocks.look(pids)
        if self.clocks.cpu > self.settings["cpu_s"]:
            return "used more processor time than its limit"
        if sum(about(pid)[1] for pid in pids) > most + SPARE:
            return f"started more than {most} processes"
        used = memory(pids, most_memory)
        self.peak = max(self.peak, used)
        if used > most_memory or self.killed_for_memory():
            return self.too_much_memory
        if time.monotonic() - self.looked > SLOW_BEAT:
            self.looked = time.monotonic()
            if files(first_that_works(self.child.pid), self.settings["folders"]) > self.settings["files"]:
                return f"made more than {self.settings['files']} files"
        if self.settings.get("sockets") and overfull(self.settings["sockets"]):
            return "wrote files into the folder of its sockets"
        return None

    def killed_for_memory(self) -> bool:
        """Whether Linux has killed something in the control group because there was too much in it."""
        with contextlib.suppress(OSError, ValueError), open(self.settings["group"].get("killed", ""), "rb") as file:
            words = file.read().split()
            return int(words[words.index(b"oom_kill") + 1]) > 0
        return False

    def events(self, control: int) -> Iterator[bytes]:
        """What comes over the grader's pipe (empty when it closed), until the next beat; stderr is read meanwhile."""
        until = time.monotonic() + BEAT
        errors = self.child.stderr.fileno()
        while (left := until - time.monotonic()) > 0 and self.child.poll() is None:
            ready = select.select([control, errors], [], [], left)[0]
            if errors in ready:
                self.read_stderr()
            if control in ready:
                yield os.read(control, 1)

    def read_stderr(self) -> None:
        """Takes what is there and keeps its end."""
        text = os.read(self.child.stderr.fileno(), 1 << 16)
        self.stderr = (self.stderr + text)[-KEPT_STDERR:]
        if not text:
            time.sleep(BEAT / 5)  # closed by the command

    def watch(self) -> str | None:
        """Waits for the end; returns why the tree must be killed, if it must."""
        while self.child.poll() is None:
            for event in self.events(self.settings["control"]):
                if not event:
                    return "stopped by the grader"
                with contextlib.suppress(OSError):
                    os.kill(first_that_works(self.child.pid), signal.SIGINT)
                with contextlib.suppress(OSError):  # said after the signal, so that it cannot hit what comes later
                    os.write(self.settings["control"], b"i")
            if why := self.excess():
                return why
        return self.too_much_memory if self.killed_for_memory() else None

    def kill(self) -> None:
        """Kills everything below this process."""
        quiet = 0
        for _ in range(500):
            with contextlib.suppress(OSError):
                os.killpg(self.child.pid, signal.SIGKILL)  # at once: what forks all the time does not outrun this
            living = [pid for pid in descendants(sys.maxsize) if about(pid)[0] != "Z"]
            quiet = 0 if living else quiet + 1
            if self.child.poll() is not None and quiet > 1:
                return
            for pid in living:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def leave(self) -> None:
        """Takes the last look at the clocks, and the control group away."""
        reap_orphans(self.child.pid)
        self.clocks.look(())
        for folder in self.settings["group"].get("folders", ()):
            for _ in range(100):
                try:
                    os.rmdir(folder)
                except FileNotFoundError:
                    break
                except OSError:  # the last process is not quite gone
                    time.sleep(0.01)


def main(argv: Sequence[str]) -> int:
    """Runs the command after ``--`` with the settings before it; returns its exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    settings, grader = json.loads(argv[0]), os.getppid()
    adopt_orphans()
    tree = Tree(settings, argv[2:])
    why = tree.watch()
    tree.kill()
    tree.leave()
    while select.select([tree.child.stderr], [], [], 0)[0]:
        before = tree.stderr
        tree.read_stderr()
        if tree.stderr == before:
            break
    code = tree.child.poll()
    code = 128 - code if code is not None and code < 0 else code
    report = {
        "why": why if why != "stopped by the grader" else None,
        "peak_mb": tree.peak >> 20,
        "wall_s": round(time.monotonic() - tree.began, 2),
        "cpu_s": round(tree.clocks.cpu, 2),
        "returncode": code,
        "stderr": tree.stderr.decode("utf-8", "replace"),
    }
    if os.getppid() != grader:  # it died, and cannot clean up
        shutil.rmtree(os.path.dirname(settings["status"]), ignore_errors=True)
        return 137
    part = settings["status"] + ".part"
    with contextlib.suppress(OSError):  # the grader and its folder may be gone
        with open(part, "w", encoding="utf-8") as file:
            json.dump(report, file)
        os.replace(part, settings["status"])
    return 137 if code is None else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
