"""Hostile and broken submissions: each is what it says it is, and graded as one class they harm nobody."""

from __future__ import annotations

import ast
import json
import linecache
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confined import need_sandbox, until
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, make_course
from hostile import CASES, FULL, HONEST, Submission, build, judge
from hostile.base import BAD, GRADED, named

from rnnkit.assignments.training_dynamics.key import CANARY
from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS
from rnnkit.checks.runner import examine
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.driver import grade_class
from rnnkit.grading.course.gradebook import auto_scores, opened

WORST = (
    "m_skip_tag", "m_dup_solution", "r_session_forged", "f_right_on_public", "r_gradebook", "r_os_exit", "h_symlink_nb",
    "b_deep", "b_own_names", "h_devices_by_descriptor", "h_shared_files",
)  # fmt: skip
PUBLIC = ("r_public_cache", "r_public_only")
NOWHERE = Path("/nonexistent/course")


def submission(name: str) -> Submission:
    made = Submission(CASES[name].is_right, NOWHERE)
    CASES[name].write(made)
    return made


def in_public(made: Submission) -> dict[str, float]:
    """The points of the public checks, run in this process: question -> points."""
    points = {}
    for notebook in GRADED:
        space = {"__name__": "__main__"}
        for number, cell in enumerate(made.notebooks[notebook]["cells"]):
            id = named(cell)
            if id in ASKED:
                points[id] = examine(ASKED[id], space[ASKED[id].target]).points
            elif cell["cell_type"] == "code" and not id.endswith("figure") and not id.startswith("write_"):
                name, source = f"<{notebook} {number}>", cell["source"]
                linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
                exec(compile(source, name, "exec"), space)
    return points


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of all submissions."""
    course = tmp_path_factory.mktemp("course")
    build(course, canary=CANARY)
    return course / "grading" / "submitted"


# ---- the submissions ---------------------------------------------------------------------------------------------


def test_right_answers_get_everything_and_wrong_ones_nothing():
    counted = {id: question.points for id, question in ASKED.items() if not question.extra}
    assert in_public(Submission(True, NOWHERE)) == counted
    assert in_public(Submission(False, NOWHERE)) == dict.fromkeys(counted, 0)
    assert set(BAD) == set(ASKED)
    assert sum(question.points for question in ASKED.values() if not question.extra) == FULL == 47


@pytest.mark.parametrize("name", PUBLIC)
def test_what_knows_the_public_numbers_passes_the_public_checks(name):
    """Else it would say nothing about the hidden ones."""
    assert sum(in_public(submission(name)).values()) >= 3


def test_every_case_says_what_it_does_and_deserves():
    for name, case in CASES.items():
        assert name == case.write.__name__
        assert len(case.says) <= 120, name
        assert case.says.endswith("."), name
        assert 0 <= case.least <= case.points <= FULL, name
        assert case.is_right or case.points == 0 or case.least == 0, name
    assert len({case.says for case in CASES.values()}) == len({case.student for case in CASES.values()}) == len(CASES)


def test_every_case_changes_something(written):
    honest = contents(written / HONEST[0] / NAME)
    assert set(honest) == {path.name for path in NOTEBOOKS}
    assert contents(written / HONEST[1] / NAME) == honest
    assert {path.name for path in written.iterdir()} == {case.student for case in CASES.values()} | set(HONEST)
    for name, case in CASES.items():
        there = contents(written / case.student / NAME)
        assert there != honest or case.student != name, name


def contents(folder: Path) -> dict[str, bytes]:
    """The files in a folder; links, pipes and what is large or far down by name only."""
    found = {}
    for folder_, folders, names in os.walk(folder):
        folders[:] = folders if len(folder_) < 1000 else []
        for path in (Path(folder_, name) for name in [*folders, *names]):
            plain = path.is_file() and not path.is_symlink() and path.stat().st_size < 100_000_000
            found[str(path.relative_to(folder))] = path.read_bytes() if plain else b""
    return found


def test_no_attack_holds_what_it_is_searched_for(written):
    """A canary or a find in the text of a submission would be found in what is stored of it."""
    for path in written.glob(f"*/{NAME}/*.ipynb"):
        if path.is_file() and not path.is_symlink():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert CANARY not in text
            assert "LEAK yes" not in text


def test_attacks_are_python():
    """An attack with a slip in it would do nothing. Cells with magics are no Python, some cases are none on purpose."""
    none = {"b_syntax", "b_odd_types", "b_v3", "b_no_nb", "h_source_nul", "h_source_deep", "x_source_huge"}
    seen = {cell["source"] for cell in Submission(True, NOWHERE).all()}
    for name in CASES.keys() - none:
        made = submission(name)
        for cell in made.all(*made.notebooks):
            source = cell["source"]
            if cell["cell_type"] == "code" and source not in seen and not re.search(r"^\s*[%!]", source, re.M):
                compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            seen.add(source)


# ---- the judge ---------------------------------------------------------------------------------------------------


def as_they_should(names=CASES) -> tuple[dict[str, float], dict[str, str]]:
    students = {CASES[name].student: CASES[name].points for name in names} | dict.fromkeys(HONEST, FULL)
    return students, dict.fromkeys(students, "graded")


def test_the_judge_finds_points_that_are_not_deserved():
    points, status = as_they_should()
    assert judge.wrong_points(CASES.values(), points, status) == []
    points |= {"m_skip_tag": 3.0, "h_loop": 38.0, "b_no_nb": 0.0, "honest_z": 36.0, "r_nan": None}
    status |= {"b_no_nb": "rejected", "h_mem": "failed"}
    found = judge.wrong_points(CASES.values(), points, status)
    assert {text.split(":")[0] for text in found} == {"m_skip_tag", "h_loop", "honest_z", "r_nan", "h_mem"}


def test_the_judge_finds_traces(tmp_path):
    folder = tmp_path / "grading" / "autograded" / "x" / NAME
    folder.mkdir(parents=True)
    output = {"output_type": "display_data", "data": {"text/html": "x"}, "metadata": {}}
    cells = [{"cell_type": "code", "outputs": [output]}, {"cell_type": "markdown", "source": "<script>"}]
    (folder / CELLS).write_text(json.dumps({"cells": cells, "metadata": {"widgets": 1}}))
    (folder / "page.html").write_text("LEAK yes, and the-canary")
    (folder / "link").symlink_to(folder / "page.html")
    (tmp_path / "PWNED").touch()
    found = [text.partition(": ")[2] for text in judge.traces(tmp_path, "the-canary")]
    for what in ("planted", "a link", "the canary is in it", "an attack has found something", "it has widget states"):
        assert what in found
    assert {"outputs of type text/html", "a script in markdown"} <= set(found)


def test_the_judge_finds_what_is_left_running_and_who_connects():
    code = "import os, sys\nif os.fork() == 0:\n    import time; time.sleep(30)"
    with judge.adopting():
        subprocess.run([sys.executable, "-c", code, "ipykernel"], check=True)
        assert len(judge.left_running()) == 1
        pid = int(judge.left_running()[0].split(":")[0])
        subprocess.run(["kill", "-9", str(pid)], check=True)
        os.waitpid(pid, 0)
        assert judge.left_running() == []
    with judge.listening() as (port, callers):
        socket.create_connection(("127.0.0.1", port)).close()
        deadline = time.monotonic() + 5
        while not callers and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(callers) == 1


# ---- the class ---------------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with sources, and secrets in the environment; what is graded in it leaves no process behind."""
    need_sandbox()
    monkeypatch.setenv("INSTRUCTOR_TOKEN", "of-the-instructor")
    make_course(tmp_path)
    with judge.adopting():
        yield tmp_path
        assert until(lambda: not judge.left_running(), 2), judge.left_running()


