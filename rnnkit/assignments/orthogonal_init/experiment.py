"""What the lab trains: the document's arms, and what a record says of one."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from time import perf_counter
from typing import Any

from rnnkit.assignments.orthogonal_init.facts import DIGITS, facts_of
from rnnkit.assignments.orthogonal_init.foretold import ASKED
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.tasks import HEADLINE
from rnnkit.assignments.orthogonal_init.training import CURVES, KEYS, Training, alike, train_epoch
from rnnkit.runs.estimate import Pace
from rnnkit.runs.experiment import Record
from rnnkit.runs.modelfile import Cells
from rnnkit.runs.teams import Teams


class Arms(Teams):
    """Orthogonal and random arms of every task."""

    settings = Arm
    member = Training
    facts = staticmethod(facts_of)
    keys = KEYS
    shown = ("run", "status", "chance", "final", "best", "solved_epoch", "sustained", "mse")

    def get(self, name: str, /, profile: str = "full", **overrides: Any) -> Arm:
        """An arm by its name; another task than its own comes with its own length."""
        usual = {"T": 0} if "task" in overrides else {}
        return super().get(name, profile, **(usual | overrides))

    def alike(self, settings: Arm) -> Hashable:
        return alike(settings)

    def curves(self, record: Record) -> list[dict[str, Any]]:
        """Of every epoch: updates done, loss, metric, mean norm of the gradients, length of the sequences."""
        batches = self.settings_of(record).batches
        return [
            {"epoch": k + 1, "updates": (k + 1) * batches}
            | {name: round(float(record[name][k]), DIGITS) for name in CURVES}
            for k in range(len(record["loss"]))
        ]

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        from rnnkit.assignments.orthogonal_init.sections import page_of  # matplotlib takes long to load

        return super().page(records) | page_of({run: self.settings_of(one) for run, one in records.items()}, records)

    def kind_of(self, settings: Arm) -> Arm:
        """Without what takes no time."""
        return settings.replace(name="x", init="ortho", seed=0, weight_seed=-1, data_seed=-1, scale=0.0)

    def pace(self, settings: Arm, cells: Cells) -> Pace:
        """From one epoch of two updates, after another one."""
        run = Training(settings.replace(epochs=2, batches=2, curriculum=0))
        begun = perf_counter()
        train_epoch([run])
        first, begun = perf_counter() - begun, perf_counter()
        train_epoch([run])
        return Pace(first, (perf_counter() - begun) / 2, 0.0)


def _arms(tasks: Sequence[str], **changes: Any) -> dict[str, Arm]:
    return {
        f"{task}_{init}": Arm(f"{task}_{init}", task, init, **changes) for task in tasks for init in ("ortho", "random")
    }


OTHERS = (
    "multiplication", "temporal_order_3bit", "random_permutation_memorization", "noiseless_memorization_5bit",
    "noiseless_memorization_20bit",
)  # fmt: skip
EXPERIMENT = Arms(
    "orthogonal_init",
    _arms(HEADLINE) | _arms(["xor"], epochs=100) | _arms(OTHERS),
    {"full": {}, "smoke": {"epochs": 8}, "tiny": {"epochs": 2, "batches": 3, "batch": 10}},
    due=tuple(_arms(HEADLINE)),
    notebook="2_arm.ipynb",
    asked=ASKED,
)

train = EXPERIMENT.train
