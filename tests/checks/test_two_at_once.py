"""Two mistakes at once are claimed only where both together do what came, and nothing that is known alone does it."""

from __future__ import annotations

import pytest

from rnnkit.assignments import get_assignment, names
from rnnkit.checks import known as checks_known
from rnnkit.checks.known import ALONE, PAIR, SLIP, SLIPPED, Known, Prints, known, partly, recognised
from rnnkit.checks.solutions import question_of

QUESTION = question_of("rnn_step")  # any: what is known of it is replaced
TWO = "Two mistakes at once"


def prints(a: float | None, b: float | None) -> Prints:
    """Of two cases; None where it is right."""
    return {case: None if x is None else ["w", x, 2 * x, 3 * x] for case, x in (("a", a), ("b", b))}


def known_of(monkeypatch: pytest.MonkeyPatch, *entries: tuple[int, str, float | None, float | None]) -> None:
    there = tuple(Known(kind, tuple(says.split("+")), prints(a, b)) for kind, says, a, b in entries)
    monkeypatch.setattr(checks_known, "known", lambda _: there)
    monkeypatch.setattr(checks_known, "of_family", lambda *_: None)


ONE, OTHER = (ALONE, "one.", 1.0, None), (ALONE, "other.", None, 2.0)


def test_both_are_told_where_it_takes_both(monkeypatch):
    known_of(monkeypatch, ONE, OTHER, (PAIR, "one.+other.", 1.0, 2.0))
    both = recognised(QUESTION, prints(1.0, 2.0))
    assert both == f"{TWO}. First: one. And: other."
    assert both is not None
    assert both.mistakes == ("one.", "other.")
    assert recognised(QUESTION, prints(1.0, None)) == "one."
    assert recognised(QUESTION, prints(None, 2.0)) == "other."
    assert recognised(QUESTION, prints(1.0, 3.0)) is None


@pytest.mark.parametrize("alone", [(SLIP, "slip.", 1.0, 2.0), (ALONE, "third.", 1.0, 2.0)])
def test_what_something_does_alone_is_not_told_as_two(monkeypatch, alone):
    said = f"{SLIPPED}slip." if alone[0] == SLIP else "third."
    known_of(monkeypatch, ONE, OTHER, (PAIR, "one.+other.", 1.0, 2.0), alone)
    assert recognised(QUESTION, prints(1.0, 2.0)) == said


def test_of_a_part_of_the_cases_no_two_are_told_where_one_does_that_part(monkeypatch):
    numbers = {"a": 9, "b": 0}
    both = (PAIR, "one.+other.", 1.0, 2.0)
    known_of(monkeypatch, ONE, both)
    told = partly(QUESTION, prints(1.0, 7.0), numbers)
    assert told == "one. (That is what “a” shows; “b” shows something else as well.)"
    known_of(monkeypatch, (ALONE, "one.", 1.0, 5.0), both)  # not what case b gave, but what case a did
    assert TWO not in (partly(QUESTION, prints(1.0, 7.0), numbers) or "")
    known_of(monkeypatch, (ALONE, "one.", 4.0, None), both)
    assert TWO in (partly(QUESTION, prints(1.0, 7.0), numbers) or "")


def test_a_slip_is_told_of_half_of_the_cases_or_of_none(monkeypatch):
    seen = prints(1.0, 7.0) | {"c": ["w", 5.0, 5.0, 5.0]}
    slip = Known(SLIP, ("slip.",), prints(1.0, None) | {"c": None})
    monkeypatch.setattr(checks_known, "known", lambda _: (slip,))
    assert partly(QUESTION, seen, {"a": 9, "b": 9, "c": 9}) is None
    assert "slip." in (partly(QUESTION, prints(1.0, 7.0), {"a": 9, "b": 9}) or "")


@pytest.mark.parametrize("name", names())
def test_no_pair_is_stored_that_one_mistake_or_slip_does_alone(name):
    for question in get_assignment(name).code:
        there = known(question)
        words: dict[tuple[str, ...], list[Known]] = {}
        for one in there:
            if one.kind != PAIR:
                words.setdefault(tuple(print[0] if print else "" for print in one.prints.values()), []).append(one)
        for pair in (one for one in there if one.kind == PAIR):
            alike = words.get(tuple(print[0] if print else "" for print in pair.prints.values()), [])
            assert not [one for one in alike if all(one.fits(case, print) for case, print in pair.prints.items())], (
                pair.says
            )
