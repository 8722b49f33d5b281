"""What the tests of confined code share."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from course import ROOT

from rnnkit.grading.sandbox import cgroup
from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox.allowance import Allowance
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.kernel import Kernel
from rnnkit.grading.sandbox.nursery import Nursery
from rnnkit.grading.sandbox.outputs import Outputs
from rnnkit.grading.sandbox.runtime import student_runtime

both = pytest.mark.parametrize("confined", [True, False], ids=["confined", "trusted"])


def need_sandbox() -> None:
    """Skips where nothing can be confined, with the reason."""
    try:
        sandbox.probe()
    except sandbox.SandboxError as error:
        pytest.skip(str(error))


def inside(code, *arguments, limits=None, **how):
    """Runs Python code confined."""
    return sandbox.run(["python", "-c", code, *arguments], limits=limits or Limits(wall_s=60), **how)


def mark() -> str:
    """A word that no other process has among its arguments."""
    return f"marked-{uuid.uuid4().hex}"


def living(word: str) -> list[int]:
    """The processes that have a word among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def groups_of(pid: int | str) -> list[Path]:
    """The groups that a process has made."""
    above = set(found.above.values()) if (found := cgroup.place()) else ()
    return [path for folder in above for path in folder.glob(f"{cgroup.PREFIX}{pid}-*/")]


def until(condition, patience=2.0) -> bool:
    """Whether a condition comes true within some seconds."""
    deadline = time.monotonic() + patience
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(done)


@contextmanager
def kernels(stage=None, *, runtime=None, confined=True, addresses=None, **limits) -> Iterator[Callable[[], Kernel]]:
    """Makes kernels of one nursery, not started; nothing is left of them in the end."""
    known = Limits(**({"wall_s": 120, "memory_mb": 2048} | limits))
    runtime = (runtime or student_runtime(ROOT)).resolve()
    with empty_in_the_end(), closing(Nursery(stage, known, confined, addresses or {})) as nursery:
        yield lambda: Kernel(nursery, runtime, Allowance())


@contextmanager
def started(stage=None, **how) -> Iterator[Kernel]:
    """One kernel that runs."""
    with kernels(stage, **how) as make, closing(make()) as kernel:
        kernel.start()
        yield kernel


@contextmanager
def empty_in_the_end() -> Iterator[Path]:
    """A folder for what is there while something runs."""
    place, before = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp")), tempfile.tempdir
    tempfile.tempdir = str(place)
    try:
        yield place
        assert until(lambda: not list(place.iterdir()), 60)
    finally:
        tempfile.tempdir = before
        if not list(place.iterdir()):
            place.rmdir()


def said(kernel: Kernel, code: str, seconds: float = 30) -> str:
    """What code prints, or what its error says."""
    outputs = Outputs(8 << 20, {"bytes": 8 << 20, "messages": 2000})
    kernel.execute(code, seconds, outputs)
    return "".join(output.get("text", output.get("evalue", "")) for output in outputs.shown)
