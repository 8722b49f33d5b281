"""Which mistake made this picture: what a student's check tells, what is scored, and what must not be told."""

from __future__ import annotations

import json
import re
import struct

import numpy as np
import pytest
from graded import edit, grade, scores, submit

from rnnkit.assignments.training_dynamics import ASSIGNMENT, check
from rnnkit.assignments.training_dynamics.key import letters
from rnnkit.assignments.training_dynamics.key.mistakes import MISTAKES, train
from rnnkit.assignments.training_dynamics.key.pictures import QUIZ, described, in_markdown
from rnnkit.assignments.training_dynamics.pictures import LETTERS, LOOK, PICTURES, of_answers
from rnnkit.assignments.training_dynamics.questions import DIAGNOSTICS
from rnnkit.checks.remote import answer
from rnnkit.common.names import BadValue
from rnnkit.common.places import PACKAGE
from rnnkit.grading.release.wheel import PACKED, without_bodies
from rnnkit.grading.score.score import score
from rnnkit.notebook import quiz
from rnnkit.plots import words
from rnnkit.plots.contrast import TEXT, contrast
from rnnkit.plots.diagnostics import over_time
from rnnkit.plots.glance import glance
from rnnkit.plots.quiz import Asked
from rnnkit.plots.quizzes import items
from rnnkit.record.file import regime_of

QUESTION = ASSIGNMENT.questions["pictures"]
RIGHT = {picture: made.letter for picture, made in letters.MADE.items()}
FIGURES = PACKAGE.parent / "release" / "training_dynamics" / "figures"
NAMES = ["picture_right", *(f"picture_{picture}" for picture in PICTURES)]
QUIZZES = [f"quiz_{number}" for number in range(1, len(QUIZ) + 1)]


def scored(answers) -> object:
    return score(QUESTION, lambda request: answer(request, lambda: answers), np.random.default_rng(0))


def cells(folder: str) -> dict[str, str]:
    path = PACKAGE.parent / folder / "training_dynamics" / DIAGNOSTICS
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


# ---- points -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "points"),
    [
        (RIGHT, 4.0),
        ({picture: f" {letter.upper()}" for picture, letter in RIGHT.items()}, 4.0),
        (dict.fromkeys(PICTURES, "f"), 0.0),
        ({picture: RIGHT[picture] for picture in (2, 5, 7)} | {1: "g", 3: "l"}, 1.5),
        (dict.fromkeys(PICTURES, LETTERS), 0.0),
        ({1: 3, 2: None, 3: b"e", 4: ["b"], 5: object(), 6: np.array(["a"]), 7: ("d",), 8: {"c"}}, 0.0),
        (list(RIGHT.values()), 0.0),
        (None, 0.0),
    ],
)
def test_each_picture_is_worth_half_a_point(answers, points):
    report = scored(answers)
    assert (report.points, report.most) == (points, 4.0)
    told = [message for message in report.messages if re.match(r"picture \d: ", message)]
    assert len(told) == 8 - 2 * points  # how each of the others could have been told


def test_an_answer_that_stops_has_no_points_and_does_no_harm(capsys):
    def made_by():
        raise SystemExit

    assert score(QUESTION, lambda request: answer(request, made_by), np.random.default_rng(0)).points == 0
    assert check("pictures", made_by) == 0.0
    assert "made_by() gives no answers, SystemExit" in capsys.readouterr().out


# ---- what the student's own check says ----------------------------------------------------------------------------


def told(capsys, answers) -> list[str]:
    check("pictures", lambda: answers)
    return capsys.readouterr().out.splitlines()


def test_right_and_wrong_letters_look_alike(capsys):
    others = dict(zip(PICTURES, "fgklabcd", strict=True))
    assert told(capsys, RIGHT) == told(capsys, others)
    first, second = told(capsys, RIGHT)
    assert first == "pictures: points are told when it is graded · 8 of 8 answered"
    assert "told when it is graded" in second


def test_eight_letters_are_neither_green_nor_red_and_pass_validate():
    for answers, colour, points in ((RIGHT, "#808080", 4.0), (RIGHT | {3: ""}, "#d64545", 0.0)):
        report = of_answers(QUESTION, lambda answers=answers: answers)
        assert (colour in report.html(), report.points) == (True, points)


