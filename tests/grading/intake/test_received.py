"""A submission's time is when it came, however often and for whatever reason it is graded again."""

from __future__ import annotations

import csv
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from course import ASSIGNMENT, NAME, ROOT
from graded import grade

from rnnkit.grading.course import driver, register
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.gradebook import opened
from rnnkit.grading.course.submission import Result
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.ledger import GRADED, REJECTED, Ledger
from rnnkit.grading.report.export import export

ATTEMPT = "HW_ada_attempt_2026-01-{day}-15-30-10_hand_in.zip"


class Grader:
    """A grader process that is done at once."""

    ends = GRADED

    def __init__(self, job, *, place=0, first=None):
        self.job, self.reason, self.flags = job, "it died", []
        self.place, self.first, self.alone = place, first, True
        self.process = SimpleNamespace(sentinel=os.open(os.devnull, os.O_RDONLY))

    def over(self):
        os.close(self.process.sentinel)
        return True

    def kill(self):
        pass

    def result(self):
        if self.ends == "failed":
            return None
        return Result(
            self.job.student, notebooks={"2_diagnostics.ipynb": {"status": self.ends, "reason": "", "flags": []}}
        )


@pytest.fixture
def course(tmp_path, entered, monkeypatch):
    shutil.copytree(entered, tmp_path / "grading")
    monkeypatch.setattr(driver, "Child", Grader)
    monkeypatch.setattr(driver, "student_runtime", lambda root: root)
    return tmp_path


def hand_in(course, day: int, text: str) -> str:
    """Ada's attempt of a day in January; its time."""
    folder = course / "downloads"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with zipfile.ZipFile(folder / ATTEMPT.format(day=day), "w") as archive:
        archive.writestr("2_diagnostics.ipynb", text)
    take_in(folder, course / "grading" / "submitted", NAME)
    return datetime(2026, 1, day, 15, 30, 10).astimezone(UTC).isoformat()


def told(course) -> set[str]:
    """What ledger, gradebook and export say of Ada's time."""
    entry = Ledger(course / "grading" / "ledger.json", NAME).entries["ada"]
    with opened(course) as book:
        stored = book.find_submission(NAME, "ada").timestamp.replace(tzinfo=UTC).isoformat()
    export(Course(ROOT, course), [ASSIGNMENT], course / "grades.csv")
    with open(course / "grades.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert entry.graded > entry.received
    return {entry.received, stored, row["submitted_at"]}


@pytest.mark.slow
def test_however_it_is_graded_again_the_time_stays_that_of_the_files(course, monkeypatch):
    when = hand_in(course, 30, "one")
    for how in ({}, {"force": True}, {"students": ["ada"], "force": True}, {"questions": ["rho"]}, {"seed": 7}):
        grade(course, trust=True, **how)
        assert told(course) == {when}, how
    for ends in (REJECTED, "failed", GRADED):
        monkeypatch.setattr(Grader, "ends", ends)
        grade(course, trust=True, force=True)
        assert told(course) == {when}, ends
    monkeypatch.setattr(register, "version", lambda root, assignment: "a later one")
    grade(course, trust=True)
    assert told(course) == {when}
    path = course / "grading" / "ledger.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"assignments": {}}))
    grade(course, trust=True)
    assert told(course) == {when}

    folder = course / "grading" / "submitted" / "ada" / NAME
    (folder / "2_diagnostics.ipynb").rename(folder / "renamed by the instructor.ipynb")
    grade(course, trust=True)
    assert told(course) == {when}

    later = hand_in(course, 31, "two")
    grade(course, trust=True)
    assert told(course) == {later}
    kept = next((course / "grading" / "replaced" / NAME / "ada").iterdir())
    shutil.rmtree(course / "grading" / "submitted" / "ada" / NAME)
    kept.rename(course / "grading" / "submitted" / "ada" / NAME)  # somebody takes the earlier one back
    grade(course, trust=True)
    assert told(course) == {when}


def test_what_was_put_there_by_hand_has_the_time_when_it_was_first_seen(course):
    folder = course / "grading" / "submitted" / "ada" / NAME
    folder.mkdir(parents=True)
    (folder / "2_diagnostics.ipynb").write_text("one")
    before = datetime.now(UTC).isoformat(timespec="seconds")
    grade(course, trust=True)
    ledger = Ledger(course / "grading" / "ledger.json", NAME)
    assert before <= ledger.entries["ada"].received
    ledger.entries["ada"].received = "2026-01-30T14:30:10+00:00"  # of a course from before there were receipts
    ledger.save()
    shutil.rmtree(course / "grading" / "receipts")
    grade(course, trust=True, force=True)
    assert told(course) == {"2026-01-30T14:30:10+00:00"}
    (folder / "2_diagnostics.ipynb").write_text("two")
    grade(course, trust=True)
    assert Ledger(course / "grading" / "ledger.json", NAME).entries["ada"].received >= before
