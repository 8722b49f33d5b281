"""A class is graded: scores in the gradebook, nothing lost, nothing twice, and what people entered stays."""

from __future__ import annotations

import json

import pytest
from confined import need_sandbox
from course import NAME, NOTEBOOKS, ROOT, filled
from graded import ANSWER, RELEASE, RIGHT, SECOND, dump, edit, grade, points, scores, submit

from rnnkit.assignments.training_dynamics.questions import ASKED, CELLS, DIAGNOSTICS, OWN_SETTING
from rnnkit.checks import tally
from rnnkit.common.names import BadValue
from rnnkit.grading.course import driver
from rnnkit.grading.course.course import GradingError, lock
from rnnkit.grading.course.driver import CONFINED, TRUSTED, Course
from rnnkit.grading.course.gradebook import opened
from rnnkit.grading.ledger import GRADED, REJECTED, Ledger
from rnnkit.grading.sandbox.confine import SandboxError
from rnnkit.notebook.predictions import FILE, Entry, append


def test_a_class_from_files_to_gradebook_and_again(tmp_path):
    """It begins with nothing and takes all notebooks; the others make do with one."""
    need_sandbox()
    course = tmp_path
    everything = [path.name for path in NOTEBOOKS]
    submit(course, "right", *everything)
    submit(course, "bare", *everything, right=False)
    half = submit(course, "half", DIAGNOSTICS)
    (half / CELLS).write_text("{ this is no notebook")
    counted = {"rho": {"runs": 3, "failed": 2, "note": "\x1b[31mthe modulus"}, "clip": [], "nothing": {"runs": 1}}
    (half / tally.FILE).write_text(json.dumps({"questions": counted}))
    choices = {"gradient": "keeps", "saturation": "saturates", "learns": "nothing"}
    told = [Entry("predicted", "A1", choices, "one <b>good reason"), Entry("opened", "A1"), Entry("opened", "B1")]
    right_file = course / "grading" / "submitted" / "right" / NAME / FILE
    append(right_file, [*told, Entry("predicted", "B1", choices, "late as it is")])
    right_file.write_text(right_file.read_text().replace("late as", "late but"))
    (course / "grading" / "submitted" / "nothing" / NAME).mkdir(parents=True)
    (course / "grading" / "submitted" / ".hidden").mkdir()
    (course / "grading" / "submitted" / "no id" / NAME).mkdir(parents=True)
    (course / "grading" / "roster.csv").write_text("id,first_name,last_name,email\nright,Rita,Right,\nabsent,,,\n")
    graded = grade(course)

    status = {student: entry.status for student, entry in graded.entries.items()}
    assert status == {"right": GRADED, "bare": GRADED, "half": GRADED, "nothing": REJECTED}
    assert set(graded.refused) == {"no id"}
    assert graded.missing == ["absent"]
    most = sum(question.points for question in ASKED.values())
    assert {s: points(course, s) for s in status} == {"right": most, "bare": 0, "half": SECOND, "nothing": 0}
    rows = scores(course)
    assert [rows[student]["predictions"] for student in ("right", "bare")] == [(0.5, None, False), (0, None, False)]
    assert all(rows["half"][id][2] == (question.notebook == CELLS) for id, question in ASKED.items())
    extra = {id for id, question in ASKED.items() if question.extra} | {OWN_SETTING}  # need not be handed in
    given = {id for id in rows["nothing"] if not id.endswith("_task")} - extra
    assert {id for id, about in rows["nothing"].items() if about[2]} == given
    assert all(rows["nothing"][id] == (0, None, False) for id in extra)
    assert rows["right"][ANSWER] == (None, None, True)
    assert rows["bare"][ANSWER] == (0, None, False)
    assert rows["right"][f"{ANSWER}_task"] == (0, None, False)
    half = graded.entries["half"]
    assert half.confined == CONFINED
    assert half.checks == ["rho: 3 runs, 2 failed. Note: “the modulus”"]
    assert any(CELLS in flag and "JSON" in flag for flag in half.all_flags)
    right = graded.entries["right"]
    assert [text.split(" “")[0] for text in right.checks] == [
        f"predictions: {run}: gradient keeps, saturation saturates, learns nothing" for run in ("A1", "B1")
    ]
    assert [flag for flag in right.all_flags if "predictions: " in flag] == [
        f"4_report.ipynb: predictions: {FILE}: entry 4 does not follow from the one before: edited by hand, or damaged",
        "4_report.ipynb: predictions: B1: its figure was opened before it was predicted",
    ]
    assert half.peak_mb < 400
    with opened(course) as book:
        assert book.find_student("right").last_name == "Right"
    for path in (course / "grading" / "autograded").rglob("*.ipynb"):
        assert path.stat().st_size < 3 << 20

    before = dump(course)
    again = grade(course)
    assert sorted(again.unchanged) == sorted(status)
    assert dump(course) == before


