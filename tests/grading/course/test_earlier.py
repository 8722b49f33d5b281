"""A class that handed in an earlier release is graded with the notebooks of now, and loses nothing by it."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import graded_course
import nbformat
import pytest
from course import ASSIGNMENT, NAME, ROOT

from rnnkit.cli.grade import line
from rnnkit.grading.course import gradebook
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import read_marks
from rnnkit.grading.course.master import masters
from rnnkit.grading.course.renewed import renew
from rnnkit.grading.intake.recognise import recognise
from rnnkit.grading.ledger import Entry
from rnnkit.grading.notebooks.earlier import NOTHING, not_asked
from rnnkit.grading.notebooks.rebuild import rebuild
from rnnkit.grading.report.export import export

REPORT = "4_report.ipynb"
MASTERS = masters(ROOT, ASSIGNMENT)
PARTS = ASSIGNMENT.earlier.answers
OLD = {old: new for new, parts in PARTS.items() for old in parts.values()}
POINTS = {"grad_time": 1, "sat_time": 1, "rho": 1, "clip": 2, "gates": 2, "sigmoid": 2}
STUB = "YOUR ANSWER HERE"
DRAWN = 'show("A1", "gradient_histogram", folder)'  # as a cell of that release had it
NEW = {"own_experiment"}  # among others: questions that came with the comparisons


def cell(id: str, kind: str, text: str, **about) -> dict:
    """A cell of a notebook that was handed in; locked where nothing else is said."""
    marks = {"grade_id": id, "locked": True, "grade": False, "solution": False, "task": False} | about
    return {"cell_type": kind, "id": id, "source": text, "metadata": {"nbgrader": marks}}


def earlier_report(**texts: str) -> dict:
    """The report of an earlier release, with its 27 answers: "my ID" where nothing else is said."""
    kept = {one.id: json.loads(json.dumps(one)) for one in MASTERS[REPORT].cells}
    cells = [kept["setup"], kept["folder"]]
    for old in OLD:
        cells.append(cell(f"{old}_figure", "code", texts.get(f"{old}_figure", DRAWN)))
        answer = cell(old, "markdown", texts.get(old, f"my {old}"), locked=False, grade=True, solution=True)
        cells.append(answer)
    return {
        "cells": [*cells, *(kept[id] for id in ("extra_run", "extra_torder", "ai_chats"))],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def rebuilt(notebook: dict) -> tuple[dict[str, nbformat.NotebookNode], list[str]]:
    built, flags = rebuild(MASTERS[REPORT], notebook, ASSIGNMENT.earlier, NEW)
    return {one.id: one for one in built.cells}, flags


def test_every_answer_stands_in_the_cell_that_asks_the_same_now():
    cells, flags = rebuilt(earlier_report())
    for new, parts in PARTS.items():
        texts = [f"#### {heading}\n\nmy {old}" for heading, old in parts.items()]
        assert cells[new].source == ("\n\n".join(texts) if len(parts) > 1 else f"my {next(iter(parts.values()))}")
    assert [*cells] == [one.id for one in MASTERS[REPORT].cells]  # nothing of that release is a cell of the student's
    assert [flag.partition(":")[0] for flag in flags] == [
        "answers of an earlier release stand in the cell that asks the same now"
    ]
    assert cells["own_experiment"].source == STUB


def test_what_was_not_written_is_said_and_what_a_student_added_is_kept():
    added = "show('A1', 'heat_map', folder)"
    notebook = earlier_report(a2_rho=STUB, b1_rho=STUB, b2_rho="", a1_rho_figure=added)
    notebook["cells"].insert(2, json.loads(json.dumps(nbformat.v4.new_markdown_cell("a note of mine"))))
    cells, _ = rebuilt(notebook)
    assert f"#### A2\n\n{NOTHING}\n\n#### A3\n\nmy a3_rho" in cells["rho_mem"].source
    assert cells["rho_mul"].source == STUB
    assert {one.source for one in cells.values() if one.id.startswith("own-")} == {added, "a note of mine"}


def test_pasted_images_of_the_same_name_are_all_shown():
    image = {"image/png": graded_course.PNG}
    notebook = earlier_report(a1_rho="![](attachment:image.png)", a2_rho="see ![](attachment:image.png)")
    for one in notebook["cells"]:
        if one["id"] in ("a1_rho", "a2_rho"):
            one["attachments"] = {"image.png": image}
    answer = rebuilt(notebook)[0]["rho_mem"]
    assert {*answer.attachments} == {"image.png", "1_image.png"}
    assert "see ![](attachment:1_image.png)" in answer.source


def test_an_answer_of_now_stands_before_those_of_then():
    notebook = earlier_report()
    notebook["cells"].append(cell("rho_mem", "markdown", "of now", locked=False, grade=True, solution=True))
    assert rebuilt(notebook)[0]["rho_mem"].source == "of now"


def test_it_is_known_by_its_answers_whatever_its_name(tmp_path):
    (tmp_path / "Gustav.ipynb").write_text(json.dumps(earlier_report()), encoding="utf-8")
    path, flags = recognise(tmp_path, MASTERS, ASSIGNMENT.earlier)[REPORT]
    assert (path.name, flags) == ("Gustav.ipynb", ["the file was named Gustav.ipynb"])


def test_what_it_was_not_asked_is_named_with_its_points():
    now = {name: json.loads(nbformat.writes(one)) for name, one in MASTERS.items()}
    assert not_asked(MASTERS, now, ASSIGNMENT.earlier) == {}
    deleted = copy.deepcopy(now)
    deleted[REPORT]["cells"] = [one for one in deleted[REPORT]["cells"] if not one["id"].startswith("own_experiment")]
    assert not_asked(MASTERS, deleted, ASSIGNMENT.earlier) == {}  # who deletes cells of now has been asked
    then = now | {REPORT: earlier_report()}
    then["2_diagnostics.ipynb"] = {
        "cells": [one for one in now["2_diagnostics.ipynb"]["cells"] if "clip" not in one["id"]]
    }
    found = not_asked(MASTERS, then, ASSIGNMENT.earlier)
    assert found["2_diagnostics.ipynb"] == {"clip": 3}
    assert found[REPORT].keys() >= NEW
    assert not found[REPORT].keys() & PARTS.keys()
    assert found["1_cells.ipynb"] == {}


# ---- the gradebook -----------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path: Path, monkeypatch) -> Path:
    """A course whose gradebook knows the report of then: Ada has points in it, Bob has none."""
    folder = graded_course.make(tmp_path / "course")
    with graded_course.gradebook(folder) as book:
        book.remove_notebook("4_report", NAME)
        book.add_notebook("4_report", NAME)
        for old in OLD:
            most = POINTS[old.partition("_")[2]]
            book.add_grade_cell(old, "4_report", NAME, max_score=most, cell_type="markdown")
            book.add_solution_cell(old, "4_report", NAME)
        for who in ("ada", "bob"):
            book.update_or_create_student(who)
            book.add_submission(NAME, who)
    return folder


def entry(tree: str = "one", **about) -> Entry:
    answers = {new: {"notebook": REPORT, "answered": True, "sha256": f"of {new}"} for new in PARTS}
    return Entry("ada", "graded", tree=tree, answers=answers, not_asked={"own_experiment": 4.0}, **about)


def then(tree: str = "one") -> Entry:
    return Entry("ada", "graded", tree=tree, answers={old: {"answered": True, "sha256": f"of {old}"} for old in OLD})


def graded(book, id: str, who: str = "ada"):
    grade = book.find_grade(id, "4_report", NAME, who)
    return grade.manual_score, bool(grade.needs_manual_grade)


def marked(course: Path, *missing: str) -> None:
    """Ada's answers are marked in full, but for some."""
    with graded_course.gradebook(course) as book:
        for old in OLD:
            grade = book.find_grade(old, "4_report", NAME, "ada")
            grade.manual_score, grade.needs_manual_grade = (None, True) if old in missing else (grade.max_score, False)
            book.find_comment(old, "4_report", NAME, "ada").manual_comment = f"on {old}" if old == "a1_rho" else None


