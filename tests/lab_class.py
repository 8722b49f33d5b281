"""A class that hands in a lab and the main assignment, and is graded in both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from beside import clone_into, entries, exported, packed, points, rnnkit, student_of
from course import NAME as MAIN
from course import ROOT
from graded import submit

from rnnkit.assignments import get_assignment


class LabClass:
    """Anna solves all, Ben two questions, Carl none; Anna and Dora hand in the main assignment.

    Attributes:
        lab: its name.
        solved: questions that Ben solves.
        foretold: points of Anna, Ben and Carl for what they foretell, and the question.
        secret: a word of the lab's code that no entry of the main assignment has.
    """

    lab, secret = "", ""
    solved: tuple[str, ...] = ()
    foretold: tuple[str, tuple[float, float, float]] = ("prediction", (0, 0, 0))

    def foretell(self, home: Path, student: str) -> None:
        """Writes into a student's folder, which is as it was released, what this student foretells."""

    def test_a_class_hands_in_the_lab_and_the_main_assignment(self, tmp_path):
        lab, clone = get_assignment(self.lab), clone_into(tmp_path)
        rnnkit(clone, "release")
        home = student_of(clone, tmp_path / "student", lab.name, lab.key.CANARY)
        solved = {"anna": None, "ben": (*self.solved, "ai_chats"), "carl": ("ai_chats",)}
        shutil.copytree(home, tmp_path / "released")
        for student, ids in solved.items():
            shutil.rmtree(home)
            shutil.copytree(tmp_path / "released", home)
            self.foretell(home, student)
            packed(home, student, ids, tmp_path / "downloads", ROOT / "notebooks" / lab.name)
        submit(clone, "anna", "2_diagnostics.ipynb")
        submit(clone, "dora", "1_cells.ipynb", "2_diagnostics.ipynb", right=False)
        rnnkit(clone, "grade", lab.name, "--from", str(tmp_path / "downloads"))
        rnnkit(clone, "grade")
        question, said = self.foretold
        right = {id: one.points for id, one in lab.questions.items()}
        due = {"anna": right, "ben": {id: right[id] for id in self.solved}, "carl": {}}
        found = points(clone, lab.name)
        for (student, some), point in zip(due.items(), said, strict=True):
            assert found[student] == dict.fromkeys(right, 0) | some | {question: point}, student
        for student, entry in entries(clone, lab.name).items():
            flags = [flag for notebook in entry["notebooks"].values() for flag in notebook["flags"]]
            assert not entry["evidence"] + entry["flags"] + flags, student
        most = sum(one.points for one in get_assignment(MAIN).scored.values() if one.notebook == "2_diagnostics.ipynb")
        assert sum(points(clone, MAIN)["anna"].values()) == most
        assert self.secret not in json.dumps(entries(clone, MAIN))
        rows = exported(clone)
        total = f"{sum(right.values()) + said[0]:g}"
        assert [rows["anna"][f"{name}/total"] for name in (lab.name, MAIN)] == [total, f"{most:g}"]
        assert [rows["ben"][f"{name}/status"] for name in (lab.name, MAIN)] == ["graded", "not submitted"]
        for name, students in ((lab.name, ("anna", "ben", "carl")), (MAIN, ("anna", "dora"))):
            rnnkit(clone, "feedback", name)
            for student in students:
                assert (clone / "grading" / "feedback" / student / name / "index.html").is_file()


def written(path: Path, *changes: tuple[str, str]) -> None:
    """Puts words in the place of others that stand in a notebook's JSON exactly once."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
