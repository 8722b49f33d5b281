"""Feedback goes back under the names of the download, whatever else these names might do."""

from __future__ import annotations

import io
import zipfile

import pytest
from course import ASSIGNMENT, NAME, ROOT

from rnnkit import cli
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course
from rnnkit.grading.intake.receipts import Receipt, Receipts
from rnnkit.grading.intake.take_in import take_in
from rnnkit.grading.intake.whose import returned
from rnnkit.grading.lms.returned import write_zip

DOWNLOADS = {
    "Moodle's folders": (
        ["Ada Ä Lovelace_11_assignsubmission_file_/hand_in.ipynb", "Bob_12_assignsubmission_file/a.ipynb"],
        ["Ada Ä Lovelace_11_assignsubmission_file_/index.html", "Bob_12_assignsubmission_file/index.html"],
    ),
    "Moodle's files": (
        ["Ada Lovelace_11_assignsubmission_file_1_cells.ipynb", "Ada Lovelace_11_assignsubmission_file_2_x.ipynb"],
        ["Ada Lovelace_11_assignsubmission_file_index.html"],
    ),
    "Canvas's files": (
        ["lovelaceada_4711_901_1_cells.ipynb", "bob_LATE_4712_902_b.ipynb"],
        ["lovelaceada_4711_901_feedback.zip", "bob_LATE_4712_902_feedback.zip"],
    ),
    "Blackboard's files": (
        ["HW 1_ada_attempt_2026-11-20-18-30-00_1_cells.ipynb", "HW 1_ada_attempt_2026-11-20-18-30-00.txt"],
        ["HW 1_ada_attempt_2026-11-20-18-30-00/index.html"],
    ),
    "a folder for each": (["ada/1_cells.ipynb"], ["ada/index.html"]),
}


def pages(course, *students) -> None:
    for student in students:
        (folder := course.feedback / student / NAME).mkdir(parents=True)
        (folder / "index.html").write_text(f"of {student}")


@pytest.fixture
def course(tmp_path):
    return Course(ROOT, tmp_path / "course")


@pytest.mark.parametrize("download", DOWNLOADS)
def test_from_the_download_and_back(course, tmp_path, download):
    files, wanted = DOWNLOADS[download]
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        for name in files:
            archive.writestr(name, f'{{"{name}": 1}}')
    taken = take_in(tmp_path / "download.zip", course.submitted, NAME)
    students = [one.student for one in taken if one.status == "new"]
    assert len(students) == len(wanted), taken
    pages(course, *students)
    done = write_zip(course, ASSIGNMENT, students, tmp_path / "back.zip")
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert sorted(archive.namelist()) == sorted(wanted)
        for name, student in zip(sorted(wanted, key=lambda name: "12" in name or "4712" in name), sorted(students),
                                 strict=True):  # fmt: skip
            content = archive.read(name)
            if name.endswith(".zip"):
                content = zipfile.ZipFile(io.BytesIO(content)).read("index.html")
            assert content.decode() == f"of {student}"
    assert sum(done.platforms.values()) == len(wanted)
    assert done.misnamed == (sorted(students) if "Canvas" in download else [])


def test_a_zip_comes_back_to_canvas_as_a_zip_of_the_same_name(course, tmp_path):
    name = "lovelaceada_4711_901_training dynamics (1).zip"
    Receipts(course.submitted, NAME).add("4711", Receipt("", "", name, "Canvas 4711", name=name))
    pages(course, "4711")
    assert not write_zip(course, ASSIGNMENT, ["4711"], tmp_path / "back.zip").misnamed
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert archive.namelist() == [name]


@pytest.mark.parametrize("start", ["../x", "/x", "..", "a\\b", "a\n", "c:x", "\udcff"])
def test_no_name_leads_anywhere(course, tmp_path, start):
    name = f"{start}_11_assignsubmission_file_"
    Receipts(course.submitted, NAME).add("ada", Receipt("", "", "", "Moodle 11", name=name))
    pages(course, "ada")
    write_zip(course, ASSIGNMENT, ["ada"], tmp_path / "back.zip")
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert archive.namelist() == ["ada/index.html"]


def test_receipts_of_before_still_tell_the_name(course, tmp_path):
    source = "Ada_11_assignsubmission_file_"
    Receipts(course.submitted, NAME).add("ada", Receipt("", "", source, "Moodle 11"))
    pages(course, "ada")
    assert write_zip(course, ASSIGNMENT, ["ada"], tmp_path / "back.zip").platforms == {"Moodle": 1}
    assert returned(source, "Canvas 11") == returned(source, "ada") == ("", "", "")


def test_nothing_else_is_overwritten_and_nothing_is_half_written(course, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadValue, match="expected a new file"):
        write_zip(course, ASSIGNMENT, [], tmp_path / "thesis.txt")
    for student in ("ada", "bob"):
        Receipts(course.submitted, NAME).add(
            student, Receipt("", "", "", "Moodle 1", name="A_1_assignsubmission_file_")
        )
    pages(course, "ada", "bob")
    with pytest.raises(BadValue, match="is it ada's or bob's"):
        write_zip(course, ASSIGNMENT, ["ada", "bob"], tmp_path / "back.zip")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["thesis.txt"]


def test_the_verb_packs_what_it_makes(graded, tmp_path, capsys):
    to = tmp_path / "back.zip"
    assert cli.main(["feedback", "--course", str(graded.folder), "--student", "ada", "--zip", str(to)]) == 0
    assert f"{to}: 1 by id: no platform's names" in capsys.readouterr().out
    with zipfile.ZipFile(to) as archive:
        assert "ada/index.html" in archive.namelist()
        assert all(name.startswith("ada/") for name in archive.namelist())
