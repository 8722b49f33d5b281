"""Which record stands for a run: by its settings, finished before unfinished, whatever the files are called."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import numpy as np
import pytest
from course import SOURCE
from matplotlib.figure import Figure
from matplotlib.text import Text
from students import python, source

from rnnkit import cli
from rnnkit.notebook import calls as notebook
from rnnkit.plots import page_sections
from rnnkit.plots.page import labelled
from rnnkit.plots.page_parts import Picture
from rnnkit.record import find
from rnnkit.record.file import load, save
from rnnkit.regimes import HANDOUT_REGIMES, get_regime
from rnnkit.runs.tables import read_runs
from rnnkit.train import train

A1 = get_regime("A1").name


def put(path, key="A1", profile="full", status="finished", updates=7, **changes):
    """What a glance reads of a record."""
    path.parent.mkdir(parents=True, exist_ok=True)
    regime = get_regime(key, profile, **changes)
    save(path, {"regime": regime.to_json(), "status": status, "updates": updates})
    return path


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def where(folder):
    return f"runs/{folder}/{A1}/{A1}"


ORDER = [  # each before all that follow it
    ("full", "finished"), ("smoke", "solved"), ("tiny", "diverged"), ("full", "running"), ("smoke", "running"),
]  # fmt: skip


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_finished_of_any_size_before_unfinished_and_then_by_size(here, first):
    for number, (profile, status) in enumerate(ORDER[first:]):
        put(here / f"run{number}_{'' if status == 'running' else 'final_'}state.npz", "A1", profile, status)
    (here / "broken_final_state.npz").write_bytes(b"no npz")
    best = find.find("A1", find.places())[0]
    assert (best.profile, best.status) == ORDER[first]


def test_of_equal_ones_the_first_place_and_there_the_newest(here):
    put(here / "old_final_state.npz")
    new = put(here / "new_final_state.npz")
    os.utime(here / "old_final_state.npz", (1, 1))
    assert notebook.find_run("A1").samefile(new)
    full = put(here / f"{where('full')}_final_state.npz")
    os.utime(full, (1, 1))
    assert notebook.find_run("A1").samefile(full)
    assert notebook.find_run(A1).samefile(full)


def test_the_regime_in_the_record_counts_and_not_the_name_of_the_file(here):
    put(here / f"{A1}_final_state.npz", "A2")
    assert notebook.find_run("A1") is None
    assert notebook.find_run("A2").name == f"{A1}_final_state.npz"
    other = put(here / "other_final_state.npz", "A1", lr=0.5)  # its name is A1's: what is wrong with it is said
    assert notebook.find_run("A1").samefile(other)
    right = put(here / "mine_final_state.npz", "A1", name="mine", saveFreq=1)
    assert notebook.find_run("A1").samefile(right)
    assert notebook.find_run("mine").samefile(right)
    assert notebook.find_run("B2") is None


def test_kept_and_tiny_runs_of_grading_are_not_looked_at(here):
    for folder in (f"runs/full/{A1}_kept_1", f"runs/tiny/{A1}", "runs/tiny", ".hidden"):
        put(here / folder / f"{A1}_final_state.npz")
    assert notebook.find_run("A1") is None


def test_a_glance_reads_no_array(here, monkeypatch):
    path = put(here / "big_final_state.npz")
    save(path, load(path) | {"grad_time": np.zeros((3, 4)), "W_hh": np.zeros((3, 3))})
    read = []
    monkeypatch.setattr(
        zipfile.ZipFile,
        "open",
        lambda self, name, *a, _o=zipfile.ZipFile.open, **k: read.append(name) or _o(self, name, *a, **k),
    )
    assert find.glance(path).key == "A1"
    assert {getattr(name, "filename", name) for name in read} == {"regime.npy", "status.npy", "updates.npy"}
    del read[:]
    find.glance(path)
    assert read == []  # once for as long as the file stays as it is


# ---- what is drawn ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A flat folder as the handout's own commands leave it, with a prefix of one's own."""
    folder = tmp_path_factory.mktemp("flat")
    for key in HANDOUT_REGIMES:
        regime = get_regime(key, "tiny")
        train(regime.replace(name=f"ada_{regime.name}"), out=folder, cells="builtin")
    return folder


