"""What records are done again with: the student's rnnkit, and its loops compiled once from clean code."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line
from rnnkit.grading.sandbox.confine import Limits, probe, run
from rnnkit.grading.sandbox.runtime import student_runtime
from rnnkit.runs.compiled import FOLDER

COMPILES = "rnnkit.runs.compiled"
WALL_S = 1200.0  # for half a minute of computing, on a machine that is busy with others, too
MOST = 64 << 20  # bytes of compiled loops


class Ready:
    """Made at its first use, by whichever thread comes first; audits where nothing is to be done need none.

    Sandboxes mount it read-only, and each process runs a copy of the compiled loops: no student reaches the next one's.

    Arguments:
        root: of the clone.
        assignment: whose runs are done again.
        confined: whether in sandboxes.
        work: a folder for it.
        tell: called with a line before it takes long.
    """

    def __init__(self, root: Path, assignment: str, confined: bool, work: Path, tell: Callable[[str], object]) -> None:
        self._given, self._made = (root, assignment, confined, work, tell), False
        self._lock = threading.Lock()

    @property
    def runtime(self) -> Path:
        """The folder to run code with.

        Raises:
            SandboxError: code cannot be confined here.
            BadValue: not even clean code runs.
        """
        root, assignment, confined, work, tell = self._given
        runtime = work / "runtime"
        with self._lock:
            if not self._made:
                if confined:
                    probe()
                shutil.copytree(student_runtime(root), runtime, dirs_exist_ok=True)
                tell("compiling what trains the runs, once for all students")
                _compile(runtime, assignment, confined)
                self._made = True
        return runtime


def _compile(runtime: Path, assignment: str, confined: bool) -> None:
    argv, limits = ["python", "-m", COMPILES, assignment], Limits(wall_s=WALL_S)
    done = run(argv, limits=limits, confined=confined, runtime=runtime, most_output=MOST)
    if done.returncode or done.why:
        why = done.why or one_line(done.stderr[-300:], 300)
        raise BadValue(f"expected the built-in runs to train, they did not (exit status {done.returncode}): {why}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(runtime / FOLDER, filter="data")