def test_checks_are_never_executed_and_their_reports_are_shown(course):
    submit(course, "right", DIAGNOSTICS)
    path = submit(course, "spy", DIAGNOSTICS) / DIAGNOSTICS
    edit(path, "rho_solution", f"def spectral_radius(W):\n    print(get_ipython().user_ns['In'])\n{RIGHT}")
    grade(course)
    assert points(course, "spy") == SECOND
    stored = json.loads((course / "grading/autograded/spy" / NAME / DIAGNOSTICS).read_text(encoding="utf-8"))
    checks = [cell for cell in stored["cells"] if cell["id"] in ASKED]
    assert len(checks) == sum(question.notebook == DIAGNOSTICS for question in ASKED.values())
    for cell in checks:
        assert cell["execution_count"] is None
        assert f"{cell['id']}: {ASKED[cell['id']].points:g} of" in "".join(cell["outputs"][0]["data"]["text/plain"])
    texts = [str(cell["outputs"]) for cell in stored["cells"] if cell["cell_type"] == "code" and cell not in checks]
    assert not any("check(" in text for text in texts)


def test_resubmissions(course):
    """Wrong ones count, broken ones do not, and a person's points outlive both."""
    folder = submit(course, "anna", DIAGNOSTICS, "4_report.ipynb")
    grade(course)
    with opened(course) as book:
        marked = book.find_grade(ANSWER, "4_report", NAME, "anna")
        marked.manual_score, marked.needs_manual_grade = 0.5, False
        by_hand = book.find_grade("rho", "2_diagnostics", NAME, "anna")
        by_hand.manual_score, by_hand.needs_manual_grade = 2.0, False
        book.find_comment(ANSWER, "4_report", NAME, "anna").manual_comment = "half right"
        book.db.commit()
    good = dump(course)

    (folder / DIAGNOSTICS).write_text("{ no longer a notebook")
    graded = grade(course).entries["anna"]
    assert graded.status == GRADED  # the report still is one
    assert points(course, "anna") == SECOND
    assert any("no longer" not in flag and DIAGNOSTICS in flag for flag in graded.all_flags)
    kept = {path: text for path, text in dump(course).items() if path.endswith(DIAGNOSTICS)}
    assert kept
    assert all(good[path] == text for path, text in kept.items())

    filled(RELEASE / DIAGNOSTICS, next(p for p in NOTEBOOKS if p.name == DIAGNOSTICS), folder / DIAGNOSTICS)
    edit(folder / DIAGNOSTICS, "rho_solution", "def spectral_radius(W):\n    return 0.0")
    edit(folder / "4_report.ipynb", ANSWER, "Another answer.")
    grade(course)
    rows = scores(course)["anna"]
    assert rows["rho"] == (0, 2.0, True)
    assert rows["grad_norm"] == (ASKED["grad_norm"].points, None, False)
    assert rows[ANSWER] == (None, 0.5, True)
    with opened(course) as book:
        assert book.find_comment(ANSWER, "4_report", NAME, "anna").comment == "half right"


def test_one_question_and_one_student_again(graded_pair):
    course, first = graded_pair, Ledger(graded_pair / "grading" / "ledger.json", NAME)
    with opened(course) as book:
        for id in ("rho", "clip"):
            book.find_grade(id, "2_diagnostics", NAME, "anna").auto_score = 0.25
        book.db.commit()
    grade(course, questions=["rho"])
    rows = scores(course)["anna"]
    assert (rows["rho"][0], rows["clip"][0]) == (ASKED["rho"].points, 0.25)
    assert grade(course).unchanged == ["bert"]  # the gradebook was not what the ledger says
    assert points(course, "anna") == SECOND
    assert grade(course, questions=[OWN_SETTING]).entries["anna"].points == SECOND  # also what no code is run for
    seeds = {student: entry.seed for student, entry in first.entries.items()}
    assert len(set(seeds.values())) == 2
    again = grade(course, students=["bert"], seed=seeds["bert"])
    assert list(again.entries) == ["bert"]
    assert again.entries["bert"].scores == first.entries["bert"].scores


def test_without_a_sandbox_it_needs_a_word(tmp_path, monkeypatch):
    submit(course := tmp_path, "anna", DIAGNOSTICS)

    def none():
        raise SandboxError("there is none")

    monkeypatch.setattr(driver, "probe", none)
    with pytest.raises(SandboxError, match="there is none"):
        grade(course)
    assert not (course / "grading" / "gradebook.db").exists()
    entry = grade(course, trust=True).entries["anna"]
    assert entry.confined == TRUSTED
    assert points(course, "anna") == SECOND
    assert Ledger(course / "grading" / "ledger.json", NAME).entries["anna"].confined == TRUSTED


def test_what_cannot_begin(course):
    submit(course, "anna", DIAGNOSTICS)
    for wrong, how in (("nobody", {"students": ["nobody"]}), ("rnn_stepp", {"questions": ["rnn_stepp"]})):
        with pytest.raises(BadValue, match=wrong):
            grade(course, **how)
    with lock(Course(ROOT, course)), pytest.raises(GradingError, match="another process"):
        grade(course)


def test_a_grader_process_that_dies_is_a_row(course, monkeypatch):
    submit(course, "anna", DIAGNOSTICS)
    monkeypatch.setattr(driver, "scoring_runtime", lambda root: course / "nowhere")
    entry = grade(course).entries["anna"]
    assert entry.status in ("failed", GRADED)
    assert points(course, "anna") == 0
    monkeypatch.undo()
    grade(course, force=True)
    assert points(course, "anna") == SECOND
