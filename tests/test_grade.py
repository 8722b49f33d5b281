"""A class is graded: scores in the gradebook, nothing lost, nothing twice, and what people entered stays."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confined import need_sandbox, until
from course import NAME, NOTEBOOKS, ROOT, filled

from rnnkit.checks import QUESTIONS
from rnnkit.checks.questions import CELLS, DIAGNOSTICS
from rnnkit.grading import driver
from rnnkit.grading.course import GradingError, lock
from rnnkit.grading.driver import CONFINED, TRUSTED, Course, grade_class
from rnnkit.grading.gradebook import opened
from rnnkit.grading.ledger import GRADED, REJECTED, Ledger
from rnnkit.grading.release import ReleaseError
from rnnkit.grading.sandbox import SandboxError
from rnnkit.names import BadValue

SECOND = sum(question.points for question in QUESTIONS.values() if question.notebook == DIAGNOSTICS)
RELEASE = ROOT / "release" / NAME
RIGHT = "    return torch.linalg.eigvals(W).abs().max().item()"
ANSWER = "a1_grad_time"


def submit(course: Path, student: str, *names: str, right: bool = True) -> Path:
    """A student's folder with these notebooks, solved or as they were given out."""
    folder = course / "grading" / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        if path.name in names and right:
            filled(RELEASE / path.name, path, folder / path.name)
        elif path.name in names:
            shutil.copyfile(RELEASE / path.name, folder / path.name)
    return folder


