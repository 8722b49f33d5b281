"""The gates of every notebook: the students' copy fails each check for the right reason, the source passes them all."""

from __future__ import annotations

import logging
import os
import re
import shutil

import nbformat
import pytest
from course import NAME, NOTEBOOKS, ROOT, SOURCE, checks, filled
from nbclient import NotebookClient
from nbgrader.validator import Validator

from rnnkit.assignments.training_dynamics.experiment import EXPERIMENT
from rnnkit.assignments.training_dynamics.questions import EXTRA, OWN_SETTING
from rnnkit.grading.release import release
from rnnkit.notebook.predictions import FILE, PREDICTED, SKIPPED, Entry, append
from rnnkit.regimes import HANDOUT_REGIMES, SIGMOID_REGIMES, get_regime
from rnnkit.train import train

UNWRITTEN = {  # what a check says instead of ``not written yet``, alone
    "cell_tests": "cell_tests: 0 of 4 points · not judged yet\n  -> Your GRU.update_gate is not right yet",
    "pictures": "pictures: points are told when it is graded · not written yet",
    "predictions": "predictions: 0 of 4 points · incomplete",
}
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
CHECKED = [path for path in NOTEBOOKS if list(checks(path)) and path.name != EXTRA]
with_checks = pytest.mark.parametrize("path", CHECKED, ids=lambda path: path.stem)
first_with_checks = pytest.mark.parametrize(  # what they share is seen in one; the others are slow
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] if n else []) for n, path in enumerate(CHECKED)],
    ids=lambda path: path.stem,
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, given_out):
    """A copy of the students' files to run in."""
    return shutil.copytree(given_out / "release" / NAME, tmp_path_factory.mktemp("fresh") / NAME)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A copy of the sources to run in."""
    folder = tmp_path_factory.mktemp("course")
    for path in NOTEBOOKS:
        shutil.copy(path, folder)
    shutil.copytree(NOTEBOOKS[0].parent / "sweeps", folder / "sweeps")
    foretell(folder)
    return folder


def foretell(folder):
    """Says something of every run, in a folder of notebooks."""
    choices = {one.name: one.answers[0] for one in EXPERIMENT.asked}
    entries = [Entry(PREDICTED, run, choices, "one has to begin") for run in (*HANDOUT_REGIMES, "own_experiment")]
    append(folder / FILE, [*entries, *(Entry(SKIPPED, run) for run in SIGMOID_REGIMES)])


def validate(path, **settings):
    """What the button Validate finds, with the course's own settings."""
    config = release.settings(ROOT, path.parent)
    config.Validator.update(settings)
    validator = Validator(config=config)
    validator.log.setLevel(logging.ERROR)
    return validator.validate(str(path))


def executed(path):
    """A notebook after a run from top to bottom, errors and all."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": path.parent}}
    )
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    return {cell.id: cell for cell in notebook.cells}


@each_notebook
def test_the_source_runs_without_a_complaint_and_passes_every_check(course, path):
    """Every cell counts here, graded or not: no error, nothing on stderr."""
    assert validate(course / path.name, validate_all=True) == {}


@first_with_checks
def test_the_release_fails_every_check(fresh, path):
    failed = {found["source"]: found["raw_error"] for found in validate(fresh / path.name)["failed"]}
    failed.pop("YOUR ANSWER HERE", None)
    assert set(failed) == {cell["source"].strip() for cell in checks(path)}
    assert set(failed.values()) == {"Partial credit; passed some but not all of the tests"}


def test_extra_credit_fails_nothing_and_says_what_is_to_be_done(fresh):
    (path,) = (path for path in NOTEBOOKS if path.name == EXTRA)
    assert validate(fresh / path.name) == {}
    run = executed(fresh / path.name)
    (report,) = run["omega"].outputs
    assert report.data["text/plain"].startswith("omega: 0 of 3 points · not written yet")
    (report,) = run[OWN_SETTING].outputs
    assert "0 of 4 points · nothing to judge" in report.data["text/plain"]
    assert not [output for cell in run.values() for output in cell.get("outputs", []) if output.output_type == "error"]


@with_checks
def test_the_release_fails_because_nothing_is_written_yet(fresh, path):
    run = executed(fresh / path.name)
    for cell in checks(path):
        report, points = run[cell["id"]].outputs
        assert report.output_type == "display_data"
        text = report.data["text/plain"]
        assert re.match(UNWRITTEN.get(cell["id"], rf"{cell['id']}: 0 of \d points · not written yet\n"), text)
        assert (points.output_type, points.data["text/plain"]) == ("execute_result", "0.0")
    for name, cell in run.items():
        for output in cell.get("outputs", []):
            assert output.output_type != "error", name
            assert output.get("name") != "stderr", name


@with_checks
def test_the_release_filled_in_passes_every_check(fresh, path, tmp_path):
    filled(fresh / path.name, path, tmp_path / path.name)
    foretell(tmp_path)
    assert validate(tmp_path / path.name) == {}


def test_a_filled_notebook_writes_its_model_and_trains_it(fresh, tmp_path):
    for name in ("1_cells.ipynb", "3_regime.ipynb"):
        filled(fresh / name, SOURCE / name, tmp_path / name)
    last = executed(tmp_path / "1_cells.ipynb")["write_model"]
    assert [output.text for output in last.outputs] == ["model.py: RNN and GRU, from the saved 1_cells.ipynb\n"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBGRADER_EXECUTION", "autograde")  # tiny
        executed(tmp_path / "3_regime.ipynb")
    log = next((tmp_path / "runs" / "tiny").rglob("*.log")).read_text(encoding="utf-8")
    assert "\ncells: model.py (sha256 " in log


def test_the_report_shows_every_figure_of_runs_that_are_there(fresh, tmp_path):
    shutil.copy(fresh / "4_report.ipynb", tmp_path)
    missing = executed(tmp_path / "4_report.ipynb")
    for key in (*HANDOUT_REGIMES, *SIGMOID_REGIMES):
        regime = get_regime(key, "tiny")
        train(regime, out=tmp_path / "runs" / "smoke" / regime.name, cells="builtin")
    foretell(tmp_path)
    shown = executed(tmp_path / "4_report.ipynb")
    drawing = {name for name in shown if name.endswith("_figure") and not name.startswith(("extra", "own"))}
    assert len(drawing) > 11
    for name in drawing:
        words = "".join(output.text for output in missing[name].outputs)
        assert all(" is missing: python -m trainingRNNs_torch.train --task " in line for line in words.splitlines())
        kinds = [output.output_type for output in shown[name].outputs if "image/png" in output.get("data", {})]
        assert len(kinds) >= shown[name].source.count("show("), name
    for cell in (*missing.values(), *shown.values()):
        assert not [output for output in cell.get("outputs", []) if output.output_type == "error"], cell.id
