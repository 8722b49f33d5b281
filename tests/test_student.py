"""The archive as a student meets it: installed in an environment of its own, notebooks solved and run with it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from course import NAME, NOTEBOOKS, ONE_THREAD, ROOT, SOURCE, checks, filled

from rnnkit.checks.questions import EXTRA
from rnnkit.grading import release, wheel

EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, path)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The unpacked archive, with a .venv in it that has rnnkit from there and all else from here."""
    folder = tmp_path_factory.mktemp("student")
    release.generate(ROOT, folder / "release")
    release.write_archive(folder / "release", wheel.build_wheel(ROOT, folder), folder / "dist" / "student.zip")
    with zipfile.ZipFile(folder / "dist" / "student.zip") as archive:
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
    return home


def in_venv(home, *command, **environment):
    """Runs a program of the student's environment in the student's folder."""
    path = os.pathsep.join([str(home / ".venv" / "bin"), os.environ["PATH"]])
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= ONE_THREAD | {"PATH": path} | environment
    program = str(home / ".venv" / "bin" / command[0])
    return subprocess.run([program, *command[1:]], cwd=home, env=env, capture_output=True, text=True)


def test_what_is_installed_is_the_students(home):
    found = in_venv(home, "python", "-c", "import rnnkit, rnnkit.checks; print(rnnkit.__file__)")
    assert Path(found.stdout.strip()).is_relative_to(home), found.stderr
    assert in_venv(home, "python", "-c", "import rnnkit.grading").stderr.strip().endswith("'rnnkit.grading'")
    refused = in_venv(home, "rnnkit", "release")
    assert refused.returncode == 2
    assert "only for instructors" in refused.stderr


@pytest.mark.parametrize("command", ["rnnkit run A1 --profile tiny", "python -m rnnkit.train --maxiters 1"])
def test_without_cells_of_ones_own_the_first_question_is_named(home, command):
    refused = in_venv(home, *command.split())
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "RNN.step is yours to write: solve question rnn_step in 1_cells.ipynb first" in line
    assert not list(home.rglob("*.npz"))


def test_the_solved_notebooks_run_with_it(home):
    for path in NOTEBOOKS:
        filled(home / path.name, path, home / path.name)
        if path.name == "3_regime.ipynb":
            continue
        run = in_venv(home, "python", "-c", EXECUTE, path.name)
        assert run.returncode == 0, run.stderr[-3000:]
        outputs = {c["id"]: c.get("outputs") for c in json.loads((home / path.name).read_text("utf-8"))["cells"]}
        for cell in checks(path):
            if path.name == EXTRA:
                said = "".join(outputs[cell["id"]][0]["data"]["text/plain"])
                assert re.match(r"omega: 3 of 3 points|own_setting: 0 of 4 points · nothing to judge", said)
                continue
            points = "".join(outputs[cell["id"]][-1]["data"]["text/plain"])
            assert float(points) == cell["about"]["points"], cell["id"]
    assert (home / "model.py").is_file()
    assert (home / "diagnostics.py").read_text("utf-8").count("# question ") == 8

    run = in_venv(home, "python", "-c", EXECUTE, "3_regime.ipynb", NBGRADER_EXECUTION="validate")  # tiny
    assert run.returncode == 0, run.stderr[-3000:]
    own = next(c for c in json.loads((home / "3_regime.ipynb").read_text("utf-8"))["cells"] if c["id"] == "own")
    said = "".join("".join(output.get("text", "")) for output in own["outputs"])
    assert said.count("yours and ours agree") == len(said.splitlines()) == 4
    run = in_venv(home, "rnnkit", "run", "A1", "B2", "--profile", "tiny", "--out", "runs/all")
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(list((home / "runs" / "all").rglob("*_final_state.npz"))) == 2


def test_nothing_of_the_sources_is_needed(home):
    """Nothing that students run looks for the clone."""
    assert not (home / "pyproject.toml").exists()
    assert str(SOURCE) not in "".join(path.read_text("utf-8") for path in home.glob("*.ipynb"))
