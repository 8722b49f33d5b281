"""The archive as a student meets it: installed in an environment of its own, and what is not for students there."""

from __future__ import annotations

import json

import numpy as np
import pytest
from course import SOURCE, filled
from runtools import run_of
from student_home import execute, in_venv, installed

from rnnkit.assignments.training_dynamics.questions import EXTRA
from rnnkit.record.file import load, save


@pytest.fixture(scope="module")
def home(tmp_path_factory, given_out):
    """The unpacked archive, installed."""
    return installed(given_out, tmp_path_factory.mktemp("student"))


def test_what_is_installed_is_the_students(home):
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


def test_of_a_run_that_diverged_the_notebook_says_so(home):
    """No traceback, and the cells below run."""
    path = home / "runs" / "extra_torder" / "extra_torder_final_state.npz"
    record = load(run_of(path.parent, maxiters=201))
    save(path, record | {"W_hh": np.full_like(record["W_hh"], np.nan)})
    filled(home / EXTRA, SOURCE / EXTRA, home / EXTRA)
    said = execute(home, EXTRA)
    for cell in ("own_setting", "length"):
        assert "expected finite weights, got NaN or infinity; the run diverged" in json.dumps(said[cell])


def test_the_bench_is_not_for_students(home):
    refused = in_venv(home, "rnnkit", "bench", "--quick")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "only in a clone of rnnkit" in refused.stderr


def test_the_doctor_advises_what_a_student_can_do(home):
    assert "make setup" not in in_venv(home, "rnnkit", "doctor").stdout


def test_nothing_of_the_sources_is_needed(home):
    """Nothing that students run looks for the clone."""
    assert not (home / "pyproject.toml").exists()
    assert str(SOURCE) not in "".join(path.read_text("utf-8") for path in home.glob("*.ipynb"))