def grade(course: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Grades everything that is there; the ledger's points, which are the gradebook's too, and status of each."""
    graded = grade_class(Course(ROOT, course), ASSIGNMENT, jobs=2)
    points = {student: entry.points for student, entry in graded.entries.items()}
    with opened(course) as book:
        for student in points:
            scores = auto_scores(book, NAME, student) or {}
            assert sum(scores[id] or 0 for id in ASKED if not ASKED[id].extra) == points[student], student
    for entry in graded.entries.values():
        assert judge.unprintable([entry.reason, *entry.all_flags]) == [], entry.student
    status = {student: entry.status for student, entry in graded.entries.items()}
    return points, status | dict.fromkeys(graded.refused, "refused")


def graded_as_one(course: Path, names) -> None:
    """Writes a class, grades it, and looks for anything that is not as it must be."""
    with judge.listening() as (port, callers):
        cases = build(course, names, port=port, canary=CANARY, brief=True)
        before, machine = judge.digest(course), (judge.devices(), judge.leftovers())
        points, status = grade(course)
    assert judge.wrong_points(cases, points, status) == []
    assert judge.traces(course, CANARY) == []
    assert judge.digest(course) == before
    assert (judge.devices(), judge.leftovers()) == machine
    assert callers == []


def test_the_worst_of_them_as_one_class(course):
    graded_as_one(course, WORST)


@pytest.mark.slow
def test_all_of_them_as_one_class(course):
    graded_as_one(course, CASES)


def test_what_is_handed_in_later_counts_alone(course):
    """Right answers first; then wrong ones, whose checks are not there to say so."""
    (case,) = build(course, ["m_delete_after_good"], earlier=True, brief=True)
    assert grade(course)[0][case.student] == FULL
    build(course, [case.name], brief=True)
    assert grade(course)[0] == {case.student: 0} | dict.fromkeys(HONEST, FULL)
