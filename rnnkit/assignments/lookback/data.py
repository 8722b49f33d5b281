"""A run's sentences, read or made once for all runs that share them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

from rnnkit.assignments.lookback import corpus, loaders
from rnnkit.assignments.lookback.batches import Shelf, shelve
from rnnkit.assignments.lookback.corpus import Splits
from rnnkit.assignments.lookback.settings import GRAMMAR, Net
from rnnkit.common.names import BadValue


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
        return {"agreement": corpus.agreement, "language": corpus.language}[task](train, dev, test, seed, V)
    if Path(data).is_dir():
        load = {"agreement": loaders.load_wiki_np, "language": loaders.load_wiki_lm}[task]
        return load(data, train, dev, test, V)
    if not Path(data).exists():
        raise BadValue(
            f"expected {GRAMMAR}, or a folder or a file of sentences, found none named {data}: "
            f"it is yours to bring along; without it, use {GRAMMAR}"
        )
    head = {"agreement": corpus.number, "language": corpus.words}[task]
    return loaders.load_linzen(data, train, dev, test, V, head=head)


@functools.lru_cache(maxsize=4)
def _shelves(*what: object) -> Shelves:
    splits = _splits(*what)  # type: ignore[arg-type]
    train, dev = (shelve(one.x, one.d) for one in (splits.train, splits.dev))
    count = min(len(train), len(dev))
    return Shelves(splits, train, Shelf(train.x[:count], train.d[:count], train.lengths[:count]), dev)
