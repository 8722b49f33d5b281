"""A class hands in the lab and the main assignment, and is graded in both."""

from __future__ import annotations

import json

import pytest
from beside import clone_into, entries, exported, packed, points, rnnkit, student_of
from course import NAME as MAIN
from course import ROOT
from graded import submit

from rnnkit.assignments import get_assignment
from rnnkit.assignments.bptt.foretold import MATRICES

LAB = get_assignment("bptt")
SOURCES = ROOT / "notebooks" / LAB.name
QUESTIONS = "1_bptt.ipynb"
# As they stand in the notebook's JSON: the blank prediction, and its reason without words and with some.
BLANK = r"order = [\"\", \"\", \"\", \"\", \"\"]"
REASON, WHY = r"because = \"\"", r"because = \"one has to begin\""


@pytest.mark.slow
def test_a_class_hands_in_the_lab_and_the_main_assignment(tmp_path):
    clone = clone_into(tmp_path)
    rnnkit(clone, "release")
    home = student_of(clone, tmp_path / "student", LAB.name, LAB.key.CANARY)
    solved = {"anna": None, "ben": ("flow", "vanilla_forward", "ai_chats"), "carl": ("ai_chats",)}
    blank = (home / QUESTIONS).read_text(encoding="utf-8")
    for student, ids in solved.items():
        said = [*MATRICES] if student == "anna" else [*MATRICES[:4], "Q"] if student == "ben" else 5 * [""]
        written = f"order = {json.dumps(said)}".replace('"', '\\"')
        assert blank.count(BLANK) == 1
        (home / QUESTIONS).write_text(blank.replace(BLANK, written).replace(REASON, WHY), encoding="utf-8")
        packed(home, student, ids, tmp_path / "downloads", SOURCES)
    submit(clone, "anna", "2_diagnostics.ipynb")
    submit(clone, "dora", "1_cells.ipynb", "2_diagnostics.ipynb", right=False)
    rnnkit(clone, "grade", LAB.name, "--from", str(tmp_path / "downloads"))
    rnnkit(clone, "grade")
    found = points(clone, LAB.name)
    assert found["anna"] == {id: question.points for id, question in LAB.scored.items()}
    assert {id for id, score in found["ben"].items() if score} == {"flow", "vanilla_forward", "prediction"}
    assert found["ben"]["prediction"] == 0.5
    assert sum(found["carl"].values()) == 0.5  # a reason without an order
    for student, entry in entries(clone, LAB.name).items():
        flags = [flag for notebook in entry["notebooks"].values() for flag in notebook["flags"]]
        assert not entry["evidence"] + entry["flags"] + flags, student
    most = sum(one.points for one in get_assignment(MAIN).scored.values() if one.notebook == "2_diagnostics.ipynb")
    assert sum(points(clone, MAIN)["anna"].values()) == most
    assert "truncated" not in json.dumps(entries(clone, MAIN))
    rows = exported(clone)
    assert [rows["anna"][f"{name}/total"] for name in (LAB.name, MAIN)] == ["26", f"{most:g}"]
    assert [rows["ben"][f"{name}/status"] for name in (LAB.name, MAIN)] == ["graded", "not submitted"]
    for name, students in ((LAB.name, ("anna", "ben", "carl")), (MAIN, ("anna", "dora"))):
        rnnkit(clone, "feedback", name)
        for student in students:
            assert (clone / "grading" / "feedback" / student / name / "index.html").is_file()
