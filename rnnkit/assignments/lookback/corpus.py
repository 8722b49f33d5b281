"""Sentences to learn from, to choose by and to be judged by: for number prediction and for the language model."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from rnnkit.assignments.lookback.vocabulary import END, SPECIAL, START, UNK, Vocabulary
from rnnkit.common.names import BadValue
from rnnkit.tasks.agreement import Parsed, agreement_grammar, different, lexicon, sentence_blocks

DEV, TEST = 1000, 4000  # sentences, as in the coursework
COUNTED = 20000  # sentences of the grammar whose words are counted for its vocabulary


class Sentences(NamedTuple):
    """What goes in and what should come out.

    Fields:
        x: n arrays ``(T,)`` of indices of words.
        d: number prediction: ``(n,)`` 0 (VBZ, singular) or 1 (VBP, plural). Language model: n arrays ``(T,)``, at each
            step the word that comes next.
        distance: ``(n,)`` steps from the subject to its verb.
        attractors: ``(n,)`` nouns of the other number between the two; -1 where that is not known.
        label: ``(n,)`` 0 or 1, the subject's number.
        at: ``(n,)`` the step after which the verb comes.
        verbs: ``(n, 2)`` indices of the verb as it has to be, and of the same verb for the other number; -1 where that
            is not known.
    """

    x: list[np.ndarray]
    d: list[np.ndarray] | np.ndarray
    distance: np.ndarray
    attractors: np.ndarray
    label: np.ndarray
    at: np.ndarray
    verbs: np.ndarray

    @property
    def tokens(self) -> int:
        """Words that a loss is the mean over."""
        return sum(map(len, self.d)) if isinstance(self.d, list) else len(self.d)

    @property
    def unknown(self) -> float:
        """The share of UNK: among the words to be predicted, or among those read where a number is predicted."""
        words = np.concatenate(self.d if isinstance(self.d, list) else self.x)
        return float((words == UNK).mean())


class Splits(NamedTuple):
    """Sentences for training, for choosing and for the last judgement; no sentence is in two of them."""

    train: Sentences
    dev: Sentences
    test: Sentences
    vocabulary: Vocabulary

    @property
    def seen(self) -> float:
        """The share of dev's inputs that training has as well."""
        known = {one.tobytes() for one in self.train.x}
        return float(np.mean([one.tobytes() in known for one in self.dev.x]))

    def said(self) -> str:
        """What they are, in a few lines: sizes, the share of UNK, plural subjects, distances."""
        known = self.vocabulary
        lines = [f"vocabulary: {known.size} of {known.listed} words, {100 * known.lost:.2f} % of all tokens lost"]
        for name, one in (("train", self.train), ("dev", self.dev), ("test", self.test)):
            lines.append(
                f"{name}: {len(one.x)} sentences, {one.tokens} predictions, UNK {100 * one.unknown:.1f} %, "
                f"plural {100 * one.label.mean():.1f} %, distance {one.distance.mean():.2f}"
            )
        return "\n".join([*lines, f"inputs of dev that training has as well: {100 * self.seen:.1f} %"])


def number(parsed: Parsed) -> Sentences:
    """For number prediction: the words before the verb, and which number it has to have."""
    x = [one[:verb] for one, verb in zip(parsed.sentences, parsed.verb, strict=True)]
    label = parsed.label
    return Sentences(x, label, parsed.distance, parsed.attractors, label, parsed.verb - 1, parsed.verbs)


def words(parsed: Parsed) -> Sentences:
    """For the language model: ``<s>`` and the sentence, and at each step the next word, ``</s>`` the last one."""
    x = [np.concatenate([[START], one]) for one in parsed.sentences]
    d = [np.concatenate([one, [END]]) for one in parsed.sentences]
    return Sentences(x, d, parsed.distance, parsed.attractors, parsed.label, parsed.verb, parsed.verbs)


@cache
def grammar_vocabulary(V: int) -> Vocabulary:
    """The grammar's words as the coursework lists its own: by how often they occur, after the eight special ones."""
    listed, _ = lexicon()
    parsed = agreement_grammar(COUNTED)
    counts = np.bincount(np.concatenate(parsed.sentences), minlength=len(listed))
    order = [listed[n] for n in np.argsort(-counts, kind="stable") if listed[n] not in SPECIAL]
    counted = dict(zip(listed, counts, strict=True)) | {"<s>": COUNTED, "</s>": COUNTED}
    return Vocabulary([*SPECIAL, *order], [counted.get(word, 0) for word in (*SPECIAL, *order)], V)


def _parts(
    head: Callable[[Parsed], Sentences], sizes: tuple[int, int, int], seed: int, V: int, odds: dict[str, float]
) -> Splits:
    for name, n in zip(("n_train", "n_dev", "n_test"), sizes, strict=True):
        if n < 1:
            raise BadValue(f"{name}: expected at least 1 sentence, got {n}")
    train, dev, test = sizes
    known = grammar_vocabulary(V)
    index = known.encode(lexicon()[0])
    total = dev + test + train
    blocks = (
        one._replace(sentences=[index[words] for words in one.sentences], verbs=index[one.verbs])
        for one in sentence_blocks(seed, total, **odds)
    )
    drawn = different(blocks, total)
    # training sentences come last: with another number of them, the others stay as they are
    later = head(drawn.part(dev + test))
    return Splits(later, head(drawn.part(0, dev)), head(drawn.part(dev, dev + test)), known)


def agreement(
    n_train: int = 10000, n_dev: int = DEV, n_test: int = TEST, seed: int = 2018, V: int = 2000, **odds: float
) -> Splits:
    """Number prediction on sentences of `agreement_grammar`.

    No sentence stands twice, in whatever split, when its unknown words are UNK; beginnings do, as ``the cat`` does in
    any text: `Splits.seen` tells how many. Dev and test are the same for every size of the training set, and a smaller
    training set is the beginning of a larger one.

    Arguments:
        n_train, n_dev, n_test: sentences; the coursework has 5,000, 10,000, 25,000 or 50,000, and 1000, 4000.
        seed: of the sentences.
        V: words that are known; all others are UNK.
        odds: of the grammar, see there.

    Raises:
        BadValue: a size or odds that cannot be.

    *Source:* NLU+ coursework, question 3.
    """
    return _parts(number, (n_train, n_dev, n_test), seed, V, odds)


def language(
    n_train: int = 1000, n_dev: int = DEV, n_test: int = TEST, seed: int = 2018, V: int = 2000, **odds: float
) -> Splits:
    """The language model's sentences of `agreement_grammar`, between ``<s>`` and ``</s>``; see `agreement`.

    *Source:* NLU+ coursework, question 2; 25,000 sentences are its training set for question 2b.
    """
    return _parts(words, (n_train, n_dev, n_test), seed, V, odds)
