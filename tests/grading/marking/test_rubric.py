"""Items: those that mark schemes give, what they are worth, and what is refused."""

from __future__ import annotations

import json

import pytest
from course import ROOT
from hypothesis import given
from hypothesis import strategies as some

from rnnkit.assignments import get_assignment, names
from rnnkit.common.names import BadValue
from rnnkit.grading.course.course import Course
from rnnkit.grading.marking.answers import questions_of
from rnnkit.grading.marking.rubric import Item, Rubric, Rubrics, checked, derived, scheme_of

GOOD = {"text": "a reason", "points": 0.5, "times": 1}


@pytest.mark.parametrize("name", names())
def test_items_of_every_mark_scheme_give_the_questions_points(name):
    asked = questions_of(Course.at(ROOT), get_assignment(name)).values()
    assert asked
    for question in asked:
        assert "MARK SCHEME" not in question.task + question.scheme
        rubric = derived(question.scheme, question.most)
        assert bool(rubric.items) == bool(question.scheme), question.id
        if question.most:
            assert rubric.sum == question.most, question.id


def test_items_that_can_be_had_several_times_are_one():
    scheme = "- 2½: ½ for each of A1 to A5: a class\n  and a number.\n- 1½: A1, A2: ½ each for (i), (ii), (iii).\n"
    scheme += "- 1½: the same.\n- 1: gates."
    items = derived(scheme, 6.5).items
    assert [(item.points, item.times) for item in items] == [(0.5, 5), (0.5, 3), (0.5, 3), (1, 1)]
    assert items[0].text == "½ for each of A1 to A5: a class and a number."


def test_items_of_one_part_count_for_each_part_and_the_rest_is_an_item():
    items = derived("One point for each:\n- ½: number.\n- ½: verdict.\n\nText - not an item.", 3.5).items
    assert [(item.points, item.times) for item in items] == [(0.5, 3), (0.5, 3), (0.5, 1)]


def test_scheme_is_taken_out_of_a_task_wherever_its_marks_stand():
    text = "ask\n\n=== BEGIN MARK SCHEME === (a) 1 point:\n- 1: x === END MARK SCHEME ==="
    assert scheme_of(text) == ("ask", "(a) 1 point:\n- 1: x")
    assert scheme_of("ask") == ("ask", "")


@given(
    some.dictionaries(some.sampled_from(["a", "b", "gone"]), some.integers(0, 9)),
    some.floats(-20, 20),
    some.one_of(some.none(), some.floats(0, 10)),
)
def test_points_are_never_below_0_nor_above_the_most(counts, adjust, most):
    rubric = Rubric((Item("a", "x", 0.5, 3), Item("b", "y", -1.0)))
    points = rubric.points(counts, adjust, most)
    assert 0 <= points <= (float("inf") if most is None else most + 1e-4)
    assert points == rubric.points({id: count for id, count in counts.items() if id != "gone"}, adjust, most)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("text", "expected a list"),
        ([GOOD] * 41, "at most 40"),
        ([GOOD, "x"], "item 2: expected text"),
        ([{**GOOD, "points": "many"}], "item 1: expected numbers"),
        ([{**GOOD, "points": "nan"}], "item 1: expected points"),
        ([{**GOOD, "points": 1e9}], "item 1: expected points"),
        ([{**GOOD, "times": 0}], "1 to 50 times"),
        ([{**GOOD, "text": "  "}], "expected a text"),
    ],
)
def test_items_that_cannot_be_used_are_refused_with_their_number(raw, said):
    with pytest.raises(BadValue, match=said):
        checked(raw)


def test_new_and_copied_items_get_ids_of_their_own():
    ids = [item.id for item in checked([{**GOOD, "id": "i2"}, GOOD, {**GOOD, "id": "i2"}])]
    assert ids[0] == "i2"
    assert len({*ids}) == 3


def test_items_are_kept_in_a_file_that_may_be_edited(tmp_path):
    rubrics = Rubrics(tmp_path / "rubrics" / "x.json")
    rubrics.of("q", "- 1: one.", 1)
    rubrics.save()
    stored = json.loads(rubrics.path.read_text(encoding="utf-8"))
    stored["q"]["items"][0]["points"] = 0.5
    rubrics.path.write_text(json.dumps(stored), encoding="utf-8")
    assert Rubrics(rubrics.path).of("q", "- 1: one.", 1).items == (Item("i1", "one.", 0.5),)
    rubrics.path.write_text('{"q": {"items": [{"text": "x", "points": "y"}]}}', encoding="utf-8")
    with pytest.raises(BadValue, match=r"x\.json: .* item 1"):
        Rubrics(rubrics.path)
