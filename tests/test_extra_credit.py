"""Extra credit in a graded class: on top, needed by nobody, and no work for anybody where it was not handed in."""

from __future__ import annotations

import csv
import shutil

import pytest
from confined import need_sandbox
from course import NAME, ROOT
from graded import SECOND, edit, grade, scores, submit
from test_own_setting import run_of

from rnnkit.checks.questions import DIAGNOSTICS, EXTRA, OWN_SETTING
from rnnkit.grading import cli_grade, export, feedback, marks, release


@pytest.fixture(scope="module")
def course(tmp_path_factory, entered):
    """Three students: all of the extra credit, a broken notebook of it, none."""
    need_sandbox()
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(entered, course / "grading")
    run = submit(course, "all", DIAGNOSTICS, EXTRA) / "runs" / "extra_torder"
    run.mkdir(parents=True)
    shutil.copy(run_of(run.parent.parent / "elsewhere"), run)
    shutil.rmtree(run.parent.parent / "elsewhere")
    edit(submit(course, "wrong", DIAGNOSTICS, EXTRA) / EXTRA, "omega_solution", "def omega(:")
    submit(course, "none", DIAGNOSTICS)
    return course


@pytest.fixture(scope="module")
def entries(course):
    return grade(course).entries


def test_points_and_who_waits_for_a_person(course, entries):
    found = {student: {id: about[id] for id in ("omega", OWN_SETTING)} for student, about in scores(course).items()}
    assert found == {
        "all": {"omega": (3, None, False), OWN_SETTING: (4, None, False)},
        "wrong": {"omega": (0, None, False), OWN_SETTING: (0, None, False)},
        "none": {"omega": (0, None, False), OWN_SETTING: (0, None, False)},
    }
    assert {student: (entry.points, entry.extra) for student, entry in entries.items()} == {
        "all": (SECOND, 7), "wrong": (SECOND, 0), "none": (SECOND, 0),
    }  # fmt: skip
    assert f"{SECOND:g} of 39 points and 7 for extra credit" in cli_grade.line(entries["all"])
    assert "extra credit" not in cli_grade.line(entries["none"])
    assert EXTRA not in cli_grade.line(entries["none"])
    assert sorted(grade(course).unchanged) == ["all", "none", "wrong"]


def test_exported_and_shown_as_extra_credit(course, entries, tmp_path):
    config = release.settings(ROOT, course)
    export.export(marks.gradebook_url(config), NAME, tmp_path / "grades.csv")
    with open(tmp_path / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (float(rows["all"]["auto"]), float(rows["all"]["extra_credit"])) == (SECOND, 7)
    assert float(rows["all"]["total"]) == float(rows["none"]["total"]) + 7
    assert {row["max"] for row in rows.values()} == {"74"}
    assert (rows["all"]["omega"], rows["all"][OWN_SETTING]) == ("3", "4")
    made = {one.student: one for one in feedback.feedback(config, NAME, ledger=entries)}
    page = made["all"].page.read_text(encoding="utf-8")
    assert "extra credit 7" in page
    assert "+4 extra" in page
    assert "extra credit" in made["wrong"].page.read_text(encoding="utf-8")
