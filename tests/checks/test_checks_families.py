"""Wrong formulas are told by what they do, in one short sentence, and what is stored of them stays small."""

from __future__ import annotations

import gzip
import itertools
import re
from importlib import resources

import pytest
from bank.formulas import FORMULAS
from checking import every_question, report_of

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate, known


@pytest.mark.parametrize("name", FORMULAS)
def test_a_wrong_formula_is_told_by_what_it_does(name):
    id, old, new, pattern = FORMULAS[name]
    report = report_of(id, generate.student_object(id, generate.patched(id, old, new)))
    assert report.points < report.most
    assert re.search(pattern, report.messages[0]), report.text()


@every_question
def test_a_sentence_is_short_and_ends(id):
    for text in slips_and_families(id):
        assert len(text) < 240, text
        assert text.endswith("."), text
        assert not re.search(r"\{|\}[^\"]|lambda|[^.]\.\.$", text.replace("(...)", "")) or '"' in text, text


def test_two_answers_that_differ_have_other_numbers_together():
    one = {"a": ["w", 1.0, 2.0, 3.0], "b": None}
    assert known.together(one) == known.together({"a": ["w", 1.0, 2.0, 3.0], "b": None})
    for other in ({"a": ["v", 1.0, 2.0, 3.0], "b": None}, {"a": None, "b": ["w", 1.0, 2.0, 3.0]}):
        assert known.together(other)[0] != known.together(one)[0]
    word, numbers = known.together({"a": ["w", 1.001, 2.0, 3.0], "b": None})
    assert word == known.together(one)[0]
    assert max(abs(p - q) for p, q in zip(numbers, known.together(one)[1], strict=True)) > known.NEAR


def test_what_is_known_stays_small():
    data = resources.files("rnnkit.assignments.training_dynamics") / "expected"
    texts = [entry.read_bytes() for entry in data.iterdir()]
    assert sum(map(len, texts)) < 1_700_000
    assert len(gzip.compress((data / "known.json").read_bytes())) < 400_000


@every_question
def test_no_slip_says_the_whole_formula(id):
    solution = generate.solution(id).split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    lines = [line.split("#")[0].strip().removeprefix("return ") for line in solution.splitlines()]
    formulas = [re.sub(r"self\.|\s", "", line.split(" = ")[-1]) for line in lines if len(line) > 30]
    for text in slips_and_families(id):
        assert not any(formula in re.sub(r"self\.|\s", "", text) for formula in formulas), text


def slips_and_families(id: str) -> set[str]:
    """Every sentence that may be said of a slip or of a wrong formula."""
    slips = {text for one in known.known(QUESTIONS[id]) if one.kind == known.SLIP for text in one.says}
    rows = itertools.chain(*known.families(QUESTIONS[id]).values())
    return slips | {known.sentence(QUESTIONS[id], row) for row in rows}
