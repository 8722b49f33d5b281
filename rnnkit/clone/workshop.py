"""The tools of a clone: its tests, its linter, its JupyterLab. Each returns the exit status of what it ran."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rnnkit.common.places import SetupError, clone_root

MOST_WORKERS = 4
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"], "1"
)


def test(extra: list[str]) -> int:
    """The tests but for the slow ones; ``extra`` goes to pytest."""
    return _run(_pytest("-m", "not slow", *extra), env=ONE_THREAD)


def test_all(extra: list[str]) -> int:
    """All the tests; ``extra`` goes to pytest."""
    return _run(_pytest(*extra), env=ONE_THREAD)


def lint() -> int:
    """Ruff's checks and its formatting; the second runs though the first found something."""
    return max(_run(["ruff", "check", "."]), _run(["ruff", "format", "--check", "."]))


def lab(extra: list[str]) -> int:
    """JupyterLab in the clone, where Formgrader finds the course, open at the students' copies or else the sources.

    ``extra`` goes to JupyterLab.
    """
    try:
        first = _first_folder(clone_root(), ("release", "notebooks")).name
    except SetupError as error:
        return _refuse(error)
    return _run(["jupyterlab", f"--LabApp.default_url=/lab/tree/{first}", *extra])


def _pytest(*arguments: str) -> list[str]:
    """Pytest over as many processes as there are CPUs, ``MOST_WORKERS`` at most."""
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return ["pytest", "-n", str(min(cpus, MOST_WORKERS)), "--dist", "loadfile", *arguments]


def _run(module: list[str], env: Mapping[str, str] | None = None) -> int:
    """``python -m module`` in the clone; 2 where it cannot be run."""
    try:
        folder = clone_root()
        if importlib.util.find_spec(module[0]) is None:
            raise SetupError(f"expected {module[0]} in {sys.prefix}, it is not installed; run `make setup`.", status=2)
    except SetupError as error:
        return _refuse(error)
    with subprocess.Popen([sys.executable, "-m", *module], cwd=folder, env={**os.environ, **(env or {})}) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the child got the same Ctrl-C and decides for itself
                continue


def _refuse(error: SetupError) -> int:
    print(f"rnnkit: {error}", file=sys.stderr)
    return error.status


def _first_folder(root: Path, names: tuple[str, ...]) -> Path:
    """The first of these folders of the clone that there is."""
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise SetupError(f"expected a folder {' or '.join(names)} in {root}, found neither; run this in a whole clone.", 2)
