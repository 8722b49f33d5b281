"""Formgrader in a browser: one box for each question, and what is typed into it counts."""

from __future__ import annotations

import shutil

import graded_course
import pytest
from browser import browser, needs_chromium
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, SOURCE, cells, mark_schemes
from labtools import server
from playwright.sync_api import expect

from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import read_marks

PATIENCE = 60_000  # milliseconds, on a busy machine


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = graded_course.make(tmp_path_factory.mktemp("formgrader") / "course")
    graded_course.hand_in(folder, "ada")
    shutil.copyfile(ROOT / "nbgrader_config.py", folder / "nbgrader_config.py")
    return folder


def typed(page, id: str, value: str, what: str) -> None:
    """Types into a box and waits until Formgrader has saved it."""
    page.locator(f"#{id}").fill(value)
    with page.expect_response(lambda response: f"/api/{what}/" in response.url, timeout=PATIENCE):
        page.locator(f"#{id}").blur()


@needs_chromium
def test_each_question_has_one_box_and_what_is_typed_there_counts(course):
    points = {c["id"]: c["about"]["points"] for path in NOTEBOOKS for c in cells(path) if c["about"].get("grade")}
    with graded_course.gradebook(course) as book:
        ids = {one.name: one.id for one in book.find_submission(NAME, "ada").notebooks}
        book.find_grade("extra_torder", "4_report", NAME, "ada").auto_score = 0.0  # as the grader leaves it
    with server(course) as address, browser() as chromium:
        page = chromium.new_page()
        for name in ("5_extra_credit", "4_report"):
            page.goto(f"{address}/formgrader/submissions/{ids[name]}/", timeout=PATIENCE)
            here = [c["id"] for c in cells(SOURCE / f"{name}.ipynb") if c["about"].get("grade")]
            boxes = page.locator("input.score").evaluate_all("all => all.map(one => [one.id, one.readOnly])")
            assert boxes == [[id, not points[id]] for id in here]
            assert page.locator("textarea.comment").count() == page.locator(".nbgrader_cell .panel-footer").count()
        assert page.content().count("BEGIN MARK SCHEME") == len(mark_schemes(SOURCE / "4_report.ipynb"))
        expect(page.locator("#rho_mem")).to_have_class("score tabbable needs_manual_grade", timeout=PATIENCE)
        typed(page, "rho_mem", "0.5", "grade")
        typed(page, "rho_mem-comment", "Mind the units.", "comment")
        typed(page, "extra_torder_extra_credit", "4", "grade")
    marks = read_marks(Course(ROOT, course), ASSIGNMENT).submissions["ada"].marks
    found = {mark.id: mark for mark in marks}
    assert (found["rho_mem"].points, found["rho_mem"].comment, found["rho_mem"].waits) == (
        0.5,
        "Mind the units.",
        False,
    )
    assert (found["extra_torder"].extra, found["extra_torder"].waits) == (4, False)
    assert (found["rho_mul"].shown, found["rho_mul"].waits) == ("– of 2, not yet marked", True)
