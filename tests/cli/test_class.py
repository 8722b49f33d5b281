"""Odd students, odd files, and what an instructor does wrong or changes their mind about."""

from __future__ import annotations

import os
import shutil

import pytest
from confined import need_sandbox
from course import ASSIGNMENT, NAME, ROOT
from graded import SECOND, dump, edit, grade, points, scores, submit

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import ASKED, DIAGNOSTICS
from rnnkit.grading.course import gradebook
from rnnkit.grading.course.course import Course, GradingError, forget
from rnnkit.grading.course.gradebook import opened
from rnnkit.grading.ledger import Entry, Ledger
from rnnkit.grading.notebooks.copied import copies


def test_names_that_are_in_the_way_are_in_nobodys_way(course, capsys):
    """A student called like a folder of the grader's; files whose names are no text, or steer a terminal."""
    submit(course, "master", DIAGNOSTICS)
    odd = submit(course, "odd", DIAGNOSTICS)
    os.symlink("/etc", os.fsencode(odd) + b"/dir\xfd")
    os.symlink("/etc", os.fsencode(odd) + b"/x\x1b[2Jfake\nanna: graded, 39 of 39 points")
    os.mkfifo(os.fsencode(odd) + b"/pipe\xff")
    (odd / "model.py").mkdir()
    assert cli.main(["grade", "--course", str(course)]) == 0
    said = capsys.readouterr().out
    assert points(course, "master") == points(course, "odd") == SECOND
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("anna")]
    flags = Ledger(course / "grading" / "ledger.json", NAME).entries["odd"].all_flags
    assert sum("ignored" in flag for flag in flags) == 3


def test_trouble_with_one_result_is_that_students_alone(course, monkeypatch):
    for student in ("anna", "bert"):
        submit(course, student, DIAGNOSTICS)
    record = gradebook.record

    def fails(book, assignment, entry, fresh, before=None):
        if entry.student == "anna" and entry.status == "graded":
            raise ValueError("no")
        record(book, assignment, entry, fresh, before)

    monkeypatch.setattr(gradebook, "record", fails)
    entries = grade(course).entries
    assert {student: entry.status for student, entry in entries.items()} == {"anna": "failed", "bert": "graded"}
    assert "ValueError" in entries["anna"].reason
    assert scores(course)["anna"]["rho"] == (0, None, True)
    monkeypatch.undo()
    assert grade(course).unchanged == ["bert"]
    assert points(course, "anna") == SECOND


def test_wrong_code_that_was_changed_is_looked_at_again(course):
    folder = submit(course, "anna", DIAGNOSTICS)
    edit(folder / DIAGNOSTICS, "rho_solution", "def spectral_radius(W):\n    return 0.0")
    grade(course)
    with opened(course) as book:
        by_hand = book.find_grade("rho", "2_diagnostics", NAME, "anna")
        by_hand.manual_score, by_hand.needs_manual_grade = 0.5, False
        book.db.commit()
    grade(course, force=True)
    assert scores(course)["anna"]["rho"] == (0, 0.5, False)
    edit(folder / DIAGNOSTICS, "rho_solution", "def spectral_radius(W):\n    return 1.0")
    grade(course)
    assert scores(course)["anna"]["rho"] == (0, 0.5, True)
    assert scores(course)["anna"]["clip"] == (ASKED["clip"].points, None, False)


def test_who_is_gone_is_named_and_can_be_forgotten(graded_pair, capsys):
    course = graded_pair
    with pytest.raises(GradingError, match="still there"):
        forget(Course(ROOT, course), ASSIGNMENT, "bert")
    shutil.rmtree(course / "grading" / "submitted" / "bert")
    assert cli.main(["grade", "--course", str(course)]) == 0
    assert "--forget bert" in capsys.readouterr().out
    assert len(list((course / "grading" / "backup").iterdir())) == 1  # of the first: then there was nothing to do
    assert cli.main(["grade", "--course", str(course), "--forget", "bert"]) == 0
    assert set(scores(course)) == {"anna"}
    assert not [text for text in dump(course).values() if "bert" in text]
    assert cli.main(["grade", "--course", str(course), "--forget", "bert"]) == 2
    assert points(course, "anna") == SECOND


def test_a_lost_gradebook_is_not_made_anew(graded_pair):
    course = graded_pair
    grade(course, students=["anna"], force=True)
    kept = sorted((course / "grading" / "backup").iterdir())
    (course / "grading" / "gradebook.db").unlink()
    with pytest.raises(GradingError, match="backup"):
        grade(course)
    shutil.copyfile(kept[-1], course / "grading" / "gradebook.db")
    assert sorted(grade(course).unchanged) == ["anna", "bert"]


def test_what_instructors_type(tmp_path, capsys):
    """Refused with a word, before anything is made."""
    assert cli.main(["grade", "--course", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
    assert "expected a folder" in capsys.readouterr().err
    assert cli.main(["grade", "no_such", "--course", str(tmp_path)]) == 2
    assert "unknown assignment 'no_such'" in capsys.readouterr().err
    need_sandbox()
    assert cli.main(["grade", "--course", str(tmp_path), "--question", "clip_rnn"]) == 2
    assert "Formgrader" in capsys.readouterr().err
    (tmp_path / "grading").mkdir(exist_ok=True)
    (tmp_path / "grading" / "roster.csv").write_text("id\nfrida\n")
    assert cli.main(["grade", "--course", str(tmp_path), "--student", "frida"]) == 2
    assert "has not submitted" in capsys.readouterr().err
    assert cli.main(["grade", "--course", str(tmp_path)]) == 0
    assert "--from takes them in" in capsys.readouterr().out


def test_records_that_two_students_handed_in_are_named(tmp_path):
    ledger = Ledger(tmp_path / "ledger.json", NAME)
    for student, records in {"anna": {"A1": "x", "A2": "y"}, "bert": {"A1": "x", "A2": "z"}, "cleo": {}}.items():
        ledger.entries[student] = Entry(student, "graded", records=records)
    assert copies(ledger.entries) == [("A1", ["anna", "bert"])]
