"""Names of students in their own answers: what is hidden, what stays, and that nothing else of the page changes."""

from __future__ import annotations

import pytest

from rnnkit.grading.course.roster import Student
from rnnkit.grading.marking.names import HIDDEN, Names

NAMES = Names(
    {
        "s135": Student("s135", "Ana Li", "O'Neill"),
        "max1": Student("max1", "Max", "Dvořák"),
    }
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I am Ana Li O'Neill.", "I am [name]."),
        ("ANA and O'NEILL, s135", "[name] and [name], [name]"),
        ("ana_plot.png of S135", "[name]_plot.png of [name]"),
        ("Anatomy, banana, s1350, Li and max", "Anatomy, banana, s1350, Li and max"),
    ],
)
def test_own_names_are_hidden_as_whole_words_in_any_case(text, left):
    assert NAMES.text(text, ["s135"]) == left


def test_of_an_answer_that_several_gave_all_their_names_are_hidden():
    assert NAMES.text("Ana with Dvořák and eve", ["s135", "max1", "eve"]) == "[name] with [name] and [name]"
    assert NAMES.text("nobody's", []) == "nobody's"


def test_html_keeps_its_tags_and_formulas_and_a_name_can_be_shown_again():
    html = '<p title="max1">Max &lt;b&gt; <math><mi>max</mi></math> <a href="https://x/max">O&#x27;Neill</a></p>'
    found = NAMES.html(html, ["max1", "s135"])
    assert found.count(HIDDEN) == 2
    assert '<span class="name" data-name="Max">[name]</span> &lt;b&gt; <math><mi>max</mi></math>' in found
    assert '<a href="https://x/max"><span class="name" data-name="O&#x27;Neill">' in found
    assert 'title="max1"' in found


def test_a_name_in_the_words_of_a_picture_is_gone():
    assert NAMES.html('<img data-picture="max1" alt="Max.png">', ["max1"]) == (
        '<img data-picture="max1" alt="[name].png">'
    )


def test_a_name_that_is_made_of_signs_makes_no_element():
    names = Names({"x": Student("x", '"><script>', "&amp;")})
    assert "<script>" not in names.html("&quot;&gt;&lt;script&gt; &amp;amp;", ["x"])
