"""A run's sentences, read or made once for all runs that share them, and what is reached without any network."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from rnnkit.assignments.lookback import corpus
from rnnkit.assignments.lookback.batches import Shelf, shelve
from rnnkit.assignments.lookback.corpus import Sentences, Splits
from rnnkit.assignments.lookback.settings import GRAMMAR, Net

MADE = {"agreement": corpus.agreement, "language": corpus.language}


class Shelves(NamedTuple):
    """The splits of a run, on shelves; `seen` is as much of the training set as dev has sentences."""

    splits: Splits
    train: Shelf
    seen: Shelf
    dev: Shelf


def splits_of(settings: Net) -> Splits:
    """The sentences of a run (BadValue or an error of the loader: they cannot be had)."""
    s = settings
    return _splits(s.task, s.data, s.train, s.dev, s.test, s.data_seed, s.V)


def shelves_of(settings: Net) -> Shelves:
    """The same on shelves."""
    s = settings
    return _shelves(s.task, s.data, s.train, s.dev, s.test, s.data_seed, s.V)


@functools.lru_cache(maxsize=4)
def _splits(task: str, data: str, train: int, dev: int, test: int, seed: int, V: int) -> Splits:
    if data == GRAMMAR:
        return MADE[task](train, dev, test, seed, V)
    from rnnkit.assignments.lookback import loaders

    load = {"agreement": loaders.load_wiki_np, "language": loaders.load_wiki_lm}[task]
    return load(data, train, dev, test, V)


@functools.lru_cache(maxsize=4)
def _shelves(*what: object) -> Shelves:
    splits = _splits(*what)  # type: ignore[arg-type]
    train, dev = (shelve(one.x, one.d) for one in (splits.train, splits.dev))
    count = min(len(train), len(dev))
    return Shelves(splits, train, Shelf(train.x[:count], train.d[:count], train.lengths[:count]), dev)


class Baseline(NamedTuple):
    """What is reached on dev without reading: loss (nats), and accuracy where a number is predicted."""

    loss: float
    accuracy: float


def baseline(settings: Net) -> Baseline:
    """Who knows how often each answer comes, and no more: the majority, or a unigram model.

    The shares are those of the training split; for words one is added to each count.
    """
    splits = splits_of(settings)
    count, right = (_answers(one) for one in (splits.train, splits.dev))
    classes = 2 if settings.task == "agreement" else splits.vocabulary.size
    shares = np.bincount(count, minlength=classes) + float(classes > 2)
    shares /= shares.sum()
    return Baseline(float(-np.log(shares[right]).mean()), float((right == shares.argmax()).mean()))


def _answers(sentences: Sentences) -> np.ndarray:
    return np.concatenate(sentences.d) if isinstance(sentences.d, list) else sentences.d
