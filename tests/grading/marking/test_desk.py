"""Marking: what goes to the gradebook, what stays with two markers, and that nothing given elsewhere is lost."""

from __future__ import annotations

import shutil

import marking_course
import pytest
from graded_course import PNG
from marking_course import EXTRA, Q, card_of, desk, given, grade, in_formgrader

from rnnkit.common.names import BadValue
from rnnkit.grading.marking import book as book_module
from rnnkit.grading.marking.desk import DONE, ELSEWHERE, OPEN, PART, STALE, Elsewhere
from rnnkit.grading.marking.journal import SECOND, Given
from rnnkit.grading.marking.second import compared, settle
from rnnkit.grading.marking.view import View

EQUAL = "The gradient is spread."
ANSWERS = {
    "ada": {Q: EQUAL, EXTRA: "torder"},
    "bob": {Q: "It vanishes, $g_t$ of -4."},
    "cyd": {Q: f"  {EQUAL}\n"},
    "dan": {Q: ""},
    "yvo": {Q: EQUAL},
}


@pytest.fixture(scope="module")
def made(once, tmp_path_factory):
    pictures = {"yvo": {"a.png": {"image/png": PNG}}}
    return marking_course.make(
        once("marking", marking_course.fill), tmp_path_factory.mktemp("marking") / "course", ANSWERS, pictures
    )


@pytest.fixture
def course(made, tmp_path):
    """A copy of the course that a test may mark."""
    return shutil.copytree(made, tmp_path / "course")


def state_of(at, student, question=Q):
    card = next(card for card in at.fetch(question) if student in card.students)
    return at.state_of(question, card, at.read_book(question))


# ---- answers ----


def test_equal_answers_are_one_and_the_empty_one_is_none(course):
    cards = desk(course).fetch(Q)
    assert sorted(tuple(card.students) for card in cards) == [("ada", "cyd"), ("bob",), ("yvo",)]
    assert desk(course, "other").fetch(Q) == cards
    assert [card.id for card in cards] == sorted(card.id for card in cards)


def test_the_page_is_given_no_students_name(course):
    at = desk(course)
    at.mark(Q, card_of(at, "ada"), {}, 1, "")
    view = View(at)
    told = str([view.overview(), view.question(Q), view.question(EXTRA), view.differences()])
    assert not [student for student in ANSWERS if student in told]


# ---- the gradebook ----


def test_a_mark_goes_to_all_who_gave_the_answer(course):
    at = desk(course)
    at.mark(Q, card_of(at, "cyd"), {"i1": 3, "i2": 1}, -0.5, "Which run?")
    for student in ("ada", "cyd"):
        assert given(course, student) == Given(1.5, "Which run?", False)
    assert given(course, "bob") == Given(None, "", True)
    assert state_of(at, "ada") == DONE
    assert at.comments(Q) == ["Which run?"]


def test_points_stay_within_the_questions_and_those_of_extra_credit_are_extra(course):
    at = desk(course)
    at.mark(Q, card_of(at, "bob"), {}, 100, "")
    assert given(course, "bob").points == 5
    at.mark(EXTRA, card_of(at, "ada", EXTRA), {"i1": 1}, 0, "")
    assert given(course, "ada", EXTRA) == Given(1, "", False)
    with marking_course.graded_course.gradebook(course) as stored:
        grade = stored.find_grade(EXTRA, marking_course.REPORT, marking_course.NAME, "ada")
        assert (grade.manual_score, grade.extra_credit) == (None, 1)


def test_undo_gives_back_what_was_there(course):
    at, card = desk(course), None
    card = card_of(at, "ada")
    at.mark(Q, card, {"i1": 1}, 0, "")
    at.mark(Q, card, {"i1": 2}, 0, "more")
    at.undo()
    assert given(course, "cyd") == Given(0.5, "", False)
    at.undo()
    assert given(course, "cyd") == Given(None, "", True)
    assert state_of(at, "ada") == OPEN
    with pytest.raises(BadValue, match="nothing of ann's"):
        at.undo()


