"""The tools of a clone: its tests and its linter. Each returns the exit status of what it ran."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rnnkit.cli.guard import Parser
from rnnkit.common.places import clone_root
from rnnkit.common.processes import in_front

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
    """``python -m module`` in the clone, by this Python or another."""
    return in_front([str(python or sys.executable), "-m", *module], clone_root(), env or {})
