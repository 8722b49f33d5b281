"""The roster is read as spreadsheets write it, and the grades are written so that spreadsheets read them."""

from __future__ import annotations

import csv
import io
import shutil

import graded_course
import pytest
from course import ASSIGNMENT, NAME, NOTEBOOKS, ROOT, cells
from graded_course import AUTO, EXTRA, WRITTEN, note

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import ASKED, PREDICTIONS
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course
from rnnkit.grading.course.marks import read_marks
from rnnkit.grading.course.roster import Student, read_roster
from rnnkit.grading.ledger import Entry
from rnnkit.grading.report import export as module
from rnnkit.grading.report.export import cell, export

MOST, UNREAD = AUTO + PREDICTIONS.points + sum(WRITTEN.values()), len(WRITTEN)
ADA = Student("ada", "Ada", "Lovelace, Lady", "ada@example.org")


# ---- the roster --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "BOM"])
@pytest.mark.parametrize("mark", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_roster_of_any_spreadsheet(tmp_path, start, mark, end):
    lines = [
        "ID;email;first_name;last_name;group",
        'ada;ada@example.org;Ada;"Lovelace, Lady";7',
        "",
        ";;;;",
        "7;;Jürgen;",
    ]
    text = start + "".join(line.replace(";", mark) + end for line in lines)
    (tmp_path / "roster.csv").write_bytes(text.encode())
    assert read_roster(tmp_path / "roster.csv") == [ADA, Student("7", "Jürgen")]


def refusal(tmp_path, text: bytes | str) -> str:
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadValue) as caught:
        read_roster(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("id", ["../up", ".hidden", "-x", "a b", "ä", "a/b", "x" * 65, "a\x00b", "*", "=1+1"])
def test_odd_ids_are_refused_with_their_line(tmp_path, id):
    message = refusal(tmp_path, f"id,first_name\nada,Ada\n{id},Odd\n")
    assert "line 3: expected an id of letters" in message


@pytest.mark.parametrize("second", ["ada", "Ada"])
def test_duplicates_are_refused_with_both_lines(tmp_path, second):
    message = refusal(tmp_path, f"id\nada\nbob\n{second}\n")
    assert f"line 4: expected each id once, '{second}' is in line 2 already" in message


def test_every_wrong_line_is_named(tmp_path):
    message = refusal(tmp_path, "id,first_name\n,Nobody\nbob,Bob,Bobson\n" + "".join(f"a {n},x\n" for n in range(9)))
    assert "line 2: expected an id, got an empty field" in message
    assert "line 3: expected 2 fields, got 3" in message
    assert message.endswith("and 6 more lines")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected the header id,first_name,last_name,email"),
        ("ada,Ada\n", "expected the header"),
        ("id\nJürgen\n".encode("latin-1"), "save it as CSV UTF-8"),
        ('id\n"ada"x\n', "line 2: expected CSV"),
    ],
    ids=["empty", "no header", "latin-1", "broken quotes"],
)
def test_files_that_are_no_roster_are_refused(tmp_path, text, words):
    assert words in refusal(tmp_path, text)


# ---- cells of a spreadsheet --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "\u200b=1", "＝1+1"],
)
def test_no_cell_is_a_formula(text):
    assert cell(text).startswith("'")
    assert cell(text).isprintable()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
@pytest.mark.parametrize("between", [";", "; ", ';"', ";\u200b", "|", ";;", "\t", ";\t"])
def test_no_part_of_a_cell_is_a_formula_where_it_is_split(start, between):
    file = io.StringIO(newline="")
    csv.writer(file).writerow([cell(f"runs/x{between}{start}cmd|' /C calc'!A0: not whole"), cell("a; b-c; 1=1; x|y")])
    for mark in ";|\t":
        for (*parts,) in csv.reader([file.getvalue()], delimiter=mark):
            assert not [part for part in parts if part.strip('"\u200b ').startswith(start)]
    assert file.getvalue().endswith(",a; b-c; 1=1; x|y\r\n")


@pytest.mark.parametrize("text", ["-5", "+4.5", "12345", "007", "1e-3", "ada", "a=b", "", "x@example.org"])
def test_numbers_and_words_stay_as_they_are(text):
    assert cell(text) == text


def test_numbers_are_numbers():
    assert [*map(cell, (None, 0.0, 2.5, 1 / 3, -1, 72))] == ["", "0", "2.5", "0.3333", "-1", "72"]


def test_a_cell_is_one_line_without_steering_characters():
    assert cell("a\nb\x00\x1b[31mc\u202e\ud800\r\nd") == "a bc d"


# ---- the grades --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Two who handed in, one of them with marks by hand."""
    folder = graded_course.make(tmp_path_factory.mktemp("export") / "course")
    marked = {"gradient_mem": 1, "saturation_mem": 0.5, "extra_torder": (0, 4), "gru_step": 2}
    graded_course.hand_in(folder, "ada", wrong=["gru_step", "clip"], marked=marked, first_name="=Ada")
    graded_course.hand_in(folder, "bob", wrong=ASKED, first_name="Bob", last_name='"The, Builder"')
    return folder


