"""The student's wheel: rnnkit without the instructor's side and without the bodies of the built-in cells' ``step``."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.cli.verbs import CLONE, INSTRUCTORS, VERBS
from rnnkit.common.names import BadValue
from rnnkit.common.packed import pack
from rnnkit.grading.release.bodies import with_bodies

EPOCH = (2026, 1, 1, 0, 0, 0)  # of every file in what is built, so that it comes out the same again
STUDENT_README = Path("notebooks") / MAIN / "README.md"
# of rnnkit/, as each `key`: with the verbs that students do not have
KEPT_HOME = ("grading", "clone", "bench", "checks/generate.py", "record/verdict.py") + tuple(
    str(verb.file) for verb in VERBS.values() if verb.who in (INSTRUCTORS, CLONE)
)
PACKED = (
    "cells.py", "inits.py", "omega.py", "optim.py", "runs/step_check.py", "runs/forward_check.py",
    "engines/autograd.py", "engines/bptt.py", "diagnostics/gates.py",
    "diagnostics/grad_norm.py", "diagnostics/grad_time.py", "diagnostics/saturation.py", "diagnostics/spectrum.py",
)  # fmt: skip  # of rnnkit/: their functions are questions, or hold the answer to one
UNPACK = """
from rnnkit.common.packed import unpack

unpack(
    globals(),
{lines}
)
"""
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class WheelError(BadValue):
    """A wheel that cannot be built."""


def without_solutions(source: str) -> str:
    """A module with every marked solution replaced by an error that says which question comes first.

    Raises:
        WheelError: markers that do not pair.
    """
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    kept, inside = [], False
    for number, line in enumerate(source.splitlines(), 1):
        if (inside and BEGIN in line) or (not inside and END in line):
            raise WheelError(f"line {number}: expected solution markers in pairs, got {line.strip()!r}")
        if BEGIN in line:
            inside = True
            owner = next(node.name for node in classes if node.lineno < number <= node.end_lineno)
            kept += [line.split("#")[0] + text for text in _refusal(owner)]
        elif END in line:
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise WheelError(f"expected {END!r} at the end of a solution, found none")
    return "\n".join(kept) + "\n"


def _refusal(owner: str) -> list[str]:
    notebook = get_assignment(MAIN).model.notebook
    return [
        "raise NotImplementedError(",
        f'    "{owner}.step is yours to write: solve question {owner.lower()}_step in {notebook} first, "',
        '    "and run the last cell there, which writes model.py"',
        ")",
    ]


def without_bodies(source: str) -> str:
    """A module with its functions' signatures and docstrings in their lines, and the whole of it packed at its end."""
    text, width = pack(source), 100
    rows = [f"    {text[k : k + width]!r}" for k in range(0, len(text), width)]
    shown = with_bodies(source, lambda _: "...", told=True)
    return shown.rstrip() + "\n" + UNPACK.format(lines="\n".join(rows) + ",")


def student_source(root: Path, out: Path, *, packed: bool = True) -> None:
    """Copies what the wheel is built from into an empty folder.

    Arguments:
        root: the clone.
        out: the folder.
        packed: whether the bodies of functions that are questions are hidden, see `rnnkit.common.packed`.
    """
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copyfile(root / name, out / name)
    shutil.copyfile(root / STUDENT_README, out / "README.md")
    shutil.copytree(root / "rnnkit", out / "rnnkit", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    package = out / "rnnkit"
    for path in [*(package / name for name in KEPT_HOME), *package.rglob("key")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    cells = out / "rnnkit" / "cells.py"
    cells.write_text(without_solutions(cells.read_text(encoding="utf-8")), encoding="utf-8")
    own = [f"assignments/{name}/{file}" for name in names() for file in get_assignment(name).packed]
    for name in (*PACKED, *own) if packed else ():
        path = out / "rnnkit" / name
        path.write_text(without_bodies(path.read_text(encoding="utf-8")), encoding="utf-8")


def build_wheel(root: Path, out: Path) -> Path:
    """Builds the student's wheel into a folder, offline, with this environment's setuptools.

    Raises:
        WheelError: pip cannot build it.
    """
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(int(datetime(*EPOCH, tzinfo=UTC).timestamp())),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "source", Path(folder) / "built"
        source.mkdir()
        student_source(root, source)
        options = ["--no-build-isolation", "--no-deps", "--no-index", "-q", "-w", str(built)]
        command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        wheels = sorted(built.glob("*.whl"))
        if run.returncode or len(wheels) != 1:
            raise WheelError(f"expected pip to build a wheel, it failed:\n{run.stdout}{run.stderr}")
        return Path(shutil.copy(wheels[0], out / wheels[0].name))
