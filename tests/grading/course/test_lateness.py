"""What the course's dates say stands in ledger, gradebook, pages and export, and follows them without a grading."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta

import graded_course
import pytest
from course import ASSIGNMENT, NAME, ROOT
from graded_course import note

from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.driver import grade_class
from rnnkit.grading.course.gradebook import opened
from rnnkit.grading.course.lateness import settle
from rnnkit.grading.course.marks import read_marks
from rnnkit.grading.dates.rule import SEEN, WORKSHEET
from rnnkit.grading.intake.receipts import Receipt, Receipts
from rnnkit.grading.ledger import GRADED, Entry, Ledger
from rnnkit.grading.report.export import export
from rnnkit.grading.report.feedback import feedback

DUE = datetime(2026, 1, 30, 22, 59, tzinfo=UTC)
LATE = DUE + timedelta(days=1, hours=3)
TOML = """
zone = "Europe/Berlin"
[training_dynamics]
due = 2026-01-30T23:59:00
penalty = "10 % per day"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Ada was late, Bob was first seen then, Cy was in time; Ada's answers are marked."""
    folder = graded_course.make(tmp_path_factory.mktemp("late") / "course")
    for student, by in {"ada": WORKSHEET, "bob": SEEN, "cy": WORKSHEET}.items():
        graded_course.hand_in(folder, student, marked={"gradient_mem": 2.0})
        came = (DUE if student == "cy" else LATE).isoformat()
        Receipts(folder / "grading" / "submitted", NAME).add(student, Receipt("tree", came, by=by))
        note(folder, Entry(student, GRADED, tree="tree", received=came))
    return Course(ROOT, folder)


def dated(course: Course, text: str) -> list[str]:
    course.dates_file.write_text(text, encoding="utf-8")
    return settle(course, ASSIGNMENT)


def exported(course: Course) -> dict[str, dict[str, str]]:
    export(course, [ASSIGNMENT], course.folder / "grades.csv")
    with open(course.folder / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def stored(course: Course, student: str = "ada") -> dict[str, float]:
    """Notebook -> its penalty in nbgrader's gradebook."""
    with opened(course.folder) as book:
        notebooks = book.find_submission(NAME, student).notebooks
        return {one.name: one.late_submission_penalty or 0.0 for one in notebooks}


def test_the_penalty_is_the_same_everywhere(made):
    assert dated(made, TOML) == ["bob"]
    points = read_marks(made, ASSIGNMENT).of("ada").before_penalty
    entry = Ledger(made.ledger, NAME).entries["ada"]
    assert entry.late == {
        "seconds": 97200.0,
        "due": "2026-01-30T23:59:00+01:00",
        "penalty": pytest.approx(0.2 * points, abs=1e-4),
        "rule": "10 % of the points for each day begun",
    }
    rows = exported(made)
    assert float(rows["ada"]["late_penalty"]) == pytest.approx(0.2 * points, abs=1e-3)
    assert float(rows["ada"]["total"]) == pytest.approx(0.8 * points, abs=1e-3)
    assert (rows["ada"]["received_by"], rows["ada"]["late_s"]) == ("worksheet", "97200")
    assert [rows[id]["late_penalty"] for id in ("bob", "cy")] == ["0", "0"]
    assert [rows[id]["received_by"] for id in ("bob", "cy")] == ["seen", "worksheet"]
    with opened(made.folder) as book:
        own = book.find_submission(NAME, "ada")
        assert own.late_submission_penalty == pytest.approx(0.2 * points)
        assert all(0 <= (one.late_submission_penalty or 0) <= one.score for one in own.notebooks)
        assert own.score - own.late_submission_penalty == pytest.approx(0.8 * points)  # what nbgrader exports
        assert own.total_seconds_late == 97200
    feedback(made, ASSIGNMENT)
    page = graded_course.Page((made.feedback / "ada" / NAME / "index.html").read_text(encoding="utf-8"))
    assert "Handed in 2026-02-01 02:59 (CET) (by the learning platform's worksheet)." in page.shown
    assert f"1 day 3 hours late: −{0.2 * points:.4g} points (10 % of the points for each day begun)" in page.shown
    page = graded_course.Page((made.feedback / "bob" / NAME / "index.html").read_text(encoding="utf-8"))
    assert "nothing says when it was handed in" in page.shown
    assert " late: " not in page.shown


def test_points_given_afterwards_count_at_once_and_reach_nbgrader(made):
    dated(made, TOML)
    with graded_course.gradebook(made.folder) as book:
        book.find_grade("gradient_mem", "4_report", NAME, "ada").manual_score = 0.0
    points = read_marks(made, ASSIGNMENT).of("ada").before_penalty
    assert read_marks(made, ASSIGNMENT).of("ada").total == pytest.approx(0.8 * points)
    exported(made)
    assert sum(stored(made).values()) == pytest.approx(0.2 * points)


def test_extensions_and_other_rules_need_no_grading(made):
    dated(made, TOML)
    graded = Ledger(made.ledger, NAME).entries["ada"].graded
    dated(made, TOML + 'extensions.ada = "1 day"\n')
    points = read_marks(made, ASSIGNMENT).of("ada").before_penalty
    assert Ledger(made.ledger, NAME).entries["ada"].late["penalty"] == pytest.approx(0.1 * points, abs=1e-4)
    with opened(made.folder) as book:
        assert book.find_submission(NAME, "ada").total_seconds_late == 3 * 3600
    dated(made, TOML + 'extensions.ada = "2 days"\n')
    assert Ledger(made.ledger, NAME).entries["ada"].late == {}
    assert not any(stored(made).values())
    dated(made, TOML.replace("10 % per day", "cut-off"))
    assert exported(made)["ada"]["total"] == "0"
    dated(made, TOML + f'received.bob = "{LATE.isoformat()}"\n')
    assert exported(made)["bob"]["received_by"] == "given"
    assert float(exported(made)["bob"]["late_penalty"]) > 0
    made.dates_file.unlink()
    assert exported(made)["ada"]["late_penalty"] == "0"
    assert not any(stored(made).values())
    assert Ledger(made.ledger, NAME).entries["bob"].received_by == SEEN
    assert Ledger(made.ledger, NAME).entries["ada"].graded == graded


def test_a_penalty_of_nbgraders_own_stays_where_there_are_no_dates(made):
    made.dates_file.unlink(missing_ok=True)
    settle(made, ASSIGNMENT)
    with graded_course.gradebook(made.folder) as book:
        book.find_submission_notebook("4_report", NAME, "cy").late_submission_penalty = 3.0
    assert exported(made)["cy"]["late_penalty"] == "3"
    assert stored(made, "cy")["4_report"] == 3.0


def test_what_is_up_to_date_is_not_written_again(made):
    dated(made, TOML)
    before = {path: path.read_bytes() for path in (made.ledger, made.gradebook)}
    os.utime(made.ledger, (1, 1))
    settle(made, ASSIGNMENT)
    assert made.ledger.stat().st_mtime == 1
    assert before == {path: path.read_bytes() for path in before}


def test_dates_that_cannot_be_used_are_refused_before_anything_is_done(made):
    made.dates_file.write_text(TOML.replace("10 %", "ten"), encoding="utf-8")
    for work in (lambda: grade_class(made, ASSIGNMENT), lambda: exported(made), lambda: feedback(made, ASSIGNMENT)):
        with pytest.raises(BadValue, match=r"dates.toml: training_dynamics.penalty: expected"):
            work()
