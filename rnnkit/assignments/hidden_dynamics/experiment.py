"""What the lab trains: the document's network, its other starts and cells, and what a record says of one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from time import perf_counter
from typing import Any

from rnnkit.assignments.hidden_dynamics.facts import DIGITS, facts_of
from rnnkit.assignments.hidden_dynamics.foretold import ASKED
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.training import CURVES, KEYS, Training, alike, train_epoch
from rnnkit.runs.estimate import Pace
from rnnkit.runs.experiment import Record
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.teams import Teams

LENGTHS = (20, 100, 500)
ARMS: dict[str, dict[str, str]] = {
    "rnn": {},
    "ortho": {"init": "ortho"},
    "gru": {"cell": "gru"},
    "lstm": {"cell": "lstm"},
}


class Nets(Teams):
    """The document's network and those beside it."""

    settings = Net
    member = Training
    facts = staticmethod(facts_of)
    keys = KEYS
    solves = False
    shown = ("run", "status", "train_loss", "train_acc", "test_loss", "test_acc", "best_test_acc", "best_epoch")

    def alike(self, settings: Net) -> Hashable:
        return alike(settings)

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """Of every epoch: loss and accuracy in training and on the test sequences."""
        return [
            {"epoch": k + 1} | {name: round(float(record[name][k]), DIGITS) for name in CURVES}
            for k in range(len(record["test_loss"]))
        ]

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        from rnnkit.assignments.hidden_dynamics.sections import page_of  # matplotlib takes long to load

        return super().page(records) | page_of({run: self.settings_of(one) for run, one in records.items()}, records)

    def kind_of(self, settings: Net) -> Net:
        """Without what takes no time."""
        return settings.replace(name="x", init="xavier", seed=0)

    def pace(self, settings: Net, cells: Cells) -> Pace:
        """From one epoch, after another one of two updates."""
        begun = perf_counter()
        run = Training(settings.replace(epochs=2))
        first, begun = perf_counter() - begun, perf_counter()
        train_epoch([run])
        return Pace(first, (perf_counter() - begun) / settings.batches, 0.0)


def _named() -> dict[str, Net]:
    runs = {}
    for arm, changes in ARMS.items():
        for n, T in enumerate(LENGTHS):
            name = f"{arm}_{T}" if n else arm
            runs[name] = Net(name, T=T).replace(**changes)
    return runs


EXPERIMENT = Nets(
    "hidden_dynamics",
    _named(),
    {"full": {}, "smoke": {"epochs": 10}, "tiny": {"epochs": 2, "batches": 3, "batch": 10, "train": 100, "test": 50}},
    due=tuple(ARMS),
    notebook="2_experiment.ipynb",
    asked=ASKED,
)

train = EXPERIMENT.train
