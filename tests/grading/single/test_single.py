"""One submission is graded by itself, and told as a dict, as text, and as Gradescope reads it."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from confined import need_sandbox
from course import ASSIGNMENT, NAME
from graded import RELEASE, SECOND, submit

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.checks.report import CaseReport, Report
from rnnkit.grading.course.submission import Result, score_of
from rnnkit.grading.notebooks.reading import BadSubmission
from rnnkit.grading.single import grade_one, single
from rnnkit.grading.single.gradescope import results
from rnnkit.grading.single.single import NotGraded, collect

SECRET = "drawn, H = 7"  # the name of a case that no student is told
HINT = "the bias is missing: add b_h"


def scored(id: str, points: float) -> dict:
    question = ASSIGNMENT.scored[id]
    case = CaseReport(SECRET, question.points, points == question.points, [] if points else ["expected 1, got 2"])
    status = "solved" if points else "not right yet"
    report = Report(id, question.name, points, question.points, status, [case], [] if points else [HINT])
    return {"notebook": question.notebook, "sha256": "", **score_of(report)}


def found() -> Result:
    """Two questions of the diagnostics and two answers."""
    answers = {id: {"notebook": "4_report.ipynb", "answered": id == "gradient_mem", "sha256": ""}
               for id in ("gradient_mem", "gradient_mul")}  # fmt: skip
    notebooks = {DIAGNOSTICS: {"status": "graded", "reason": "", "flags": ["odd"]}}
    scores = {"rho": scored("rho", 2), "clip": scored("clip", 0) | {"mistakes": ["no norm"]}}
    return Result(single.STUDENT, notebooks=notebooks, scores=scores, answers=answers, flags=["look at this"])


class Grader:
    """A grader process that is done at once."""

    gives = staticmethod(found)
    jobs: ClassVar[list] = []

    def __init__(self, job, *how, first=None):
        self.jobs.append(job)
        self.reason, self.flags, self.first = "it died", ["its last words"], first
        self.seen = sorted(path.name for path in job.folder.iterdir())
        self.process = SimpleNamespace(sentinel=os.open(os.devnull, os.O_RDONLY))

    def over(self):
        return True

    def kill(self):
        os.close(self.process.sentinel)

    def result(self):
        return self.gives()

    def cut_short(self, result):
        return False

    def tried_again(self, result):
        return []


@pytest.fixture
def quick(monkeypatch):
    """Nothing is run."""
    monkeypatch.setattr(Grader, "jobs", [])
    monkeypatch.setattr(single, "Child", Grader)
    monkeypatch.setattr(single, "probe", lambda: None)
    monkeypatch.setattr(single, "shipped", lambda root, assignment: {})
    for name in ("student_runtime", "scoring_runtime"):
        monkeypatch.setattr(single, name, lambda root: root)
    return Grader


@pytest.fixture
def notebook(tmp_path):
    return Path(shutil.copy(RELEASE / DIAGNOSTICS, tmp_path / DIAGNOSTICS))


def test_the_keys_stay_what_they_are(quick, notebook):
    told = grade_one(notebook, NAME, seed=7)
    assert list(told) == [
        "assignment", "status", "points", "most", "extra", "questions", "notebooks", "flags",
        "confined", "seed", "seconds", "version",
    ]  # fmt: skip
    assert {tuple(one) for one in told["questions"].values()} == {
        ("points", "most", "extra", "status", "message", "mistakes", "notebook")
    }
    assert json.loads(json.dumps(told)) == told
    assert (told["points"], told["seed"], told["confined"]) == (2, 7, True)
    assert told["most"] == sum(one.points for one in ASSIGNMENT.scored.values() if not one.extra)
    assert told["flags"] == ["look at this", f"{DIAGNOSTICS}: odd"]
    questions = told["questions"]
    assert questions["clip"]["mistakes"] == ["no norm"]
    assert questions["gru_step"]["status"] == "not graded"
    assert (questions["gradient_mem"]["points"], questions["gradient_mem"]["status"]) == (None, "to be marked")
    assert (questions["gradient_mul"]["points"], questions["gradient_mul"]["status"]) == (0, "no answer")
    assert {*ASSIGNMENT.scored} < {*questions}


def test_nothing_but_the_dict_is_printed_and_nothing_is_left(quick, notebook, capfd, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert cli.main(["grade", "--one", str(notebook), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["points"] == 2
    assert [path.name for path in tmp_path.iterdir()] == [DIAGNOSTICS]
    assert cli.main(["grade", "--one", str(notebook), "--seed", "3"]) == 0
    said = capfd.readouterr().out
    assert f"2 of {grade_one(notebook, NAME)['most']:g} points by checks" in said
    assert f"clip: 0 of 3 points · not right yet\n  FAIL {SECRET}" in said
    assert f"{DIAGNOSTICS}: 2 of 5 points" in said
    assert "gru_step" not in said
    assert "gradient_mem: – of 5 points · to be marked" in said
    assert "flag: look at this" in said
    assert quick.jobs[1].seed == 3


@pytest.mark.parametrize("kind", ["notebook", "folder", "zip"])
def test_whatever_a_submission_is_packed_in(tmp_path, notebook, kind):
    packed = tmp_path / "packed"
    if kind == "notebook":
        given = [notebook, Path(shutil.copy(RELEASE / "1_cells.ipynb", tmp_path))]
    else:
        inside = tmp_path / "anna" / NAME
        inside.mkdir(parents=True)
        for name in (DIAGNOSTICS, "1_cells.ipynb"):
            shutil.copy(RELEASE / name, inside)
        os.symlink("/etc/passwd", inside / "link.ipynb")
        given = [tmp_path / "anna"]
    if kind == "zip":
        given = [tmp_path / "hand in.ZIP"]
        with zipfile.ZipFile(given[0], "w") as archive:
            for name in (DIAGNOSTICS, "1_cells.ipynb"):
                archive.write(RELEASE / name, name)
            archive.writestr("../../out.txt", "x")
    left = collect(given, NAME, packed)
    assert len(left) == (kind != "notebook")
    assert {path.relative_to(packed).as_posix() for path in packed.rglob("*")} == {"1_cells.ipynb", DIAGNOSTICS}


def test_what_cannot_be_taken_is_told_before_anything_runs(quick, tmp_path, notebook, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    (tmp_path / "text.txt").write_text("x")
    for given, words in [
        ([tmp_path / "none.ipynb"], "found none"),
        ([tmp_path / "empty"], "expected notebooks, got no file"),
        ([tmp_path / "bad.zip"], "expected a zip"),
        ([tmp_path / "text.txt"], "expected notebooks, got text.txt"),
        ([notebook, tmp_path / "empty"], "give it alone"),
        ([notebook, notebook], "twice"),
    ]:
        with pytest.raises(BadSubmission, match=words):
            grade_one(given, NAME)
    assert cli.main(["grade", "--one", str(tmp_path / "empty"), "--json"]) == 2
    assert cli.main(["grade", "--json"]) == 2
    assert cli.main(["grade", "no_such", "--one", str(notebook)]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "unknown assignment 'no_such'" in said.err
    assert not quick.jobs


def test_a_grader_that_died_is_an_error_with_its_last_words(quick, notebook, monkeypatch, capsys):
    monkeypatch.setattr(quick, "gives", staticmethod(lambda: None))
    with pytest.raises(NotGraded, match="it died; its last words"):
        grade_one(notebook, NAME)
    assert cli.main(["grade", "--one", str(notebook), "--json"]) == 1
    assert not capsys.readouterr().out


# ---- Gradescope --------------------------------------------------------------------------------------------------

TOP = {"score", "execution_time", "output", "output_format", "tests", "extra_data"}
OF_TEST = {"name", "name_format", "number", "output", "output_format", "visibility", "score", "max_score", "status"}


def test_gradescope_reads_what_it_specifies(quick, notebook, tmp_path, capsys):
    path = tmp_path / "results.json"
    assert cli.main(["grade", "--one", str(notebook), "--gradescope", str(path)]) == 0
    assert not capsys.readouterr().out
    read = json.loads(path.read_text())
    assert set(read) == TOP
    assert all(set(test) <= OF_TEST for test in read["tests"])
    assert {test.get("status") for test in read["tests"]} == {"passed", "failed", None}
    assert all(test["visibility"] in ("visible", "hidden") for test in read["tests"])
    assert [test["number"] for test in read["tests"]] == [str(n) for n in range(1, len(read["tests"]) + 1)]
    assert read["score"] == sum(test.get("score", 0) for test in read["tests"]) == 2
    tests = {test["name"]: test for test in read["tests"]}
    assert tests["rho"]["status"] == "passed"
    assert (tests["clip"]["status"], tests["clip"]["max_score"]) == ("failed", 3)
    assert tests["clip"]["output"] == f"not right yet\n{HINT}"
    assert "score" not in tests["gradient_mem"]
    assert "a person marks this" in tests["gradient_mem"]["output"]
    assert tests["gradient_mul"]["output"] == "no answer"


def test_students_on_gradescope_see_neither_hidden_cases_nor_flags(quick, notebook):
    read = results(grade_one(notebook, NAME))
    shown = [test for test in read["tests"] if test["visibility"] == "visible"]
    assert not [test for test in shown if SECRET in str(test) or "expected 1" in str(test) or "look at" in str(test)]
    assert SECRET not in read["output"]
    assert "look at this" not in read["output"]
    assert [test["output"] for test in read["tests"] if test not in shown] == [f"look at this\n{DIAGNOSTICS}: odd"]


def test_gradescope_is_told_why_nothing_was_graded(quick, tmp_path, capsys):
    (tmp_path / "submission").mkdir()
    how = ["--one", str(tmp_path / "submission"), "--gradescope"]
    assert cli.main(["grade", *how, str(tmp_path / "results.json")]) == 1
    read = json.loads((tmp_path / "results.json").read_text())
    assert read["score"] == 0
    assert "expected notebooks" in read["output"]
    assert cli.main(["grade", *how, str(tmp_path / "no" / "results.json")]) == 2
    assert "expected a folder" in capsys.readouterr().err


# ---- for real ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_notebook_has_the_points_that_it_has_in_a_class(tmp_path):
    need_sandbox()
    path = submit(tmp_path, "anna", DIAGNOSTICS) / DIAGNOSTICS
    told = grade_one(path, NAME, seed=1)
    assert told["points"] == SECOND
    assert told["notebooks"][DIAGNOSTICS] == {"status": "graded", "reason": "", "flags": []}
