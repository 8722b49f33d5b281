"""A grading that is killed goes on where it was, and leaves nothing running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confined import until
from course import ROOT
from graded import SECOND, dump, edit, points, submit

from rnnkit.assignments.training_dynamics import ASSIGNMENT
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS


def start(course: Path) -> subprocess.Popen:
    """A grading in a process of its own."""
    command = [sys.executable, "-m", "rnnkit", "grade", "--course", str(course), "--jobs", "2"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def confined_processes(course: Path) -> list[str]:
    """Command lines of processes that have to do with this course, or run confined."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(course) in words and int(path.parent.name) != os.getpid():
            found.append(words)
    return found


@pytest.mark.parametrize(("times", "longest"), [(3, 12), pytest.param(20, 15, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_goes_on(course, times, longest):
    for student in ("anna", "bert", "cleo"):
        folder = submit(course, student, DIAGNOSTICS)
        if student == "bert":
            edit(folder / DIAGNOSTICS, "rho_solution", "def spectral_radius(W):\n    return 0.0")
    chance = random.Random(7)
    for _ in range(times):
        process = start(course)
        time.sleep(chance.uniform(1, longest))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert until(lambda: not confined_processes(course), 2), confined_processes(course)
    process = start(course)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    expected = {"anna": SECOND, "bert": SECOND - ASSIGNMENT.questions["rho"].points, "cleo": SECOND}
    assert {student: points(course, student) for student in expected} == expected
    before = dump(course)
    process = start(course)
    assert "3 of them unchanged" in process.communicate(timeout=300)[0]
    assert dump(course) == before
