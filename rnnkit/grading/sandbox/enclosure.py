"""What a supervisor does around a sandbox that bubblewrap cannot do: another user, unchangeable devices, open handles.

The handles on the file systems in memory are taken before any code of a student's runs. What they say depends on no
process, no name and no path inside, and holds files that have no name any more, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import time
from collections.abc import Mapping, Sequence
from typing import Any

FILTER, NOTHING, INFO, BEGIN, FOLDER = 900, 902, 903, 904, 910  # numbers of files that both sides know
FIRST = "rk-first"  # the name of a sandbox's first process that is ours, when nobody can look into it any more
READY_S = 120  # seconds on the wall for the surroundings of a command to be made
NAMESPACE, NEW_USER = 0x20000, 0x10000000  # of unshare(2)
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE, RELATIVE_TIMES = 1, 32, 4096, 16384, 1 << 18, 1 << 21  # of mount(2)
KEPT = 2 | 4 | 8 | 1024 | 2048  # nosuid, nodev, noexec, noatime, nodiratime: the same numbers as of statvfs(3)
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
UNUSED = 0x70000000  # from here on to 0x7fffffff no system gives numbers to users
PATH = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
SOCKET_MB, TCP_MB = 0.5, 10  # what a socket can hold at most, in its two directions
MOST_LOCKS, MOST_MAPS, MOST_TERMINALS = 1 << 17, 10 << 20, 64  # bytes of text that lists them; a number


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _mount(source: str | None, target: str, flags: int, kind: str | None = None, data: str | None = None) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind, data)]
    _call("mount", words[0], words[1], words[2], ctypes.c_ulong(flags), words[3])


def _unchangeable(path: str) -> None:
    """Mounts a file over itself, read-only: a device can be used all the same, its mode, owner and times stay."""
    flags = os.statvfs(path).f_flag
    _mount(path, path, BIND)
    flags = flags & KEPT | (RELATIVE_TIMES if flags & 4096 else 0)
    _mount(None, path, BIND | REMOUNT | READ_ONLY | flags)


def _surround(places: Mapping[str, str], folder: str) -> bool:
    user, group = os.geteuid(), os.getegid()
    with contextlib.suppress(OSError):
        _call("unshare", NAMESPACE | (NEW_USER if user else 0))
        maps = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"} if user else {}
        for name, text in maps.items():
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        _mount(None, "/", RECURSIVE | PRIVATE)
        for name in filter(os.path.exists, (f"/dev/{name}" for name in DEVICES)):
            _unchangeable(name)
        if places:
            _mount("none", folder, 0, "tmpfs", "mode=755,size=64k")
        for source, place in places.items():
            os.makedirs(place if os.path.isdir(source) else os.path.dirname(place))
            if not os.path.isdir(source):
                os.close(os.open(place, os.O_CREAT))
            _mount(source, place, BIND | RECURSIVE)
        return True
    return False


def surround(places: Mapping[str, str], folder: str) -> bool:
    """Gives this process mounts of its own, in which devices cannot be changed; whether the system lets it.

    Each of the places is a folder, and where in `folder` it is mounted too, for a user who cannot get to it.
    """
    if os.geteuid() and not _in_trial():  # some systems allow the first step, and take rights away for it
        return False
    return _surround(places, folder)


def directly(argv: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """A command that finds folders where they are, not at their other places."""
    words = list(argv)
    for source, place in places.items():
        words = [source + word.removeprefix(place) if f"{word}/".startswith(f"{place}/") else word for word in words]
    return words


def weaker() -> str:
    """What is weaker here than it could be: where devices are concerned, and what a user has a limited number of."""
    devices = "" if _in_trial() else "the times of device nodes can be changed, as by every user of this machine"
    if os.geteuid():
        limits = "pipes and watches that Linux counts by user are shared with your own programs, and by submissions"
        return f"{devices}; {limits}" if devices else limits
    return f"{devices}; Python must be installed where every user can read it" if devices else ""


def _in_trial() -> bool:
    trial = os.fork()
    if not trial:
        os._exit(not _surround({}, ""))
    return os.waitpid(trial, 0)[1] == 0


def stranger() -> int | None:
    """A user's number that nobody else has, for the command of a grader who is root; None for all other graders.

    One for each command: what Linux limits for each user (processes, pipes, watches) is then limited for each.
    """
    if os.geteuid():
        return None
    number = UNUSED + os.getpid()
    with open("/proc/self/uid_map") as file:
        known = [tuple(map(int, line.split())) for line in file]
    inside = any(first <= number < first + count for first, _, count in known)
    return number if inside else 65534


def become(user: int | None) -> None:
    """In the command's process, before it begins: gives up all rights of root for good."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where the machine runs out of memory, Linux ends this first
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def hand_over(texts: Mapping[str, str]) -> list[int]:
    """Puts texts (in hexadecimal) into pipes that are open under these numbers, for the command to read."""
    for number, text in texts.items():
        reader, writer = os.pipe()
        os.write(writer, bytes.fromhex(text))
        os.close(writer)
        os.dup2(reader, int(number))
        os.close(reader)
    return [int(number) for number in texts]


