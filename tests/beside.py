"""An assignment beside the main one, in a copy of the clone: what is typed there, and what students hand in and get."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path

import students
from course import ONE_THREAD, ROOT, filled

from rnnkit.grading.release.release import archive

LEFT = shutil.ignore_patterns("runs", "model*.py", "diagnostics.py", ".*", "__pycache__")  # by notebooks that were run


def clone_into(folder: Path) -> Path:
    """A copy of the clone, as far as releasing and grading need it."""
    clone = folder / "clone"
    shutil.copytree(ROOT / "rnnkit", clone / "rnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("notebooks", "release"):
        shutil.copytree(ROOT / name, clone / name, ignore=LEFT)
    for name in ("pyproject.toml", "nbgrader_config.py", "constraints.txt", "LICENSE"):
        shutil.copyfile(ROOT / name, clone / name)
    return clone


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rnnkit", *arguments]


def environment(clone: Path) -> dict[str, str]:
    return os.environ | ONE_THREAD | {"PYTHONPATH": str(clone)}


def rnnkit(clone: Path, *arguments: str, code: int = 0) -> str:
    """What a command says that is typed in the clone."""
    run = subprocess.run(command(*arguments), cwd=clone, env=environment(clone), capture_output=True, text=True)
    assert run.returncode == code, f"{arguments}: {run.returncode}\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    return run.stdout + run.stderr


def student_of(clone: Path, folder: Path, name: str, canary: str) -> Path:
    """A student's folder out of the archive in ``dist``, with the wheel unpacked into ``site``: without the key."""
    with zipfile.ZipFile(archive(clone, name)) as given:
        given.extractall(folder)
    (wheel,) = (folder / name).glob("*.whl")
    with zipfile.ZipFile(wheel) as given:
        given.extractall(folder / "site")
    assert not any(canary.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return folder / name


def types(home: Path, *arguments: str) -> str:
    """What a command of the student's own package says, in the student's folder."""
    run = students.python(home.parent / "site", "-m", "rnnkit", *arguments, cwd=home)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def packed(
    home: Path,
    student: str,
    solved: Collection[str] | None,
    folder: Path,
    sources: Path,
    change: Callable[[Path], None] | None = None,
) -> Path:
    """What a student hands in who has solved some questions, or all (None), and changed something of it, with the
    student's own package.
    """
    own = home.parent / student
    shutil.copytree(home, own)
    for source in sources.glob("*.ipynb"):
        filled(home / source.name, source, own / source.name, solved)
        if solved is None:
            as_run(own / source.name)
    if change:
        change(own)
    types(own, "pack", "--student", student, *([] if solved is None else ["--anyway"]))
    target = folder / f"{home.name}_{student}.zip"
    target.parent.mkdir(exist_ok=True)
    return (own / target.name).rename(target)


def as_run(path: Path) -> None:
    """Gives the code cells of a notebook an output each, as if it had been run."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in (cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not cell["outputs"]):
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["shown"]}]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def entries(clone: Path, assignment: str) -> dict[str, dict]:
    """What the ledger has of an assignment, by student."""
    return json.loads((clone / "grading" / "ledger.json").read_text(encoding="utf-8"))["assignments"][assignment]


def points(clone: Path, assignment: str) -> dict[str, dict[str, float]]:
    """Student -> question -> points."""
    return {
        student: {id: score["points"] for id, score in entry["scores"].items()}
        for student, entry in entries(clone, assignment).items()
    }


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def exported(clone: Path, *names: str) -> dict[str, dict[str, str]]:
    """The rows of ``rnnkit export``, by student."""
    rnnkit(clone, "export", *names, "--to", "grades.csv")
    return {row["student_id"]: row for row in table(clone / "grades.csv")}
