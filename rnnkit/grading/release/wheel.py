"""The student's wheel: rnnkit without the instructor's side and without the bodies of the built-in cells' ``step``."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.cli.verbs import CLONE, INSTRUCTORS, VERBS
from rnnkit.common.names import BadValue
from rnnkit.common.packed import pack

EPOCH = (2026, 1, 1, 0, 0, 0)  # of every file in what is built, so that it comes out the same again
STUDENT_README = Path("notebooks") / MAIN / "README.md"
# of rnnkit/, as each `key`: with the verbs that students do not have
KEPT_HOME = (
    "grading", "clone", "bench", "checks/drawn.py", "checks/generate.py", "checks/solutions.py", "record/verdict.py",
    "cli/one.py", "cli/sheets.py", "cli/watching.py",
    *(str(verb.file) for verb in VERBS.values() if verb.who in (INSTRUCTORS, CLONE)),
)  # fmt: skip
PACKED = (
    "cells.py", "inits.py", "omega.py", "optim.py", "runs/contract.py",
    "engines/autograd.py", "engines/bptt.py", "diagnostics/gates.py",
    "diagnostics/grad_norm.py", "diagnostics/grad_time.py", "diagnostics/saturation.py", "diagnostics/spectrum.py",
    "plots/explored.py", "plots/quizzes.py",
)  # fmt: skip  # of rnnkit/: their functions are questions, or hold the answer to one
UNPACK = """
from rnnkit.common.packed import unpack

unpack(
    globals(),
{lines}
)
"""
MARKED = re.compile(r"^( *)### BEGIN SOLUTION\n((?!.*### BEGIN).*\n)*? *### END SOLUTION\n", re.M)


def without_solutions(source: str) -> str:
    """A module with every marked solution replaced by an error that says which question comes first.

    Raises:
        BadValue: markers that do not pair.
    """
    model = get_assignment(MAIN).model
    notebook = model.notebook if model else ""

    def refusal(match: re.Match[str]) -> str:
        owner, indent = re.findall(r"^class (\w+)", source[: match.start()], re.M)[-1], match[1]
        lines = [
            "raise NotImplementedError(",
            f'    "{owner}.step is yours to write: solve question {owner.lower()}_step in {notebook} first, "',
            '    "and run the last cell there, which writes model.py"',
            ")\n",
        ]
        return "\n".join(indent + line for line in lines)

    text = MARKED.sub(refusal, source)
    if left := re.search(r".*### (BEGIN|END) SOLUTION.*", text):
        raise BadValue(f"expected solution markers in pairs, got {left[0].strip()!r}")
    return text


def without_bodies(source: str) -> str:
    """A module with its functions' signatures and docstrings in their lines, and the whole of it packed at its end."""
    text, width = pack(source), 100
    rows = [f"    {text[k : k + width]!r}" for k in range(0, len(text), width)]
    shown = with_bodies(source, lambda _: "...", told=True)
    return shown.rstrip() + "\n" + UNPACK.format(lines="\n".join(rows) + ",")


def with_bodies(
    source: str, instead: Callable[[ast.FunctionDef], str], chosen: Callable[[str], object] = str, told: bool = False
) -> str:
    """A module's text with one statement in the place of chosen functions' bodies; lines that stay keep their numbers.

    Arguments:
        source: of a module.
        instead: the statement for a function.
        chosen: tells by a name whether a function, or a class with all its methods, is meant; by default all.
        told: whether docstrings stay.
    """
    lines = source.split("\n")
    for function in functions(ast.parse(source), chosen):
        body = function.body
        if told and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        if body:
            first, end = body[0].lineno - 1, body[-1].end_lineno or 0
            before = lines[first].encode()[: body[0].col_offset].decode()  # blank, or the end of its def
            lines[first:end] = [before + instead(function), *[""] * (end - first - 1)]
    return "\n".join(lines)


def functions(tree: ast.AST, chosen: Callable[[str], object] = str, whole: bool = False) -> Iterator[ast.FunctionDef]:
    """The functions and methods of a module that no other function holds."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, chosen, whole or bool(chosen(node.name)))
        elif isinstance(node, ast.FunctionDef):
            if (whole or chosen(node.name)) and not _is_overload(node):
                yield node
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from functions(node, chosen, whole)


def _is_overload(function: ast.FunctionDef) -> bool:
    """Whether it has no body to begin with, and must have none."""
    return any("overload" in ast.unparse(decorator) for decorator in function.decorator_list)


def student_source(root: Path, out: Path, *, packed: bool = True) -> None:
    """Copies what a clone's wheel is built from into an empty folder.

    `packed` says whether the bodies of functions that are questions are hidden, see `rnnkit.common.packed`.
    """
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copyfile(root / name, out / name)
    shutil.copyfile(root / STUDENT_README, out / "README.md")
    shutil.copytree(root / "rnnkit", out / "rnnkit", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
    package = out / "rnnkit"
    for path in [*(package / name for name in KEPT_HOME), *package.rglob("key")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    cells = package / "cells.py"
    cells.write_text(without_solutions(cells.read_text(encoding="utf-8")), encoding="utf-8")
    own = [f"assignments/{name}/{file}" for name in names() for file in get_assignment(name).packed]
    for name in (*PACKED, *own) if packed else ():
        path = package / name
        path.write_text(without_bodies(path.read_text(encoding="utf-8")), encoding="utf-8")


def build_wheel(root: Path, out: Path, given: Mapping[str, bytes] = MappingProxyType({})) -> Path:
    """Builds the student's wheel, offline, with this environment's setuptools.

    Arguments:
        root: the clone.
        out: the folder that it is put into.
        given: the files for students that it carries for ``rnnkit lab``, by ``ASSIGNMENT/path``.

    Raises:
        BadValue: pip cannot build it.
    """
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(int(datetime(*EPOCH, tzinfo=UTC).timestamp())),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder) / "source", Path(folder) / "built"
        source.mkdir()
        student_source(root, source)
        for name, content in given.items():
            path = source / "rnnkit" / "given" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        options = ["--no-build-isolation", "--no-deps", "--no-index", "-q", "-w", str(built)]
        command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode:
            raise BadValue(f"expected pip to build a wheel, it failed:\n{run.stdout}{run.stderr}")
        (wheel,) = built.glob("*.whl")
        return Path(shutil.copy(wheel, out))
