"""Totals come into the sheets of Moodle, Canvas and Blackboard, each to its own student, and nothing else changes."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from course import ASSIGNMENT, NAME
from graded_course import AUTO

from rnnkit import cli
from rnnkit.cli import export as verb
from rnnkit.common.names import BadValue
from rnnkit.grading.course.marks import read_marks
from rnnkit.grading.intake.receipts import Receipt, Receipts
from rnnkit.grading.lms.formats import BLACKBOARD, CANVAS, FORMATS, MOODLE
from rnnkit.grading.lms.grades import fill
from rnnkit.grading.lms.sheet import Sheet

MOODLE_SHEET = (
    "\ufeffIdentifier,\"Full name\",\"Email address\",Status,Group,Grade,\"Maximum Grade\",\"Grade can be changed\","
    "\"Last modified (submission)\",\"Last modified (grade)\",\"Feedback comments\"\n"
    "\"Participant 12\",\"Bob Ä, Builder\",b@example.org,\"Submitted\",g1,,{most},Yes,\"Friday, 1\",-,\n"
    "\"Participant 11\",Ada,ADA@example.org,\"Submitted\",g1,{held},{most},Yes,\"Friday, 1\",-,\"<p>hello</p>\"\n"
    "\"Participant 99\",Eve,eve@example.org,\"No submission\",,,{most},Yes,-,-,\n"
)  # fmt: skip
CANVAS_SHEET = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Quiz (5),Training dynamics of RNNs (77),Final Score\r\n"
    ",,,,,Manual Posting,Manual Posting,\r\n"
    "    Points Possible,,,,,10,{most},(read only)\r\n"
    '"Lovelace, Ada",4711,s1,ada,Main,3,{held},50\r\n'
    '"Builder, Bob",4712,s2,bob,Main,4,,60\r\n'
    '"Student, Test",4799,,deadbeef,Main,,,\r\n'
)
BLACKBOARD_SHEET = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"Total [Total Pts: up to 99 Score] |10"\t"training_dynamics [Total Pts: {most} Score] |31"\r\n'
    '"Lovelace"\t"Ada"\t"ada"\t"s1"\t"2026-11-01 10:00:00"\t"Yes"\t"1"\t"{held}"\r\n'
    '"Builder"\t"Bob"\t"bob"\t"s2"\t""\t"Yes"\t"2"\t""\r\n'
)
SHEETS = {MOODLE: MOODLE_SHEET, CANVAS: CANVAS_SHEET, BLACKBOARD: BLACKBOARD_SHEET}
KEYS = {MOODLE: "Moodle {}", CANVAS: "Canvas {}", BLACKBOARD: "Blackboard HW_{}"}
NUMBERS = {MOODLE: ("11", "12"), CANVAS: ("4711", "4712"), BLACKBOARD: ("ada", "bob")}


@pytest.fixture
def course(graded):
    return graded


def totals(course) -> tuple[str, str, str]:
    """Ada's and Bob's totals, and the most."""
    marks = read_marks(course, ASSIGNMENT)
    assert marks.of("ada").total > AUTO
    return f"{marks.of('ada').total:.10g}", f"{marks.of('bob').total:.10g}", f"{marks.most:.10g}"


def told(course, lms, *numbers) -> None:
    """As if a download of the platform had been taken in."""
    for student, number in zip(("ada", "bob"), numbers, strict=True):
        Receipts(course.submitted, NAME).add(student, Receipt("", "", key=KEYS[lms].format(number)))


def laid(tmp_path, lms, text, **words):
    """A sheet as it is downloaded."""
    content = text.format(**{"held": "", **words})
    path = tmp_path / "downloaded.csv"
    utf16 = lms is BLACKBOARD
    path.write_bytes((codecs.BOM_UTF16_LE + content.encode("utf-16-le")) if utf16 else content.encode())
    return path


@pytest.mark.parametrize("lms", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("by_number", [True, False], ids=["by number", "by name"])
def test_a_downloaded_sheet_is_filled_in_and_nothing_else_of_it_changes(course, tmp_path, lms, by_number):
    ada, bob, most = totals(course)
    if by_number:
        told(course, lms, *NUMBERS[lms])
    sheet = laid(tmp_path, lms, SHEETS[lms], most=most, held="1")
    before = sheet.read_bytes()
    done = fill(course, ASSIGNMENT, lms, tmp_path / "filled.csv", worksheet=sheet)
    assert (tmp_path / "filled.csv").read_bytes() == laid(tmp_path, lms, SHEETS[lms], most=most, held=ada).read_bytes()
    assert (done.written, done.waiting, done.refused, done.warned) == (["ada"], ["bob"], {}, [])
    assert done.left == {MOODLE: ["Eve Participant 99"], CANVAS: ["Student, Test 4799"], BLACKBOARD: []}[lms]
    sheet.write_bytes(before)
    done = fill(course, ASSIGNMENT, lms, tmp_path / "filled.csv", worksheet=sheet, so_far=True)
    assert done.written == ["ada", "bob"]
    changed = Sheet.read(tmp_path / "filled.csv").rows, Sheet.read(sheet).rows
    cells = [(new, old) for rows in zip(*changed, strict=True) for new, old in zip(*rows, strict=True) if new != old]
    assert sorted(cells) == sorted([(ada, "1"), (bob, "")])


@pytest.mark.parametrize("lms", FORMATS.values(), ids=FORMATS)
def test_a_new_sheet_can_be_filled_in_again(course, tmp_path, lms):
    """The round trip: what is written without a worksheet is one."""
    ada, _, most = totals(course)
    told(course, lms, *NUMBERS[lms])
    first, second = tmp_path / "first", tmp_path / "second"
    assert fill(course, ASSIGNMENT, lms, first, column="training_dynamics (3)").written == ["ada"]
    column = "" if lms is MOODLE else "training_dynamics (3)"
    if lms is BLACKBOARD:  # it gives the column its number
        column = f"training_dynamics [Total Pts: {most} Score] |31"
        fill(course, ASSIGNMENT, lms, first, column=column)
        assert first.read_bytes().startswith(codecs.BOM_UTF16_LE)
    done = fill(course, ASSIGNMENT, lms, second, worksheet=first, column=column)
    assert (done.written, done.waiting, done.refused, done.warned) == (["ada"], ["bob"], {}, [])
    assert second.read_bytes() == first.read_bytes()
    rows = Sheet.read(first).rows
    assert [row for row in rows if ada in row]
    assert rows[0][: len(lms.header) - 1] == [*lms.header][:-1]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_a_new_sheet_of_moodle_refuses_whom_moodle_could_not_find(course, tmp_path):
    done = fill(course, ASSIGNMENT, MOODLE, tmp_path / "new.csv")
    assert set(done.refused) == {"ada", "bob"}
    assert "--worksheet" in done.refused["ada"]
    assert not done.written


def test_who_has_no_row_is_refused_by_name(course, tmp_path, capsys):
    sheet = laid(tmp_path, CANVAS, CANVAS_SHEET.replace("ada", "eva"), most="1")
    to = tmp_path / "filled.csv"
    how = ["export", NAME, "--course", str(course.folder), "--format", "canvas", "--worksheet", str(sheet)]
    assert cli.main([*how, "--to", str(to), "--so-far"]) == 1
    said = capsys.readouterr().out
    assert "refused: ada: the sheet has no row of theirs" in said
    assert "left as they are: Lovelace, Ada 4711, Student, Test 4799" in said
    assert "Canvas has 1 points for it" in said
    assert to.is_file()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("bob,Main", "ada,Main", "rows 4 and 5: expected one row of ada"),
        ("s2,bob", "ada,bob", "row 5, Builder, Bob 4712: expected one student, could be ada, bob"),
        ("Section", "Sektion", "columns of Canvas's sheet in English, found none called Section"),
        ("Training dynamics of RNNs (77)", "Homework (77)", "--column: expected one of Quiz .5., Homework .77."),
        ("Quiz (5)", "training_dynamics (5)", "--column: expected one of training_dynamics .5., Training"),
        ("Builder, Bob", 'Builder, "Bob', "row 5: expected CSV"),
    ],
)
def test_a_sheet_in_doubt_is_refused_before_anything_is_written(course, tmp_path, old, new, words):
    sheet = laid(tmp_path, CANVAS, CANVAS_SHEET.replace(old, new), most="1")
    with pytest.raises(BadValue, match=words):
        fill(course, ASSIGNMENT, CANVAS, tmp_path / "filled.csv", worksheet=sheet)
    assert not (tmp_path / "filled.csv").exists()
    with pytest.raises(BadValue, match="stays as it is"):
        fill(course, ASSIGNMENT, CANVAS, sheet, worksheet=sheet)


def test_moodle_s_locked_rows_stay_and_what_it_would_pass_over_is_told(course, tmp_path):
    told(course, MOODLE, "11", "12")
    text = MOODLE_SHEET.replace("g1,,{most},Yes", "g1,,{most},No")
    sheet = laid(tmp_path, MOODLE, text, most="20.00")
    done = fill(course, ASSIGNMENT, MOODLE, tmp_path / "filled.csv", worksheet=sheet, so_far=True)
    assert done.refused == {"bob": "Moodle says that the grade cannot be changed"}
    assert any("above 20, and Moodle will pass over it" in line for line in done.warned)


def test_numbers_are_written_as_the_sheet_writes_them(course, tmp_path):
    told(course, MOODLE, "11", "12")
    sheet = laid(tmp_path, MOODLE, MOODLE_SHEET.replace("{most}", '"100,00"'))
    fill(course, ASSIGNMENT, MOODLE, tmp_path / "filled.csv", worksheet=sheet)
    ada = totals(course)[0].replace(".", ",")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "filled.csv").read_text(encoding="utf-8-sig"))))
    assert rows[1]["Grade"] == ada


def test_what_instructors_type(course, tmp_path, capsys):
    assert tuple(FORMATS) == verb.FORMATS
    how = ["export", "--course", str(course.folder)]
    assert cli.main([*how, "--column", "x"]) == 2
    assert cli.main([*how, "--format", "canvas", "--student", "ada"]) == 2
    assert cli.main([*how, "--format", "moodle", "--worksheet", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert cli.main([*how, "--format", "blackboard"]) == 0
    said = capsys.readouterr().out
    assert f"{NAME}_blackboard.xls: 1 total\n" in said
    assert "not final, left out (--so-far writes them): bob" in said
