"""What the tests of confined code share."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

import pytest

from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox.confine import Limits


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


def until(condition, patience=2.0) -> bool:
    """Whether a condition comes true within some seconds."""
    deadline = time.monotonic() + patience
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(done)