def edit(path: Path, cell_id: str, text: str) -> None:
    """Other text in one cell."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["id"] == cell_id)["source"] = text
    path.write_text(json.dumps(notebook), encoding="utf-8")


def grade(course: Path, **how):
    return grade_class(course, NAME, root=ROOT, jobs=2, **how)


def dump(course: Path) -> dict[str, str]:
    """Everything that a grading leaves, but for when it was: rows of the gradebook, notebooks, ledger."""
    with sqlite3.connect(course / "grading" / "gradebook.db") as database:
        found = {"gradebook": "\n".join(database.iterdump())}
    files = [*(course / "grading" / "autograded").rglob("*"), course / "grading" / "ledger.json"]
    return found | {str(path): path.read_text(encoding="utf-8") for path in files if path.is_file()}


def scores(course: Path) -> dict[str, dict[str, tuple]]:
    """Student -> question -> automatic and manual points, and whether it waits for a person."""
    with opened(course) as book:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.find_assignment(NAME).submissions
        }


def points(course: Path, student: str) -> float:
    return sum(about[0] for id, about in scores(course)[student].items() if id in QUESTIONS)


@pytest.fixture
def course(tmp_path, entered):
    need_sandbox()
    shutil.copytree(entered, tmp_path / "grading")
    return tmp_path


def test_a_class_from_files_to_gradebook_and_again(tmp_path):
    """It begins with nothing and takes all four notebooks; the others make do with one."""
    need_sandbox()
    course = tmp_path
    everything = [path.name for path in NOTEBOOKS]
    submit(course, "right", *everything)
    submit(course, "bare", *everything, right=False)
    half = submit(course, "half", DIAGNOSTICS)
    (half / CELLS).write_text("{ this is no notebook")
    (course / "grading" / "submitted" / "nothing" / NAME).mkdir(parents=True)
    (course / "grading" / "submitted" / ".hidden").mkdir()
    (course / "grading" / "submitted" / "no id" / NAME).mkdir(parents=True)
    (course / "grading" / "roster.csv").write_text("id,first_name,last_name,email\nright,Rita,Right,\nabsent,,,\n")
    graded = grade(course)

    status = {student: entry.status for student, entry in graded.entries.items()}
    assert status == {"right": GRADED, "bare": GRADED, "half": GRADED, "nothing": REJECTED}
    assert set(graded.refused) == {"no id"}
    assert graded.missing == ["absent"]
    most = sum(question.points for question in QUESTIONS.values())
    assert {s: points(course, s) for s in status} == {"right": most, "bare": 0, "half": SECOND, "nothing": 0}
    rows = scores(course)
    assert all(rows["half"][id][2] == (question.notebook == CELLS) for id, question in QUESTIONS.items())
    assert all(about[2] for id, about in rows["nothing"].items() if not id.endswith("_task"))
    assert rows["right"][ANSWER] == (None, None, True)
    assert rows["bare"][ANSWER] == (0, None, False)
    assert rows["right"][f"{ANSWER}_task"] == (0, None, False)
    half = graded.entries["half"]
    assert half.confined == CONFINED
    assert any(CELLS in flag and "JSON" in flag for flag in half.all_flags)
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
    checks = [cell for cell in stored["cells"] if cell["id"] in QUESTIONS]
    assert len(checks) == sum(question.notebook == DIAGNOSTICS for question in QUESTIONS.values())
    for cell in checks:
        assert cell["execution_count"] is None
        assert f"{cell['id']}: {QUESTIONS[cell['id']].points:g} of" in "".join(cell["outputs"][0]["data"]["text/plain"])
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
    assert rows["grad_norm"] == (QUESTIONS["grad_norm"].points, None, False)
    assert rows[ANSWER] == (None, 0.5, True)
    with opened(course) as book:
        assert book.find_comment(ANSWER, "4_report", NAME, "anna").comment == "half right"


def test_one_question_and_one_student_again(course):
    for student in ("anna", "bert"):
        submit(course, student, DIAGNOSTICS)
    first = grade(course)
    with opened(course) as book:
        for id in ("rho", "clip"):
            book.find_grade(id, "2_diagnostics", NAME, "anna").auto_score = 0.25
        book.db.commit()
    grade(course, questions=["rho"])
    assert {id: scores(course)["anna"][id][0] for id in ("rho", "clip")} == {
        "rho": QUESTIONS["rho"].points,
        "clip": 0.25,
    }
    assert grade(course).unchanged == ["bert"]  # the gradebook was not what the ledger says
    assert points(course, "anna") == SECOND
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
    with pytest.raises(ReleaseError, match="expected one of"):
        grade_class(course, "no_such", root=ROOT)
    with lock(Course(ROOT, course)), pytest.raises(GradingError, match="another process"):
        grade(course)


def test_a_grader_process_that_dies_is_a_row(course, monkeypatch):
    submit(course, "anna", DIAGNOSTICS)
    monkeypatch.setattr(driver, "student_runtime", lambda root: course / "nowhere")
    entry = grade(course).entries["anna"]
    assert entry.status in ("failed", GRADED)
    assert points(course, "anna") == 0
    monkeypatch.undo()
    grade(course, force=True)
    assert points(course, "anna") == SECOND


def start(course: Path) -> subprocess.Popen:
    """A grading in a process of its own."""
    command = [sys.executable, "-m", "rnnkit", "grade", "--course", str(course), "--jobs", "2"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def confined_processes(course: Path) -> list[str]:
    """Command lines of processes that have to do with this course, or run confined."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(course) in words and int(path.parent.name) != os.getpid():
            found.append(words)
    return found


def killed_and_resumed(course: Path, times: int, longest: float) -> None:
    for student in ("anna", "bert", "cleo"):
        submit(course, student, DIAGNOSTICS)
    edit(
        course / "grading/submitted/bert" / NAME / DIAGNOSTICS,
        "rho_solution",
        "def spectral_radius(W):\n    return 0.0",
    )
    chance = random.Random(7)
    for _ in range(times):
        process = start(course)
        time.sleep(chance.uniform(1, longest))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert until(lambda: not confined_processes(course), 2), confined_processes(course)
    process = start(course)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    expected = {"anna": SECOND, "bert": SECOND - QUESTIONS["rho"].points, "cleo": SECOND}
    assert {student: points(course, student) for student in expected} == expected
    before = dump(course)
    process = start(course)
    assert "3 of them unchanged" in process.communicate(timeout=300)[0]
    assert dump(course) == before


def test_killed_at_any_moment_it_goes_on(course):
    killed_and_resumed(course, 3, 12)


@pytest.mark.slow
def test_killed_twenty_times_it_goes_on(course):
    killed_and_resumed(course, 20, 15)
