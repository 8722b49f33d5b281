"""What can be had without any memory: lines that belong into every plot."""

from __future__ import annotations

import numpy as np

from rnnkit.assignments.lookback.corpus import Sentences, Splits


def _cross_entropy(learnt: np.ndarray, asked: np.ndarray, classes: int, add: float) -> float:
    counts = np.bincount(learnt, minlength=classes) + add
    with np.errstate(divide="ignore"):
        nats = -np.log(counts / counts.sum())
    return float(nats[asked].mean())


def unigram(splits: Splits, on: Sentences | None = None) -> float:
    r"""Nats a word of who knows how frequent each word is in the training sentences, and nothing else.

    .. math:: -\frac{1}{N} \sum_n \ln \frac{c(d_n) + 1}{\sum_w (c(w) + 1)}

    Arguments:
        splits: of `corpus.language`.
        on: the sentences that it is asked for; by default dev.
    """
    on = splits.dev if on is None else on
    return _cross_entropy(np.concatenate(splits.train.d), np.concatenate(on.d), splits.vocabulary.size, 1.0)


def uniform(splits: Splits) -> float:
    """Nats a word of who finds all V words equally probable, ln V."""
    return float(np.log(splits.vocabulary.size))


def prior(splits: Splits, on: Sentences | None = None) -> float:
    r"""Nats a sentence of who knows the share of plural subjects in the training sentences, and nothing else.

    .. math:: -\frac{1}{N} \sum_n \ln p(\mathrm{label}_n)

    Arguments:
        splits: of any of the two tasks.
        on: the sentences that it is asked for; by default dev.

    Returns:
        infinity where ``on`` has a label that no training sentence has.
    """
    on = splits.dev if on is None else on
    return _cross_entropy(splits.train.label, on.label, 2, 0.0)


def majority(splits: Splits, on: Sentences | None = None) -> float:
    """Accuracy of who always says what most training sentences have; its balanced accuracy is one half."""
    on = splits.dev if on is None else on
    most = int(splits.train.label.mean() > 0.5)
    return float((on.label == most).mean())
