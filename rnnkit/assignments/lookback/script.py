"""The coursework's runner: ``python3 runner.py train-lm-rnn|train-np-rnn|train-np-gru DATA HDIM LOOKBACK LR``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

from rnnkit.assignments.lookback.experiment import train
from rnnkit.assignments.lookback.facts import facts_of
from rnnkit.assignments.lookback.settings import GRAMMAR, SEED, Net
from rnnkit.common.names import BadValue
from rnnkit.runs.experiment import Record

VERBS: dict[str, dict[str, Any]] = {
    "train-lm-rnn": {"task": "language", "model": "rnn", "train": 1000},
    "train-np-rnn": {"task": "agreement", "model": "rnn", "train": 10000},
    "train-np-gru": {"task": "agreement", "model": "gru", "train": 10000},
}


def make_parser() -> argparse.ArgumentParser:
    """The coursework's verbs, values and defaults, and flags for what its students changed in the code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("data", metavar="DATA", help=f"folder with vocab.wiki.txt and wiki-*.txt, or {GRAMMAR}")
    parser.add_argument("H", metavar="HDIM", type=int, help="hidden units")
    parser.add_argument("lookback", metavar="LOOKBACK", type=int, help="steps that a gradient goes back")
    parser.add_argument("lr", metavar="LR", type=float, help="learning rate")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--anneal", type=float, default=5.0, help="0 for a rate that stays")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--train-size", type=int, help="sentences; default: 1000 for a language model, else 10000")
    parser.add_argument("--dev-size", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--legacy-coursework-grad", action="store_true", help="the GRU's gradient as the coursework supplies it"
    )
    parser.add_argument("--out", metavar="FOLDER", help="keeps log and record; by default nothing is kept")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Trains one network and says how it went; 2 for a bad value."""
    parser = make_parser()
    flags = parser.parse_args(argv)
    try:
        settings = settings_of(flags)
        print(f"{flags.verb}: {settings.train} sentences, {settings.H} units, looks back {settings.lookback} steps")
        if flags.out:
            record = train(settings, flags.out, echo=print)
        else:
            with TemporaryDirectory() as folder:
                record = train(settings, folder, echo=lambda text: None if folder in text else print(text))
    except BadValue as error:
        parser.error(str(error))
    print(told(settings, record))
    return 0


def settings_of(flags: argparse.Namespace) -> Net:
    """The run that the flags ask for (BadValue: a value that cannot be)."""
    given = VERBS[flags.verb] | ({"train": flags.train_size} if flags.train_size is not None else {})
    return Net(
        flags.verb, data=flags.data, dev=flags.dev_size, H=flags.H, lookback=flags.lookback, lr=flags.lr,
        epochs=flags.epochs, anneal=flags.anneal, batch=flags.batch_size, seed=flags.seed,
        legacy_coursework_grad=flags.legacy_coursework_grad, **given,
    )  # fmt: skip


def told(settings: Net, record: Record) -> str:
    """What the coursework's runner prints at the end, beside what is reached without reading."""
    facts = facts_of(settings, record)
    if "best_loss" not in facts:
        return "the loss is no number any more; a smaller LR may help"
    lines = [
        f"loss on dev before training: {float(record['initial_loss']):.6f}",
        f"best loss on dev: {facts['best_loss']:.6f}, in epoch {facts['best_epoch']} of {facts['epochs']}",
    ]
    if settings.task == "language":
        lines += [
            f"perplexity: {math.exp(facts['best_loss']):.3f}; adjusted for unknown words: "
            f"{math.exp(facts['adjusted_loss']):.3f}",
            f"a unigram model: {facts['prior_loss']:.6f}, perplexity {math.exp(facts['prior_loss']):.3f}",
        ]
    else:
        lines += [
            f"accuracy on dev: {facts['acc']:.3f}, balanced {facts['balanced'] or math.nan:.3f}",
            f"who never reads: loss {facts['prior_loss']:.6f}, accuracy {facts['majority']:.3f}",
        ]
    return "\n".join([*lines, f"seconds an epoch: {facts['seconds_per_epoch']:.2f}"])