def test_points_are_added_up_comments_are_kept_and_nothing_waits_for_a_second_look(course):
    marked(course)
    with graded_course.gradebook(course) as book:
        for _ in range(2):
            renew(book, ASSIGNMENT, MASTERS)
        gradebook.record(book, NAME, entry(), PARTS, then())
        sums = {
            new: float(sum(POINTS[old.partition("_")[2]] for old in parts.values())) for new, parts in PARTS.items()
        }
        assert {new: graded(book, new) for new in PARTS} == {new: (points, False) for new, points in sums.items()}
        assert book.find_comment("rho_mem", "4_report", NAME, "ada").comment == "A1: on a1_rho"
        assert graded(book, "rho_mem", "bob")[0] is None
        names = {grade.name for grade in book.find_submission_notebook("4_report", NAME, "ada").grades}
        assert not names & OLD.keys()
        gradebook.record(book, NAME, entry("two"), PARTS, entry("one"))
        assert graded(book, "rho_mem") == (5.0, False)  # another file elsewhere: the answer is as it was


def test_answers_that_changed_meanwhile_and_those_with_a_part_unmarked_wait(course):
    marked(course, "a3_rho")
    with graded_course.gradebook(course) as book:
        renew(book, ASSIGNMENT, MASTERS)
        gradebook.record(book, NAME, entry("two"), PARTS, then("one"))
        assert graded(book, "gradient_mem") == (5.0, True)
        assert graded(book, "rho_mem") == (None, True)
        said = book.find_comment("rho_mem", "4_report", NAME, "ada").comment
        assert said == "Points so far: A1 1, A2 1, A4 1, A5 1\n\nA1: on a1_rho"


def test_what_was_not_asked_is_told_beside_the_total_and_the_maximum_stays(course, tmp_path):
    marked(course)
    with graded_course.gradebook(course) as book:
        renew(book, ASSIGNMENT, MASTERS)
        gradebook.record(book, NAME, entry(), PARTS, then())
    graded_course.note(course, entry(flags=["of an earlier release"]))
    submission = read_marks(Course(ROOT, course), ASSIGNMENT).submissions["ada"]
    assert submission.not_asked == 4
    (mark,) = [mark for mark in submission.marks if mark.id == "own_experiment"]
    assert mark.shown == "0 of 4, not asked"
    export(Course(ROOT, course), [ASSIGNMENT], tmp_path / "grades.csv", ["ada"])
    head, row = (text.split(",") for text in (tmp_path / "grades.csv").read_text().splitlines()[:2])
    told = dict(zip(head, row, strict=False))
    assert (told["total"], told["not_asked"]) == ("35", "4")
    assert float(told["max"]) == read_marks(Course(ROOT, course), ASSIGNMENT).most
    assert "of an earlier release" in line(ASSIGNMENT, entry(flags=["of an earlier release"]))
