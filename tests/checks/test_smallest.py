"""The smallest assignment: a table of questions whose cases are calls, numbers made by one command, and a key."""

from __future__ import annotations

import importlib
import json

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from rnnkit.checks import generate, remote, solutions, standins
from rnnkit.checks.question import Question
from rnnkit.checks.runner import examine
from rnnkit.grading.score.score import score

PLUG = """
import numpy as np
from rnnkit.checks.assignment import Assignment
from rnnkit.checks.case import call
from rnnkit.checks.inputs import Inputs, wave
from rnnkit.checks.question import Question

NOTEBOOK = "1_small.ipynb"

def inputs():
    given = {"W": wave((4, 4), 0.3), "g0": wave((2,), 1.0), "g1": wave((3, 2), 2.0), "times": np.array(0.5)}
    return Inputs({"H": 4}, given, rounds={"H = 1": Inputs({"H": 1}, given | {"W": wave((1, 1), 1.0)})})

CODE = (
    Question("trace", 2, NOTEBOOK, "trace_of", None, ("W",), "a float", 5, given=inputs,
             cases=(call("a matrix", 2.0, "W", ()),)),
    Question("halves", 3, NOTEBOOK, "halves", None, ("grads", "times"), "lists", 5, ("trace",), given=inputs,
             cases=(call("both", 2.0, "g* times", {"first": "", "all": None}, numbers="times"),
                    call("by name", 1.0, "W times", {"trace": (), "W": "HH"}, parts=dict, numbers="times"))),
    Question("kinds", 1, NOTEBOOK, "kinds_of", None, ("W",), "a dict", 5, given=inputs,
             cases=(call("both", 1.0, "W", {"square": bool, "name": str}, parts=dict),)),
)
ASSIGNMENT = Assignment("small", "Small", (NOTEBOOK,), CODE, home="small_plug")
"""
KEY = """
from rnnkit.checks.inputs import Inputs
from rnnkit.checks.observe import answers
from small_plug import ASSIGNMENT

def draw(question_id, rng):
    names = {"W": (5, 5), "g0": (3,), "g1": (2, 2), "times": ()}
    return Inputs({"H": 5}, {name: rng.normal(size=shape) for name, shape in names.items()})

def halves(given, times):
    if isinstance(given, list):
        return sum(g.sum() for g in given), times * given[0]
    return {"trace": given.trace(), "W": times * given}

def right(question_id, inputs):
    kinds = lambda W: {"square": len(W) == len(W.T), "name": "matrix"}
    code = {"trace": lambda W: W.trace(), "halves": halves, "kinds": kinds}[question_id]
    return answers(ASSIGNMENT.questions[question_id], code, inputs)
"""
SOLUTIONS = {
    "trace_solution": "def trace_of(W):\n    return W.trace()",
    "halves_solution": "def halves(given, times):\n    if isinstance(given, list):\n"
    "        return sum(g.sum() for g in given), times * given[0]\n"
    "    return {'trace': trace_of(given), 'W': times * given}",
    "kinds_solution": "def kinds_of(W):\n    return {'square': len(W) == len(W.T), 'name': 'matrix'}",
}
CHANGES = [
    ("trace", "W.trace()", "2 * W.trace()", 0, "is"),
    ("trace", "W.trace()", "W.diagonal()", 0, "expected shape (), got (4,)"),
    ("trace", "W.trace()", "W.zero_().trace()", 0, "changes it in place"),
    ("halves", "times * given[0]", "given[0]", 1, "entries differ"),
    ("halves", "'trace'", "'Trace'", 2, "trace: the key is missing"),
    ("kinds", "'matrix'", "'Matrix'", 0, "name: expected “matrix”, got “Matrix”"),
    ("kinds", "len(W) == len(W.T)", "len(W) != len(W.T)", 0, "square: expected True, got False"),
    ("kinds", "len(W) == len(W.T)", "1", 0, "square: expected a bool, got int"),
]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The plug, with the numbers that its solutions give."""
    files = {"small_plug/__init__.py": PLUG, "small_plug/key/__init__.py": KEY, "small_plug/expected/.keep": ""}
    cells = [new_code_cell(text, id=name) for name, text in SOLUTIONS.items()]
    files["notebooks/small/1_small.ipynb"] = json.dumps(new_notebook(cells=cells))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(solutions, "ROOT", tmp_path)
    for name in ("small_plug", "small_plug.key"):
        monkeypatch.delitem(importlib.sys.modules, name, raising=False)
    assignment = importlib.import_module("small_plug").ASSIGNMENT
    for name, contents in generate.build(assignment).items():
        (tmp_path / "small_plug" / "expected" / name).write_text(generate._text(contents))
    yield assignment
    solutions._cells.cache_clear()
    importlib.import_module("rnnkit.checks.assignment")._stored.cache_clear()


@pytest.mark.parametrize("id", ["trace", "halves", "kinds"])
def test_right_answers_have_full_points_in_public_and_hidden_checks(small, id):
    question = small.questions[id]
    obj = generate.student_object(question)
    assert examine(question, obj).points == question.points == small.check(id, obj)
    assert score(question, lambda request: remote.answer(request, obj), np.random.default_rng(0)).status == "solved"


@pytest.mark.parametrize(("id", "old", "new", "points", "says"), CHANGES)
def test_wrong_answers_are_told_what_is_wrong(small, id, old, new, points, says):
    question = small.questions[id]
    obj = generate.student_object(question, generate.patched(question, old, new))
    report = examine(question, obj)
    assert report.points == points, report.text()
    assert says in report.text()
    hidden = score(question, lambda request: remote.answer(request, obj), np.random.default_rng(0))
    assert hidden.points == points, hidden.text()


def test_ids_belong_to_their_assignment(small, capsys):
    assert small.check("rho", lambda W: 0.0) == 0
    assert "unknown question 'rho': expected one of trace, halves, kinds" in capsys.readouterr().out


def test_an_earlier_question_may_be_given_a_number():
    question = Question("scaled", 1, "1_small.ipynb", "scaled", None, ("W", "times"), "", 5, numbers=("times",))
    book = standins.Book({}, plain=False)
    with pytest.raises(standins.Asked):
        standins._function(question, book, lambda W, times: None, torch.ones(2), times=0.5)
    assert [one.tolist() for call in book.calls.values() for one in call["arrays"]] == [[1.0, 1.0], 0.5]
