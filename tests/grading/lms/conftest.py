"""One class for all of these tests: Ada's total is final, Bob's is not."""

from __future__ import annotations

import shutil

import graded_course
import pytest
from course import ROOT
from graded_course import WRITTEN

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.grading.course.course import Course


@pytest.fixture
def graded(once, tmp_path):
    """The class's course, to be changed."""

    def fill(folder):
        graded_course.make(folder / "course")
        ada = {"first_name": "Ada", "last_name": "=Lovelace", "email": "ada@example.org"}
        graded_course.hand_in(folder / "course", "ada", marked=dict.fromkeys(WRITTEN, 0.25), **ada)
        graded_course.hand_in(folder / "course", "bob", wrong=ASKED, first_name="Bob", email="b@example.org")

    return Course(ROOT, shutil.copytree(once("lms", fill) / "course", tmp_path / "course"))
