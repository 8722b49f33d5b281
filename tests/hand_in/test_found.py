"""Downloaded notebooks: known by their cells, whatever a host and a browser have made of name, ids and metadata."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from colab.machine import download, opened
from course import NAME, ROOT

from rnnkit import cli
from rnnkit.assignments import get_assignment
from rnnkit.hand_in.collect import collect
from rnnkit.hand_in.here import assignment_of

LAB = "bptt"
FIRST, EXPERIMENT, REPORT = get_assignment(LAB).notebooks


def answered(name: str, notebook: str, folder: Path) -> Path:
    """A solved notebook, saved after a run, with an answer to every question."""
    path = opened(name, notebook, folder)
    content = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(content["cells"]):
        if cell["cell_type"] == "code":
            cell |= {"execution_count": number, "outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}
        elif cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = "none"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def home(tmp_path) -> Path:
    """A folder as it is unpacked, its notebooks as they were given out."""
    return Path(shutil.copytree(ROOT / "release" / LAB, tmp_path / "mine"))


@pytest.mark.parametrize("ids", [True, False])
def test_downloads_beside_what_was_given_out_are_packed_under_the_right_names(home, tmp_path, capsys, ids):
    for notebook, target in {FIRST: "1_bptt (1)", EXPERIMENT: "2_experiment (2)", REPORT: "Copy of my report"}.items():
        download(answered(LAB, notebook, tmp_path / "drive"), home / f"{target}.ipynb", ids=ids)
    assert cli.main(["pack", str(home), "--out", str(tmp_path / "all.zip"), "--anyway"]) == 0
    said = capsys.readouterr().out
    assert f"note: {FIRST}: taken from 1_bptt (1).ipynb" in said
    assert f"note: {REPORT}: taken from Copy of my report.ipynb" in said
    assert "still to be solved" not in said
    assert "answers to write" not in said
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        assert {FIRST, EXPERIMENT, REPORT, "report.pdf", "ai_chats.txt"} <= {*packed.namelist()}
        for name, path in ((FIRST, "1_bptt (1)"), (EXPERIMENT, "2_experiment (2)"), (REPORT, "Copy of my report")):
            assert packed.read(name) == (home / f"{path}.ipynb").read_bytes()


def test_a_folder_of_downloads_alone_is_of_its_assignment(tmp_path):
    (tmp_path / "mine").mkdir()
    download(answered(LAB, FIRST, tmp_path), tmp_path / "mine" / "homework.ipynb", ids=False)
    download(answered(LAB, EXPERIMENT, tmp_path), tmp_path / "mine" / "2_experiment(1).ipynb", ids=False)
    assert assignment_of(tmp_path / "mine").name == LAB
    collected = collect(get_assignment(LAB), tmp_path / "mine")
    assert {FIRST, EXPERIMENT} <= collected.files.keys()
    assert f"{REPORT}: no such file here" in collected.missing


def test_of_two_with_other_work_in_each_none_is_taken(home, tmp_path, capsys):
    path = answered(LAB, FIRST, tmp_path)
    download(path, home / "1_bptt (1).ipynb")
    other = path.read_text(encoding="utf-8").replace("return", "return  ")
    (home / FIRST).write_text(other, encoding="utf-8")
    line = f"{FIRST}: expected one such notebook, got '1_bptt (1).ipynb' and '{FIRST}', each with other work in it"
    assert cli.main(["pack", str(home), "--anyway"]) == 1
    assert f"--anyway cannot pass over: {line}; leave one here" in capsys.readouterr().err
    (home / FIRST).rename(home / "1_bptt-Copy1.ipynb")  # as JupyterLab calls a duplicate: kept, and not handed in
    assert collect(get_assignment(LAB), home).files[FIRST].name == "1_bptt (1).ipynb"


def test_the_right_name_stands_before_a_download_with_no_more_in_it(home, tmp_path):
    path = answered(LAB, FIRST, tmp_path)
    shutil.copy(path, home / FIRST)
    download(path, home / "1_bptt (1).ipynb")
    collected = collect(get_assignment(LAB), home)
    assert collected.files[FIRST] == home / FIRST
    assert not [line for line in collected.notes if "taken from" in line]


def test_another_notebook_under_this_name_is_not_taken_for_it(home):
    shutil.copy(home / REPORT, home / FIRST)
    (home / REPORT).unlink()
    collected = collect(get_assignment(LAB), home)
    assert collected.files[REPORT] == home / FIRST
    assert FIRST not in collected.files


def test_cells_without_names_are_told_and_no_question_is_taken_for_open(home, tmp_path):
    (home / FIRST).unlink()
    download(answered(LAB, FIRST, tmp_path), home / "Untitled.ipynb", ids=False, marks=False)
    collected = collect(get_assignment(LAB), home)
    assert collected.files[FIRST] == home / "Untitled.ipynb"
    assert [line for line in collected.missing if line.startswith(FIRST)] == [
        f"{FIRST}: its cells have lost their names, so that nothing in it is checked here"
    ]


@pytest.mark.parametrize("notebook", get_assignment(NAME).notebooks[1:])
def test_a_download_of_each_notebook_of_the_main_assignment_is_that(tmp_path, notebook):
    (tmp_path / "mine").mkdir()
    source = ROOT / "release" / NAME / notebook
    download(source, tmp_path / "mine" / f"{source.stem} (1).ipynb", ids=False)
    assert collect(get_assignment(NAME), tmp_path / "mine").files[notebook].name == f"{source.stem} (1).ipynb"
