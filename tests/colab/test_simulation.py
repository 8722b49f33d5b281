"""Every student notebook on a machine with Colab's versions, with right solutions: all points, and the files."""

from __future__ import annotations

import re
import shlex

import nbformat
import pytest
from course import NAME, ROOT, cells, checks
from hostile.own_run import own_regime
from packaging.utils import canonicalize_name as canonical
from student_home import PREDICT, execute, points, typed

import rnnkit
from colab import machine
from colab.test_readme import first_cell
from rnnkit.assignments import get_assignment, names
from rnnkit.assignments.bptt.foretold import MATRICES
from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT as ARMS
from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS, EXTRA
from rnnkit.grading.release import release
from rnnkit.notebook import assemble
from rnnkit.notebook.cells import joined, read_notebook

COLAB = {"COLAB_RELEASE_TAG": machine.RELEASE}
FORETOLD = {
    "bptt": f"order = {sorted(MATRICES)}\nbecause = 'one has to begin somewhere'",
    "hidden_dynamics": "oscillators = '5 to 20'\nwith_half = 0.9",
    "lookback": "rnn_stops, gru_stops, because = 3, 12, 'one has to begin'",
    "orthogonal_init": "from rnnkit.notebook import predict\n"
    f"predict('orthogonal_init {' '.join(ARMS.due)}', does='solves', because='one has to begin')",
    NAME: f'{PREDICT}own_run = "own_experiment"\n',  # which a cell below the check says again
}
WRITTEN = {CELLS: ("model.py", assemble.model_of), DIAGNOSTICS: ("diagnostics.py", assemble.diagnostics_of)}


@pytest.fixture(scope="module")
def colab(once, given_out):
    """The environment, made once."""
    (wheel,) = given_out.glob("*.whl")
    return once("colab", lambda folder: machine.make(folder / "venv", wheel)) / "venv"


@pytest.fixture
def home(request, tmp_path, colab, given_out):
    """The folder of one assignment on that machine, as it is unpacked there."""
    (wheel,) = given_out.glob("*.whl")
    archive = tmp_path / "given.zip"
    release.write_archive(given_out / "release" / request.param, wheel, release.constraints(ROOT), archive)
    return machine.unpacked(archive, tmp_path / "content", colab)


def texts(name: str, notebook: str) -> dict[str, str]:
    """What a student types beside the solutions: predictions, and the smallest size of a run to train."""
    path = ROOT / "release" / name / notebook
    texts = (cell["source"] for cell in cells(path) if cell["id"] == "parameters")
    parameters = [text for text in texts if "profile = " in text]  # of a run, which others may call a question
    if not parameters:
        return {"predict": FORETOLD[name]}
    small = parameters[0].replace('profile = "smoke"', 'profile = "tiny"').replace('"full"', '"tiny"')
    skipped = f'from rnnkit.notebook import predict\npredict("{name} " + settings.name, skip=True)'
    # Once a run's figure was opened, a prediction for the report comes too late.
    return {"parameters": small, "predict": PREDICT if name == NAME else skipped}


@pytest.mark.slow
@pytest.mark.parametrize("home", names(), indirect=True)
def test_right_answers_have_all_points_there(home, tmp_path):
    assignment = get_assignment(home.name)
    seen: dict[str, float] = {}
    for notebook in assignment.notebooks:
        path = machine.opened(home.name, notebook, tmp_path / "drive", **texts(home.name, notebook))
        if notebook == EXTRA:
            typed(home, *shlex.split(own_regime(collectDiags=True).command()))
        shown = execute(home, str(path), **COLAB)
        assert not [(cell, one) for cell, some in shown.items() for one in some if one["output_type"] == "error"]
        if any(checks(ROOT / "notebooks" / home.name / notebook)):
            seen |= points(ROOT / "notebooks" / home.name / notebook, path)
        if notebook in WRITTEN and home.name == NAME:
            file, make = WRITTEN[notebook]
            assert (home / file).read_text(encoding="utf-8") == make(read_notebook(path), notebook).text
    assert seen == {question.id: question.points for question in assignment.scored.values()}


@pytest.mark.slow
@pytest.mark.parametrize("home", ["bptt"], indirect=True)
def test_the_first_cell_installs_the_wheel_and_would_change_no_version(home, tmp_path):
    drive = tmp_path / "stub" / "google" / "colab"
    drive.mkdir(parents=True)
    (drive / "drive.py").write_text("def mount(path): print(path)\n")
    cell = first_cell((home / "README.md").read_text(encoding="utf-8"))
    cell = cell.replace("/content/drive/MyDrive", str(home.parent)).replace("install -q", "install --dry-run")
    cell = cell.replace("--no-deps", "--no-deps --force-reinstall")  # it is there already
    path = tmp_path / "first.ipynb"
    code = [
        nbformat.v4.new_code_cell(text, id=id) for id, text in (("first", cell), ("doctor", "!python -m rnnkit doctor"))
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=code), path)
    shown = execute(home, str(path), PYTHONPATH=str(drive.parents[1]), **COLAB)
    first, said = ("".join(joined(one.get("text")) for one in shown[id]) for id in ("first", "doctor"))
    wheel, would = re.findall(r"Would install (.*?)\r?\n", first)
    assert wheel == f"rnnkit-{rnnkit.__version__}"
    more = {canonical(name.rpartition("-")[0]) for name in would.split()}
    assert {"papermill", "pypandoc-binary", "typst"} <= more
    assert not more & machine.pinned()
    assert said.rstrip().endswith("all in order"), said
