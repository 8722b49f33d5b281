"""Whose variant records and figures are: two honest students are told nothing, another's work is told by name."""

from __future__ import annotations

import json
import shutil

import pytest
from course import ASSIGNMENT
from runtools import here

from rnnkit.common.names import BadValue
from rnnkit.common.variant import OWNER, VARIANTS, claim, working_in
from rnnkit.grading.evidence.evidence import evidence
from rnnkit.grading.evidence.whose import Whose
from rnnkit.grading.variants import keep, kept, place, put_into
from rnnkit.notebook.calls import show
from rnnkit.record.file import load
from rnnkit.regimes import PROFILES, get_regime
from rnnkit.train import train

CLASS = ASSIGNMENT.variants("autumn")
IDS = ("anna", "bert", "carl")
SEED = {id: CLASS.of(id).of("A1")["seed"] for id in IDS}
KEYS = ("A1", "A2", "B1s")


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Folders of students who have made some runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "full", PROFILES["tiny"])
        folders = {id: tmp_path_factory.mktemp(id) for id in IDS[:2]}
        for id, folder in folders.items():
            (folder / VARIANTS).write_text(CLASS.to_json())
            claim(folder, id)
            with working_in(folder):
                for key in KEYS:
                    regime = get_regime(key)
                    train(regime, out=folder / "runs" / "full" / regime.name, cells="builtin")
    return folders


@pytest.fixture(autouse=True)
def full_is_small(monkeypatch):
    monkeypatch.setitem(PROFILES, "full", PROFILES["tiny"])


def whose(student: str, said: str = "") -> Whose:
    return Whose(CLASS, student, IDS, said)


def told(folder, student: str, said: str = "") -> list[str]:
    """Flags about a submission's runs, but for those that are not there."""
    found = evidence(folder, here, ASSIGNMENT, whose=whose(student, said))
    assert {one.key for one in found if one.profile == "full"} == {*KEYS}
    flags = [flag for one in found for flag in one.flags]
    return [flag for flag in flags if "no record" not in flag and "built-in cells" not in flag]


def test_honest_students_are_told_nothing(homes):
    assert [told(folder, id) for id, folder in homes.items()] == [[], []]


def test_anothers_records_are_told_by_name(homes):
    of = f"A1, A2, B1s: seed {SEED['anna']} is that of anna; bert has seed {SEED['bert']}"
    assert told(homes["anna"], "bert") == [of]
    assert told(homes["anna"], "dora", "anna")[0].startswith(f"A1, A2, B1s: seed {SEED['anna']} is that of anna, whom")


def test_one_record_of_anothers_is_told_alone(homes, tmp_path):
    shutil.copytree(homes["bert"], tmp_path, dirs_exist_ok=True)
    name = get_regime("A2").name
    shutil.copytree(homes["anna"] / "runs" / "full" / name, tmp_path / "runs" / "full" / name, dirs_exist_ok=True)
    assert told(tmp_path, "bert") == [f"A2: seed {SEED['anna']} is that of anna; bert has seed {SEED['bert']}"]


def test_the_handouts_and_an_unknown_seed_are_told_as_such(homes, tmp_path):
    for key, seed in (("A1", 52), ("A2", 7)):
        train(get_regime(key, seed=seed), out=tmp_path / "runs", cells="builtin")
    shutil.copytree(homes["anna"] / "runs" / "full" / get_regime("B1s").name, tmp_path / "b")
    flags = told(tmp_path, "anna")
    assert f"A1: seed 52 is the handout's; anna has seed {SEED['anna']}" in flags
    assert f"A2: seed 7 is nobody's in the class; anna has seed {SEED['anna']}" in flags
    assert not [flag for flag in flags if "settings are not the handout's" in flag or "profile" in flag]


def test_other_settings_are_still_told(homes, tmp_path):
    for key in KEYS:
        more = {"lr": 0.5} if key == "A1" else {}
        train(get_regime(key, seed=SEED["anna"], **more), out=tmp_path / "runs", cells="builtin")
    found = evidence(tmp_path, here, ASSIGNMENT, whose=whose("anna"))
    flags = [flag for one in found for flag in one.flags if one.key == "A1"]
    assert [flag for flag in flags if "seed" in flag or "settings" in flag] == [
        "A1: settings are not the handout's: lr 0.5 (handout 0.01)"
    ]


