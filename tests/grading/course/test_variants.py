"""A class with variants is graded: another's record and figure are told by name, honest students are told nothing."""

from __future__ import annotations

import json
import shutil

import pytest
from confined import need_sandbox
from course import ASSIGNMENT, NAME
from graded import grade, submit

from rnnkit.assignments.training_dynamics.questions import REPORT
from rnnkit.common.variant import DRAWN, OWNER, VARIANTS, claim, working_in
from rnnkit.grading.variants import keep
from rnnkit.regimes import get_regime
from rnnkit.train import train

CLASS = ASSIGNMENT.variants("autumn")
SEED = {id: CLASS.of(id).of("A1")["seed"] for id in ("anna", "bert", "carl")}


def made(course, student: str):
    """What a student hands in who has trained A1: the record, the id, and a figure in the report."""
    folder = submit(course, student, REPORT, right=False)
    (folder / VARIANTS).write_text(CLASS.to_json())
    claim(folder, student)
    with working_in(folder):
        regime = get_regime("A1", "tiny")
        train(regime, out=folder / "runs" / regime.name, cells="builtin")
    (folder / VARIANTS).unlink()
    notebook = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    cell = next(one for one in notebook["cells"] if one["id"] == "gradient_mem_figure")
    marks = {DRAWN: {"A1": {"seed": SEED[student]}}}
    cell["outputs"] = [{"output_type": "display_data", "data": {"text/plain": "<Figure>"}, "metadata": marks}]
    (folder / REPORT).write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def told(entry) -> list[str]:
    return [flag for flag in entry.all_flags if "seed" in flag or "settings" in flag or OWNER in flag]


@pytest.mark.slow
def test_anothers_record_and_figure_are_told_by_name_and_honest_ones_are_not(tmp_path):
    need_sandbox()
    (tmp_path / "grading").mkdir()
    keep(tmp_path, CLASS)
    annas, berts = made(tmp_path, "anna"), made(tmp_path, "bert")
    shutil.copytree(annas, submit(tmp_path, "carl"), dirs_exist_ok=True)
    graded = grade(tmp_path).entries
    assert [told(graded[id]) for id in ("anna", "bert")] == [[], []]
    assert all(one.profiles == {"A1": "tiny"} for one in graded.values())
    annas_seed, carls = f"seed {SEED['anna']} is that of anna", f"carl has seed {SEED['carl']}"
    assert told(graded["carl"]) == [
        f"{REPORT}: figures: {annas_seed}; {carls}: gradient_mem_figure (A1)",
        "student.txt says anna, it was handed in by carl",
        f"A1: {annas_seed}, whom student.txt names; {carls}",
    ]
    shown = (tmp_path / "grading" / "autograded" / "anna" / NAME / REPORT).read_text(encoding="utf-8")
    assert f"--seed {SEED['anna']} " in shown  # the command of a run that is missing, as the student has it

    shutil.copytree(annas / "runs", berts / "runs", dirs_exist_ok=True)
    again = grade(tmp_path).entries["bert"]
    assert told(again) == [f"A1: seed {SEED['anna']} is that of anna; bert has seed {SEED['bert']}"]
    assert again.points == graded["bert"].points