def test_what_cannot_be_read_is_said_with_where_to_look(capsys):
    head, *lines = told(capsys, RIGHT | {3: None, 5: "zz", 6: RIGHT[1], 9: "a"})
    assert head.endswith("4 of 8 answered")
    assert [line.split(".")[0] for line in lines] == [
        f"  -> picture 1: {RIGHT[1]} stands at picture 6, too, and each has a mistake of its own",
        "  -> picture 3: no letter yet",
        "  -> picture 5: expected one letter of a to l, got 'zz'",
        f"  -> picture 6: {RIGHT[1]} stands at picture 1, too, and each has a mistake of its own",
        "  -> no picture is called 9: expected 1 to 8",
    ]
    assert LOOK[3] in lines[1]


def test_the_stub_is_told(capsys):
    def made_by():
        raise NotImplementedError

    check("pictures", made_by)
    assert "not written yet" in capsys.readouterr().out


# ---- the notebook and its pictures --------------------------------------------------------------------------------


def test_the_list_has_every_letter_and_the_solution_is_the_key():
    source = cells("notebooks")
    assert re.findall(r"^\| (\w) \|", source["pictures_text"], re.M) == list(LETTERS)
    space: dict = {}
    exec(source["pictures_solution"], space)
    assert space["made_by"]() == RIGHT
    assert len(set(RIGHT.values())) == len(PICTURES)
    assert set(RIGHT.values()) < set(LETTERS)
    assert {made.mistake for made in letters.MADE.values()} < MISTAKES.keys()


def test_students_get_the_pictures_and_no_key():
    release = cells("release")
    assert "NotImplementedError" in release["pictures_solution"]
    shown = re.findall(r"\(figures/(\w+)\.png\)", release["pictures_part"] + release["pictures_shown"])
    assert shown == NAMES
    for path in (PACKAGE / "assignments" / "training_dynamics" / "expected").glob("*.json"):
        assert "pictures" not in json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", ["notebooks", "release"])
def test_every_picture_has_words_and_its_numbers_in_tables(folder):
    shown = cells(folder)["pictures_part"] + cells(folder)["pictures_shown"]
    found = re.findall(r"!\[([^\]]*)\]\(figures/(\w+)\.png\)\n\n<details>([\s\S]*?)</details>", shown)
    assert [name for _, name, _ in found] == NAMES
    for said, name, numbers in found:
        assert said.startswith("gradient through time")
        assert f"{name.replace('_', ' ').replace('picture right', 'the right run')} from" in said
        assert said.count(": over ") == numbers.count("\n| --- |") == 5


def test_words_and_numbers_of_a_picture_are_written_once_and_nothing_else_is_changed():
    path = PACKAGE.parent / "notebooks" / "training_dynamics" / DIAGNOSTICS
    notebook = path.read_text(encoding="utf-8")
    shown = words.told(glance(train("right", "tiny"), None, "the right run"))
    once = described(notebook, "picture_right", *shown)
    assert described(once, "picture_right", *shown) == once
    assert described(notebook, "quiz_1", *shown) == notebook
    before, after = (json.loads(text)["cells"] for text in (notebook, once))
    changed = [one for one, other in zip(after, before, strict=True) if one != other]
    assert [cell["id"] for cell in changed] == ["pictures_part"]
    assert in_markdown("picture_right", *shown) in "".join(changed[0]["source"])


@pytest.mark.parametrize("name", [*NAMES, *QUIZZES])
def test_a_picture_tells_by_what_it_shows_alone(name):
    data = (FIGURES / f"{name}.png").read_bytes()
    kinds, place = [], 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kinds.append(data[place + 4 : place + 8])
        place += size + 12
    assert set(kinds) == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}  # no text, no time
    assert len(data) < 60_000
    assert data[16:24] == (FIGURES / "picture_right.png").read_bytes()[16:24]  # width and height


def test_the_package_of_a_student_knows_no_letter():
    """What lies outside of `key` has no table of letters by picture."""
    table = re.compile(r"[\s\S]{0,80}".join(f"{p}\\W+{letter}\\b" for p, letter in RIGHT.items()))
    for path in PACKAGE.rglob("*.py"):
        if "key" not in path.parts:
            assert not table.search(path.read_text(encoding="utf-8")), path


