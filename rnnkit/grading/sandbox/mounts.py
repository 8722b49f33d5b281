"""What of the outside is mounted in a sandbox, and where it is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from rnnkit.common.places import PACKAGE

LARGE = 1 << 20  # bytes: a file of the stage from this size on is linked to, not copied into memory
EMPTIED = ("/mnt", "/media", "/srv", "/opt")  # of these one is covered, for root's supervisor alone, by what it mounts


class Places:
    """Where the folders that are mounted are to be found: elsewhere for the other user that root's sandboxes run as.

    He may not get to them where they are, in root's home folder, say. What the grader needs itself is not covered.
    """

    def __init__(self, *own: Path) -> None:
        self.other, self.places = os.geteuid() == 0, {}
        needed = [*own, Path(__file__), *map(Path, _prefixes())]
        free = (top for top in EMPTIED if os.path.isdir(top) and not any(one.is_relative_to(top) for one in needed))
        self.folder = next(free, EMPTIED[0])

    def of(self, path: str | Path) -> str:
        """The path to mount a folder from."""
        if not self.other:
            return str(path)
        return self.places.setdefault(str(path), f"{self.folder}/{len(self.places)}/{Path(path).name}")

    def bubblewrap(self, path: str) -> str:
        """The program, found along a path; from its place where not everybody may get to it."""
        program = shutil.which("bwrap", path=path) or "bwrap"
        return "bwrap" if program.startswith("/usr/") else self.of(program)

    def of_grader(self, path: Path) -> str:
        """The path to mount a folder from that the grader has made, perhaps for itself alone."""
        if self.other and path.stat().st_mode & 0o005 != 0o005:
            subprocess.run(["chmod", "-R", "a+rX", str(path)], check=True)
        return self.of(path)


def system(places: Places) -> Iterator[str]:
    """Mounts of the system and of this Python, read-only, with an installed rnnkit hidden."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64"):
        if os.path.islink(name):
            yield from ("--symlink", os.readlink(name), name)
        elif os.path.isdir(name):
            yield from ("--ro-bind", name, name)
    for name in ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/alternatives"):
        yield from ("--ro-bind-try", name, name)
    for private in dict.fromkeys([PACKAGE.parent, Path(os.path.expanduser("~")).resolve()]):
        if private.is_relative_to("/usr"):
            yield from ("--tmpfs", str(private), "--remount-ro", str(private))
    for prefix in _prefixes():
        yield from ("--ro-bind", places.of(prefix), prefix)
    for path in _installed():
        yield from ("--tmpfs", path, "--remount-ro", path) if os.path.isdir(path) else ("--ro-bind", "/dev/null", path)


def _prefixes() -> list[str]:
    """The folders of this Python outside of /usr, outer ones first."""
    real = Path(os.path.realpath(sys.executable)).parent.parent
    folders = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix), str(real)}
    return sorted(path for path in folders if not Path(path).is_relative_to("/usr") and path != "/")


def _installed() -> list[str]:
    """What an installation of rnnkit left in site-packages: with the instructor's side, or pointing to the clone."""
    site = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    patterns = ("rnnkit", "rnnkit-*.dist-info", "trainingRNNs_torch", "__editable__*rnnkit*")
    return sorted(str(path) for folder in site for pattern in patterns for path in folder.glob(pattern))


def large(stage: Path) -> Iterator[str]:
    """The large regular files of a folder, relative to it."""
    for path in sorted(stage.rglob("*")):
        if not path.is_symlink() and path.is_file() and path.stat().st_size >= LARGE:
            yield path.relative_to(stage).as_posix()
