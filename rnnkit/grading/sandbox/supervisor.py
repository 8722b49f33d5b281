"""The process between the grader and what it runs; it ends the whole tree when it must.

It needs the standard library alone. The tree ends when the grader's pipe closes (the grader may have been killed), and
when memory, processes, files or time go over their limits.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rnnkit.common.whole import save_text
from rnnkit.grading.sandbox import enclosure
from rnnkit.grading.sandbox.clocks import BEAT, Clocks, reap_orphans, stat_of
from rnnkit.grading.sandbox.copied import Copy, gone

SLOW_BEAT = 1.0  # seconds between two looks at what takes longer to see
SPARE = 64  # processes above the limit, which the system itself keeps for all users but root
KEPT_STDERR = 8192  # bytes: its end says why something could not start
SURROUNDINGS = (b"bwrap", b"rk-launcher")  # names of processes that only set up what is below them
SET_CHILD_SUBREAPER = 36  # of prctl(2)


def children(pid: int) -> list[int]:
    """The child processes of all threads of a process."""
    pids: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                pids += map(int, file.read().split())
    return pids


def descendants(most: int) -> list[int]:
    """The living processes below this one, parents first; not many more than `most`."""
    pids, waiting = [], children(os.getpid())
    while waiting and len(pids) <= most:
        pid = waiting.pop(0)
        pids.append(pid)
        waiting += children(pid)
    return pids


def state_of(pid: int) -> tuple[str, int]:
    """The state letter of a process and the number of its threads; a process that is gone is a zombie without any."""
    fields = stat_of(str(pid))
    return (fields[0].decode(), int(fields[17])) if fields else ("Z", 0)


def shown(pid: int, name: str) -> dict[bytes, int]:
    """The sizes in a file of /proc that says what a process has in memory, in bytes; of a thread that lives."""
    places = [f"/proc/{pid}"]
    if state_of(pid)[0] == "Z":
        with contextlib.suppress(OSError):
            places = [f"/proc/{pid}/task/{task}" for task in os.listdir(f"/proc/{pid}/task") if int(task) != pid]
    sizes: dict[bytes, int] = {}
    for place in places:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"{place}/{name}", "rb") as file:
            sizes = {words[0]: int(words[1]) << 10 for line in file if (words := line.split())[2:] == [b"kB"]}
        if sizes:
            break
    return sizes


def memory(pids: Sequence[int], most: int, held: int | None) -> int:
    """Bytes that some processes hold: a quick upper bound, and where that is over `most`, shared pages once only.

    `held` is what is in the file systems in memory; None where these are not the command's own.
    """
    status = {pid: shown(pid, "status") for pid in pids}
    beside = {pid: one.get(b"VmPTE:", 0) for pid, one in status.items()}
    sizes = {pid: one.get(b"VmRSS:", 0) + one.get(b"VmSwap:", 0) for pid, one in status.items()}
    total = sum(sizes.values()) + sum(beside.values()) + (held or 0)
    if total <= most:
        return total
    # what is shared and has no file is refused: all other shared memory is in those file systems
    parts = (b"Pss:", b"SwapPss:") if held is None else (b"Pss_Anon:", b"Pss_File:", b"SwapPss:")
    for pid in sizes:
        with contextlib.suppress(OSError):  # else what was seen first stays
            sizes[pid] = sum(map(shown(pid, "smaps_rollup").get, parts, [0] * len(parts)))
    return sum(sizes.values()) + sum(beside.values()) + (held or 0)


def first_that_works(pid: int) -> int:
    """The command itself: below the programs that only set up its surroundings."""
    with contextlib.suppress(OSError):
        while Path(f"/proc/{pid}/comm").read_bytes().strip() in SURROUNDINGS and (below := children(pid)):
            pid = min(below, key=started)
    return pid


def started(pid: int) -> int:
    """When a process started, in the kernel's ticks."""
    fields = stat_of(str(pid))
    return int(fields[19]) if fields else sys.maxsize


def settle(settings: Mapping[str, Any], user: int | None) -> None:
    """In the command's process, before it begins: gives it its place on the machine, and takes its rights."""
    for folder in settings["group"].get("folders", ()):
        with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs", "w") as file:
            file.write("0")
    with contextlib.suppress(OSError):
        if settings["cores"]:
            os.sched_setaffinity(0, settings["cores"])
        os.nice(settings["nice"])
    enclosure.become(user)


