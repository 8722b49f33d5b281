"""Variants by student: drawn the same everywhere, apart for each student, and asked for where they stand."""

from __future__ import annotations

import json

import pytest
from course import ASSIGNMENT
from hypothesis import given
from hypothesis import strategies as st

from rnnkit.common import variant
from rnnkit.common.names import BadValue
from rnnkit.common.variant import OWNER, VARIANTS, Variants, claim, current, drawn, owner, read_variants, working_in
from rnnkit.record.find import HANDOUT
from rnnkit.regimes import HANDOUT_REGIMES, differences, get_regime, named

LOW, HIGH = ASSIGNMENT.varies["seed"]
words = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The assignment's folder as a class with variants has it, without an id."""
    (tmp_path / VARIANTS).write_text(ASSIGNMENT.variants("autumn").to_json())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def seed_of(student: str) -> int:
    return ASSIGNMENT.variants("autumn").of(student).of("A1")["seed"]


@given(words, words, words, st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_a_draw_is_in_its_range_and_the_same_again(word, student, key, low, more):
    assert low <= drawn(word, student, key, low, low + more) <= low + more
    assert drawn(word, student, key, low, low + more) == drawn(word, student, key, low, low + more)


@pytest.mark.parametrize(
    ("student", "seed"),
    [
        ("anna", 694142788),
        ("ANNA", 694142788),
        ("bert", 131346943),
        ("12345", 619268727),
        ("eve@example.org", 445774631),
    ],
)
def test_draws_stay_what_they_are(student, seed):
    assert drawn("autumn", student, "seed", LOW, HIGH) == seed


def test_students_words_and_keys_differ():
    students = [f"student{number}" for number in range(2000)]
    assert len({drawn("autumn", one, "seed", LOW, HIGH) for one in students}) == len(students)
    others = {drawn("autumn", "anna", "seed", LOW, HIGH), drawn("spring", "anna", "seed", LOW, HIGH)}
    assert len(others | {drawn("autumn", "anna", "length", LOW, HIGH)}) == 3


def test_every_value_of_a_small_range_comes_about_as_often():
    counts = [sum(drawn("w", str(k), "x", 5, 9) == value for k in range(5000)) for value in range(5, 10)]
    assert sum(counts) == 5000
    assert max(abs(count - 1000) for count in counts) < 120  # four standard deviations


def test_no_range_is_refused():
    with pytest.raises(BadValue, match="from low to high, got 3 to 2"):
        drawn("autumn", "anna", "seed", 3, 2)


def test_without_the_file_nothing_varies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / OWNER).write_text("anna\n")
    assert current() is None
    assert get_regime("A1").seed == 52
    with pytest.raises(BadValue, match=f"expected {VARIANTS} in"):
        claim(tmp_path, "anna")


def test_runs_have_their_students_seed_and_are_the_named_ones(folder):
    claim(folder, "anna")
    assert {get_regime(key).seed for key in HANDOUT_REGIMES} == {seed_of("anna")}
    assert get_regime("S1").seed == 52  # nothing of it is handed in
    assert named(get_regime("A1", "smoke")) == ("A1", "smoke")
    assert HANDOUT.get("A1") == get_regime("A1")
    assert get_regime("A1", seed=3).seed == 3
    assert named(get_regime("A1", seed=52)) == ("", "custom")
    assert differences(get_regime("A1", seed=52, lr=0.5), "A1") == [
        f"seed 52 (yours {seed_of('anna')})",
        "lr 0.5 (handout 0.01)",
    ]


def test_an_id_is_asked_for_once(folder):
    with pytest.raises(BadValue, match="rnnkit run --student YOUR_ID"):
        get_regime("A1")
    assert variant.known() is None
    claim(folder, "anna")
    claim(folder, "anna")
    assert owner(folder) == "anna"
    with pytest.raises(BadValue, match="expected 'anna', which student\\.txt says"):
        claim(folder, "bert")
    assert (folder / OWNER).read_text() == "anna\n"


@pytest.mark.parametrize("id", ["", "two words", "../up", "a" * 65, "\u00e4"])
def test_a_bad_id_is_refused_and_not_kept(folder, id):
    with pytest.raises(BadValue, match="expected an id of letters"):
        claim(folder, id)
    assert not (folder / OWNER).exists()
    (folder / OWNER).write_text(f"{id}\n")
    with pytest.raises(BadValue, match="expected an id of letters"):
        current()


def test_an_id_may_come_from_any_editor(folder):
    (folder / OWNER).write_bytes(b"\xef\xbb\xbfanna \r\n")
    assert current() == ASSIGNMENT.variants("autumn").of("anna")
    (folder / OWNER).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadValue, match="cannot be read"):
        owner(folder)


def test_what_begins_elsewhere_has_the_folders_variant(folder, tmp_path_factory, monkeypatch):
    claim(folder, "anna")
    with working_in(folder):
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        assert get_regime("A1").seed == seed_of("anna")
    assert get_regime("A1").seed == 52


@pytest.mark.parametrize(
    "text", ["", "[]", '{"word": 3}', json.dumps({"assignment": "a", "word": "no word", "runs": [], "ranges": {}})]
)
def test_another_file_is_refused(folder, text):
    (folder / VARIANTS).write_text(text)
    with pytest.raises(BadValue, match="expected variants as they were given out"):
        read_variants(folder / VARIANTS)


def test_the_file_says_all_of_it():
    variants = ASSIGNMENT.variants("autumn")
    assert Variants.from_json(variants.to_json()) == variants
    with pytest.raises(BadValue, match="expected a word of letters"):
        ASSIGNMENT.variants("two words")
