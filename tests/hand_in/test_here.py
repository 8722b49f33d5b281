"""Which assignment is meant where a command names none."""

from __future__ import annotations

import shutil

import pytest
from course import ROOT

from rnnkit import cli
from rnnkit.assignments import MAIN, names
from rnnkit.hand_in.here import assignment_of


@pytest.mark.parametrize("name", names())
def test_a_students_folder_of_any_name_is_of_its_notebooks_assignment(name, tmp_path):
    shutil.copytree(ROOT / "release" / name, tmp_path / "mine")
    assert assignment_of(tmp_path / "mine").name == name


def test_a_folder_without_notebooks_is_of_the_main_assignment(tmp_path):
    assert assignment_of(tmp_path).name == MAIN
    (tmp_path / "bptt").mkdir()
    assert assignment_of(tmp_path / "bptt").name == "bptt"


def test_help_is_about_the_folder_one_is_in(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "release" / "hidden_dynamics", tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "now hidden_dynamics" in said
    assert "lstm_500" in said
    assert "A1" not in said
    assert "model.py" not in said
