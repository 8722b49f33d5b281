"""A student's whole way, where the student is: from the archive to the points, which are the same on both sides."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from confined import need_sandbox
from course import NAME, NOTEBOOKS, ROOT, cells, checks, filled
from graded import edit
from hostile.own_run import own_regime
from student_home import PREDICT, execute, in_venv, installed, outputs, points, typed

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import ASKED, EXTRA, OWN, PREDICTIONS
from rnnkit.grading.ledger import Ledger
from rnnkit.record.file import load
from rnnkit.regimes import HANDOUT_REGIMES
from rnnkit.runs.modelfile import find_cells

MOST = {question.id: question.points for question in [*ASKED.values(), OWN]}
REGIME, REPORT = "3_regime.ipynb", "4_report.ipynb"


@pytest.fixture(scope="module")
def begun(tmp_path_factory, given_out):
    """The notebooks filled in as a student types, the first two run, and a run of the extra credit trained."""
    home = installed(given_out, tmp_path_factory.mktemp("journey"))
    for path in NOTEBOOKS:
        filled(home / path.name, path, home / path.name)
    for path in NOTEBOOKS:
        if path.name not in (REGIME, REPORT, EXTRA):
            execute(home, path.name)
    assert (home / "model.py").is_file()
    typed(home, *shlex.split(own_regime(collectDiags=True).command()))
    execute(home, EXTRA)
    return home


@pytest.fixture(scope="module")
def finished(begun):
    """All that is to be handed in, packed."""
    (given,) = [cell["source"] for cell in cells(begun / REGIME) if cell["id"] == "parameters"]
    edit(begun / REGIME, "parameters", given.replace('"smoke"', '"tiny"'))
    execute(begun, REGIME)
    typed(begun, "rnnkit", "run", *HANDOUT_REGIMES, "--profile", "tiny", "--out", "runs", "--jobs", "2")
    typed(begun, "rnnkit", "report", "runs")
    edit(begun / REPORT, "predict", PREDICT)
    execute(begun, REPORT)
    packed = begun.parent / "anna.zip"
    said = typed(begun, "rnnkit", "pack", "--student", "anna", "--allow-smoke", "--out", str(packed))
    return SimpleNamespace(home=begun, packed=packed, said=said)


def students(home: Path) -> dict[str, float]:
    """The points that the student has seen."""
    seen = {}
    for path in NOTEBOOKS:
        if any(checks(path)) and path.name != REPORT:
            seen |= points(path, home / path.name)
    return seen


@pytest.mark.slow
def test_right_answers_and_a_solved_run_have_all_points_there(begun):
    assert students(begun) == MOST


def test_the_extra_credit_is_drawn_from_the_students_own_run(begun):
    shown = outputs(begun / EXTRA)
    for cell in ("own", "length"):
        assert any("image/png" in output.get("data", {}) for output in shown[cell]), cell
    record = f"{own_regime().name}_final_state.npz"
    typed(begun, "rnnkit", "lengths", record, "--lengths", "50", "100", "--sequences", "100")
    assert len((begun / f"{own_regime().name}_lengths.csv").read_text().splitlines()) == 3


def test_the_students_cells_are_what_is_trained(begun):
    said = typed(begun, "rnnkit", "run", "B2", "--profile", "tiny", "--out", "runs/one")
    assert "cells: model.py" in said
    (record,) = (begun / "runs" / "one").rglob("*_final_state.npz")
    assert str(load(record)["cells_sha256"]) == find_cells(begun / "model.py").sha256
    assert (begun / "runs" / "one" / "report.html").is_file()


def test_the_students_diagnostics_agree_with_the_kits(begun):
    assert (begun / "diagnostics.py").is_file()
    shown = execute(begun, REGIME, NBGRADER_EXECUTION="validate")["own"]  # tiny
    said = "".join("".join(output.get("text", "")) for output in shown)
    assert said.count("yours and ours agree") == len(said.splitlines()) == 4


@pytest.mark.slow
def test_everything_is_packed(finished):
    assert "Hand in this file" in finished.said
    missing = in_venv(finished.home, "rnnkit", "pack", "--check", "--allow-smoke").stdout
    assert "missing:" not in missing
    assert (finished.home / "runs" / "report.html").is_file()


@pytest.mark.slow
def test_the_points_are_the_same_on_both_sides(finished, tmp_path, monkeypatch, capsys, entered):
    need_sandbox()
    course = tmp_path / "course"
    shutil.copytree(entered, course / "grading")
    (tmp_path / "in").mkdir()
    shutil.copy(finished.packed, tmp_path / "in" / "anna.zip")
    monkeypatch.chdir(ROOT)
    assert cli.main(["grade", "--from", str(tmp_path / "in"), "--course", str(course)]) == 0, capsys.readouterr().out
    (entry,) = Ledger(course / "grading" / "ledger.json", NAME).entries.values()
    given = {name: about["points"] for name, about in entry.scores.items()}
    foretold = {PREDICTIONS.id: PREDICTIONS.points}
    assert given == students(finished.home) | foretold == MOST | foretold
    assert entry.records.keys() >= {*HANDOUT_REGIMES}
