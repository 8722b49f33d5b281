"""``rnnkit lab``: what is opened where, and that nothing of a student's is overwritten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from course import NAME, ROOT

from rnnkit import cli
from rnnkit.cli import lab


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What would be started: folder and arguments."""
    calls: list[tuple[Path, list[str]]] = []

    def in_front(command, folder, env):
        assert command[:3] == [sys.executable, "-m", "jupyterlab"]
        assert env["PATH"].startswith(str(Path(sys.executable).parent))
        calls.append((Path(folder), command[3:]))
        return 0

    monkeypatch.setattr(lab, "in_front", in_front)
    monkeypatch.chdir(tmp_path)
    return calls


@pytest.fixture
def no_clone(monkeypatch):
    """The kit as students have it: with their files, and no clone around it."""
    monkeypatch.setattr(lab, "in_a_clone", lambda: False)
    monkeypatch.setattr(lab, "GIVEN", ROOT / "release")


def test_in_a_clone_it_opens_the_students_copies(started):
    assert cli.main(["lab"]) == 0
    assert cli.main(["lab", "bptt", "--no-browser"]) == 0
    opened = "--LabApp.default_url=/lab/tree/release"
    assert started == [(ROOT, [opened]), (ROOT, [f"{opened}/bptt", "--no-browser"])]


def test_without_a_clone_the_notebooks_are_laid_out_once(started, no_clone, capsys):
    assert cli.main(["lab", "--no-browser"]) == 0
    assert started == [(Path.cwd(), [f"--LabApp.default_url=/lab/tree/{NAME}", "--no-browser"])]
    own = Path(NAME, "1_cells.ipynb")
    assert "check" in own.read_text(encoding="utf-8")
    own.write_text("my work")
    Path(NAME, "HANDOUT.md").unlink()
    capsys.readouterr()
    assert cli.main(["lab"]) == 0
    assert capsys.readouterr().out == f"{NAME}: 1 files laid out\n"
    assert own.read_text() == "my work"
    assert cli.main(["lab"]) == 0
    assert capsys.readouterr().out == f"{NAME}: here already, nothing in it is changed\n"


def test_where_notebooks_are_it_opens_these(started, no_clone):
    Path("1_bptt.ipynb").write_text("{}")
    assert cli.main(["lab"]) == 0
    assert started == [(Path.cwd(), ["--LabApp.default_url=/lab/tree"])]
    assert [path.name for path in Path.cwd().iterdir()] == ["1_bptt.ipynb"]


def test_a_kit_without_notebooks_says_so(started, no_clone, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lab, "GIVEN", tmp_path / "nothing")
    assert cli.main(["lab"]) == 2
    assert capsys.readouterr().err.startswith(f"rnnkit lab: expected the notebooks of {NAME}")
    assert not started


def test_a_file_in_the_place_of_the_folder_is_left_alone(started, no_clone, capsys):
    Path(NAME).write_text("mine")
    assert cli.main(["lab"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert Path(NAME).read_text() == "mine"
    assert not started