@pytest.fixture
def fresh(course, tmp_path):
    """A copy of the course that a test may change."""
    return shutil.copytree(course, tmp_path / "course")


def rows(path) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file, strict=True)}


def exported(course, tmp_path, students=None):
    export(Course(ROOT, course), [ASSIGNMENT], tmp_path / "grades.csv", students)
    return rows(tmp_path / "grades.csv")


def test_sums_and_columns(course, tmp_path):
    found = exported(course, tmp_path)
    ada = found["ada"]
    assert {name: float(ada[name]) for name in module.SUMS} == {
        "total": AUTO - 4 + 1.5 + 4 + EXTRA, "max": MOST, "auto": AUTO - 4, "manual": 1.5, "extra_credit": 4 + EXTRA,
        "late_penalty": 0, "needs_manual": UNREAD - 3, "not_asked": 0,
    }  # fmt: skip
    assert (ada["rnn_step"], ada["clip"], ada["gru_step"], ada["saturation_mem"]) == ("3", "0", "2", "0.5")
    assert ada["rho_mem"] == ""  # not marked yet
    assert ada["set_by_hand"] == "gru_step"
    assert (ada["status"], ada["submitted_at"]) == ("graded", "2026-11-20T18:30:00+00:00")
    assert (found["bob"]["total"], found["bob"]["last_name"]) == ("0", '"The, Builder"')
    assert ada["first_name"] == "'=Ada"  # the gradebook's names are made safe, too


def test_columns_stand_in_the_notebooks_order(course, tmp_path):
    columns = list(exported(course, tmp_path)["ada"])
    graded = [cell["id"] for path in NOTEBOOKS for cell in cells(path) if cell["about"].get("grade")]
    assert columns[len(module.PERSON + module.STATE) + len(module.SUMS) : -len(module.LAST)] == graded
    assert columns.index("extra_torder") > columns.index("rho_mul")
    export(Course(tmp_path, course), [ASSIGNMENT], tmp_path / "grades.csv")  # nothing was released there
    assert {*rows(tmp_path / "grades.csv")["ada"]} == {*columns}


def test_needs_manual_is_what_can_be_read(fresh, tmp_path):
    answers = {id: {"answered": True} for id in ("rho_mem", "rho_mul")}
    checked = {id: {"status": "solved", "points": 0.0, "most": 0.0} for id in ASKED}
    note(fresh, Entry("ada", "graded", scores=checked, answers=answers))
    note(fresh, Entry("lost", "graded", scores=checked, answers=answers | {"gates_mul": {"answered": False}}))
    found = exported(fresh, tmp_path)
    assert {id: row["needs_manual"] for id, row in found.items()} == {"ada": "2", "bob": str(UNREAD), "lost": "2"}
    done = export(Course(ROOT, fresh), [ASSIGNMENT], tmp_path / "grades.csv")
    assert (done.rows, done.waiting, done.lost) == (3, 3, ["lost"])
    assert export(Course(ROOT, fresh), [ASSIGNMENT], tmp_path / "grades.csv", ["bob"]).waiting == 1


def test_what_is_not_final_says_so(fresh, tmp_path):
    in_doubt = {"1_cells.ipynb": {"status": "rejected", "reason": "in doubt", "flags": []}}
    with graded_course.gradebook(fresh) as book:
        book.find_grade("rnn_step", "1_cells", NAME, "bob").needs_manual_grade = True
    note(fresh, Entry("bob", "graded", notebooks=in_doubt), Entry("eve", "graded"))
    said = f"{UNREAD + 1} still to be marked by a person; 1_cells is missing, in doubt, or cannot be read"
    assert {id: row["so_far"] for id, row in exported(fresh, tmp_path).items()} == {
        "ada": f"{UNREAD - 3} still to be marked by a person", "bob": said, "eve": "",
    }  # fmt: skip
    with graded_course.gradebook(fresh) as book:
        for notebook in book.find_submission(NAME, "ada").notebooks:
            for grade in notebook.grades:
                grade.needs_manual_grade = False
    assert exported(fresh, tmp_path)["ada"]["so_far"] == ""


def test_total_is_what_nbgrader_says(course, tmp_path):
    found = exported(course, tmp_path)
    with graded_course.gradebook(course) as book:
        for student, row in found.items():
            submission = book.find_submission(NAME, student)
            assert (float(row["total"]), float(row["max"])) == (submission.score, submission.max_score)


