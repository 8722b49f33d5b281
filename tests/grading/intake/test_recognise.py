"""A submitted file is the notebook whose cells are in it, whatever it is called; what is not certain is not guessed."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import nbformat
import pytest
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT

from rnnkit.grading.course.submission import Result, _rebuilt
from rnnkit.grading.intake.recognise import recognise
from rnnkit.grading.notebooks.reading import BadSubmission, Missing

RELEASE = ROOT / "release" / NAME
MASTERS = {path.name: nbformat.read(RELEASE / path.name, 4) for path in NOTEBOOKS}
ANSWERS = ["gradient_mem", "rho_mem", "clip_rnn"]


def notebook(name: str = "4_report.ipynb", **texts) -> dict:
    """A given notebook with other texts in some cells."""
    given = json.loads((RELEASE / name).read_text(encoding="utf-8"))
    for cell in given["cells"]:
        cell["source"] = texts.get(cell["id"], cell["source"])
    return given


def answered(number: int = 3, **more) -> dict:
    return notebook(**dict.fromkeys(ANSWERS[:number], "my answer") | more)


def found(tmp_path, **files):
    """What is taken for each notebook of a submission with these files."""
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return recognise(tmp_path, MASTERS)


def one(tmp_path, files, name="4_report.ipynb"):
    path, flags = found(tmp_path, **files)[name]
    return path.relative_to(tmp_path).as_posix(), flags


@pytest.mark.parametrize("master", MASTERS)
@pytest.mark.parametrize(
    "name", ["Gustav_report_final.ipynb", "X.IPYNB", "Untitled-Copy1.ipynb", "mine/final.ipynb.txt"]
)
def test_a_renamed_notebook_is_known_by_its_cells(tmp_path, master, name):
    files = {name: notebook(master)} | {other: notebook(other) for other in MASTERS if other != master}
    assert one(tmp_path, files, master) == (name, [f"the file was named {name}"])


def lost_marks(cells):
    for cell in cells:
        cell["metadata"].pop("nbgrader", None)


def lost_ids(cells):
    for number, cell in enumerate(cells):
        cell["id"] = f"new-{number}"


def lost_most(cells):
    del cells[: len(cells) // 2]


def lost_what_was_given(cells):
    cells[:] = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")]


LOSSES = [[lost_marks], [lost_ids], [lost_marks, lost_ids], [lost_most], [lost_what_was_given]]


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("name", ["1_cells.ipynb", "4_report.ipynb"])
def test_part_of_what_tells_it_is_enough(tmp_path, losses, name):
    work = notebook(name)
    for loss in losses:
        loss(work["cells"])
    assert one(tmp_path, {"final.ipynb": work}, name)[0] == "final.ipynb"


@pytest.mark.parametrize("first", ["4_report.ipynb", "4_report (1).ipynb", "a.ipynb"])
def test_of_two_the_one_with_all_the_work_counts(tmp_path, first):
    assert one(tmp_path, {first: notebook(), "Gustav.ipynb": answered()})[0] == "Gustav.ipynb"
    assert one(tmp_path, {first: answered(1), "Gustav.ipynb": answered()})[0] == "Gustav.ipynb"
    assert one(tmp_path, {first: answered(), "Gustav.ipynb": answered(2)}) == (
        first, [] if first == "4_report.ipynb" else [f"the file was named {first}"],
    )  # fmt: skip


def test_of_two_with_the_same_answers_the_right_name_counts(tmp_path):
    more = answered()
    more["cells"].append({"cell_type": "markdown", "id": "scratch", "metadata": {}, "source": "a note"})
    assert one(tmp_path, {"4_report-Copy1.ipynb": more, "4_report.ipynb": answered()}) == ("4_report.ipynb", [])


def test_of_two_with_work_of_their_own_the_right_name_counts_and_the_other_is_named(tmp_path):
    path, (flag,) = one(tmp_path, {"4_report.ipynb": answered(rho_mem="other"), "Gustav.ipynb": answered()})
    assert path == "4_report.ipynb"
    assert flag == "not looked at, though it is this notebook with other work in it: Gustav.ipynb"


@pytest.mark.parametrize("names", [("a.ipynb", "b.ipynb"), ("4_report (1).ipynb", "4_report (2).ipynb")])
def test_two_without_the_right_name_wait_for_a_person(tmp_path, names):
    files = dict(zip(names, (answered(), answered(rho_mem="other")), strict=True))
    problem = found(tmp_path, **files)["4_report.ipynb"]
    assert isinstance(problem, BadSubmission)
    assert not isinstance(problem, Missing)
    assert all(name in str(problem) for name in names)


def test_a_file_of_the_right_name_in_which_nothing_is_known_is_not_overruled(tmp_path):
    files = {"4_report.ipynb": {"cells": [{"cell_type": "markdown", "source": "all of it"}]}, "b.ipynb": answered()}
    problem = str(found(tmp_path, **files)["4_report.ipynb"])
    assert "got b.ipynb, 4_report.ipynb, each with other work in it" in problem


def test_a_broken_file_of_the_right_name_gives_way_to_a_whole_one(tmp_path):
    whole = json.dumps(answered())
    path, flags = one(tmp_path, {"4_report.ipynb": whole[:5000], "4_report (1).ipynb": whole})
    assert path == "4_report (1).ipynb"
    assert "4_report.ipynb: expected a notebook, got no valid JSON" in flags[1]


def test_names_that_were_exchanged(tmp_path):
    files = {"4_report.ipynb": notebook("1_cells.ipynb"), "1_cells.ipynb": answered()}
    assert one(tmp_path, files)[0] == "1_cells.ipynb"
    assert one(tmp_path, files, "1_cells.ipynb")[0] == "4_report.ipynb"


def test_another_notebook_under_the_name_is_not_graded_as_nothing(tmp_path):
    problem = found(tmp_path, **{"4_report.ipynb": notebook("1_cells.ipynb")})["4_report.ipynb"]
    assert str(problem) == "4_report.ipynb: 4_report.ipynb has the cells of 1_cells.ipynb; is it that one?"


def test_two_notebooks_in_one_file(tmp_path):
    both = notebook("1_cells.ipynb")
    both["cells"] += answered()["cells"]
    for name in ("4_report.ipynb", "1_cells.ipynb"):
        assert one(tmp_path, {"all.ipynb": both}, name)[0] == "all.ipynb"
    assert one(tmp_path, {"all.ipynb": both, "4_report.ipynb": answered()}) == ("4_report.ipynb", [])


def test_a_few_cells_are_for_a_person_to_look_at(tmp_path):
    few = copy.deepcopy(answered())
    few["cells"] = [cell for cell in few["cells"] if cell["id"] in ("mem_title", *ANSWERS)]
    problem = found(tmp_path, **{"Gustav.ipynb": few})["4_report.ipynb"]
    assert not isinstance(problem, Missing)
    assert "Gustav.ipynb (4 of" in str(problem)
    assert one(tmp_path, {"4_report_gustav.ipynb": few})[0] == "4_report_gustav.ipynb"  # the name tells it


def test_what_is_no_part_of_a_submission_is_not_looked_at(tmp_path):
    places = [".ipynb_checkpoints/4_report-checkpoint.ipynb", "runs/4_report.ipynb", "mine/deeper/4_report.ipynb"]
    problem = found(tmp_path, **dict.fromkeys(places, answered()) | {"scratch.ipynb": {"cells": []}})["4_report.ipynb"]
    assert isinstance(problem, Missing)
    assert "got scratch.ipynb" in str(problem)


def test_any_content_is_survived(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    odd = [{"cells": [1, None, {"id": 3, "metadata": {"nbgrader": {"grade_id": ["x"]}}, "source": {"a": 1}}]}, "[]", ""]
    files = {f"{number}.ipynb": content for number, content in enumerate(odd)}
    files |= {f"more{number}.ipynb": "{" for number in range(60)} | {"z.ipynb": answered(), "1_cells.ipynb": "{"}
    assert all(isinstance(problem, BadSubmission | tuple) for problem in found(tmp_path, **files).values())


def test_a_renamed_notebook_is_graded_with_a_flag_and_one_in_doubt_is_not(tmp_path):
    for folder, files, status, told in (
        ("sure", ["Gustav.ipynb"], "graded", "the file was named Gustav.ipynb"),
        ("doubt", ["a.ipynb", "b.ipynb"], "rejected", "each with other work in it; leave one"),
    ):
        (tmp_path / folder).mkdir()
        for number, name in enumerate(files):
            (tmp_path / folder / name).write_text(json.dumps(answered(rho_mem=f"answer {number}")), encoding="utf-8")
        result = Result("gustav")
        job = SimpleNamespace(folder=tmp_path / folder, masters=MASTERS, shapes={}, whose=None)
        rebuilt, _ = _rebuilt(ASSIGNMENT, job, result)
        outcome = result.notebooks["4_report.ipynb"]
        assert (outcome["status"], "4_report.ipynb" in rebuilt) == (status, status == "graded")
        assert (outcome["flags"] or [outcome["reason"]])[0].endswith(told)
        assert result.notebooks["5_extra_credit.ipynb"]["status"] == "absent"