def test_points_of_formgrader_are_seen_and_replaced_only_where_that_is_meant(course):
    in_formgrader(course, "bob", 3.5, "By hand.")
    at = desk(course)
    card = card_of(at, "bob")
    assert state_of(at, "bob") == ELSEWHERE
    (shown,) = [one for one in View(at).question(Q)["cards"] if one["id"] == card]
    assert (shown["points"], shown["comment"]) == (3.5, "By hand.")
    with pytest.raises(Elsewhere, match=r"3\.5 points and the comment “By hand\.”") as refused:
        at.mark(Q, card, {}, 1, "")
    assert given(course, "bob").points == 3.5
    in_formgrader(course, "bob", 4)
    with pytest.raises(Elsewhere):  # what is meant is what was shown
        at.mark(Q, card, {}, 1, "", refused.value.token)
    with pytest.raises(Elsewhere) as refused:
        at.mark(Q, card, {}, 1, "")
    at.mark(Q, card, {}, 1, "", refused.value.token)
    assert given(course, "bob") == Given(1, "", False)
    at.undo()
    assert given(course, "bob").points == 4


def test_undo_leaves_what_formgrader_changed_since(course):
    at = desk(course)
    at.mark(Q, card_of(at, "ada"), {}, 1, "")
    in_formgrader(course, "ada", 5)
    at.undo()
    assert given(course, "ada").points == 5
    assert given(course, "cyd") == Given(None, "", True)


def test_an_answer_that_changed_waits_again_and_its_new_twin_too(course):
    at = desk(course)
    at.mark(Q, card_of(at, "bob"), {}, 2, "")
    grade(course, "bob", {Q: "Something else."})
    with pytest.raises(BadValue, match="no longer what it was"):
        at.mark(Q, next(card.id for card in at.cards(Q) if "bob" in card.students), {}, 3, "")
    assert state_of(at, "bob") == STALE
    assert given(course, "bob") == Given(2, "", True)
    at.mark(Q, card_of(at, "ada"), {}, 4, "")
    grade(course, "fay", {Q: EQUAL})
    assert state_of(at, "fay") == PART
    at.mark(Q, card_of(at, "fay"), {}, 4, "")
    assert given(course, "fay") == Given(4, "", False)


@pytest.mark.parametrize(
    ("items", "adjust", "comment", "said"),
    [
        ({"i1": 6}, 0, "", "not those of now"),
        ({"i99": 1}, 0, "", "not those of now"),
        ({"i1": "1"}, 0, "", "whole numbers"),
        ([], 0, "", "whole numbers"),
        ({}, float("nan"), "", "adjust"),
        ({}, True, "", "adjust"),
        ({}, "1", "", "adjust"),
        ({}, 0, "x" * 5001, "comment"),
    ],
)
def test_what_is_no_mark_is_refused_before_anything_is_written(made, items, adjust, comment, said):
    at = desk(made)
    before = at.journal.path.read_bytes()
    with pytest.raises(BadValue, match=said):
        at.mark(Q, card_of(at, "bob"), items, adjust, comment)
    assert at.journal.path.read_bytes() == before


# ---- deaths ----


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("when", ["before the gradebook", "after the gradebook"])
def test_a_death_between_journal_and_gradebook_loses_nothing(course, monkeypatch, when):
    at = desk(course)
    card, write = card_of(at, "ada"), book_module.Book.write

    def killed(self, *about):
        if when == "after the gradebook":
            write(self, *about)
        raise Killed

    monkeypatch.setattr(book_module.Book, "write", killed)
    with pytest.raises(Killed):
        at.mark(Q, card, {"i1": 1}, 0, "kept")
    monkeypatch.undo()
    again = desk(course)
    assert given(course, "cyd") == Given(0.5, "kept", False)
    assert state_of(again, "ada") == DONE
    again.undo()
    assert given(course, "cyd") == Given(None, "", True)


