"""What people enter in the gradebook stays where it counts, and what waits for them is said to wait."""

from __future__ import annotations

import graded_course
import pytest
from course import ASSIGNMENT, NAME

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.cli.grade import line
from rnnkit.grading.course import gradebook
from rnnkit.grading.ledger import WAITS, Entry

ANSWER, EXTRA = "rho_mem", "extra_torder"


@pytest.fixture
def course(tmp_path):
    return graded_course.make(tmp_path / "course")


def entry(sha256="one") -> Entry:
    about = {"notebook": "4_report.ipynb", "answered": True, "sha256": sha256}
    return Entry("ada", "graded", answers={ANSWER: about, EXTRA: about}, received="2026-01-30T14:30:10+00:00")


def record(book, sha256="one"):
    """Enters two answers, after they were once "one"."""
    gradebook.record(book, NAME, entry(sha256), {ANSWER, EXTRA}, entry())


def grade_of(book, id):
    return book.find_grade(id, "4_report", NAME, "ada")


def test_extra_credit_alone_settles_an_answer_that_has_no_points_until_it_is_another(course):
    with graded_course.gradebook(course) as book:
        record(book)
        found = {id: (grade_of(book, id).auto_score, grade_of(book, id).needs_manual_grade) for id in (ANSWER, EXTRA)}
        assert found == {ANSWER: (None, True), EXTRA: (0.0, True)}
        grade = grade_of(book, EXTRA)
        grade.extra_credit, grade.needs_manual_grade = 2.0, False  # as Formgrader does where there is a score
        record(book)
        assert not grade_of(book, EXTRA).needs_manual_grade
        record(book, "two")
        assert (grade_of(book, EXTRA).extra_credit, grade_of(book, EXTRA).needs_manual_grade) == (2.0, True)


def test_what_was_entered_at_a_question_is_moved_to_its_answer(course):
    with graded_course.gradebook(course) as book:
        record(book)
        task, answer = grade_of(book, f"{ANSWER}_task"), grade_of(book, ANSWER)
        task.manual_score, task.extra_credit, answer.extra_credit = 0.0, 0.5, 1.0
        said = [book.find_comment(id, "4_report", NAME, "ada") for id in (f"{ANSWER}_task", ANSWER)]
        said[0].manual_comment, said[1].manual_comment = "Mind the units.", "Well seen."
        for _ in range(2):
            record(book)
            assert (task.extra_credit, answer.extra_credit) == (None, 1.5)
            assert [one.manual_comment for one in said] == [None, "Well seen.\n\nMind the units."]


def scores():
    about = {"status": "solved"}
    return {
        q.id: about | {"points": q.points, "most": q.points, "notebook": q.notebook, "extra": q.extra}
        for q in ASKED.values()
    }


def rejected(name):
    return {"notebooks": {name: {"status": "rejected", "reason": f"{name}: which?", "flags": []}}}


FULL = "47 of 47 points and 3 for extra credit"
OWN = {"points": 0.0, "most": 4, "status": WAITS, "notebook": "5_extra_credit.ipynb", "extra": True}
LINES = {
    "final": ({}, FULL),
    "answers": ({"answers": {ANSWER: {"answered": True}}}, f"{FULL} so far, 1 answer to read"),
    "in doubt": (
        rejected("4_report.ipynb"),
        f"{FULL} so far, without 4_report.ipynb\n    4_report.ipynb: which?",
    ),
    "a check to look at": ({"scores": scores() | {"own_setting": OWN}}, f"{FULL} so far, to look at: own_setting"),
    "no points in it": (rejected("3_regime.ipynb"), f"{FULL}\n    3_regime.ipynb: which?"),
    "failed": ({"status": "failed", "reason": "time was up"}, f"{FULL} so far, time was up"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_students_line_says_so_far_and_what_waits(name):
    about, said = LINES[name]
    one = Entry(**{"student": "ada", "status": "graded", "scores": scores()} | about)
    assert line(ASSIGNMENT, one) == f"ada: {one.status}, {said}"
