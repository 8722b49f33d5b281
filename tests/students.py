"""The student's package, run as it is shipped: its source first on the path, and nothing of the clone's rnnkit."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from course import ONE_THREAD, ROOT

from rnnkit.grading.release import wheel


def source(folder: Path) -> Path:
    """What the student's wheel is built from, in an empty folder."""
    wheel.student_source(ROOT, folder)
    return folder


def python(students: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    """Runs Python with that package; ``-S`` leaves out the clone's editable one."""
    path = os.pathsep.join([str(students), sysconfig.get_paths()["purelib"]])
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": path}
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(command, cwd=cwd or students, env=environment, capture_output=True, text=True)
