"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import json

import pytest
from beside import clone_into, entries, exported, packed, points, rnnkit, student_of
from course import NAME as MAIN
from course import ROOT
from graded import submit

from rnnkit.assignments import get_assignment
from rnnkit.notebook.predictions import FILE, PREDICTED, Entry, append

LAB = get_assignment("orthogonal_init")
SOURCES = ROOT / "notebooks" / LAB.name


@pytest.mark.slow
def test_a_class_hands_in_the_lab_and_the_main_assignment(tmp_path):
    clone = clone_into(tmp_path)
    rnnkit(clone, "release")
    home = student_of(clone, tmp_path / "student", LAB.name, LAB.key.CANARY)
    solved = {"anna": None, "ben": ("bptt", "orthogonal", "ai_chats"), "carl": ("ai_chats",)}
    arms = LAB.experiment.due
    foretold = {"anna": arms, "ben": arms[:3]}
    for student, ids in solved.items():
        (home / FILE).unlink(missing_ok=True)
        said = [Entry(PREDICTED, arm, {"does": "solves"}, "one has to begin") for arm in foretold.get(student, ())]
        append(home / FILE, said)
        packed(home, student, ids, tmp_path / "downloads", SOURCES)
    submit(clone, "anna", "2_diagnostics.ipynb")
    submit(clone, "dora", "1_cells.ipynb", "2_diagnostics.ipynb", right=False)
    rnnkit(clone, "grade", LAB.name, "--from", str(tmp_path / "downloads"))
    rnnkit(clone, "grade")
    found = points(clone, LAB.name)
    assert found["anna"] == {id: question.points for id, question in LAB.scored.items()}
    assert {id for id, score in found["ben"].items() if score} == {"bptt", "orthogonal", "predictions"}
    assert found["ben"]["predictions"] == 0.5
    assert not any(found["carl"].values())
    for student, entry in entries(clone, LAB.name).items():
        flags = [flag for notebook in entry["notebooks"].values() for flag in notebook["flags"]]
        assert not entry["evidence"] + entry["flags"] + flags, student
    most = sum(one.points for one in get_assignment(MAIN).scored.values() if one.notebook == "2_diagnostics.ipynb")
    assert sum(points(clone, MAIN)["anna"].values()) == most
    assert "jacobian" not in json.dumps(entries(clone, MAIN))
    rows = exported(clone)
    assert [rows["anna"][f"{name}/total"] for name in (LAB.name, MAIN)] == ["23", f"{most:g}"]
    assert [rows["ben"][f"{name}/status"] for name in (LAB.name, MAIN)] == ["graded", "not submitted"]
    for name, students in ((LAB.name, ("anna", "ben", "carl")), (MAIN, ("anna", "dora"))):
        rnnkit(clone, "feedback", name)
        for student in students:
            assert (clone / "grading" / "feedback" / student / name / "index.html").is_file()
