"""The way of a submission through nbgrader itself: generate, fill in, autograde, mark by hand, feedback, export."""

from __future__ import annotations

import csv
import json
import shutil

import pytest
from course import (
    ASSIGNMENT,
    NAME,
    NOTEBOOKS,
    ROOT,
    SOURCE,
    cells,
    checks,
    filled,
    make_course,
    mark_schemes,
    nbgrader,
    plain,
)  # fmt: skip
from nbgrader.api import Gradebook

from rnnkit.assignments.training_dynamics.questions import ASKED, PREDICTIONS
from rnnkit.grading.release import release

AUTO = sum(cell["about"]["points"] for path in NOTEBOOKS for cell in checks(path))
BY_HAND = {
    cell["id"]: cell["about"]["points"]
    for path in NOTEBOOKS
    for cell in cells(path)
    if cell["cell_type"] == "markdown" and cell["about"].get("grade")
}
TASKS = {cell["id"] for path in NOTEBOOKS for cell in cells(path) if cell["about"].get("task")}
FIRST = "1_cells.ipynb"
FIRST_POINTS = sum(cell["about"]["points"] for path in NOTEBOOKS if path.name == FIRST for cell in checks(path))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with its release generated, database and all."""
    folder = tmp_path_factory.mktemp("course")
    make_course(folder)
    nbgrader(folder, "generate_assignment", NAME, "--force")
    return folder


@pytest.fixture(scope="module")
def graded(course):
    """Autogrades a submission that ``make`` writes into its folder; the scores of the checks, by cell."""

    def grade(student, make):
        folder = course / "grading" / "submitted" / student / NAME
        folder.mkdir(parents=True)
        make(folder)
        log = nbgrader(course, "autograde", NAME, "--student", student)
        return scores(course, student), log

    return grade


def gradebook(course):
    return Gradebook(f"sqlite:///{course}/grading/gradebook.db")


def scores(course, student):
    with gradebook(course) as book:
        submission = book.find_submission(NAME, student)
        return {grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades}


def solve(course, folder, names=(FIRST,)):
    for path in NOTEBOOKS:
        if path.name in names:
            filled(course / "release" / NAME / path.name, path, folder / path.name)


def change(path, edit):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    edit(notebook["cells"])
    path.write_text(json.dumps(notebook), encoding="utf-8")


def bare(course):
    def make(folder):
        shutil.copy(course / "release" / NAME / FIRST, folder)

    return make


def test_with_and_without_a_database_the_notebooks_are_the_same(course):
    """nbgrader alone copies the tables whole; what students do not get of them, `rnnkit release` leaves out."""
    different = release.differences(course / "release", ROOT / "release", [NAME])
    assert [name for name in different if not name.startswith(f"{NAME}/sweeps/")] == []


def test_the_bare_release_scores_nothing(course, graded):
    got, _ = graded("bare", lambda folder: shutil.copytree(course / "release" / NAME, folder, dirs_exist_ok=True))
    assert set(got) == set(ASSIGNMENT.scored) | set(BY_HAND) | TASKS
    assert set(got.values()) == {0}
    with gradebook(course) as book:
        assert not book.find_submission(NAME, "bare").needs_manual_grade


def test_the_whole_way(course, graded):
    everything = [path.name for path in NOTEBOOKS]
    got, _ = graded("whole", lambda folder: solve(course, folder, everything))
    assert {name: got[name] for name in ASKED} == {name: 0 if q.extra else q.points for name, q in ASKED.items()}
    assert {name: got[name] for name in BY_HAND} == dict.fromkeys(BY_HAND)  # to be marked

    with gradebook(course) as book:
        for notebook in book.find_submission(NAME, "whole").notebooks:
            for grade in notebook.grades:
                if grade.name in BY_HAND:
                    assert grade.needs_manual_grade
                    grade.manual_score, grade.needs_manual_grade = BY_HAND[grade.name], False
                if grade.name == "extra_torder":
                    grade.extra_credit = 6
                if grade.name == "rho_mem":
                    book.find_comment("rho_mem", "4_report", NAME, "whole").manual_comment = "Well seen."
        book.db.commit()
        whole = book.find_submission(NAME, "whole")
        assert whole.max_score == AUTO + sum(BY_HAND.values())
        assert whole.score == AUTO - PREDICTIONS.points + sum(BY_HAND.values()) + 6  # nothing was predicted
        assert not whole.needs_manual_grade

    nbgrader(course, "generate_feedback", NAME, "--student", "whole", "--force")
    pages = {page.stem: page.read_text("utf-8") for page in (course / "grading" / "feedback" / "whole").rglob("*.html")}
    assert set(pages) == {path.stem for path in NOTEBOOKS}
    assert "Well seen." in pages["4_report"]
    scheme = {plain(line) for path in NOTEBOOKS for text in mark_schemes(path) for line in text.splitlines()}
    assert not [line for line in scheme if len(line) > 40 and line in pages["4_report"]]
    assert "MARK SCHEME" not in "".join(pages.values())

    nbgrader(course, "export", "--to", "grading/grades.csv")
    with open(course / "grading" / "grades.csv", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert (float(rows["whole"]["score"]), float(rows["whole"]["max_score"])) == (
        AUTO - PREDICTIONS.points + sum(BY_HAND.values()) + 6,
        AUTO + sum(BY_HAND.values()),
    )


@pytest.mark.slow
def test_the_solution_version_can_be_made(course):
    nbgrader(course, "generate_solution", NAME, "--force")
    assert {path.name for path in (course / "grading" / "solution" / NAME).glob("*.ipynb")} == {
        p.name for p in NOTEBOOKS
    }


# ---- what nbgrader would let pass, or lose -----------------------------------------------------------------------


@pytest.mark.slow
def test_tags_do_not_keep_a_check_from_running(course, graded):
    def make(folder):
        bare(course)(folder)
        change(folder / FIRST, lambda cells: [c["metadata"].update(tags=["skip-execution"]) for c in cells])

    got, _ = graded("tagged", make)
    assert {got[path["id"]] for path in checks(SOURCE / FIRST)} == {0}


@pytest.mark.slow
def test_a_submitted_rnnkit_is_not_imported_and_a_submitted_model_does_not_count(course, graded):
    def make(folder):
        bare(course)(folder)
        (folder / "model.py").write_text("raise ImportError('mine')\n")
        (folder / "rnnkit").mkdir()
        (folder / "rnnkit" / "__init__.py").write_text("raise ImportError('the wrong one')\n")

    got, _ = graded("shadow", make)
    assert {got[path["id"]] for path in checks(SOURCE / FIRST)} == {0}
    text = (course / "grading" / "autograded" / "shadow" / NAME / FIRST).read_text(encoding="utf-8")
    assert "the wrong one" not in text
    assert "not written yet" in text
    assert not (course / "grading" / "autograded" / "shadow" / NAME / "model.py").exists()


def test_a_changed_check_and_raised_points_are_put_back_and_a_deleted_check_is_added(course, graded):
    def edit(cells):
        for cell in cells:
            about = cell["metadata"].get("nbgrader", {})
            if about.get("grade"):
                cell["source"], about["points"] = "100.0", 100
        cells[:] = [cell for cell in cells if cell["id"] != "gru_rho"]

    def make(folder):
        solve(course, folder)
        change(folder / FIRST, edit)

    got, _ = graded("edited", make)
    assert sum(got[cell["id"]] for cell in checks(SOURCE / FIRST)) == FIRST_POINTS


@pytest.mark.slow
def test_another_kernel_and_a_notebook_without_ids_are_graded(course, graded):
    def make(folder):
        solve(course, folder)
        notebook = json.loads((folder / FIRST).read_text(encoding="utf-8"))
        notebook["metadata"]["kernelspec"] = {"name": "my-env", "display_name": "My env", "language": "python"}
        notebook["nbformat_minor"] = 4
        for cell in notebook["cells"]:
            del cell["id"]
        (folder / FIRST).write_text(json.dumps(notebook), encoding="utf-8")

    got, _ = graded("kernel", make)
    assert sum(got[cell["id"]] for cell in checks(SOURCE / FIRST)) == FIRST_POINTS


@pytest.mark.slow
def test_half_a_solution_gets_half(course, graded):
    def edit(cells):
        for cell in cells:
            if cell["id"].startswith("gru") and cell["id"].endswith("_solution"):
                cell["source"] = "raise NotImplementedError"

    def make(folder):
        solve(course, folder)
        change(folder / FIRST, edit)

    got, _ = graded("half", make)
    for cell in checks(SOURCE / FIRST):
        of_gru = cell["id"].startswith("gru") or cell["id"] == "cell_tests"  # which is tried on the student's own
        assert got[cell["id"]] == (0 if of_gru else cell["about"]["points"])
