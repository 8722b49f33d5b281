"""A student's folder: the archive, unpacked, with an environment of its own, and what is typed in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from course import NAME, ONE_THREAD, ROOT, checks

from rnnkit.grading.release import release, wheel

EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
nbformat.write(notebook, path)
"""
PREDICT = """from rnnkit.notebook import predict
for run in "A1 A2 A3 A4 A5 B1 B2 own_experiment".split():
    predict(run, gradient="keeps", saturation="stays linear", learns="the marginal", because="one has to begin")
predict("A1s B1s", skip=True)
"""


def give_out(folder: Path) -> None:
    """The students' files, the wheel and the archive of both."""
    release.generate(ROOT, folder / "release")
    built = wheel.build_wheel(ROOT, folder, release.carried(folder / "release"))
    versions = release.constraints(ROOT)
    release.write_archive(folder / "release" / NAME, built, versions, folder / "dist" / "student.zip")


def installed(given_out: Path, folder: Path) -> Path:
    """The unpacked archive, with a .venv in it that has rnnkit from there and all else from here."""
    with zipfile.ZipFile(given_out / "dist" / "student.zip") as archive:
        archive.extractall(folder)
    home = folder / NAME
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / ".venv")], check=True)
    (site,) = (home / ".venv").glob("lib/python*/site-packages")
    # A .pth file found on such a path is not read: of the clone's editable rnnkit nothing comes along.
    (site / "here.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    command = [sys.executable, "-m", "pip", "--python", str(home / ".venv" / "bin" / "python"), "install", "-q"]
    run = subprocess.run(
        [*command, "--no-deps", "--no-index", "-r", "requirements.txt"], cwd=home, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    found = in_venv(home, "python", "-c", "import rnnkit; print(rnnkit.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(home), found.stderr
    return home


def in_venv(home: Path, *command: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs a program of the student's environment in the student's folder."""
    path = os.pathsep.join([str(home / ".venv" / "bin"), os.environ["PATH"]])
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= ONE_THREAD | {"PATH": path} | environment
    program = str(home / ".venv" / "bin" / command[0])
    return subprocess.run([program, *command[1:]], cwd=home, env=env, capture_output=True, text=True)


def typed(home: Path, *command: str) -> str:
    """What a command says that has to succeed."""
    run = in_venv(home, *command)
    assert run.returncode == 0, f"{command}: {run.returncode}\n{run.stdout[-3000:]}\n{run.stderr[-3000:]}"
    return run.stdout


def execute(home: Path, name: str, **environment: str) -> dict[str, list[dict]]:
    """Runs all cells of a notebook and saves it; the outputs by cell. No cell may end in a traceback."""
    run = in_venv(home, "python", "-c", EXECUTE, name, **environment)
    assert run.returncode == 0, f"{name}: {run.stderr[-3000:]}"
    return outputs(home / name)


def outputs(path: Path) -> dict[str, list[dict]]:
    """The outputs of a saved notebook, by cell."""
    return {cell["id"]: cell.get("outputs", []) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def points(source: Path, executed: Path) -> dict[str, float]:
    """What the checks of an executed notebook said: points by question."""
    found, shown = {}, outputs(executed)
    for cell in checks(source):
        texts = ["".join(one.get("text", one.get("data", {}).get("text/plain", ""))) for one in shown[cell["id"]]]
        said = [match for text in texts if (match := re.match(rf"{cell['id']}: ([\d.]+) of [\d.]+ points", text))]
        assert said or "points are told when it is graded" in texts[0], (cell["id"], texts)
        found[cell["id"]] = float(said[0][1] if said else texts[-1])
    return found