def test_what_formgrader_gave_after_a_death_stays(course, monkeypatch):
    at = desk(course)
    card = card_of(at, "bob")
    monkeypatch.setattr(book_module.Book, "write", lambda *about: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        at.mark(Q, card, {"i1": 1}, 0, "")
    monkeypatch.undo()
    in_formgrader(course, "bob", 5)
    assert state_of(desk(course), "bob") == ELSEWHERE
    assert given(course, "bob").points == 5


# ---- items ----


def test_other_items_change_earlier_marks_and_nothing_of_formgraders(course):
    at = desk(course)
    at.mark(Q, card_of(at, "ada"), {"i1": 4}, 0, "kept")
    at.mark(Q, card_of(at, "bob"), {"i1": 2}, 0, "")
    in_formgrader(course, "bob", 5)
    items = [{"id": "i1", "text": "each", "points": 1, "times": 5}]
    assert View(at).edited(Q, items) == {"up": 2, "down": 0, "sum": 5}
    assert given(course, "ada").points == 2
    assert at.edit(Q, items) == 2
    assert given(course, "cyd") == Given(4, "kept", False)
    assert given(course, "bob").points == 5
    at.undo()
    assert given(course, "cyd") == Given(2, "kept", False)
    assert len(desk(course).rubric(Q).items) == 6


def test_items_edited_in_the_file_count_from_the_next_start_on(course):
    at = desk(course)
    at.mark(Q, card_of(at, "ada"), {"i1": 2}, 0, "")
    at.rubrics.save()
    path = at.rubrics.path
    path.write_text(path.read_text(encoding="utf-8").replace('"points": 0.5', '"points": 1.0'), encoding="utf-8")
    desk(course)
    assert given(course, "ada").points == 2


# ---- a second marker ----


def test_the_second_marker_sees_nothing_of_the_first_and_writes_nothing_in_the_gradebook(course):
    at = desk(course)
    at.mark(Q, card_of(at, "ada"), {"i1": 2}, 0, "secret")
    in_formgrader(course, "bob", 3, "secret too")
    second = desk(course, "bea", SECOND)
    assert state_of(second, "ada") == state_of(second, "bob") == OPEN
    assert "secret" not in str([View(second).question(Q), View(second).differences()])
    second.mark(Q, card_of(second, "ada"), {"i1": 5}, 0, "own")
    assert given(course, "ada") == Given(1, "secret", False)
    assert state_of(second, "ada") == DONE
    with pytest.raises(BadValue, match="first marker's to change"):
        second.edit(Q, [])
    own = desk(course, "Ann", SECOND)
    with pytest.raises(BadValue, match="another person"):
        own.mark(Q, card_of(own, "ada"), {}, 1, "")


def test_differences_are_told_when_the_second_marker_is_through_and_settled_ones_count(course):
    at = desk(course)
    for student, points in {"ada": 1, "bob": 2, "yvo": 5}.items():
        at.mark(Q, card_of(at, student), {}, points, f"first on {points}")
    second = desk(course, "bea", SECOND)
    for student, points in {"ada": 4, "bob": 2}.items():
        second.mark(Q, card_of(second, student), {}, points, "")
    assert (compared(second, Q).marked, compared(second, Q).pairs) == (2, [])
    with pytest.raises(BadValue, match="both markers"):
        settle(second, Q, card_of(second, "ada"), "second")
    second.mark(Q, card_of(second, "yvo"), {}, 4.5, "")
    found = desk(course)
    pairs = compared(found, Q).pairs
    assert [pair.card.students[0] for pair in pairs] == ["ada", "yvo", "bob"]
    said = next(one["said"] for one in View(found).differences()["questions"] if one["id"] == Q)
    assert said.startswith("1 of 3 answers have the same points; on average 1.2 apart, the second marker 0.83 above")
    settle(found, Q, pairs[0].card.id, "second")
    settle(found, Q, pairs[1].card.id, 3)
    assert given(course, "cyd") == Given(4, "first on 1", False)
    assert given(course, "yvo").points == 3
    with pytest.raises(BadValue, match="settled"):
        found.mark(Q, pairs[0].card.id, {}, 1, "")
    found.undo()
    assert given(course, "yvo").points == 5
    for wrong in ("third", True, None):
        with pytest.raises(BadValue, match="take"):
            settle(found, Q, pairs[1].card.id, wrong)


def test_a_sample_is_the_same_at_every_start(course):
    second = desk(course, "bea", SECOND, 2)
    cards = second.fetch(Q)
    assert len(cards) == 2
    assert desk(course, "bea", SECOND, 2).fetch(Q) == cards
    assert compared(desk(course), Q).sample == 2
