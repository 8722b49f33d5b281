"""A control group for each sandbox, where this user may make one: its share of processors and memory, kept by Linux.

Both versions are used as they are found: v1, one tree for each controller, and v2, where an ancestor of this process's
own group passes controllers on and may be written to.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CONTROLLERS = ("cpu", "memory", "pids")
PREFIX = "rnnkit-"  # then the id of the process that made it, and a word of its own
ENTER = 'for folder; do echo 0 >"$folder/cgroup.procs" || exit 1; done'
MARGIN = 9 / 8  # above the limit that the supervisor watches, which says what happened
NONE = "nice, affinity and supervision (no cgroup may be made here)"
WEAKER = (
    "memory and processes are looked at 20 times a second, and what hides its processor time ends by the clock on the "
    "wall; with systemd, grade below systemd-run --user --scope"
)


@dataclass(frozen=True)
class Place:
    """Where groups may be made: controller -> the folder above them; ``cpuacct`` is among v1's."""

    version: int
    above: dict[str, Path]

    @property
    def kept(self) -> list[str]:  # what Linux shares out itself
        return [name for name in CONTROLLERS if name in self.above]

    def __str__(self) -> str:
        return f"cgroup v{self.version} ({', '.join(self.kept)})"


class Group:
    """A group without processes; who enters it takes its share from then on."""

    def __init__(self, place: Place, memory_mb: int, processes: int) -> None:
        self._place, name = place, f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        self.folders = {controller: above / name for controller, above in place.above.items()}
        try:
            for folder in dict.fromkeys(self.folders.values()):
                folder.mkdir()
            (self.folders["pids"] / "pids.max").write_text(str(processes))
            most = int(memory_mb * MARGIN) << 20
            limits = dict.fromkeys(("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max"), most)
            for name, limit in {**limits, "memory.swap.max": 0}.items():
                if (file := self.folders["memory"] / name).exists():
                    file.write_text(str(limit))
        except OSError:
            self.remove()
            raise

    def told(self) -> dict[str, Any]:
        """What the supervisor needs: where to enter, and what to read."""
        of = self.folders
        killed, usage = of["memory"] / "memory.events", of["memory"] / "cpu.stat"
        if self._place.version == 1:
            killed, usage = of["memory"] / "memory.oom_control", of["cpuacct"] / "cpuacct.usage"
        folders = sorted({str(folder) for folder in of.values()})
        return {"folders": folders, "usage": str(usage), "killed": str(killed)}

    def remove(self) -> None:
        """Takes the group away, if nothing is in it."""
        for folder in self.folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()


def make(memory_mb: int, processes: int) -> Group | None:
    """A group for one sandbox; None where none may be made."""
    with contextlib.suppress(OSError):
        return Group(here, memory_mb, processes) if (here := place()) else None
    return None


@cache
def place() -> Place | None:
    """Where this process may make groups, tried with a program that does nothing."""
    for option in _places():
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            group = Group(option, 64, 16)
            try:
                folders = map(str, group.folders.values())
                subprocess.run(["/bin/sh", "-c", ENTER, "sh", *folders], check=True, stderr=subprocess.DEVNULL)
            finally:
                group.remove()
            return option
    return None


def sweep() -> None:
    """Takes away what graders that are dead have left."""
    for option in _places():
        for above in set(option.above.values()):
            for folder in above.glob(f"{PREFIX}*-*"):
                maker = re.fullmatch(rf"{PREFIX}(\d+)-[0-9a-f]+", folder.name)
                if maker and not os.path.exists(f"/proc/{maker[1]}"):
                    with contextlib.suppress(OSError):
                        folder.rmdir()


def share() -> str:
    """What gives each sandbox its share of the machine, in words."""
    return str(here) if (here := place()) else NONE


def cores(number: int, of: int) -> tuple[int, ...]:
    """The processors for one of several sandboxes, where no group shares them out; empty where all may be used."""
    if of < 2 or ((here := place()) and "cpu" in here.kept) or not hasattr(os, "sched_getaffinity"):
        return ()
    mine = sorted(os.sched_getaffinity(0))
    return tuple(mine[number::of]) or (mine[number % len(mine)],)


def _places() -> Iterator[Place]:
    with contextlib.suppress(OSError):
        yield from places(Path("/proc/self/mounts").read_text(), Path("/proc/self/cgroup").read_text())


def places(mounts: str, own: str) -> Iterator[Place]:
    """Where groups could be made, best first, by what ``/proc/self/mounts`` and ``/proc/self/cgroup`` say."""
    mounted = [line.split()[1:4] for line in mounts.splitlines()]
    paths = [line.split(":", 2) for line in own.splitlines()]
    first = {}
    for folder, kind, options in mounted:
        for name in {*CONTROLLERS, "cpuacct"} & set(options.split(",")) if kind == "cgroup" else ():
            path = next((path for _, names, path in paths if name in names.split(",")), "/")
            inside = Path(folder + path)
            first[name] = inside if inside.is_dir() else Path(folder)
    if {"cpuacct", *CONTROLLERS} <= first.keys():
        yield Place(1, first)
    path, second = next((path for number, _, path in paths if number == "0"), "/"), []
    for folder in (folder for folder, kind, _ in mounted if kind == "cgroup2"):
        inside = Path(folder + path)
        for above in (inside, *inside.parents):
            if above.is_relative_to(folder) and os.access(above / "cgroup.procs", os.W_OK):
                passed = (above / "cgroup.subtree_control").read_text().split()
                if {"memory", "pids"} <= set(passed):
                    second.append(Place(2, {name: above for name in CONTROLLERS if name in passed}))
    yield from sorted(second, key=lambda place: -len(place.kept))
