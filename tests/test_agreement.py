"""The grammar of agreement: what it says of its sentences is read off their words again."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnkit.common.names import BadValue
from rnnkit.tasks.agreement import BLOCK, P_PLURAL, WORDS, Parsed, agreement_grammar, different, lexicon, plural_of

ALL = lexicon()[0]
NUMBER = dict.fromkeys(WORDS["noun"], 0) | {plural_of(one): 1 for one in WORDS["noun"]}
FORMS = {*zip(WORDS["verb"], WORDS["verbs"], strict=True)}
ODDS = st.fixed_dictionaries({name: st.floats(0, 1) for name in ("p_plural", "p_adjacent", "p_attr", "p_more")})


def read(parsed: Parsed, i: int) -> list[str]:
    return [ALL[one] for one in parsed.sentences[i]]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), odds=ODDS)
def test_what_is_said_of_a_sentence_is_what_its_words_say(seed, odds):
    parsed = agreement_grammar(60, seed, **odds)
    for i in range(60):
        words, verb, label = read(parsed, i), parsed.verb[i], parsed.label[i]
        subject = verb - parsed.distance[i]
        assert NUMBER[words[subject]] == label
        between = [NUMBER[word] for word in words[subject + 1 : verb] if word in NUMBER]
        assert sum(one != label for one in between) == parsed.attractors[i]
        right, wrong = (ALL[one] for one in parsed.verbs[i])
        assert words[verb] == right
        assert ((right, wrong) if label == 0 else (wrong, right)) in FORMS
        assert words[-1] == "."


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 300), more=st.integers(0, BLOCK))
def test_sentences_are_all_different_and_fewer_are_the_first_of_more(seed, n, more):
    few, many = agreement_grammar(n, seed), agreement_grammar(n + more, seed)
    assert len({one.tobytes() for one in many.sentences}) == n + more == len(many.sentences)
    for a, b in zip(few, many, strict=True):
        assert all(map(np.array_equal, a, b[:n]))
    other = agreement_grammar(n, seed + 1)
    assert not all(map(np.array_equal, few.sentences, other.sentences))


@pytest.mark.parametrize("n", [10000])
def test_a_plural_share_is_that_of_the_coursework_unless_another_one_is_asked_for(n):
    for p in (P_PLURAL, 0.5):
        deviation = np.sqrt(p * (1 - p) / n)
        assert abs(agreement_grammar(n, p_plural=p).label.mean() - p) < 4 * deviation
    assert pytest.approx(15849 / (15849 + 34151)) == P_PLURAL


def test_odds_of_zero_and_one():
    assert set(agreement_grammar(200, p_adjacent=1).distance) == {1}
    far = agreement_grammar(200, p_adjacent=0, p_attr=1)
    assert far.distance.min() > 1
    nouns = [sum(word in NUMBER for word in read(far, i)[: far.verb[i]][-far.distance[i] + 1 :]) for i in range(200)]
    assert list(far.attractors) == nouns
    assert agreement_grammar(200, p_attr=0).attractors.max() == 0
    assert set(agreement_grammar(50, p_plural=1).label) == {1}
    assert agreement_grammar(200, p_adjacent=0, p_more=1).distance.min() > 8


def test_what_cannot_be_is_refused():
    with pytest.raises(BadValue, match=r"p_attr: expected a probability, 0 to 1, got 1\.5"):
        agreement_grammar(5, p_attr=1.5)
    with pytest.raises(BadValue, match="at least 1 sentence, got 0"):
        agreement_grammar(0)
    one = agreement_grammar(3)
    with pytest.raises(BadValue, match="expected 4 different sentences, found 3"):
        different([one, one], 4)


def test_sentences_of_a_seed_stay_what_they_are():
    parsed = agreement_grammar(1000)
    assert " ".join(read(parsed, 1)) == "the strange dogs know balava near cats ."
    assert (
        hashlib.sha256(np.concatenate(parsed.sentences).tobytes()).hexdigest()
        == "df12769a30efb493c2a19277107e788deea64580be895dc26558f62e53312c70"
    )


def test_words_stand_once_in_the_list():
    assert len({*ALL}) == len(ALL)
