"""The words that a network knows, in the coursework's order, and what a loss owes to those that it does not know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from rnnkit.common.names import BadValue

SPECIAL = ("VBZ", "VBP", "the", ",", "<s>", "UNK", "</s>", ".")  # the coursework's first eight, in its order
SINGULAR, PLURAL, START, UNK, END = (SPECIAL.index(one) for one in ("VBZ", "VBP", "<s>", "UNK", "</s>"))


class Vocabulary:
    """The first V words of a list; every other word is UNK.

    Attributes:
        words: V of them; a word's index is its place.
        size: V.
        listed: words in the list.
        counts: how often each of the listed words was counted.

    *Source:* the coursework's `docs_to_indices` and `fraq_loss`.
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | np.ndarray, V: int) -> None:
        if list(words[: len(SPECIAL)]) != list(SPECIAL):
            raise BadValue(f"expected a vocabulary that begins with {' '.join(SPECIAL)}, got {' '.join(words[:8])}")
        if not len(SPECIAL) <= V:
            raise BadValue(f"V: expected at least the {len(SPECIAL)} words that are always there, got {V}")
        self.words, self.listed = tuple(words[:V]), len(words)
        self.size, self.counts = len(self.words), np.asarray(counts, dtype=np.int64)

    @classmethod
    def counted(cls, sentences: Iterable[Iterable[str]], V: int) -> Vocabulary:
        """The words of these sentences, the most frequent ones first and equals in the order of the alphabet."""
        counts: Counter[str] = Counter()
        for sentence in sentences:
            counts.update([*sentence, "<s>", "</s>"])
        rest = sorted((one for one in counts if one not in SPECIAL), key=lambda one: (-counts[one], one))
        words = [*SPECIAL, *rest]
        return cls(words, [counts[one] for one in words], V)

    @cached_property
    def index(self) -> dict[str, int]:
        """Each word's index."""
        return {word: n for n, word in enumerate(self.words)}

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """``(T,)`` int64: the index of each word, 5 for one that is not known."""
        return np.array([self.index.get(word, UNK) for word in words], dtype=np.int64)

    def decode(self, indices: Iterable[int]) -> str:
        """The words of these indices, with blanks between them."""
        return " ".join(self.words[i] for i in indices)

    @property
    def lost(self) -> float:
        r""":math:`f`: the share of all counted words, UNK itself left out, that are not known."""
        counted = self.counts.sum() - self.counts[UNK]
        return float(self.counts[self.size :].sum() / counted) if counted else 0.0

    def adjusted(self, loss: float) -> float:
        r"""A language model's loss (nats a word) without what it gains by calling every unknown word the same.

        .. math:: \frac{L + f \ln f}{1 - f}

        *Source:* the coursework's `adjust_loss`, mode basic.
        """
        f = self.lost
        return (loss + f * math.log(f)) / (1 - f) if f else loss
