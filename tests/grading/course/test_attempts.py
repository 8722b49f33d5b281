"""Several attempts: each stays, the best or the last counts, and a death on the way changes nothing."""

from __future__ import annotations

import csv
import functools
import os
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from course import ASSIGNMENT, NAME, ROOT
from graded import dump, grade

from rnnkit.assignments.training_dynamics.questions import ASKED
from rnnkit.grading.course import course as course_module
from rnnkit.grading.course import driver, gradebook, register
from rnnkit.grading.course.attempts import Attempts, files_of
from rnnkit.grading.course.course import Course, forget
from rnnkit.grading.course.marks import read_marks
from rnnkit.grading.course.master import version
from rnnkit.grading.course.submission import AUTOGRADED, Result
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.ledger import GRADED, Entry, Ledger
from rnnkit.grading.report.export import export
from rnnkit.grading.report.feedback import feedback

VERSION = functools.cache(version)  # it takes its time, and is the same for all
FILE, ID = "2_diagnostics.ipynb", "rho"
TOML = """
zone = "UTC"
[training_dynamics]
due = 2026-01-30T23:59:00
penalty = "1 point per day"
attempts = "best"
"""
EMPTY = (
    '{{"cells": [{{"cell_type": "markdown", "id": "a", "metadata": {{}}, "source": "{}"}}], '
    '"metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
)


class Grader:
    """A grader process that is done at once, and gives the points that the notebook says; none where it says no."""

    begun = 0

    def __init__(self, job, *, place=0, first=None):
        Grader.begun += 1
        self.job, self.reason, self.flags = job, "it died", []
        self.place, self.first, self.alone = place, first, True
        self.process = SimpleNamespace(sentinel=os.open(os.devnull, os.O_RDONLY))
        (job.work / AUTOGRADED).mkdir(parents=True)
        self.said = (job.folder / FILE).read_text()
        (job.work / AUTOGRADED / FILE).write_text(EMPTY.format(self.said))

    def over(self):
        os.close(self.process.sentinel)
        return True

    def kill(self):
        pass

    def cut_short(self, result):
        return False

    def tried_again(self, result):
        return []

    def result(self):
        if self.said == "no":
            return None
        about = {"notebook": FILE, "status": "solved", "text": "", "sha256": self.said}
        scores = {id: about | {"points": 0.0, "most": one.points} for id, one in ASKED.items() if one.notebook == FILE}
        scores[ID]["points"] = float(self.said)
        return Result(self.job.student, notebooks={FILE: {"status": GRADED, "reason": "", "flags": []}}, scores=scores)


@pytest.fixture
def course(tmp_path, entered, monkeypatch):
    shutil.copytree(entered, tmp_path / "grading")
    monkeypatch.setattr(driver, "Child", Grader)
    for name in ("student_runtime", "scoring_runtime"):
        monkeypatch.setattr(driver, name, lambda root: root)
    monkeypatch.setattr(driver, "shipped", lambda root, assignment: {})
    for module in (register, course_module):
        monkeypatch.setattr(module, "version", VERSION)
    return tmp_path


def dated(course: Path, text: str = TOML) -> None:
    (course / "grading" / "dates.toml").write_text(text)


def hand_in(course: Path, day: int, points: str) -> None:
    """Ada's attempt of a day in January."""
    folder = course / "downloads"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with zipfile.ZipFile(folder / f"HW_ada_attempt_2026-01-{day}-15-30-10_hand_in.zip", "w") as archive:
        archive.writestr(FILE, points)
    (one,) = take_in(folder, course / "grading" / "submitted", NAME)
    assert one.status in ("new", "replaced"), one


def ada(course: Path) -> Entry:
    return Ledger(course / "grading" / "ledger.json", NAME).entries["ada"]


def counted(course: Path) -> tuple[list[tuple[float, float, bool]], float, str]:
    """What the ledger says of all attempts, the gradebook's total less its penalty, and the notebook that is shown."""
    entry = ada(course)
    with gradebook.opened(course) as book:
        stored = book.find_submission(NAME, "ada")
        total = stored.score - stored.late_submission_penalty
    marks = read_marks(Course(ROOT, course), ASSIGNMENT).of("ada")
    assert (total, entry.points) == (pytest.approx(marks.total), entry.scores[ID]["points"])
    (shown,) = (course / "grading" / "autograded" / "ada" / NAME).glob("*.ipynb")
    return [(one["points"], one["penalty"], one["counts"]) for one in entry.attempts], total, shown.read_text()


@pytest.mark.parametrize(
    ("rule", "attempts", "total"),
    [
        (TOML, [(2, 0, True), (2.5, 1, False), (1, 1, False)], 2),
        (TOML.replace("best", "last"), [(2, 0, False), (2.5, 1, False), (1, 1, True)], 0),
        (TOML.replace("1 point", "0.25 points"), [(2, 0, False), (2.5, 0.25, True), (1, 0.25, False)], 2.25),
    ],
)
def test_best_or_last_counts_and_all_stay(course, rule, attempts, total):
    dated(course, rule)
    for day, points in ((29, "2"), (31, "2.5")):
        hand_in(course, day, points)
        grade(course, trust=True)
    folder = course / "downloads"
    shutil.rmtree(folder)
    hand_in_later(course, "1")
    grade(course, trust=True)
    found, points, shown = counted(course)
    assert (found, points) == (attempts, pytest.approx(total))
    right = next(str(one[0]).removesuffix(".0") for one in attempts if one[2])
    assert f'"source": "{right}"' in shown
    begun = Grader.begun
    again = grade(course, trust=True)
    assert (again.unchanged, Grader.begun) == (["ada"], begun)  # none of the attempts is graded again


