"""A class that takes every assignment there is: released, handed in, graded, marked, exported and given back."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from beside import clone_into, entries, exported, packed, points, rnnkit, student_of
from confined import need_sandbox
from course import NAME as MAIN
from course import ROOT, cells
from graded import edit
from graded_course import Page, gradebook
from hostile.base import code_cell

from rnnkit.assignments import get_assignment, names
from rnnkit.checks import generate
from rnnkit.checks.assignment import Assignment

HONEST, PARTIAL, WRONG, HOSTILE, ABSENT = STUDENTS = ("ada", "ben", "cora", "mallory", "nora")
# One known mistake of each assignment: its question and name.
MISTAKES = {
    "training_dynamics": ("rnn_step", "no bias"),
    "bptt": ("vanilla_forward", "two biases"),
    "orthogonal_init": ("addition_batch", "product"),
    "hidden_dynamics": ("labels", "not below"),
    "lookback": ("gru_backward", "the coursework's"),
}
NO_RUNS = "runs: no record of any run was handed in"
COLUMNS = ("status", "auto", "manual", "extra_credit", "total", "so_far")
SCRIPT = '<script>document.title = "mine"</script><img src=x onerror="document.title = 1">'
ATTACK = """
import os, shutil
for top in ({course!r}, "/submission", "../.."):
    for name in ("gradebook.db", "ledger.json", "submitted/ada", "autograded/ada"):
        shutil.rmtree(f"{{top}}/grading/{{name}}", ignore_errors=True)
        try:
            os.unlink(f"{{top}}/grading/{{name}}")
        except OSError:
            pass
check = lambda *all, **named: print("all right") or 99.0
get_ipython().display_formatter.format = lambda *all, **named: ({{"text/plain": "99.0"}}, {{}})
"""


def solution_ids(assignment: Assignment) -> list[str]:
    """The questions and answers that are to be written, without their ending."""
    found = [
        cell for path in sources(assignment).glob("*.ipynb") for cell in cells(path) if cell["about"].get("solution")
    ]
    return [cell["id"].removesuffix("_solution") for cell in found]


def sources(assignment: Assignment) -> Path:
    return ROOT / "notebooks" / assignment.name


def answers(assignment: Assignment) -> dict[str, tuple[str, float]]:
    """What a person marks: its notebook and points, by id."""
    return {
        cell["id"]: (path.stem, cell["about"]["points"])
        for path in sources(assignment).glob("*.ipynb")
        for cell in cells(path)
        if cell["about"].get("grade") and cell["cell_type"] == "markdown"
    }


def mistaken(assignment: Assignment, home: Path) -> None:
    """Makes one known mistake, where all else is right."""
    one = mistake(assignment)
    question = assignment.questions[one.question]
    edit(home / question.notebook, f"{one.question}_solution", generate.patched(question, one.old, one.new))


def mistake(assignment: Assignment) -> generate.Mistake:
    (found,) = (one for one in generate.bank(assignment) if (one.question, one.name) == MISTAKES[assignment.name])
    return found


def attacks(assignment: Assignment, course: Path, home: Path) -> None:
    """Answers nothing, and tries to get points and to harm the others."""
    for path in home.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        where = [number for number, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]
        if where and any(path.name == one.notebook for one in assignment.scored.values()):
            notebook["cells"].insert(where[0] + 1, code_cell(ATTACK.format(course=str(course)), "attack"))
        for cell in notebook["cells"]:
            if cell["id"] in answers(assignment):
                cell["source"] = SCRIPT
        path.write_text(json.dumps(notebook), encoding="utf-8")


def hands_in(clone: Path, assignment: Assignment, folder: Path, downloads: Path) -> None:
    """Four students hand an assignment in."""
    home = student_of(clone, folder, assignment.name, assignment.key.CANARY)
    every = solution_ids(assignment)
    for student, solved, change in (
        (HONEST, every, None),
        (PARTIAL, [next(iter(assignment.questions)), "ai_chats"], None),
        (WRONG, every, partial(mistaken, assignment)),
        (HOSTILE, ("ai_chats",), partial(attacks, assignment, clone)),
    ):
        packed(home, student, solved, downloads, sources(assignment), change)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The class after grading."""
    need_sandbox()
    folder = tmp_path_factory.mktemp("whole")
    clone = clone_into(folder)
    rnnkit(clone, "release")
    (clone / "grading").mkdir(exist_ok=True)
    (clone / "grading" / "roster.csv").write_text(
        "id,first_name\n" + "".join(f"{one},{one.title()}\n" for one in STUDENTS)
    )
    for name in names():
        hands_in(clone, get_assignment(name), folder / name, folder / f"in_{name}")
        rnnkit(clone, "grade", name, "--from", str(folder / f"in_{name}"))
    return clone


