"""The assignment's notebooks as tests see them, and what counts as a solution."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from rnnkit.assignments import MAIN, get_assignment
from rnnkit.common.places import PACKAGE

ROOT = PACKAGE.parent
NAME = MAIN
ASSIGNMENT = get_assignment()
SOURCE = ROOT / "notebooks" / NAME
NOTEBOOKS = sorted(SOURCE.glob("*.ipynb"))
HANDED_IN = [path for path in NOTEBOOKS if path.name not in ASSIGNMENT.lessons]
LONG_ENOUGH = 30  # characters: shorter lines, as `return h_t`, tell nobody anything
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def cells(path: Path) -> list[dict]:
    """A notebook's cells, each with its source as one text and its nbgrader metadata under ``about``."""
    read = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"]), "about": cell["metadata"].get("nbgrader", {})} for cell in read]


def solutions(path: Path) -> dict[str, str]:
    """What stands between the solution markers of a source notebook, by cell."""
    return {
        cell["id"]: text for cell in cells(path) if cell["about"].get("solution") and (text := marked(cell["source"]))
    }


def marked(text: str) -> str:
    """What stands between solution markers."""
    return "".join(re.findall(r"BEGIN SOLUTION.*?\n(.*?)[^\n]*END SOLUTION", text, re.DOTALL)).rstrip("\n")


def mark_schemes(path: Path) -> list[str]:
    """The mark schemes of a source notebook."""
    return [
        cell["source"].split("=== BEGIN MARK SCHEME ===")[1].split("=== END")[0]
        for cell in cells(path)
        if cell["about"].get("task")
    ]


def secret_lines() -> set[str]:
    """Every line that no student may be given, without its indentation and its comment."""
    texts = [text for path in NOTEBOOKS for text in (*solutions(path).values(), *mark_schemes(path))]
    texts.append(marked((ROOT / "rnnkit" / "cells.py").read_text(encoding="utf-8")))
    lines = {plain(line) for text in texts for line in text.splitlines()}
    return {line for line in lines if len(line) >= LONG_ENOUGH}


def plain(line: str) -> str:
    """A line without its indentation and its comment."""
    return line.split("  # ")[0].strip()


def is_check(cell: dict) -> bool:
    """Whether a cell is graded by running it."""
    return bool(cell["about"].get("grade")) and cell["cell_type"] == "code"


def checks(path: Path) -> Iterator[dict]:
    yield from filter(is_check, cells(path))


def filled(release: Path, source: Path, out: Path, only: Collection[str] | None = None) -> None:
    """A student's notebook: the released one with the source's solutions, or those of some questions, in its cells."""
    right = {cell["id"]: cell["source"] for cell in cells(source)}
    notebook = json.loads(release.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        about, id = cell["metadata"].get("nbgrader", {}), cell["id"]
        if about.get("solution") and (only is None or id.removesuffix("_solution") in only):
            lines = [line for line in right[id].split("\n") if " SOLUTION" not in line]
            cell["source"] = "\n".join(lines)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(notebook), encoding="utf-8")


def make_course(folder: Path) -> None:
    """A course as an instructor has it: settings and sources in a folder of their own."""
    shutil.copyfile(ROOT / "nbgrader_config.py", folder / "nbgrader_config.py")
    shutil.copytree(SOURCE, folder / "notebooks" / NAME, ignore=shutil.ignore_patterns("runs", "model*.py", ".*"))
    (folder / "grading").mkdir()


def nbgrader(folder: Path, *arguments: str) -> str:
    """Runs nbgrader's command in a course, as an instructor would; its output, where it succeeds."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    run = subprocess.run(command, cwd=folder, env=os.environ | ONE_THREAD, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-5000:]
    return run.stdout + run.stderr
