"""What the lab trains: a plain network and a gated one, and what a record says of one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from time import perf_counter
from typing import Any

from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.facts import DIGITS, facts_of
from rnnkit.assignments.lookback.settings import GRAMMAR, Net
from rnnkit.assignments.lookback.training import CURVES, KEYS, Training, alike, train_epoch
from rnnkit.runs.estimate import Pace, typical_time
from rnnkit.runs.experiment import Record
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.teams import Teams


class Nets(Teams):
    """Language models and networks that predict the number of a verb."""

    settings = Net
    member = Training
    facts = staticmethod(facts_of)
    keys = KEYS
    solves = False
    shown = ("run", "status", "lookback", "best_loss", "perplexity", "best_epoch", "acc", "acc_6", "prior_loss")

    def alike(self, settings: Net) -> Hashable:
        return alike(settings)

    def refuse(self, settings: Net, cells: Cells) -> None:
        super().refuse(settings, cells)
        if settings.data != GRAMMAR:
            splits_of(settings)

    def trimmed(self, content: dict[str, Any]) -> dict[str, Any]:
        """Without what only a run that goes on needs."""
        return content | {name: content[name][:0] for name in ("weights", "moments")}

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """Of every epoch: loss and accuracy on training and dev sentences, and the mean norm of U's updates."""
        return [
            {"epoch": k + 1} | {name: round(float(record[name][k]), DIGITS) for name in CURVES}
            for k in range(len(record["dev_loss"]))
        ]

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        from rnnkit.assignments.lookback.sections import page_of  # matplotlib takes long to load

        return super().page(records) | page_of({run: self.settings_of(one) for run, one in records.items()}, records)

    def kind_of(self, settings: Net) -> Net:
        """Without what takes no time."""
        return settings.replace(name="x", seed=0, lr=0.5, anneal=0.0)

    def pace(self, settings: Net, cells: Cells) -> Pace:
        """From some epochs of few sentences, after another one."""
        few = min(settings.train, max(200, 2 * settings.batch))
        small = settings.replace(train=few, dev=min(settings.dev, 200), test=1, epochs=2)
        begun = perf_counter()
        run = Training(small)
        train_epoch([run])
        first = perf_counter() - begun
        return Pace(first, typical_time(lambda: train_epoch([run])) * small.epochs / small.maxiters, 0.0)


NUMBER: dict[str, dict[str, Any]] = {
    "rnn": {"lookback": 5},
    "gru": {"model": "gru", "lookback": 5},
    "tanh": {"phi": "tanh", "lookback": 5},
    "supplied": {"model": "gru", "lookback": 5, "legacy_coursework_grad": True},
    "no_r": {"model": "gru", "lookback": 5, "gates": "no_r"},
    "no_z": {"model": "gru", "lookback": 5, "gates": "no_z"},
    "no_gates": {"model": "gru", "lookback": 5, "gates": "none"},
}
LANGUAGE: dict[str, dict[str, Any]] = {"lm": {}, "lm_tuned": {"lr": 0.8, "lookback": 3, "epochs": 30, "batch": 5}}


def _named() -> dict[str, Net]:
    runs = {name: Net(name, **changes) for name, changes in NUMBER.items()}
    for name, changes in LANGUAGE.items():
        anneal = {"anneal": 2.0} if name == "lm_tuned" else {}
        runs[name] = Net(name, task="language", train=1000, **changes | anneal)
    return runs


EXPERIMENT = Nets(
    "lookback",
    _named(),
    {
        "full": {},
        "smoke": {"train": 1000, "dev": 500, "test": 500, "batch": 10, "epochs": 5},
        "tiny": {"train": 61, "dev": 30, "test": 30, "H": 6, "batch": 10, "epochs": 2},
    },
    due=("rnn", "gru"),
    notebook="2_experiment.ipynb",
)

train = EXPERIMENT.train