def test_an_unfinished_run_says_so_in_the_figure_and_below_it(trained, here, displayed, capsys):
    path = here / "half_state.npz"
    shutil.copy(trained / f"ada_{A1}_final_state.npz", path)
    save(path, load(path) | {"status": "running", "updates": 21})
    notebook.show("A1", "validation")
    notebook.show("A1", "overlaid")
    (single, about), (compared, _) = displayed
    assert "unfinished, 21 of 41 updates" in single.get_suptitle()
    labels = [text.get_text() for text in compared.findobj(Text)]
    assert "A1 (unfinished)" in labels
    assert (
        capsys.readouterr().out.splitlines()
        == ["A1: unfinished, 21 of 41 updates, not the handout's full size, profile tiny: ."] * 2
    )
    assert about == {"rnnkit": {"A1": find.fingerprint(path.read_bytes())}}


def test_renamed_runs_are_shown_by_their_regime(trained, displayed, monkeypatch):
    monkeypatch.chdir(trained)
    notebook.show("A1 A4", "overlaid")
    notebook.show("B2", "gate_histograms")
    assert all(isinstance(figure, Figure) for figure, _ in displayed)
    assert len(displayed) == 2


# ---- a folder of runs -------------------------------------------------------------------------------------------


def test_a_flat_folder_of_renamed_records_makes_a_whole_page(trained, monkeypatch):
    monkeypatch.setattr(page_sections, "picture", lambda figure, caption: Picture("", 1, 1, caption, "", []))
    records, missing = read_runs(trained)
    assert (list(labelled(records)), missing) == (list(HANDOUT_REGIMES), {})
    assert cli.main(["report", str(trained)]) == 0
    page = (trained / "report.html").read_text(encoding="utf-8")
    assert "Settings in which A1, A2, A3 differ" in page


def test_a_second_run_of_a_regime_keeps_its_own_name(trained, here):
    shutil.copy(trained / f"ada_{A1}_final_state.npz", here)
    half = load(here / f"ada_{A1}_final_state.npz") | {"status": "running"}
    (here / A1).mkdir()
    regime = json.loads(str(half["regime"])) | {"name": "half"}
    save(here / A1 / f"{A1}_state.npz", half | {"regime": json.dumps(regime)})
    records, missing = read_runs(here)
    assert {name: str(record["status"]) for name, record in records.items()} == {A1: "finished", "half": "running"}
    assert missing == {}


def test_a_log_without_a_record_is_named(here):
    (here / "mine.log").write_text("begun")
    assert read_runs(here) == ({}, {"mine": "no record; run the same command again"})


# ---- on the student's package -----------------------------------------------------------------------------------


def test_a_student_finds_runs_of_any_name_and_makes_their_page(tmp_path, here):
    students = tmp_path / "package"
    students.mkdir()
    source(students)
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(SOURCE / "1_cells.ipynb", home)
    notebook.write_model(home / "1_cells.ipynb")
    for key in ("A1", "A4"):
        words = get_regime(key, "tiny", name=f"ada_{key}").command().split()[3:]
        trained = python(students, "-m", "rnnkit.train", *words, cwd=home)
        assert trained.returncode == 0, trained.stderr
    code = "from rnnkit.notebook import find_run; print(find_run('A1'), find_run('A4'), find_run('B1'))"
    found = python(students, "-c", code, cwd=home)
    assert found.stdout.split() == ["ada_A1_final_state.npz", "ada_A4_final_state.npz", "None"], found.stderr
    page = python(students, "-m", "rnnkit", "report", ".", cwd=home)
    assert page.returncode == 0, page.stderr
    assert "Settings in which A1, A4 differ" in (home / "report.html").read_text(encoding="utf-8")


def test_of_a_run_with_other_settings_the_line_says_which(here, displayed, capsys):
    regime = get_regime("A1", "tiny", clipstyle="rescale", lr=0.5)
    train(regime, out=here, cells="builtin")
    notebook.show("A1", "validation")
    (line,) = capsys.readouterr().out.splitlines()
    assert "nor its settings: lr 0.5 (handout 0.01), clipstyle 'rescale' (handout 'nothing')" in line