def hand_in_later(course: Path, points: str) -> None:
    """A third attempt, half an hour after the second."""
    folder = course / "downloads"
    folder.mkdir()
    with zipfile.ZipFile(folder / "HW_ada_attempt_2026-01-31-16-00-00_hand_in.zip", "w") as archive:
        archive.writestr(FILE, points)
    take_in(folder, course / "grading" / "submitted", NAME)


def test_an_extension_or_another_rule_lets_another_count_and_grades_nothing(course):
    dated(course)
    for day, points in ((29, "2"), (31, "2.5")):
        hand_in(course, day, points)
        grade(course, trust=True)
    begun, its_files = Grader.begun, ada(course)
    assert counted(course)[1] == 2
    dated(course, TOML + 'extensions.ada = "2 days"\n')
    grade(course, trust=True)
    assert counted(course)[:2] == ([(2, 0, False), (2.5, 0, True)], 2.5)
    dated(course, TOML)
    grade(course, trust=True)
    assert counted(course)[:2] == ([(2, 0, True), (2.5, 1, False)], 2)
    dated(course, TOML.replace("best", "last"))
    grade(course, trust=True)
    assert counted(course)[:2] == ([(2, 0, False), (2.5, 1, True)], 1.5)
    assert Grader.begun == begun
    at = Course(ROOT, course)
    assert (files_of(at, NAME, its_files, "ada") / FILE).read_text() == "2"
    its_files.tree = "of files that are there no longer"
    for entry in (its_files, None):
        assert files_of(at, NAME, entry, "ada") == at.submitted / "ada" / NAME


def test_points_given_by_hand_outlive_an_attempt_that_is_worse(course):
    dated(course)
    hand_in(course, 29, "2")
    grade(course, trust=True)
    with gradebook.opened(course) as book:
        one = book.find_grade(ID, "2_diagnostics", NAME, "ada")
        one.manual_score, one.needs_manual_grade = 3.0, False
        book.db.commit()
    hand_in(course, 31, "1")
    grade(course, trust=True)
    mark = next(mark for mark in read_marks(Course(ROOT, course), ASSIGNMENT).of("ada").marks if mark.id == ID)
    assert (mark.points, mark.waits, counted(course)[0]) == (3.0, False, [(2, 0, True), (1, 1, False)])


def test_grading_again_and_failing_change_no_other_attempt(course, monkeypatch):
    dated(course)
    for day, points in ((29, "2"), (30, "1")):
        hand_in(course, day, points)
        grade(course, trust=True)
    grade(course, trust=True, force=True)
    grade(course, trust=True, questions=[ID])
    assert counted(course)[:2] == ([(2, 0, True), (1, 0, False)], 2)
    monkeypatch.setattr(register, "version", lambda root, assignment: "a later one")
    grade(course, trust=True)
    assert counted(course)[:2] == ([(2, 0, True), (1, 0, False)], 2)
    hand_in(course, 31, "no")
    grade(course, trust=True)
    assert [one["points"] for one in ada(course).attempts if not one["counts"]] == [2, 1]
    assert ada(course).status == "failed"


def test_history_is_on_the_page_and_in_the_export(course):
    dated(course)
    for day, points in ((29, "2"), (31, "2.5")):
        hand_in(course, day, points)
        grade(course, trust=True)
    export(Course(ROOT, course), [ASSIGNMENT], course / "grades.csv")
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    came = [one["received"] for one in ada(course).attempts]
    assert row["attempts"] == f"{came[0]} 2 counts; {came[1]} 2.5 - 1 late"
    feedback(Course(ROOT, course), ASSIGNMENT)
    page = (course / "grading" / "feedback" / "ada" / NAME / "index.html").read_text(encoding="utf-8")
    assert page.count("<strong>this one</strong>") == 1
    assert "−1</td>" in page
    shutil.rmtree(course / "grading" / "submitted" / "ada" / NAME)
    forget(Course(ROOT, course), ASSIGNMENT, "ada")
    assert not Attempts(Course(ROOT, course), NAME).aside("ada")


class Killed(BaseException):
    """As a kill: nothing cleans up after it."""


@pytest.mark.slow
def test_a_death_at_any_step_changes_nothing_in_the_end(course, monkeypatch):
    dated(course)
    hand_in(course, 29, "2")
    grade(course, trust=True)
    hand_in(course, 31, "2.5")
    start = course / "start"
    shutil.copytree(course / "grading", start)
    steps = [(Attempts, "keep"), (Attempts, "publish"), (gradebook, "record"), (Ledger, "save")]
    left, now = [0], [0]

    def counting(function):
        def step(*args, **how):
            now[0] += 1
            if now[0] == left[0]:
                raise Killed
            return function(*args, **how)

        return step

    for owner, name in steps:
        monkeypatch.setattr(owner, name, counting(getattr(owner, name)))

    def whole(text: str, kill_at: int) -> dict[str, str]:
        """The second attempt graded, then an extension; killed at one step and done again."""
        shutil.rmtree(course / "grading")
        shutil.copytree(start, course / "grading")
        left[0], now[0] = kill_at, 0
        for rule in (TOML, text):
            dated(course, rule)
            with suppress(Killed):
                grade(course, trust=True)
                continue
            grade(course, trust=True)
        kept = {one.points for one in Attempts(Course(ROOT, course), NAME).aside("ada").values()} | {ada(course).points}
        return {"kept": str(sorted(kept)), "found": str(counted(course)), "gradebook": dump(course)["gradebook"]}

    extended = TOML + 'extensions.ada = "2 days"\n'
    calm = whole(extended, 0)
    several = now[0]
    assert several > 6
    assert "(2.5, 0.0, True)" in calm["found"]
    for kill_at in range(1, several + 1):
        assert whole(extended, kill_at) == calm, kill_at
