"""Wrong answers that one set of inputs lets through have not all points, neither in the check nor in the score."""

from __future__ import annotations

import numpy as np
import pytest
from bank.holes import HOLES, Hole
from checking import answer, of_many, report_of, scored

from rnnkit.assignments.training_dynamics.key.draws import draw
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate
from rnnkit.checks.observe import run_cases
from rnnkit.checks.outcome import later


def made(hole: Hole):
    """The class or function with the wrong answer in it."""
    if not hole.old:
        return answer(hole.question, hole.new)
    return generate.student_object(hole.question, generate.patched(hole.question, hole.old, hole.new))


every_hole = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=getattr(pytest.mark, hole.question)) for name, hole in HOLES.items()]
)


def test_every_question_has_its_holes():
    assert {hole.question for hole in HOLES.values()} == set(QUESTIONS)


@every_hole
def test_a_hole_is_closed_in_public_and_the_report_says_where(name):
    report = report_of(HOLES[name].question, made(HOLES[name]))
    assert report.points < report.most
    assert HOLES[name].shown in report.text(), report.text()
    assert any(case.details for case in report.cases)


@pytest.mark.parametrize("name", of_many(HOLES, str, lambda name: HOLES[name].question))
def test_a_hole_is_closed_in_the_hidden_scoring(name):
    report = scored(HOLES[name].question, made(HOLES[name]), len(name))
    assert report.points < report.most


def test_what_is_wrong_in_later_rounds_only_is_told_by_what_is_special_about_them():
    report = report_of("rnn_forward", made(HOLES["rnn_forward: every output for lastSoftmax"]))
    start = "right with the first inputs, not with others: "
    assert report.messages[0].startswith(f"{start}the same cell, new weights, head")
    assert report_of("rho", made(HOLES["rho: squeezed"])).messages == [f"{start}H = 1."]


@pytest.mark.parametrize("id", [id for id, question in QUESTIONS.items() if question.method])
@pytest.mark.parametrize("seed", range(10))
def test_random_rounds_hold_the_structures_of_the_public_ones(id, seed):
    inputs = draw(id, np.random.default_rng(seed))
    rounds = list(inputs.rounds.values())
    assert {letter: min(given.sizes[letter] for given in rounds) for letter in "TBIHO"} == dict.fromkeys("TBIHO", 1)
    assert any(len(set(given.sizes.values())) == 1 for given in rounds)
    assert any(given.options.get("grad") == "off" for given in rounds)
    assert any(given.sizes["B"] > given.sizes["T"] > inputs.sizes["T"] for given in rounds)
    biases = np.concatenate([given.arrays[name].ravel() for given in rounds for name in given.arrays if name[0] == "b"])
    assert biases.min() < -0.3
    assert biases.max() > 0.3
    if id.endswith("forward"):
        assert {given.options.get("last") for given in rounds} >= {"lastSoftmax", "lastLinear"}
    if id == "rnn_forward":
        assert {given.options.get("phi") for given in rounds} >= {"sigmoid", "identity"}


@pytest.mark.parametrize("id", QUESTIONS)
def test_every_case_but_those_that_need_one_list_alone_has_later_rounds(id):
    alone = {"large gradients", "the gradients given are left alone"}
    for case in QUESTIONS[id].cases:
        assert bool(QUESTIONS[id].inputs.of(case.name).rounds) is (case.name not in alone)


@pytest.mark.parametrize("id", QUESTIONS)
def test_names_of_later_rounds_can_be_told_from_others(id):
    outcomes = run_cases(QUESTIONS[id], generate.student_object(id))
    for case, outcome in outcomes.items():
        given = QUESTIONS[id].inputs.of(case)
        assert sum(map(later, outcome.values)) >= len(given.rounds)
        assert not outcome.problems
