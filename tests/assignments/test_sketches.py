"""A sketch below a question ends in one line, whatever the student's function returns or raises."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch

from rnnkit.assignments import get_assignment, names
from rnnkit.assignments.hidden_dynamics import network
from rnnkit.cells import GRU, RNN
from rnnkit.checks.question import beside
from rnnkit.checks.solutions import student_object
from rnnkit.plots.words import told

MODULES = ("sketches", "bound_sketches", "figures")
BEGINS = ("No figure: ", "This appears once")


class Evil(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.fixture(autouse=True)
def briefly_trained(monkeypatch):
    trained = network.trained
    monkeypatch.setattr(network, "trained", lambda: trained(epochs=1))


def raises(error):
    def function(*_, **__):
        raise error

    return function


HOSTILE: dict[str, Callable[..., object]] = {
    "nothing": lambda *_, **__: None,
    "a truth value of numpy": lambda *_, **__: (np.True_, np.True_, np.True_),
    "a text": lambda *_, **__: "half",
    "an empty tensor": lambda *_, **__: torch.zeros(0),
    "itself": lambda *a, **k: HOSTILE["itself"],
    "two lines": raises(RuntimeError("size of tensor a (3)\nmust match (4)")),
    "an end": raises(SystemExit(1)),
    "a text that raises": raises(Evil()),
    "a stub": raises(NotImplementedError()),
}


def _sketches():
    """Every sketch that is given a student's code, the place of each piece of it, and the questions of them all."""
    for lab in names():
        code = get_assignment(lab).code
        targets = {name: question for question in code for name in (question.target, *question.also)}
        for module in MODULES:
            try:
                found = vars(importlib.import_module(f"rnnkit.assignments.{lab}.{module}"))
            except ModuleNotFoundError:
                continue
            for name, sketch in found.items():
                if name.startswith("_") or getattr(sketch, "__module__", "") != f"rnnkit.assignments.{lab}.{module}":
                    continue
                own = list(inspect.signature(sketch).parameters) if inspect.isfunction(sketch) else []
                for place in [one for one in own if one in targets or (one == "cls" and lab == "training_dynamics")]:
                    asked = {one: targets[one] for one in own if one in targets}
                    yield pytest.param(sketch, place, asked, id=f"{lab}.{module}.{name}({place})")


def _right(asked, *but):
    objects = {name: (question, student_object(question)) for name, question in asked.items() if name not in but}
    return {name: one if name == of.target else beside(one, name) for name, (of, one) in objects.items()}


SKETCHES = [*_sketches()]
ONCE = {one.values[0]: one for one in SKETCHES}.values()


@pytest.mark.parametrize(("sketch", "place", "asked"), SKETCHES)
def test_a_sketch_ends_in_one_line_whatever_the_function_does(sketch, place, asked, capsys):
    right = _right(asked, place)
    for what, hostile in HOSTILE.items():
        sketch(**right, **{place: hostile})
        *_, last = capsys.readouterr().out.splitlines()
        if what in ("two lines", "an end", "a text that raises", "a stub"):
            assert last.startswith(BEGINS), what
        if what == "two lines":
            assert "tensor a (3) must match (4)" in last


@pytest.mark.parametrize(("sketch", "place", "asked"), ONCE)
def test_a_sketch_of_right_answers_is_seen_and_has_words_and_numbers(sketch, place, asked, seen, capsys):
    sketch(**_right(asked), **({"cls": GRU if sketch.__name__ == "gates" else RNN} if place == "cls" else {}))
    assert "No figure" not in capsys.readouterr().out
    for figure in seen:
        words, tables = told(figure)
        assert len(tables) >= sum(ax.has_data() for ax in figure.axes if ax.get_label() != "<colorbar>")
        assert "values from" not in words  # every line has a name


def test_there_are_sketches_of_every_lab():
    assert {one.id.partition(".")[0] for one in SKETCHES} >= {"bptt", "hidden_dynamics", "orthogonal_init"}


def test_whoever_interrupts_a_sketch_is_heard():
    from rnnkit.assignments.bptt import bound_sketches

    with pytest.raises(KeyboardInterrupt):
        bound_sketches.exercise(raises(KeyboardInterrupt()))


def test_an_order_that_is_none_is_one_line(capsys):
    from rnnkit.assignments.bptt import bound_sketches

    bound_sketches.beside(np.True_)
    assert capsys.readouterr().out.startswith("No figure: TypeError")


def test_beside_a_wrong_answer_stands_no_number_of_the_right_one(capsys):
    from rnnkit.assignments.bptt import bound_sketches
    from rnnkit.assignments.hidden_dynamics import sketches

    bound_sketches.exercise(lambda sigma, slope, k: (sigma * slope) ** (2 * k))
    assert "sigma 1.1, slope 0.9: after 50 steps 0.366; halves in 34.5 steps" in capsys.readouterr().out
    bound_sketches.exercise(lambda sigma, slope, k: -1.0)
    assert "halves" not in capsys.readouterr().out
    assert sketches._accuracy(66.667) == "66.67 (which cannot be: a fraction is between 0 and 1)"
    assert sketches._accuracy(2 / 3) == "66.7%"