def test_everybody_of_the_roster_is_a_row_in_its_order(fresh, tmp_path):
    lines = ["id,first_name,last_name,email", "zoe,Zoë,-Z,@x", 'ada,Ada,"Lovelace, Lady",ada@example.org']
    (fresh / "grading" / "roster.csv").write_text("\n".join(lines), encoding="utf-8")
    note(fresh, Entry("ada", "graded", flags=["locked cell edited", "=HYPERLINK(1)"], received="2026-11-21"))
    note(fresh, Entry("carl", "rejected", "@1_cells.ipynb: empty\nfile"))
    found = exported(fresh, tmp_path)
    assert list(found) == ["zoe", "ada", "bob", "carl"]
    assert {id: row["status"] for id, row in found.items()} == {
        "zoe": "not submitted", "ada": "graded", "bob": "graded", "carl": "rejected",
    }  # fmt: skip
    zoe, ada, carl = (found[id] for id in ("zoe", "ada", "carl"))
    assert (zoe["first_name"], zoe["last_name"], zoe["email"]) == ("Zoë", "'-Z", "'@x")
    assert (zoe["total"], zoe["max"], zoe["rnn_step"], zoe["submitted_at"]) == ("0", str(int(MOST)), "", "")
    assert (ada["first_name"], ada["last_name"]) == ("Ada", "Lovelace, Lady")  # the roster's names count
    assert (ada["flags"], ada["submitted_at"]) == ("locked cell edited; '=HYPERLINK(1)", "2026-11-21")
    assert carl["reason"] == "'@1_cells.ipynb: empty file"


def test_only_these_students(course, tmp_path):
    assert list(exported(course, tmp_path, students=["bob", "bob"])) == ["bob"]
    with pytest.raises(BadValue, match=r"unknown student 'bop'.*did you mean 'bob'"):
        export(Course(ROOT, course), [ASSIGNMENT], tmp_path / "no.csv", ["bop"])
    assert not (tmp_path / "no.csv").exists()


def test_an_earlier_file_survives_a_failure(course, tmp_path, monkeypatch):
    exported(course, tmp_path)
    before = (tmp_path / "grades.csv").read_bytes()
    monkeypatch.setattr(module, "_row", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        exported(course, tmp_path)
    assert (tmp_path / "grades.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


def test_late_penalty_is_taken_off(fresh, tmp_path):
    with graded_course.gradebook(fresh) as book:
        book.find_submission_notebook("1_cells", NAME, "ada").late_submission_penalty = 2.5
    ada = exported(fresh, tmp_path)["ada"]
    assert (float(ada["late_penalty"]), float(ada["total"])) == (2.5, AUTO - 4 + 1.5 + 4 + EXTRA - 2.5)


def test_reading_changes_nothing(course):
    path = course / "grading" / "gradebook.db"
    before = path.read_bytes()
    assert read_marks(Course(ROOT, course), ASSIGNMENT).most == MOST
    assert path.read_bytes() == before


# ---- the command -------------------------------------------------------------------------------------------------


def test_command_writes_the_roster_and_the_ledger_too(fresh, capsys):
    (fresh / "grading" / "roster.csv").write_text("id,first_name\nnew,New\n")
    note(fresh, Entry("bob", "failed", "time was up"))
    assert cli.main(["export", "--course", str(fresh)]) == 0
    path = fresh / "grading" / "grades.csv"
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: 3 students",
        "2 students' totals are so far: answers are to be read, or a notebook is missing or in doubt",
    ]
    assert [(id, row["status"]) for id, row in rows(path).items()] == [
        ("new", "not submitted"), ("ada", "graded"), ("bob", "failed"),
    ]  # fmt: skip


def test_command_says_what_the_gradebook_has_lost(fresh, capsys):
    note(fresh, Entry("lost", "graded"))
    assert cli.main(["export", "--course", str(fresh), "--student", "lost"]) == 0
    assert capsys.readouterr().out.endswith("not in the gradebook, though graded: lost; run rnnkit grade\n")


def test_a_student_of_an_empty_course(tmp_path, capsys):
    graded_course.make(tmp_path / "course")
    said = "unknown student 'nobody', there are none yet"
    for verb, more in {"export": "", "feedback": "; nothing of theirs was graded"}.items():
        assert cli.main([verb, "--course", str(tmp_path / "course"), "--student", "nobody"]) == 2
        assert capsys.readouterr().err == f"rnnkit {verb}: {said}{more}\n"


def test_command_takes_one_student_and_a_file(course, tmp_path, capsys):
    to = tmp_path / "new" / "x.csv"
    assert cli.main(["export", "--course", str(course), "--student", "ada", "--to", str(to)]) == 0
    assert "1 student\n" in capsys.readouterr().out
    assert list(rows(to)) == ["ada"]


@pytest.mark.parametrize("verb", ["export", "feedback"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--student", "bop"], "unknown student 'bop'"),
        (["--student", "*"], "unknown student '*'"),
        (["other"], "unknown assignment 'other': expected one of training_dynamics"),
        (["--course", "/nowhere"], "grade submissions first"),
    ],
    ids=["student", "glob", "assignment", "course"],
)
def test_commands_refuse_in_one_line(course, capsys, verb, arguments, words):
    assert cli.main([verb, "--course", str(course), *arguments]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err


def test_a_file_that_is_no_gradebook_is_refused(tmp_path):
    (tmp_path / "grading").mkdir()
    (tmp_path / "grading" / "gradebook.db").write_text("nothing of the kind, but long enough to be looked at" * 100)
    with pytest.raises(BadValue, match="expected a gradebook of nbgrader"):
        read_marks(Course(ROOT, tmp_path), ASSIGNMENT)
