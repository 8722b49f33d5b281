"""The texts of the character model, what it says, and whether verbs are asked for as they should be."""

from __future__ import annotations

import hashlib
import platform

import numpy as np

from rnnkit.assignments.bptt.experiment import EXPERIMENT
from rnnkit.assignments.bptt.facts import facts_of
from rnnkit.assignments.bptt.speaking import agreement, held_out, sample, samples
from rnnkit.assignments.bptt.text import (
    ALPHABET,
    SHA256,
    TABLES,
    VERBS,
    corpus,
    decode,
    encode,
    probes,
    said_of,
    sentences,
    topics,
    unigram,
)
from rnnkit.assignments.bptt.training import Training

TRIAL = EXPERIMENT.get("grammar_default", "tiny", H=8)


def test_the_topics_are_those_of_this_version():
    text, said = topics()
    version = platform.python_version()
    assert said.startswith(f"Python {version}, hash ")
    if version in SHA256:
        assert f"the text of Python {version}" in said
    assert len(text) > 100_000
    assert decode(encode("a\tb\n")) == "a?b\n"


def test_another_text_is_said_in_a_line_and_is_no_error():
    assert said_of(SHA256[TABLES], "3.11.7") == "Python 3.11.7, hash 37d06970: the text of Python 3.11.7"
    assert said_of(SHA256["3.13.0"], "3.13.5").endswith("the text of Python 3.13.0; the tables are of 3.11.7's, so its "
                                                        "figures are others")  # fmt: skip
    assert "a text that is none of 3.11.2, 3.11.7" in said_of("ab" * 32, "3.12.9")


def test_the_record_says_which_text_it_read_and_is_not_measured_on_another():
    trial = EXPERIMENT.get("text_default", "tiny", H=4)
    record = Training(trial).state()
    assert {*record} == {*EXPERIMENT.schema(trial)}
    assert facts_of(trial, record | {"weights": trial.first_weights()})["held_out"] > 3
    other = facts_of(trial, record | {"corpus": said_of("ab" * 32, "3.12.9")})
    assert (other["held_out"], other["corpus"][:13]) == ("", "Python 3.12.9")


def test_the_unigram_line_is_below_that_of_equal_odds():
    for name in ("text", "grammar"):
        assert 1 < unigram(name) < np.log(len(ALPHABET))
        train, rest = corpus(name)
        assert len(train) > 8 * len(rest)


def test_sentences_are_those_of_the_records():
    said = hashlib.sha256(sentences().encode()).hexdigest()
    assert said == "92d21ce6274a986e1d20600962e0e1ae9ed075c641cd6f93e935929902fb7eb7"


def test_probes_count_nouns_of_the_other_number():
    for attractors, found in probes().items():
        assert found
        for one in found:
            subject, *between = [word for word in one.prefix.split()[1:] if word not in ("the",)]
            nouns = between[1::2]
            assert sum(noun.endswith("s") != subject.endswith("s") for noun in nouns) == attractors
            assert one.right in {verb[subject.endswith("s")] for verb in VERBS}


def test_a_model_speaks_and_is_probed():
    weights = TRIAL.first_weights()
    assert sample(TRIAL, weights, 0.5, count=20) == sample(TRIAL, weights, 0.5, count=20)
    assert sample(TRIAL, weights, 1e-4, count=20, seed=1) == sample(TRIAL, weights, 1e-4, count=20, seed=2)
    assert samples(TRIAL, weights).count("temperature") == 3
    assert sum(count for _, count in agreement(TRIAL, weights).values()) == 600
    assert abs(held_out(TRIAL, weights) - np.log(len(ALPHABET))) < 0.5


def test_facts_of_a_model_tell_what_it_was_not_trained_on():
    run = Training(TRIAL)
    for _ in run.checkpoints():
        pass
    facts = facts_of(TRIAL, run.state())
    assert facts["held_out"] > facts["plateau"]
    assert {"right_0", "right_1", "right_2"} <= {*facts}