def right(assignment: Assignment) -> dict[str, float]:
    """The points of who has written all that is asked, but has foretold and trained nothing."""
    written = set(solution_ids(assignment))
    return {id: one.points if id in written else 0 for id, one in assignment.scored.items()}


def flags(course: Path, assignment: str, student: str) -> list[str]:
    """All that is told about a submission beside its points."""
    entry = entries(course, assignment)[student]
    return entry["evidence"] + entry["flags"] + [one for each in entry["notebooks"].values() for one in each["flags"]]


@pytest.mark.slow
class TestWholeClass:
    @pytest.mark.parametrize("name", names())
    def test_everybody_has_the_points_that_are_due(self, course, name):
        assignment, found = get_assignment(name), points(course, name)
        due, wrong = right(assignment), MISTAKES[name][0]
        first = next(iter(assignment.questions))
        assert found.keys() == {HONEST, PARTIAL, WRONG, HOSTILE}
        assert found[HONEST] == due
        assert found[PARTIAL] == {id: due[id] if id == first else 0 for id in due}
        assert found[WRONG][wrong] < due[wrong]
        assert found[WRONG] | {wrong: due[wrong]} == due
        assert found[HOSTILE] == dict.fromkeys(due, 0)
        for student in (HONEST, WRONG):
            assert flags(course, name, student) == [NO_RUNS] * (name == MAIN), student
        assert any("get_ipython" in flag for flag in flags(course, name, HOSTILE))

    def test_what_a_person_marks_is_exported_with_the_rest(self, course):
        with gradebook(course) as book:
            for name in names():
                for id, (notebook, most) in answers(get_assignment(name)).items():
                    for student, share in ((HONEST, 1), (WRONG, 0.5)):
                        grade = book.find_grade(id, notebook, name, student)
                        assert grade.needs_manual_grade
                        grade.manual_score, grade.needs_manual_grade = share * most, False
        rows = exported(course)
        assert list(rows) == list(STUDENTS)
        for name in names():
            assignment = get_assignment(name)
            by_hand = sum(most for _, most in answers(assignment).values())
            extra = {id for id, one in assignment.scored.items() if one.extra}
            ada, cora = ({key: rows[who][f"{name}/{key}"] for key in COLUMNS} for who in (HONEST, WRONG))
            assert float(ada["auto"]) == sum(most for id, most in right(assignment).items() if id not in extra)
            assert (float(ada["manual"]), float(cora["manual"])) == (by_hand, by_hand / 2)
            for row in (ada, cora):
                assert row["status"] == "graded"
                assert float(row["total"]) == float(row["auto"]) + float(row["manual"]) + float(row["extra_credit"])
            assert (ada["so_far"], cora["so_far"]) == ("", "")
            assert rows[PARTIAL][f"{name}/so_far"] == "1 still to be marked by a person"  # whose chats
            assert rows[HOSTILE][f"{name}/auto"] == "0"
            assert rows[ABSENT][f"{name}/status"] == "not submitted"

    @pytest.mark.parametrize("name", names())
    def test_everybody_gets_a_page_and_nothing_in_it_acts(self, course, name):
        rnnkit(course, "feedback", name)
        made = course / "grading" / "feedback"
        assert {path.parent.parent.name for path in made.glob(f"*/{name}/index.html")} == {*STUDENTS} - {ABSENT}
        for path in made.glob(f"*/{name}/*.html"):
            page = Page(path.read_text(encoding="utf-8"))
            assert "script" not in page.elements
            assert not [key for key, _ in page.attributes if key.startswith("on")], path
        told = Page((made / WRONG / name / "index.html").read_text(encoding="utf-8"))
        assert mistake(get_assignment(name)).message in told.rows[MISTAKES[name][0]]