class Gate:
    """Holds a command back, when its surroundings are made, until the handles on them are taken."""

    def __init__(self) -> None:
        self._ends = []
        for number, inside in ((INFO, 1), (BEGIN, 0)):
            ends = os.pipe()
            os.dup2(ends[inside], number)
            os.close(ends[inside])
            self._ends.append(ends[1 - inside])

    def wait(self) -> int | None:
        """The first process inside, when all mounts are made; None where it ended before, `OSError` if it is late."""
        os.close(INFO)
        os.close(BEGIN)
        until, text = time.monotonic() + READY_S, b""
        while select.select([self._ends[0]], [], [], max(0, until - time.monotonic()))[0]:
            if not (part := os.read(self._ends[0], 4096)):
                break
            text += part
        try:
            pid = json.loads(text)["child-pid"]
            while time.monotonic() < until:
                with open(f"/proc/{pid}/status") as file:
                    status = dict(line.split(":", 1) for line in file)
                if status["State"].split()[0] == "Z":
                    return None
                if not int(status["CapPrm"], 16):  # it gives its rights up when all is made, and cannot get them back
                    return pid
                time.sleep(0.001)
        except (FileNotFoundError, ProcessLookupError, json.JSONDecodeError):  # it is gone
            return None
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    def open(self) -> None:
        """Lets the command begin."""
        with contextlib.suppress(OSError):
            os.write(self._ends[1], b"x")
        for end in self._ends:
            os.close(end)


class Handles:
    """Handles on the file systems in memory, terminals, sockets and locks of a sandbox; no student's code runs yet.

    The handle on the n-th file system is open under the number FOLDER + n.
    """

    def __init__(self, pid: int, folders: Sequence[str]) -> None:
        root = f"/proc/{pid}/root"
        self._folders = [FOLDER + place for place in range(len(folders))]
        for number, folder in zip(self._folders, folders, strict=True):
            handle = os.open(root + folder, PATH)
            os.dup2(handle, number)
            os.close(handle)
        self._terminals = os.open(f"{root}/dev/pts", os.O_RDONLY | os.O_DIRECTORY)
        names = [f"/proc/{pid}/net/{name}" for name in ("sockstat", "sockstat6")]
        self._sockets = [os.open(name, os.O_RDONLY) for name in names if os.path.exists(name)]
        self._locks = os.open(f"{root}/proc/locks", os.O_RDONLY)

    def held(self) -> int:
        """Bytes in the file systems, and those that the sockets can hold at most."""
        stored = sum((status.f_blocks - status.f_bfree) * status.f_frsize for status in map(os.fstatvfs, self._folders))
        lines = [line.split() for file in self._sockets for line in os.pread(file, 4096, 0).splitlines()]
        number = {line[0]: int(line[2]) for line in lines if len(line) > 2}
        tcp = number.get(b"TCP:", 0) + number.get(b"TCP6:", 0)
        return stored + int((number.get(b"sockets:", 0) * SOCKET_MB + tcp * TCP_MB) * (1 << 20))

    def files(self) -> int:
        """How many files there are, with and without names."""
        return sum(status.f_files - status.f_ffree for status in map(os.fstatvfs, self._folders))

    def hoards(self, pids: Sequence[int]) -> str | None:
        """What is hoarded of the kernel's own memory, in words: terminals, locks, or pieces of mapped memory."""
        if len(os.listdir(self._terminals)) > MOST_TERMINALS:
            return f"opened more than {MOST_TERMINALS} terminals"
        if self._listed() > MOST_LOCKS:
            return "locked too many parts of files"
        left = MOST_MAPS
        for pid in pids:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", "rb") as file:
                left -= len(file.read(left))
            if left <= 0:
                return "mapped memory in too many pieces"
        return None

    def _listed(self) -> int:
        """Bytes of the list of all locks; not many more than are allowed."""
        size = os.lseek(self._locks, 0, os.SEEK_SET)
        while size <= MOST_LOCKS and (part := os.read(self._locks, 1 << 16)):
            size += len(part)
        return size
