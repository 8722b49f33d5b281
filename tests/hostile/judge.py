"""What a graded class must look like: points, and nothing leaked, planted, left running or lost."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hostile.base import FULL, HONEST, Case

LARGEST = 3_000_000  # bytes of a stored notebook
HARMLESS = {"text/plain", "image/png", "image/jpeg", "application/json"}
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def wrong_points(cases: Iterable[Case], points: Mapping[str, float | None], status: Mapping[str, str]) -> list[str]:
    """Who has other points than they must have.

    Arguments:
        cases: that were graded.
        points: student -> automatic points; None or missing where nothing was recorded.
        status: student -> ``graded`` or another word.
    """
    found = []
    for student in HONEST:
        if points.get(student) != FULL:
            found.append(f"{student}: expected {FULL} points, got {points.get(student)} ({status.get(student)})")
    for case in cases:
        got, word = points.get(case.student), status.get(case.student, "not there")
        if case.rejected and word != "graded" and not got:
            continue
        if word != "graded":
            found.append(f"{case.name}: expected it to be graded, got {word}")
        elif got is None or not case.least <= got <= case.points:
            wanted = f"{case.points}" if case.least == case.points else f"{case.least} to {case.points}"
            found.append(f"{case.name}: expected {wanted} points, got {got}")
    return found


def unprintable(texts: Iterable[str]) -> list[str]:
    """The texts for people that would break a line, a terminal or an encoding."""
    return [ascii(text) for text in texts if not text.isprintable()]


def traces(course: Path, canary: str) -> list[str]:
    """What attacks have left below a course: leaks in what is stored, files of theirs, too much, or lively outputs."""
    found = []
    for folder, folders, names in os.walk(course):
        folders[:] = [name for name in folders if name != "submitted"]
        found += [f"{folder}/{name}: planted" for name in names if "PWNED" in name]
    for name in ("autograded", "feedback"):
        for path in sorted(path for path in (course / "grading" / name).rglob("*") if path.is_file()):
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.is_symlink():
                found.append(f"{path}: a link")
            if canary in text:
                found.append(f"{path}: the canary is in it")
            if "LEAK yes" in text:
                found.append(f"{path}: an attack has found something")
            if path.suffix == ".ipynb":
                found += [f"{path}: {what}" for what in unfit(text)]
    return found


def unfit(text: str) -> Iterator[str]:
    """What must not be in a stored notebook: too many bytes, and outputs or metadata that act in a browser."""
    if len(text) > LARGEST:
        yield f"expected at most {LARGEST} bytes, got {len(text)}"
    notebook = json.loads(text)
    if "widgets" in notebook["metadata"]:
        yield "it has widget states"
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if lively := set(output.get("data", ())) - HARMLESS:
                yield f"outputs of type {', '.join(sorted(lively))}"
        if cell["cell_type"] == "markdown" and "<script" in "".join(cell["source"]).lower():
            yield "a script in markdown"
        if cell["cell_type"] == "raw":
            yield "a raw cell"


def inode(path: Path) -> tuple[int, ...]:
    """What may be changed of a file without changing what is in it: mode, owner, and the times of changes."""
    about = path.stat()
    return about.st_mode, about.st_uid, about.st_gid, about.st_mtime_ns, about.st_ctime_ns


def devices() -> dict[str, tuple[int, ...]]:
    """The machine's own device nodes that sandboxes have, too; a terminal's times change by itself."""
    names = {name: inode(Path("/dev", name)) for name in ("null", "zero", "full", "random", "urandom", "tty")}
    return {name: about[:3] if name == "tty" else about for name, about in names.items()}


def leftovers() -> list[str]:
    """Shared memory, semaphores and queues of the machine that outlive their processes."""
    kinds = (Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:] for kind in ("shm", "sem", "msg"))
    return [line for lines in kinds for line in lines]


def digest(course: Path) -> dict[str, str]:
    """The regular files that no attack may change: the honest students' submissions and the sources."""
    tops = [course / "grading" / "submitted" / student for student in HONEST] + [course / "notebooks"]
    paths = [path for top in tops for path in top.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(course)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine that notes who connects to it."""
    server, callers = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        while True:
            try:
                connection, address = server.accept()
            except OSError:
                return
            callers.append(str(address))
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], callers
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@contextmanager
def adopting() -> Iterator[None]:
    """Orphans become children of this process, so that `left_running` sees them."""
    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(SUBREAPER, 0, 0, 0, 0)


def left_running() -> list[str]:
    """The kernels and sandboxes among this process's descendants."""
    found, waiting = [], [os.getpid()]
    while waiting:
        pid = waiting.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                children = [int(word) for word in task.read_text().split()]
            except OSError:
                continue
            waiting += children
            for child in children:
                try:
                    line = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if "ipykernel" in line or "bwrap" in line:
                    found.append(f"{child}: {line}")
    return found
