"""What the lab trains: six arms on the echo and its relatives, and what a record says of one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from rnnkit.assignments.bptt.facts import DIGITS, facts_of
from rnnkit.assignments.bptt.networks import ARMS
from rnnkit.assignments.bptt.outcome import ASKED
from rnnkit.assignments.bptt.settings import EVERY, Trial
from rnnkit.assignments.bptt.training import CORPUS, CURVES, KEYS, Training, alike, one_update
from rnnkit.record.keys import Key
from rnnkit.runs.estimate import Pace
from rnnkit.runs.experiment import Record
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.teams import Teams


class Trials(Teams):
    """Networks that are to remember over a lag."""

    settings = Trial
    member = Training
    facts = staticmethod(facts_of)
    names_run = "experiment"
    shown = ("experiment", "status", "lag", "loss", "plateau", "metric", "learnt", "lost_at")

    def alike(self, settings: Trial) -> Hashable:
        return alike(settings)

    def schema(self, settings: Trial) -> Mapping[str, Key]:
        return KEYS | (CORPUS if settings.task == "text" else {})

    def solved(self, row: Mapping[str, Any]) -> bool:
        """Whether it learnt its task."""
        return bool(row.get("learnt"))

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """Of every check: updates done, and the means since the last one."""
        return [
            {"updates": min(k + EVERY, len(record["loss"]))}
            | {name: round(float(np.mean(record[name][k : k + EVERY])), DIGITS) for name in CURVES}
            for k in range(0, len(record["loss"]), EVERY)
        ]

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        from rnnkit.assignments.bptt.sections import page_of  # matplotlib takes long to load

        return super().page(records) | page_of(records)

    def kind_of(self, settings: Trial) -> Trial:
        """Without what takes no time."""
        return settings.replace(name="x", seed=0, gain=1.0, clip=1.0, lr=1e-3)

    def pace(self, settings: Trial, cells: Cells) -> Pace:
        """From one update, after another one."""
        run, begun = Training(settings), perf_counter()
        one_update([run])
        first, begun = perf_counter() - begun, perf_counter()
        one_update([run])
        return Pace(first, perf_counter() - begun, 0.0)


def _trials(task: str, arms: Sequence[str], **changes: Any) -> dict[str, Trial]:
    return {f"{task}_{arm}": Trial(f"{task}_{arm}", task, arm, **changes) for arm in arms}


TOLD = ("default", "ortho", "gru", "lstm")  # arms of the tasks that have no lag
EXPERIMENT = Trials(
    "bptt",
    _trials("echo", [*ARMS])
    | _trials("recall", [*ARMS])
    | _trials("sine", TOLD, lag=0)
    | _trials("text", TOLD, lag=0, lr=3e-3)
    | _trials("grammar", TOLD, lag=0, lr=3e-3),
    {"full": {}, "smoke": {"updates": 300}, "tiny": {"updates": 3, "batch": 4}},
    due=tuple(f"echo_{arm}" for arm in ARMS),
    notebook="2_experiment.ipynb",
    asked=ASKED,
)

train = EXPERIMENT.train
