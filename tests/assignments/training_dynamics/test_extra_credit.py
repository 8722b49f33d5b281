"""Extra credit in a graded class: on top, needed by nobody, and no work for anybody where it was not handed in."""

from __future__ import annotations

import csv
import re
import shutil

import numpy as np
import pytest
from confined import need_sandbox
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, cells
from graded import SECOND, edit, grade, scores, submit
from runtools import run_of

from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS, EXTRA, OWN_SETTING
from rnnkit.cli import grade as cli_grade
from rnnkit.grading.course.course import Course
from rnnkit.grading.ledger import NOT_TRIED, WAITS, Ledger
from rnnkit.grading.report import export, feedback
from rnnkit.record.file import load, regime_of, save


@pytest.fixture(scope="module")
def course(tmp_path_factory, entered):
    """Students with all of the extra credit, a broken notebook and a record of another seed, none, and a copied run."""
    need_sandbox()
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(entered, course / "grading")
    run = submit(course, "all", DIAGNOSTICS, EXTRA) / "runs" / "extra_torder"
    run.mkdir(parents=True)
    shutil.copy(run_of(run.parent.parent / "elsewhere"), run)
    shutil.rmtree(run.parent.parent / "elsewhere")
    record = load(run / "extra_torder_final_state.npz")
    edit(submit(course, "wrong", DIAGNOSTICS, EXTRA) / EXTRA, "omega_solution", "def omega(:")
    settings = regime_of(record)
    hand_in(course, "wrong", record, settings.replace(seed=settings.seed + 1))
    submit(course, "none", DIAGNOSTICS)
    submit(course, "copy", EXTRA)
    hand_in(course, "copy", record | {"wall_time": record["wall_time"] + 1}, settings.replace(name="mine"))
    return course


def hand_in(course, student, record, settings):
    folder = submit(course, student) / "runs"
    folder.mkdir()
    save(folder / f"{settings.name}_final_state.npz", record | {"regime": np.array(settings.to_json())})


@pytest.fixture(scope="module")
def graded(course):
    return grade(course)


@pytest.fixture(scope="module")
def entries(graded):
    return graded.entries


def test_points_and_who_waits_for_a_person(course, entries):
    found = {student: {id: about[id] for id in ("omega", OWN_SETTING)} for student, about in scores(course).items()}
    assert found == {
        "all": {"omega": (3, None, False), OWN_SETTING: (4, None, False)},
        "wrong": {"omega": (0, None, False), OWN_SETTING: (0, None, True)},
        "none": {"omega": (0, None, False), OWN_SETTING: (0, None, False)},
        "copy": {"omega": (3, None, False), OWN_SETTING: (4, None, False)},
    }
    assert {student: (entry.points, entry.extra) for student, entry in entries.items()} == {
        "all": (SECOND, 7), "wrong": (SECOND, 0), "none": (SECOND, 0), "copy": (0, 7),
    }  # fmt: skip
    assert f"{SECOND:g} of {entries['all'].most:g} points and 7 for extra credit" in cli_grade.line(
        ASSIGNMENT, entries["all"]
    )
    assert "extra credit" not in cli_grade.line(ASSIGNMENT, entries["none"])
    assert EXTRA not in cli_grade.line(ASSIGNMENT, entries["none"])
    assert sorted(grade(course).unchanged) == ["all", "copy", "none", "wrong"]


def test_hand_made_records_wait_and_copies_are_named(course, graded, entries):
    why = "its weights do not follow from its own anchors: it does not begin with the network that its seed gives"
    assert f"own_setting: extra_torder, 4 of 4 points: {why}" in entries["wrong"].evidence
    shown = (course / "grading" / "autograded" / "wrong" / NAME / EXTRA).read_text(encoding="utf-8")
    assert f"own_setting: 0 of 4 points · {WAITS}" in shown
    assert not any(flag.startswith(OWN_SETTING) for flag in entries["all"].evidence)
    assert graded.copies == [("extra_torder and mine", ["all", "copy", "wrong"])]
    assert "the same record of extra_torder and mine: all, copy, wrong" in cli_grade.summary(graded, course)


def test_a_run_that_was_not_tried_is_tried_the_next_time(course, entries):
    """The grader was killed after the scores stood."""
    ledger = Ledger(course / "grading" / "ledger.json", NAME)
    ledger.entries["copy"].scores[OWN_SETTING]["status"] = NOT_TRIED
    ledger.save()
    again = grade(course)
    assert sorted(again.unchanged) == ["all", "copy", "none", "wrong"]
    assert without_drawn(again.entries["copy"].scores) == without_drawn(entries["copy"].scores)


def without_drawn(scores):
    """Scores without how many of the fresh sequences, drawn anew each time, are wrong."""
    return {id: one | {"text": re.sub(r"[\d.]+ % of", "% of", one["text"])} for id, one in scores.items()}


def test_exported_and_shown_as_extra_credit(course, entries, tmp_path):
    export.export(Course(ROOT, course), [ASSIGNMENT], tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (float(rows["all"]["auto"]), float(rows["all"]["extra_credit"])) == (SECOND, 7)
    assert float(rows["all"]["total"]) == float(rows["none"]["total"]) + 7
    assert float(rows["wrong"]["extra_credit"]) == 0
    most = sum(cell["about"].get("points", 0) for path in NOTEBOOKS for cell in cells(path))
    assert {row["max"] for row in rows.values()} == {f"{most:g}"}
    assert (rows["all"]["omega"], rows["all"][OWN_SETTING]) == ("3", "4")
    made = {one.student: one for one in feedback.feedback(Course(ROOT, course), ASSIGNMENT)}
    page = made["all"].page.read_text(encoding="utf-8")
    assert "extra credit 7" in page
    assert "+4 extra" in page
    assert "extra credit" in made["wrong"].page.read_text(encoding="utf-8")
