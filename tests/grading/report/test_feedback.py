"""What students get back: everything of their own, nothing of anybody else's, and no text of people that acts."""

from __future__ import annotations

import re
import shutil

import graded_course
import pytest
from course import ASSIGNMENT, HANDED_IN, NAME, NOTEBOOKS, ROOT, cells, mark_schemes, plain
from graded_course import AUTO, EXTRA, Page
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from rnnkit import cli
from rnnkit.assignments.training_dynamics.questions import ASKED, OWN_SETTING, PREDICTIONS
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course, lock
from rnnkit.grading.ledger import Entry
from rnnkit.grading.report import feedback as module
from rnnkit.grading.report.feedback import feedback

ANSWERS = graded_course.WRITTEN
HOSTILE = '</pre></details><script>alert("{0}")</script><img src=x onerror=alert("{0}")>{{{{ 7*7 }}}}\x1b[31m\u202e\x00'
ELEMENTS = {
    *("html", "head", "meta", "title", "link", "style", "body", "header", "main", "section", "article", "footer"),
    *("h1", "h2", "h3", "p", "strong", "span", "a", "div", "details", "summary", "pre", "br"),
}
MANUAL = sum(ANSWERS.values())
MOST = AUTO + PREDICTIONS.points + MANUAL
MARKED = {"gradient_mem": 1, "saturation_mem": 0.5, "extra_torder": (0, 4), "gru_step": 2}
UNREAD = len(ANSWERS.keys() - MARKED.keys())


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Ada's submission is half marked and full of hostile texts, Bob's is right and marked."""
    folder = graded_course.make(tmp_path_factory.mktemp("feedback") / "course")
    graded_course.hand_in(
        folder,
        "ada",
        wrong=["gru_step", "clip"],
        answers={"gradient_mem": "ada's words", "rho_mem": HOSTILE.format("answer")},
        marked=MARKED,
        comments={"gradient_mem": "Well seen.\nGo on.", "rnn_step_solution": HOSTILE.format("comment")},
        first_name="Ada",
        last_name=HOSTILE.format("name"),
    )
    graded_course.hand_in(folder, "bob", answers={"gradient_mem": "bob's words"}, marked=ANSWERS, first_name="Robert")
    made = feedback(Course(ROOT, folder), ASSIGNMENT)
    assert [(one.student, one.reason) for one in made] == [("ada", ""), ("bob", "")]
    return folder


@pytest.fixture
def fresh(course, tmp_path):
    """A copy of the course that a test may spoil."""
    return shutil.copytree(course, tmp_path / "course")


def pages(course, student):
    return course / "grading" / "feedback" / student / NAME


def index(course, student) -> str:
    return (pages(course, student) / "index.html").read_text(encoding="utf-8")


def renewed(course, student) -> Page:
    """The first page of a student, made anew."""
    (made,) = feedback(Course(ROOT, course), ASSIGNMENT, [student])
    assert made.reason == ""
    return Page(index(course, student))


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- what the page says ------------------------------------------------------------------------------------------


def test_every_question_has_a_row_with_its_points(course):
    page = Page(index(course, "bob"))
    rows = page.rows
    assert len(page.links) == len(HANDED_IN) + len(rows) + 1  # the form that asks for another look
    assert set(rows) == set(ASSIGNMENT.scored) | set(ANSWERS)
    for id, question in ASKED.items():
        full = f"+{question.points:g} extra" if question.extra else f"✓ {question.points:g} of {question.points:g}"
        assert f"{question.name} {full} What the check said {id}:" in rows[id]
    assert rows[OWN_SETTING] == "your own setting extra credit"
    for id, points in ANSWERS.items():
        assert not points or f"✓ {points:g} of {points:g}" in rows[id], id


def test_questions_stand_in_the_notebooks_order_under_their_names(course):
    rows = Page(index(course, "bob")).rows
    order = [cell["id"] for path in NOTEBOOKS for cell in cells(path) if cell["about"].get("grade")]
    assert list(rows) == order
    assert rows["rho_mem"].startswith("Memorization · 5. Spectral radius, memorization ")
    assert rows["extra_torder"].startswith("Extra credit · Temporal order ")
    assert rows["ai_chats"].startswith("AI chats ")


def test_total_and_what_it_is_made_of(course):
    assert (
        f"{AUTO + MANUAL + EXTRA:g} of {MOST:g} points "
        f"Code {AUTO:g} · answers {MANUAL} · extra credit {EXTRA:g} 1_cells" in Page(index(course, "bob")).shown
    )
    ada = Page(index(course, "ada")).shown
    assert f"{AUTO - 4 + 1.5 + 4 + EXTRA:g} of {MOST:g} points so far" in ada
    assert (
        f"Code {AUTO - 4:g} · answers 1.5 · extra credit {4 + EXTRA:g} · {UNREAD} still to be marked by a person" in ada
    )


def test_row_shows_report_comment_answer_and_what_was_set_by_hand(course):
    rows = Page(index(course, "ada")).rows
    assert "0 of 3" in rows["clip"]
    assert "-> the bias is missing: add b_h" in rows["clip"]
    assert "GRU.step 2 of 3 Set by hand: the check gave 0." in rows["gru_step"]
    assert "1 of 5 Comment Well seen. Go on. Your answer ada's words" in rows["gradient_mem"]
    assert "– of 4, not yet marked A person has yet to look at this." in rows["clip_rnn"]
    assert "+4 extra" in rows["extra_torder"]


def test_what_is_entered_at_a_question_instead_of_its_answer_stands_at_the_answer(fresh):
    with graded_course.gradebook(fresh) as book:
        for id, comment in {"rho_mul_task": "Mind the units.", "gradient_mem_task": "Neatly put."}.items():
            book.find_comment(id, "4_report", NAME, "ada").manual_comment = comment
        book.find_grade("rho_mul_task", "4_report", NAME, "ada").extra_credit = 0.5
    rows = renewed(fresh, "ada").rows
    assert "+0.5 extra A person has yet to look at this. Comment Mind the units. Your answer" in rows["rho_mul"]
    assert "Comment Well seen. Go on. Neatly put. Your answer" in rows["gradient_mem"]
    assert not [id for id in rows if id.endswith("_task")]


def test_points_at_a_question_without_any_have_a_row_of_their_own(fresh):
    with graded_course.gradebook(fresh) as book:
        book.find_grade("rho_mul_task", "4_report", NAME, "ada").manual_score = 1
    assert {"rho_mul", "rho_mul_task"} <= set(renewed(fresh, "ada").rows)


def test_what_stopped_a_solution_stands_beside_its_question(fresh):
    def edit(found):
        text = "'(' was never closed (2255792430.py, line 7)"
        error = {"output_type": "error", "ename": "SyntaxError", "evalue": text, "traceback": ["SECRET"]}
        found["gru_step_solution"]["outputs"] = [error]
        found["rnn_rho_solution"]["outputs"] = [error | {"evalue": HOSTILE.format("error")}]

    graded_course.change(fresh, "ada", "1_cells.ipynb", edit)
    page = renewed(fresh, "ada")
    said = "Your code above the check stopped with SyntaxError: '(' was never closed (line 7) What the check said"
    assert said in page.rows["gru_step"]
    assert "SECRET" not in page.shown
    assert page.elements <= ELEMENTS
    assert page.shown.count("stopped with") == 2


# ---- what the page does not say ----------------------------------------------------------------------------------


def test_texts_of_people_do_not_act(course):
    text = index(course, "ada")
    page = Page(text)
    assert page.elements <= ELEMENTS
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    form = r"data:text/plain;charset=utf-8,[\w%./-]+"  # to be saved; nothing in it is shown
    assert all(re.fullmatch(rf"[1-5]_\w+\.html(#\w+)?|{form}", link) for link in page.links)
    assert page.shown.count('<script>alert("') == 3  # name, answer and comment are there, as words
    assert "{{ 7*7 }}" in page.shown
    assert not re.search("[\x00\x1b\u202e]", text)
    assert "default-src 'none'" in text


def test_nothing_of_others_is_in_a_students_pages(course):
    for student, others in (("ada", ("bob", "Robert")), ("bob", ("ada", "Ada"))):
        for name, content in contents(pages(course, student)).items():
            text = content.decode()
            text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
            assert not [word for word in others if re.search(rf"\b{word}\b", text)], name


def test_no_mark_scheme_is_in_any_page(course):
    lines = {plain(line) for path in NOTEBOOKS for text in mark_schemes(path) for line in text.splitlines()}
    whole = "".join(content.decode() for content in contents(course / "grading" / "feedback").values())
    assert not [line for line in lines if len(line) > 40 and line in whole]
    assert "MARK SCHEME" not in whole


def test_page_has_of_a_check_what_it_displayed_and_nothing_else(fresh):
    def edit(found):
        cell = found["rnn_step"]
        cell["source"] = "SECRET in the source"
        cell["metadata"]["secret"] = "SECRET in the metadata"
        cell["outputs"] += [
            {"output_type": "stream", "name": "stdout", "text": "SECRET on stdout"},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["SECRET in the traceback"]},
        ]
        found["rho"]["outputs"] = [{"output_type": "error", "ename": "Late", "evalue": "60 s", "traceback": ["SECRET"]}]

    graded_course.change(fresh, "ada", "1_cells.ipynb", lambda found: edit(found | {"rho": found["gru_rho"]}))
    page = renewed(fresh, "ada")
    assert "SECRET" not in index(fresh, "ada")
    assert "What the check said Late: 60 s" in page.rows["gru_rho"]


def test_a_long_report_is_cut(fresh):
    def edit(found):
        found["rnn_step"]["outputs"][0]["data"]["text/plain"] = ["x" * 100, "y" * 10**6]

    graded_course.change(fresh, "ada", "1_cells.ipynb", edit)
    assert "yyy…" in renewed(fresh, "ada").rows["rnn_step"]
    assert len(index(fresh, "ada")) < 60_000


@pytest.mark.parametrize(
    "words", ["BEGIN MARK SCHEME", "END MARK SCHEME", "### BEGIN HIDDEN TESTS", "END HIDDEN TESTS"]
)
def test_students_may_quote_nbgraders_markers(fresh, words):
    def edit(found):
        found["gradient_mem"]["source"] = f"first\n{words}\nlast"

    graded_course.change(fresh, "ada", "4_report.ipynb", edit)
    graded_course.change(fresh, "ada", "1_cells.ipynb", lambda found: found["rnn_step_solution"].update(source=words))
    assert words.removeprefix("### ") in renewed(fresh, "ada").rows["gradient_mem"]
    assert "last" in (pages(fresh, "ada") / "4_report.html").read_text(encoding="utf-8")


# ---- what could not be graded ------------------------------------------------------------------------------------


def test_a_rejected_submission_gets_its_reason(fresh):
    carl, ada = Entry("carl", "rejected", HOSTILE.format("reason")), Entry("ada", "failed", "time was up")
    graded_course.note(fresh, carl, ada)
    (fresh / "grading" / "roster.csv").write_text("id,first_name,last_name\ncarl,Carl,Gauß\n", encoding="utf-8")
    made = feedback(Course(ROOT, fresh), ASSIGNMENT)
    assert [one.student for one in made] == ["ada", "bob", "carl"]
    carl = Page(index(fresh, "carl"))
    assert 'Feedback for Carl Gauß (carl) Your last submission: rejected. </pre></details><script>alert("reason")' in (
        carl.shown
    )
    assert (carl.links, "script" in carl.elements) == ([], False)
    assert "Your last submission: failed. time was up" in Page(index(fresh, "ada")).shown
    assert "Your last submission" not in Page(index(fresh, "bob")).shown


def test_a_rejected_notebook_says_why(fresh):
    notebooks = {"1_cells.ipynb": {"status": "rejected", "reason": "cut <short>", "flags": ["FLAG"]}}
    graded_course.note(fresh, Entry("ada", "graded", notebooks=notebooks))
    feedback(Course(ROOT, fresh), ASSIGNMENT)
    shown = Page(index(fresh, "ada")).shown
    assert shown.count("Could not be graded: cut <short>") == 1
    assert "FLAG" not in shown


def test_nobody_looks_at_what_was_not_handed_in(fresh):
    with graded_course.gradebook(fresh) as book:
        for notebook in book.find_submission(NAME, "ada").notebooks:
            for grade in notebook.grades:
                if notebook.name == "2_diagnostics":
                    grade.auto_score, grade.needs_manual_grade = 0.0, True
    (fresh / "grading" / "autograded" / "ada" / NAME / "2_diagnostics.ipynb").unlink()
    missing = [id for id, question in ASKED.items() if question.notebook.startswith("2")]
    checked = {id: {"status": "not graded" if id in missing else "solved", "points": 0} for id in ASKED}
    answers = {id: {"answered": True} for id in ANSWERS}
    about = {"2_diagnostics.ipynb": {"status": "rejected", "reason": "expected this notebook", "flags": []}}
    graded_course.note(fresh, Entry("ada", "graded", notebooks=about, scores=checked, answers=answers))
    page = renewed(fresh, "ada")
    assert (
        f"{UNREAD} still to be marked by a person · 2_diagnostics is missing, in doubt, or cannot be read" in page.shown
    )
    assert "points so far" in page.shown
    assert missing
    for id in missing:
        assert "A person has yet to look at this" not in page.rows[id]
        assert f"– of {ASKED[id].points:g}, not yet marked" in page.rows[id]
    assert "A person has yet to look at this" in page.rows["clip_rnn"]


def test_questions_of_a_missing_notebook_keep_their_order(fresh):
    (fresh / "grading" / "autograded" / "bob" / NAME / "4_report.ipynb").unlink()
    cell_ids = [cell["id"] for path in NOTEBOOKS for cell in cells(path) if cell["about"].get("grade")]
    assert list(renewed(fresh, "bob").rows) == cell_ids


# ---- whole or not at all -----------------------------------------------------------------------------------------


def test_stale_pages_go_and_other_files_do_not_come(fresh):
    (pages(fresh, "ada") / "old.html").write_text("stale")
    graded = fresh / "grading" / "autograded" / "ada" / NAME
    (graded / "run.npz").write_bytes(b"x" * 1000)
    (graded / "link.txt").symlink_to(fresh / "grading" / "gradebook.db")
    before = contents(pages(fresh, "bob"))
    feedback(Course(ROOT, fresh), ASSIGNMENT, ["ada"])
    assert set(contents(pages(fresh, "ada"))) == {"index.html", *(f"{path.stem}.html" for path in HANDED_IN)}
    assert contents(pages(fresh, "bob")) == before
    assert list((fresh / "grading" / "work").iterdir()) == []


def test_the_same_again_is_the_same(fresh):
    before = contents(fresh / "grading" / "feedback")
    feedback(Course(ROOT, fresh), ASSIGNMENT)
    assert contents(fresh / "grading" / "feedback") == before


@pytest.mark.parametrize("damage", ["{", "[]", '{"cells": [3]}', "\ud800"])
def test_a_failure_leaves_the_old_pages_and_the_others(fresh, capsys, damage):
    notebook = fresh / "grading" / "autograded" / "ada" / NAME / "2_diagnostics.ipynb"
    notebook.write_bytes(damage.encode("utf-8", "surrogatepass"))
    (pages(fresh, "bob") / "index.html").write_text("old")
    before = contents(pages(fresh, "ada"))
    assert cli.main(["feedback", "--course", str(fresh)]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("rnnkit feedback: ada: ")
    assert said.err.endswith("; the earlier pages stay\n")
    assert said.err.count("\n") == 1
    assert said.out.endswith("feedback for 1 of 2 students\n")  # Bob's answers are all marked
    assert contents(pages(fresh, "ada")) == before
    assert "Robert" in index(fresh, "bob")
    assert list((fresh / "grading" / "work").iterdir()) == []


def test_old_pages_come_back_where_the_new_ones_cannot_take_their_place(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "index.html").write_text("old")
    with pytest.raises(FileNotFoundError):
        module._replace(tmp_path / "missing", tmp_path / "target", tmp_path / "aside")
    assert contents(tmp_path) == {"target/index.html": b"old"}


def test_a_page_that_cannot_be_written_leaves_the_old_one(fresh, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = contents(pages(fresh, "ada"))
    monkeypatch.setattr(module, "save_text", full)
    (made,) = feedback(Course(ROOT, fresh), ASSIGNMENT, ["ada"])
    assert (made.page, "No space left" in made.reason) == (None, True)
    assert contents(pages(fresh, "ada")) == before


def test_no_feedback_while_the_class_is_graded(fresh):
    with lock(Course(fresh, fresh)), pytest.raises(BadValue, match="another process is grading"):
        feedback(Course(ROOT, fresh), ASSIGNMENT)


# ---- the command -------------------------------------------------------------------------------------------------


def test_command_for_one_student(fresh, capsys):
    graded_course.note(fresh, Entry("carl", "rejected", "an empty file"))
    (fresh / "grading" / "roster.csv").write_text("id,first_name\ncarl,Carl Friedrich\n")
    shutil.rmtree(fresh / "grading" / "feedback")
    assert cli.main(["feedback", "--course", str(fresh), "--student", "carl", "--student", "ada"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{fresh / 'grading' / 'feedback'}: feedback for 2 of 2 students",
        "1 student's total is so far: answers are to be read, or a notebook is missing or in doubt",
    ]
    assert "Carl Friedrich (carl)" in index(fresh, "carl")
    assert not pages(fresh, "bob").exists()


def test_a_student_without_anything_is_refused(course):
    with pytest.raises(BadValue, match="nothing of theirs was graded"):
        feedback(Course(ROOT, course), ASSIGNMENT, ["carl"])


# ---- as people see it --------------------------------------------------------------------------------------------


def test_graders_see_question_figure_mark_scheme_and_answer(course):
    exporter = HTMLExporter(
        config=Config(HTMLExporter={"template_name": "formgrade", "extra_template_basedirs": [handlers.template_path]})
    )
    about = dict.fromkeys(("assignment_id", "submission_id", "base_url", "student", "last_name", "first_name"), "")
    about |= {"notebook_id": "4_report", "index": 0, "total": 2, "notebook_path": "x"}
    path = course / "grading" / "autograded" / "ada" / NAME / "4_report.ipynb"
    text, _ = exporter.from_filename(str(path), resources=about)
    answer = ('id="gradient_mem"', "ada's words", 'id="gradient_mem-comment"')
    order = (graded_course.PNG, 'id="gradient_mem_task"', "BEGIN MARK SCHEME", *answer)
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert text.count("BEGIN MARK SCHEME") == len(ANSWERS) - 1  # all but the AI chats
