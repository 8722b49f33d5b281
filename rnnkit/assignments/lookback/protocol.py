"""The coursework's way to train: in which order, when weights are updated, at which rate, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

PATIENCE = 3  # small changes of the dev loss, one after the other, at which it ends


class Group(NamedTuple):
    """Sentences whose gradients are added up at the same weights.

    Fields:
        start, stop: which of an epoch's order.
        divisor: by which the sum is divided for the update after them; 0 for none: the sum is carried on.
    """

    start: int
    stop: int
    divisor: int


def groups(n: int, batch: int) -> Iterator[Group]:
    """An epoch of n sentences.

    Sentence i is followed by an update where ``i % batch == 0``: so the first update comes after one sentence, and is
    divided by `batch` like all others. What is left at the end has an update of its own, divided by the remainder of
    ``n / batch``; where there is no remainder it is carried into the next epoch's first update, and lost after the last
    epoch.
    """
    begin = 0
    for i in range(0, n, batch):
        yield Group(begin, i + 1, batch)
        begin = i + 1
    if begin < n:
        yield Group(begin, n, n % batch)


def learning_rate(lr: float, anneal: float, epoch: int) -> float:
    """The rate in an epoch, from 0: ``lr anneal / (epoch + anneal)``, and always `lr` where anneal is 0.

    A smaller anneal falls faster, but for 0.
    """
    return lr * anneal / (epoch + anneal) if anneal else lr


class Watch:
    """Says after which epoch it is enough: the dev loss has hardly changed for the third time running.

    Attributes:
        loss: the last one.
        small: changes below `least`, one after the other.
    """

    def __init__(self, least: float, loss: float = np.nan, small: int = 0) -> None:
        self.least, self.loss, self.small = least, loss, small

    def see(self, loss: float) -> None:
        """After an epoch; the first loss is that of the untrained network."""
        self.small = self.small + 1 if abs(self.loss - loss) < self.least else 0
        self.loss = loss

    @property
    def over(self) -> bool:
        """Whether to stop here."""
        return self.small >= PATIENCE