# ---- the trainings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_trains_and_is_drawn_on_the_same_axes(name):
    right, record = train("right", "tiny"), train(name, "tiny")
    figure, plain = glance(record, right), glance(right)
    assert [ax.get_ylim() for ax in figure.axes] == [ax.get_ylim() for ax in plain.axes]
    if name == "stack":
        assert np.array_equal(record["train_nll"], right["train_nll"], equal_nan=True)
        assert (np.nan_to_num(record["grad_time"]) > 0).sum(axis=1).max() == 1
    elif name != "right":
        assert not np.array_equal(record["train_nll"], right["train_nll"], equal_nan=True)


# ---- a class ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_class_is_graded_with_it(course):
    handed_in = {
        "all": (f"return {RIGHT}", 4.0),
        "none": (f"return {dict.fromkeys(PICTURES, 'k')}", 0.0),
        "three": (f"return {RIGHT | dict.fromkeys((1, 3, 4, 6, 8), 'g')}", 1.5),
        "rubbish": ("class Any(dict):\n        get = __eq__ = lambda *_: _\n    return Any()", 0.0),
    }
    for student, (body, _) in handed_in.items():
        edit(submit(course, student, DIAGNOSTICS) / DIAGNOSTICS, "pictures_solution", f"def made_by():\n    {body}")
    entries = grade(course).entries
    found = scores(course)
    assert {student: found[student]["pictures"] for student in handed_in} == {
        student: (points, None, False) for student, (_, points) in handed_in.items()
    }
    assert all(found[student]["rho"][0] == 2 for student in handed_in)  # and nothing else is touched
    assert "h was detached every 20 steps" in entries["three"].scores["pictures"]["text"]


# ---- the quiz -----------------------------------------------------------------------------------------------------


@pytest.fixture
def beside_figures(monkeypatch):
    monkeypatch.chdir(FIGURES.parent)
    monkeypatch.delenv("RNNKIT_PLAIN", raising=False)


def test_a_click_says_why(beside_figures):
    there = items("gradient")
    assert [item.picture for item in there] == QUIZZES
    for item in there:
        asked = Asked(item)
        picture, numbers = asked.box.children[:2]
        assert f"{item.picture.replace('_', ' ')} from" in picture.tooltip
        assert numbers.value.count("<caption") == 5
        for place, button in enumerate(asked.buttons):
            button.click()
            assert [*item.choices.values()][place] in asked.said.value
            assert asked.said.value.count("Yes.") == (place == item.right)
            marked = [one.style.button_color for one in asked.buttons if one.style.button_color]
            assert [contrast("white", color) >= TEXT for color in marked] == [True]


def test_without_widgets_a_quiz_is_asked_and_answered_in_text(beside_figures, monkeypatch, capsys):
    monkeypatch.setenv("RNNKIT_PLAIN", "1")
    quiz("gradient", 2)
    asked = capsys.readouterr().out
    assert "gradient through time, log_10(g_t + 10^-12): over t" in asked
    assert "2 of 4: g_t is as in the right run" in asked
    assert "b  the state is detached" in asked
    assert "Yes" not in asked
    quiz("gradient", 2, "a")
    assert capsys.readouterr().out.startswith("the cutoff is far too small: Yes.")
    with pytest.raises(BadValue, match="expected 1 to 4"):
        quiz("gradient", 5)


@pytest.mark.slow
def test_the_numbers_in_the_answers_are_those_of_the_runs():
    zeros, clipped, uphill, inputs = (train(mistake) for mistake in QUIZ)
    right = train("right")
    saturation, *_ = items("gradient")[3].choices.values()
    found = [round(float(np.nanmean(over_time(run, "sat_time"))), 1) for run in (inputs, right)]
    assert "distance {} where {} is right".format(*found) in saturation
    assert np.array_equal(zeros["rho_Whh"], np.zeros_like(zeros["rho_Whh"]))
    assert np.all(over_time(zeros, "sat_time") == 1)
    assert regime_of(clipped).cutoff == 1e-4
    assert np.isfinite(uphill["train_nll"]).sum() < 100
    assert uphill["train_nll"][0] == right["train_nll"][0]
    batch = regime_of(right).bs
    assert f"{batch} times as large" in items("gradient")[2].choices["the loss was summed"]


def test_a_quiz_is_quiet_where_it_is_graded(beside_figures, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    quiz()
    assert capsys.readouterr().out == ""


def test_students_do_not_read_the_answers_unawares():
    text = (PACKAGE / "plots" / "quizzes.py").read_text(encoding="utf-8")
    assert "plots/quizzes.py" in PACKED
    assert "Yes." in text
    assert "Yes." not in without_bodies(text)
