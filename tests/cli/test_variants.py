"""Variants from the archive to the hand-in: given out, asked for once, trained with, packed."""

from __future__ import annotations

import json
import zipfile

import pytest
from course import ASSIGNMENT, NAME

from rnnkit import cli
from rnnkit.common.variant import OWNER, VARIANTS, Variants
from rnnkit.grading.release.release import write_archive
from rnnkit.hand_in.collect import collect
from rnnkit.record.file import load
from rnnkit.regimes import get_regime

CLASS = ASSIGNMENT.variants("autumn")
SEED = CLASS.of("anna").of("A1")["seed"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The assignment's folder, as the archive has it with variants."""
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / VARIANTS).write_text(CLASS.to_json())
    monkeypatch.chdir(folder)
    return folder


def test_the_archive_has_the_file_only_where_it_is_asked_for(tmp_path):
    folder, wheel = tmp_path / NAME, tmp_path / "kit.whl"
    folder.mkdir()
    (folder / "1_cells.ipynb").write_text("{}")
    wheel.write_bytes(b"")
    names = []
    for variants in (None, CLASS):
        write_archive(folder, wheel, "", tmp_path / "dist" / "student.zip", variants)
        with zipfile.ZipFile(tmp_path / "dist" / "student.zip") as archive:
            names.append(archive.namelist())
            there = {name: archive.read(name).decode() for name in archive.namelist()}
    assert names == [[f"{NAME}/1_cells.ipynb"], [f"{NAME}/1_cells.ipynb", f"{NAME}/{VARIANTS}"]]
    assert Variants.from_json(there[f"{NAME}/{VARIANTS}"]) == CLASS


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--variants", "autumn"], "expected one ASSIGNMENT to be named"),
        ([NAME, "--variants", "autumn", "--check"], "and no --check"),
        ([NAME, "--variants", "two words"], "expected a word of letters"),
        (["bptt", "--variants", "autumn"], "expected an assignment whose runs may vary"),
    ],
)
def test_what_cannot_be_given_out_is_refused(words, told, tmp_path, capsys):
    assert cli.main(["release", *words, "--course", str(tmp_path)]) == 2
    assert told in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_a_run_asks_for_an_id_before_anything_is_done(home, capsys):
    assert cli.main(["run", "A1", "--profile", "tiny"]) == 2
    assert "rnnkit run --student YOUR_ID" in capsys.readouterr().err
    assert cli.main(["run", "A1", "--profile", "tiny", "--student", "an na"]) == 2
    assert "expected an id of letters" in capsys.readouterr().err
    assert sorted(path.name for path in home.iterdir()) == [VARIANTS]


@pytest.mark.slow
def test_a_run_is_told_the_id_once_and_has_its_seed(home, capsys):
    assert cli.main(["run", "A1", "--profile", "tiny", "--student", "anna", "--jobs", "1"]) == 0
    assert (home / OWNER).read_text() == "anna\n"
    (path,) = home.rglob("*_final_state.npz")
    record = load(path)
    assert path.name.startswith("A1_mem_rnn_tanh_noclip_final")  # as without: the name does not tell it
    assert json.loads(str(record["regime"]))["seed"] == SEED
    assert str(record["profile"]) == "tiny"
    assert f"--seed {SEED} " in (home / "runs" / "tiny" / "commands.txt").read_text()
    capsys.readouterr()

    assert cli.main(["run", "A1", "--profile", "tiny", "--student", "bert"]) == 2
    assert "expected 'anna', which student.txt says" in capsys.readouterr().err
    assert get_regime("A1").seed == SEED


def test_what_is_packed_names_its_student(home, capsys):
    (home / "1_cells.ipynb").write_text("{}")
    assert cli.main(["pack", "--check"]) == 2
    assert "student.txt: expected your id" in capsys.readouterr().err
    (home / OWNER).write_text("anna\n")
    assert cli.main(["pack", "--check", "--student", "bert"]) == 2
    assert "--student: expected 'anna'" in capsys.readouterr().err
    assert collect(ASSIGNMENT, home).files[OWNER] == home / OWNER
    (home / VARIANTS).unlink()
    assert OWNER not in collect(ASSIGNMENT, home).files
