"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import json

import pytest
from beside import clone_into, entries, exported, packed, points, rnnkit, student_of
from course import NAME as MAIN
from course import ROOT
from graded import submit

from rnnkit.assignments import get_assignment

LAB = get_assignment("lookback")
SOURCES = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_lookback.ipynb"
# As they stand in the notebook's JSON: the blank prediction, and one that says something.
BLANK = ("rnn_stops = None", "gru_stops = None", r"because = \"\"")
SAID = ("rnn_stops = 3", "gru_stops = 12", r"because = \"one has to begin\"")


@pytest.mark.slow
def test_a_class_hands_in_the_lab_and_the_main_assignment(tmp_path):
    clone = clone_into(tmp_path)
    rnnkit(clone, "release")
    home = student_of(clone, tmp_path / "student", LAB.name, LAB.key.CANARY)
    solved = {"anna": None, "ben": ("gru_backward", "by_distance", "ai_chats"), "carl": ("ai_chats",)}
    blank = (home / QUESTIONS).read_text(encoding="utf-8")
    said = blank
    for old, new in zip(BLANK, SAID, strict=True):
        assert said.count(old) == 1
        said = said.replace(old, new)
    for student, ids in solved.items():
        (home / QUESTIONS).write_text(said if student == "anna" else blank, encoding="utf-8")
        packed(home, student, ids, tmp_path / "downloads", SOURCES)
    submit(clone, "anna", "2_diagnostics.ipynb")
    submit(clone, "dora", "1_cells.ipynb", "2_diagnostics.ipynb", right=False)
    rnnkit(clone, "grade", LAB.name, "--from", str(tmp_path / "downloads"))
    rnnkit(clone, "grade")
    found = points(clone, LAB.name)
    assert found["anna"] == {id: question.points for id, question in LAB.scored.items()}
    assert {id for id, score in found["ben"].items() if score} == {"gru_backward", "by_distance"}
    assert not any(found["carl"].values())
    for student, entry in entries(clone, LAB.name).items():
        flags = [flag for notebook in entry["notebooks"].values() for flag in notebook["flags"]]
        assert not entry["evidence"] + entry["flags"] + flags, student
    most = sum(one.points for one in get_assignment(MAIN).scored.values() if one.notebook == "2_diagnostics.ipynb")
    assert sum(points(clone, MAIN)["anna"].values()) == most
    assert "contribution_norms" not in json.dumps(entries(clone, MAIN))
    rows = exported(clone)
    assert [rows["anna"][f"{name}/total"] for name in (LAB.name, MAIN)] == ["26", f"{most:g}"]
    assert [rows["ben"][f"{name}/status"] for name in (LAB.name, MAIN)] == ["graded", "not submitted"]
    for name, students in ((LAB.name, ("anna", "ben", "carl")), (MAIN, ("anna", "dora"))):
        rnnkit(clone, "feedback", name)
        for student in students:
            assert (clone / "grading" / "feedback" / student / name / "index.html").is_file()
