"""The tools of a clone: its tests, its linter, its JupyterLab. Each returns the exit status of what it ran."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rnnkit.cli.guard import Parser
from rnnkit.common.interrupts import POLITE
from rnnkit.common.places import SetupError, clone_root

MOST_WORKERS = 4
ONE_THREAD = dict.fromkeys(
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"], "1"
)


def test(argv: Sequence[str]) -> int:
    """Runs the tests but for the slow ones."""
    return run_module(pytest_words("-m", "not slow", *passed_on("test", "pytest", argv)), env=ONE_THREAD)


def test_all(argv: Sequence[str]) -> int:
    """Runs all the tests."""
    return run_module(pytest_words(*passed_on("test-all", "pytest", argv)), env=ONE_THREAD)


def lint() -> int:
    """Ruff's checks and its formatting, then mypy's of types; each runs though one before it found something."""
    return max(run_module(words) for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]))


def lab(argv: Sequence[str]) -> int:
    """JupyterLab in the clone, where Formgrader finds the course, open at the students' copies or else the sources."""
    extra = passed_on("lab", "jupyter lab", argv)
    root = clone_root()
    folders = [name for name in ("release", "notebooks") if (root / name).is_dir()]
    if not folders:
        raise SetupError(f"expected a folder release or notebooks in {root}, found neither; run this in a clone.", 2)
    return run_module(["jupyterlab", f"--LabApp.default_url=/lab/tree/{folders[0]}", *extra])


def passed_on(verb: str, program: str, argv: Sequence[str]) -> list[str]:
    """What goes to the program that a verb starts: everything but a call for help."""
    words = f"Every ARGUMENT goes to `{program}`, whose own --help says more."
    parser = Parser(usage=f"rnnkit {verb} [ARGUMENT ...]", description=words, allow_abbrev=False)
    return parser.parse_known_args(argv)[1]


def pytest_words(*arguments: str) -> list[str]:
    """Pytest over as many processes as there are CPUs, ``MOST_WORKERS`` at most."""
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return ["pytest", "-n", str(min(cpus, MOST_WORKERS)), "--dist", "loadfile", *arguments]


def run_module(module: list[str], env: Mapping[str, str] | None = None, python: Path | None = None) -> int:
    """``python -m module`` in the clone, by this Python or another; refused where it is not installed here."""
    folder = clone_root()
    if python is None and importlib.util.find_spec(module[0]) is None:
        raise SetupError(f"expected {module[0]} in {sys.prefix}, it is not installed; run `make setup`.", 2)
    command = [str(python or sys.executable), "-m", *module]
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **(env or {})}) as process:
        for number in POLITE:  # Ctrl-C reaches the child by itself, and it decides; a kill does not
            if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, _: process.send_signal(number))
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