class Tree:
    """The command with everything below it, and what it may use."""

    def __init__(self, settings: Mapping[str, Any], argv: Sequence[str]) -> None:
        self.settings = settings
        self.peak, self.stderr, self.began = 0, b"", time.monotonic()
        self.looked = self.began
        self.too_much_memory = f"used more than {settings['memory_mb']} MB of memory"
        self.clocks = Clocks(settings["clocks"], settings["group"].get("usage", ""))
        self.handles: enclosure.Handles | None = None
        user, gate, passed = None, None, []
        if own := settings.get("enclosure"):
            if not enclosure.surround(own["places"], own["folder"]):  # then the command must get there by itself
                argv = enclosure.directly(argv, own["places"])
            user, gate = enclosure.stranger(), enclosure.Gate()
            passed = [*enclosure.hand_over(own["texts"]), enclosure.INFO, enclosure.BEGIN]
        copy = settings.get("copy")
        self.errors, theirs = copy["stderr"] if copy else os.pipe()
        nothing, writer = os.pipe()  # it reads to its end
        os.close(writer)
        piped = stat.S_ISFIFO(os.fstat(1).st_mode)  # no file of the outside is open inside, not even a device
        self.child: subprocess.Popen[bytes] | Copy = subprocess.Popen(
            argv,
            stdin=nothing,
            stdout=None if piped else theirs,
            stderr=theirs,
            start_new_session=True,
            pass_fds=passed,
            preexec_fn=partial(settle, settings, user),
        )
        os.close(theirs)
        os.close(nothing)
        self.unwatched: str | None = None
        try:
            if own and gate and (first := gate.wait()) is not None:
                self.handles = enclosure.Handles(first, own["folders"])
                gate.open()
                if copy:
                    self.child = Copy(settings, first)
        except OSError as error:  # nothing of a student's has begun, and nothing will
            self.unwatched = f"the sandbox cannot be watched here: {error}"

    def excess(self) -> str | None:
        """What is over its limit, in words."""
        most_memory, most = self.settings["memory_mb"] << 20, self.settings["processes"]
        if self.unwatched:
            return self.unwatched
        if time.monotonic() - self.began > self.settings["wall_s"]:
            return f"took longer than {self.settings['wall_s']:g} s"
        pids = descendants(most + SPARE)
        reap_orphans(self.child.pid)
        self.clocks.look(pids)
        if self.clocks.cpu > self.settings["cpu_s"]:
            return "used more processor time than its limit"
        if sum(state_of(pid)[1] for pid in pids) > most + SPARE:
            return f"started more than {most} processes"
        used = memory(pids, most_memory, self.handles.held() if self.handles else None)
        self.peak = max(self.peak, used)
        if used > most_memory or self.killed_for_memory():
            return self.too_much_memory
        if self.handles and self.handles.files() > self.settings["files"]:
            return f"made more than {self.settings['files']} files"
        if self.handles and time.monotonic() - self.looked > SLOW_BEAT:
            self.looked = time.monotonic()
            return self.handles.hoards(pids)
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
        errors = self.errors
        while (left := until - time.monotonic()) > 0 and self.child.poll() is None:
            ready = select.select([control, errors], [], [], left)[0]
            if errors in ready and not self.read_stderr():
                time.sleep(BEAT / 5)
            if control in ready:
                yield os.read(control, 1)

    def read_stderr(self) -> bool:
        """Takes what is there and keeps its end; False where the command has closed it."""
        text = os.read(self.errors, 1 << 16)
        self.stderr = (self.stderr + text)[-KEPT_STDERR:]
        return bool(text)

    def watch(self) -> str | None:
        """Waits for the end; returns why the tree must be killed, if it must."""
        while self.child.poll() is None:
            for event in self.events(self.settings["control"]):
                if not event:  # stopped by the grader, who knows why
                    return None
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
            states = {pid: state_of(pid) for pid in descendants(sys.maxsize)}
            # its other threads go on where a process's first one has ended
            living = [pid for pid, (state, threads) in states.items() if state != "Z" or threads > 1]
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


def main() -> int:
    """Runs the command after ``--`` with the settings before it; returns its exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    settings, grader = json.loads(sys.argv[1]), os.getppid()
    with contextlib.suppress(OSError, AttributeError):  # what loses its parent becomes this one's child
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    tree = Tree(settings, sys.argv[3:])
    why = tree.watch()
    tree.kill()
    tree.leave()
    while select.select([tree.errors], [], [], 0)[0] and tree.read_stderr():
        pass
    status = tree.child.poll()
    code = 137 if status is None else status if status >= 0 else 128 - status
    report = {
        "why": why,
        "peak_mb": tree.peak >> 20,
        "wall_s": round(time.monotonic() - tree.began, 2),
        "cpu_s": round(tree.clocks.cpu, 2),
        "returncode": code,
        "stderr": tree.stderr.decode("utf-8", "replace"),
    }
    if gone(settings["copy"]) if "copy" in settings else os.getppid() != grader:  # it died, and cannot clean up
        shutil.rmtree(os.path.dirname(settings["status"]), ignore_errors=True)
        return 137
    with contextlib.suppress(OSError):  # the grader and its folder may be gone
        save_text(settings["status"], json.dumps(report))
    return code
