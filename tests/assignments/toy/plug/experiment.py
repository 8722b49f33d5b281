"""What the toy trains: gradient descent on a quadratic, as every experiment is made: settings, a run, a table's row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnkit.record.keys import Key
from rnnkit.runs.experiment import Experiment, Run, Settings

CURVATURE = np.array([1.0, 4.0, 16.0])


@dataclass(frozen=True)
class Descent(Settings):
    """Settings of a descent: how many steps, how long they are, and where it begins."""

    name: str = "descent"
    steps: int = 200
    every: int = 20
    rate: float = 0.05
    seed: int = 1


class Descending(Run):
    """One descent on its way."""

    def __init__(self, settings: Descent) -> None:
        self.settings = settings
        self.w = np.random.default_rng(settings.seed).normal(size=3)
        self.losses: list[float] = []

    def checkpoints(self) -> Iterator[dict[str, float]]:
        while self.updates < self.settings.steps:
            self.w = self.w - self.settings.rate * CURVATURE * self.w
            self.updates += 1
            if self.updates % self.settings.every == 0:
                self.losses.append(float(CURVATURE @ self.w**2) / 2)
                yield {"loss": self.losses[-1]}

    def state(self) -> dict[str, Any]:
        return {"w": self.w.copy(), "loss": np.array(self.losses)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.w, self.losses, self.updates = state["w"], state["loss"].tolist(), int(state["updates"])


class Descents(Experiment):
    """Descents of a valley, with a slow and a fast one by name."""

    settings = Descent

    def begin(self, settings: Descent, cells: object) -> Descending:
        return Descending(settings)

    def total(self, settings: Descent) -> int:
        return settings.steps

    def schema(self, settings: Descent) -> dict[str, Key]:
        return {"w": Key("3", "1", "where it is"), "loss": Key("C", "1", "the loss, by check")}

    def row(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {"loss": f"{record['loss'][-1]:.3g}"}


EXPERIMENT = Descents(
    "toy", {"slow": Descent("slow"), "fast": Descent("fast", rate=0.1)}, {"full": {}, "tiny": {"steps": 40}}
)
