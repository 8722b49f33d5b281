"""The lab's sentences: their splits, their words, what they are compared with, and how far verbs are from subjects."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnkit.assignments.lookback.baselines import majority, prior, uniform, unigram
from rnnkit.assignments.lookback.corpus import Sentences, Splits, agreement, language
from rnnkit.assignments.lookback.distances import (
    WIKI_DEV,
    counted,
    expected_attractors,
    expected_distances,
    figure_3b,
    table,
)
from rnnkit.assignments.lookback.vocabulary import SPECIAL, UNK, Vocabulary
from rnnkit.common.names import BadValue
from rnnkit.tasks.agreement import WORDS, agreement_grammar, plural_of

SMALL = {"n_dev": 60, "n_test": 80}
SIZES = st.integers(1, 400)


def chi_square(found: np.ndarray, odds: np.ndarray) -> float:
    n = found.sum()
    return float(((found - n * odds) ** 2 / (n * odds)).sum())


@settings(max_examples=10, deadline=None)
@given(n=SIZES, seed=st.integers(0, 2**32), V=st.sampled_from([100, 400, 2000]))
def test_no_sentence_is_in_two_splits(n, seed, V):
    splits = language(n, seed=seed, V=V, **SMALL)
    parts = [{one.tobytes() for one in part.x} for part in splits[:3]]
    assert [len(part) for part in parts] == [n, 60, 80]
    assert len(set.union(*parts)) == n + 140
    assert splits.seen == 0


@settings(max_examples=10, deadline=None)
@given(n=SIZES, more=SIZES, seed=st.integers(0, 2**32))
def test_dev_and_test_do_not_depend_on_how_much_is_trained_on(n, more, seed):
    few, many = agreement(n, seed=seed, V=400, **SMALL), agreement(n + more, seed=seed, V=400, **SMALL)
    assert all(map(np.array_equal, few.dev.x + few.test.x, many.dev.x + many.test.x))
    assert all(map(np.array_equal, few.train.x, many.train.x[:n]))
    assert np.array_equal(few.train.d, many.train.d[:n])


def test_number_prediction_reads_what_comes_before_the_verb():
    splits = agreement(200, V=2000, **SMALL)
    known = splits.vocabulary
    for part in splits[:3]:
        for i, x in enumerate(part.x):
            subject = known.words[x[len(x) - part.distance[i]]]
            assert subject in (WORDS["noun"], [plural_of(one) for one in WORDS["noun"]])[part.d[i]]
            right = known.words[part.verbs[i, 0]]
            assert right in (WORDS["verb"], WORDS["verbs"])[part.d[i]]
        assert np.array_equal(part.at + 1, [len(x) for x in part.x])


def test_the_language_model_reads_a_sentence_and_says_the_next_word():
    splits = language(200, V=2000, **SMALL)
    start, end = SPECIAL.index("<s>"), SPECIAL.index("</s>")
    for part in splits[:3]:
        for i, (x, d) in enumerate(zip(part.x, part.d, strict=True)):
            assert x[0] == start
            assert d[-1] == end
            assert np.array_equal(x[1:], d[:-1])
            assert d[part.at[i]] == part.verbs[i, 0] != part.verbs[i, 1]
    assert splits.train.tokens == sum(map(len, splits.train.x))
    assert max(one.max() for one in splits.train.x) < 2000


def test_what_is_not_known_is_unk_and_its_share_is_told():
    splits = language(500, V=200, **SMALL)
    words = np.concatenate(splits.dev.d)
    assert splits.dev.unknown == (words == UNK).mean() > 0.05
    assert f"UNK {100 * splits.dev.unknown:.1f} %" in splits.said()
    assert language(500, V=8000, **SMALL).dev.unknown < splits.dev.unknown


def test_every_noun_and_verb_is_known_at_400_words():
    known = agreement(1, V=400, **SMALL).vocabulary
    forms = [*WORDS["noun"], *(plural_of(one) for one in WORDS["noun"]), *WORDS["verb"], *WORDS["verbs"]]
    assert UNK not in known.encode(forms)


def test_a_vocabulary_begins_as_the_courseworks_does():
    words = ["VBZ", "VBP", "the", ",", "<s>", "UNK", "</s>", ".", "cat", "dog", "bird"]
    known = Vocabulary(words, [0, 0, 50, 10, 20, 20, 20, 20, 30, 30, 20], 10)
    assert list(known.encode(["the", "dog", "saw", "a", "bird"])) == [2, 9, 5, 5, 5]
    assert known.decode([2, 8]) == "the cat"
    assert known.lost == 20 / 200  # UNK's own line does not count
    assert known.adjusted(5.0) == pytest.approx((5 + 0.1 * math.log(0.1)) / 0.9, rel=1e-12)
    assert Vocabulary(words, [1] * 11, 11).adjusted(5.0) == 5.0
    with pytest.raises(BadValue, match="that begins with VBZ VBP the"):
        Vocabulary(words[1:], [1] * 10, 10)
    with pytest.raises(BadValue, match="V: expected at least the 8 words"):
        Vocabulary(words, [1] * 11, 7)


def test_sizes_and_odds_that_cannot_be_are_refused():
    with pytest.raises(BadValue, match="n_dev: expected at least 1 sentence, got 0"):
        agreement(10, 0)
    with pytest.raises(BadValue, match="p_plural: expected a probability"):
        language(10, p_plural=2.0)


# ---- baselines ------------------------------------------------------------------------------------------------------


def labelled(singular: int, plural: int) -> Sentences:
    label, n = np.repeat([0, 1], [singular, plural]), singular + plural
    return Sentences([np.array([8])] * n, label, np.ones(n), np.zeros(n), label, np.zeros(n), np.zeros((n, 2)))


def test_baselines_of_the_coursework():
    known = Vocabulary(SPECIAL, [1] * 8, 8)
    dev = labelled(659, 341)
    assert prior(Splits(dev, dev, dev, known)) == pytest.approx(0.642, abs=5e-4)
    splits = Splits(labelled(34151, 15849), dev, labelled(2700, 1300), known)
    assert majority(splits) == 0.659
    assert majority(splits, splits.test) == 0.675
    assert majority(splits, splits.train) == pytest.approx(0.683, abs=5e-4)
    assert prior(splits) > prior(Splits(dev, dev, dev, known))


def test_unigram_is_between_nothing_and_everything():
    splits = language(500, V=400, **SMALL)
    counts = np.bincount(np.concatenate(splits.train.d), minlength=400) + 1
    by_hand = [-math.log(counts[word] / counts.sum()) for d in splits.dev.d for word in d]
    assert unigram(splits) == pytest.approx(np.mean(by_hand), rel=1e-12)
    assert unigram(splits, splits.train) < unigram(splits) < uniform(splits) == math.log(400)


# ---- distances ------------------------------------------------------------------------------------------------------

MEASURED = np.array([655, 55, 33, 101, 65, 27, 13, 18, 11, 9, 3])  # of 1000 sentences of such a grammar
ATTRACTORS = np.array([840, 140, 20])  # none, one, more
FIT = 31.3, 16.3  # chi-square's 99.9 % points at 11 and 3 degrees of freedom


def test_expected_distances_are_those_that_were_measured():
    odds = expected_distances()
    assert odds.sum() == pytest.approx(1)
    assert chi_square(np.append(MEASURED, 1000 - MEASURED.sum()), odds) < FIT[0]
    attracting = expected_attractors()
    assert attracting.sum() == pytest.approx(1)
    assert chi_square(ATTRACTORS, np.append(attracting[:2], attracting[2:].sum())) < FIT[1]
    assert odds[0] == 0.659 == WIKI_DEV[0] / sum(WIKI_DEV)


@pytest.mark.parametrize("how", [{}, {"p_adjacent": 0.3, "p_more": 0.6, "p_attr": 0.2}])
def test_a_corpus_has_the_distances_and_attractors_that_are_expected(how):
    drawn = agreement_grammar(10000, 3, **how)
    distances = expected_distances(how.get("p_adjacent", 0.659), how.get("p_more", 0.28))
    assert chi_square(counted(drawn.distance, 12, 1), distances) < FIT[0]
    assert chi_square(counted(drawn.attractors, 3), expected_attractors(**how)) < FIT[1]


def test_the_table_and_the_figure_count_every_sentence():
    part = agreement(900, V=400, **SMALL).train
    said = table(part)
    rows = [line.split("|") for line in said.splitlines() if line.startswith("|") and "sentences" not in line]
    found = [int(row[2]) for row in rows if "---" not in row[1]]
    assert sum(found) == 2 * 900  # by distance, and by attractors
    assert found[0] == (part.distance == 1).sum()
    assert "attractors" not in table(part._replace(attractors=np.full(900, -1)))
    figure = figure_3b(part)
    (ax,) = figure.axes
    assert [bar.get_height() for bar in ax.patches] == found[:12]