def test_a_run_of_ones_own_may_have_any_seed_but_anothers(tmp_path):
    for number, seed in enumerate((52, 7, SEED["bert"])):
        train(get_regime("A1", seed=seed, lr=0.5, name=f"mine{number}"), out=tmp_path / "runs", cells="builtin")
    found = evidence(tmp_path, here, ASSIGNMENT, whose=whose("anna"))
    flags = [flag for one in found for flag in one.flags if "seed" in flag]
    assert flags == [f"mine2: seed {SEED['bert']} is that of bert; anna has seed {SEED['anna']}"]


def test_without_variants_a_drawn_seed_is_not_the_handouts(homes):
    flags = [flag for one in evidence(homes["anna"], here, ASSIGNMENT) for flag in one.flags]
    assert f"A1, A2, B1s: settings are not the handout's: seed {SEED['anna']} (handout 52)" in flags


# ---- figures ----------------------------------------------------------------------------------------------------


def report(home, monkeypatch) -> dict:
    """A report with a figure as `show` makes it in a student's folder."""
    marks = []
    monkeypatch.chdir(home)
    monkeypatch.setattr("rnnkit.notebook.foretell.waits", lambda keys: False)
    monkeypatch.setattr("IPython.display.display", lambda figure, metadata=None: marks.append(metadata))
    show("A1 A2", "validations")
    outputs = [{"output_type": "display_data", "data": {}, "metadata": one} for one in marks if one]
    assert outputs
    cell = {"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "a_figure"}}, "outputs": outputs}
    return {"4_report.ipynb": {"cells": [cell]}}


def test_a_figure_of_anothers_is_told_by_name(homes, monkeypatch):
    annas = report(homes["anna"], monkeypatch)
    assert whose("anna").of_figures(annas) == []
    assert whose("bert").of_figures(annas) == [
        f"4_report.ipynb: figures: seed {SEED['anna']} is that of anna; bert has seed {SEED['bert']}: "
        "a_figure (A1), a_figure (A2)"
    ]


@pytest.mark.parametrize(
    "metadata", [None, [], {"rnnkit_drawn": 3}, {"rnnkit_drawn": {"A1": []}}, {"rnnkit_drawn": {"lr": {"seed": "x"}}}]
)
def test_metadata_of_any_kind_ends_nothing(metadata):
    for outputs in ([{"metadata": metadata}], [None], {}, None):
        cell = {"cell_type": "code", "metadata": {}, "outputs": outputs}
        assert whose("anna").of_figures({"a.ipynb": {"cells": [cell, None, 3]}}) == []


# ---- the id -----------------------------------------------------------------------------------------------------


def test_the_id_in_the_file_has_to_be_that_of_the_platform(tmp_path):
    (tmp_path / OWNER).write_text("bert\n")
    found, flags = whose("anna").staged(tmp_path)
    assert flags == ["student.txt says bert, it was handed in by anna"]
    assert found.said == "bert"
    assert (tmp_path / OWNER).read_text() == "anna\n"
    assert (tmp_path / VARIANTS).read_text() == CLASS.to_json()
    assert whose("anna").staged(tmp_path)[1] == []
    (tmp_path / OWNER).write_text("ANNA")
    assert whose("anna").staged(tmp_path)[1] == []


def test_no_id_and_no_file_are_told_apart(tmp_path):
    assert whose("anna").staged(tmp_path)[1] == ["student.txt: expected the student's id, the file was not handed in"]
    (tmp_path / OWNER).write_text("<b>\x1b[31m two")
    assert whose("anna").staged(tmp_path)[1] == ["student.txt: no id can be read in it"]
    (tmp_path / OWNER).unlink()
    (tmp_path / OWNER).mkdir()
    (tmp_path / OWNER / "more").write_text("x")
    assert whose("anna").staged(tmp_path)[1] == ["student.txt: no id can be read in it"]
    assert (tmp_path / OWNER).read_text() == "anna\n"


def test_a_course_keeps_one_word(tmp_path):
    assert kept(tmp_path, ASSIGNMENT.name) is None
    keep(tmp_path, CLASS)
    keep(tmp_path, CLASS)
    with pytest.raises(BadValue, match="expected 'autumn', with which"):
        keep(tmp_path, ASSIGNMENT.variants("spring"))
    assert kept(tmp_path, ASSIGNMENT.name) == CLASS
    assert json.loads(place(tmp_path, ASSIGNMENT.name).read_text())["ranges"] == {"seed": [1000, 999999999]}
    put_into(tmp_path, CLASS, "anna")
    assert (tmp_path / OWNER).read_text() == "anna\n"


def test_a_record_in_ones_own_folder_is_a_full_run(homes):
    path = next((homes["anna"] / "runs" / "full" / get_regime("A1").name).glob("*_final_state.npz"))
    assert str(load(path)["profile"]) == "full"
