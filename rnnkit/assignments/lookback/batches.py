"""Sentences of unequal length side by side: all end at the same step, the longest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Batch:
    """B sentences for each of S networks.

    Fields:
        x: words ``(T, S, B)``; before a sentence begins, 0.
        d: what is right at the last steps ``(L, S, B)``: L is T for a language model, 1 where the last
            step alone counts.
        valid: where there is a word ``(T, S, B)``.
        rows, sure: at each step, how many sentences have begun ``(T,)``: the most of any network, and the fewest.
    """

    x: np.ndarray
    d: np.ndarray
    valid: np.ndarray
    rows: np.ndarray
    sure: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """How many targets there are ``(S,)``."""
        return self.valid[len(self.valid) - len(self.d) :].sum((0, 2))

    def of(self, s: int) -> Batch:
        """What one of the networks reads, from the first word of its own longest sentence."""
        begun = self.valid[:, s].sum(1)
        first, only = int((begun == 0).sum()), slice(s, s + 1)
        d = self.d[first:, only] if len(self.d) > 1 else self.d[:, only]
        return Batch(self.x[first:, only], d, self.valid[first:, only], begun[first:], begun[first:])


@dataclass(frozen=True)
class Shelf:
    """A set of sentences, ready to be taken from.

    Fields:
        x: ``(n, longest)``, the words of each at the end of its row.
        d: the same of what is right, or one label each ``(n,)``.
        lengths: ``(n,)``.
    """

    x: np.ndarray
    d: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)


def shelve(x: Sequence[np.ndarray], d: Sequence[np.ndarray] | np.ndarray) -> Shelf:
    """A shelf of sentences; `d` has a word for every word, or is an array with one label for each sentence."""
    lengths = np.array([len(one) for one in x])
    return Shelf(_ending(x, lengths), d if isinstance(d, np.ndarray) else _ending(d, lengths), lengths)


def _ending(rows: Sequence[np.ndarray], lengths: np.ndarray) -> np.ndarray:
    out = np.zeros((len(rows), lengths.max()), np.int64)
    for row, one, length in zip(out, rows, lengths, strict=True):
        row[len(row) - length :] = one
    return out


def take(shelves: Sequence[Shelf], chosen: np.ndarray) -> Batch:
    """The sentences ``(S, B)`` of S shelves, the longest first.

    Arguments:
        shelves: one for each network; all may be the same.
        chosen: numbers of sentences, equally many for each.
    """
    S, B = chosen.shape
    pairs = list(zip(shelves, chosen, strict=True))
    chosen = np.stack([mine[np.argsort(-one.lengths[mine], kind="stable")] for one, mine in pairs])
    lengths = np.stack([one.lengths[mine] for one, mine in zip(shelves, chosen, strict=True)])
    T = int(lengths.max())
    x = np.zeros((T, S, B), np.int64)
    words = shelves[0].d.ndim == 2
    d = np.zeros((T if words else 1, S, B), np.int64)
    for s, (one, mine) in enumerate(zip(shelves, chosen, strict=True)):
        width = min(T, one.x.shape[1])
        x[T - width :, s] = one.x[mine, one.x.shape[1] - width :].T
        if words:
            d[T - width :, s] = one.d[mine, one.d.shape[1] - width :].T
        else:
            d[0, s] = one.d[mine]
    valid = lengths >= T - np.arange(T)[:, None, None]
    begun = valid.sum(2)
    return Batch(x, d, valid, begun.max(1), begun.min(1))


def chunks(shelf: Shelf, size: int) -> list[np.ndarray]:
    """All numbers of sentences, those of like length together: what is read, but not learnt from, is read so."""
    order = np.argsort(-shelf.lengths, kind="stable")
    return [order[begin : begin + size] for begin in range(0, len(order), size)]
