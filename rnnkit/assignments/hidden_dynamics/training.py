"""Networks on their way: all that have one shape take each update together, and each has the results it has alone."""

from __future__ import annotations

import json
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from rnnkit.assignments.hidden_dynamics.network import H
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import Kept, first_row, gradient, judged
from rnnkit.optim import adam
from rnnkit.record.keys import Key
from rnnkit.runs.experiment import Run

CURVES = ("train_loss", "train_acc", "test_loss", "test_acc")  # one value an epoch
KEYS = {
    "train_loss": Key("E", "nats", "mean loss of the epoch's batches, with dropout"),
    "train_acc": Key("E", "fraction", "mean accuracy of the epoch's batches, with dropout", (0, 1)),
    "test_loss": Key("E", "nats", "loss on the test sequences after the epoch"),
    "test_acc": Key("E", "fraction", "accuracy on the test sequences after the epoch", (0, 1)),
    "weights": Key("P", "1", "all parameters", (-np.inf, np.inf)),
    "moments": Key("2P", "1", "Adam's two running means", (-np.inf, np.inf)),
    "stream": Key("", "", "the generator of batches and dropout, as JSON"),
    "seconds": Key("", "s", "time in training"),
}
TOGETHER = ("cell", "T", "epochs", "batches", "batch", "drop", "train", "test")  # equal in what is trained as one


class Training(Run):
    """One network. `team` is who trains with it: runs of one shape, this one among them."""

    def __init__(self, settings: Net) -> None:
        self.settings, self.team = settings, [self]
        self.weights = first_row(settings)
        self.moments = np.zeros((2, len(self.weights)), np.float32)
        _, self.rng = settings.begun()
        self.train, self.test = settings.data(self.rng)
        self.curves: dict[str, list[float]] = {name: [] for name in CURVES}
        self.seconds = 0.0
        self.told = 0  # epochs

    @property
    def epochs(self) -> int:
        """Epochs done."""
        return len(self.curves["test_loss"])

    @property
    def waits(self) -> bool:
        """Whether another epoch may be trained: there is one to come, and the last one was told."""
        return self.told == self.epochs < self.settings.epochs and not self.lost

    @property
    def lost(self) -> bool:
        """Whether the last epoch had numbers that are none."""
        return not all(np.isfinite(values[-1]) for values in self.curves.values() if values)

    def checkpoints(self) -> Iterator[dict[str, float]]:
        while self.waits or self.told < self.epochs:
            if self.waits:
                train_epoch([run for run in self.team if run.waits and run.epochs == self.epochs])
            self.told = self.epochs
            yield {name: values[-1] for name, values in self.curves.items()}
        if self.lost:
            self.status = "diverged"

    def drawn(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """An epoch's batches: sequences ``(B, T, C)``, labels ``(B,)``, dropout ``(B, T, H)`` and ``(B, H)``."""
        s = self.settings
        X, y = self.train
        for batch in self.rng.permutation(s.train)[: s.batches * s.batch].reshape(s.batches, s.batch):
            states, last = (self._kept(*size, s.batch, H) for size in ((s.T,), ()))
            yield X[batch], y[batch], states.swapaxes(0, 1), last

    def _kept(self, *shape: int) -> np.ndarray:
        drop = self.settings.drop
        return (self.rng.random(shape, np.float32) > drop) / np.float32(1 - drop)

    def state(self) -> dict[str, Any]:
        alone = {"stream": json.dumps(self.rng.bit_generator.state), "seconds": self.seconds}
        curves = {name: np.array(values) for name, values in self.curves.items()}
        return curves | {"weights": self.weights.copy(), "moments": self.moments.copy()} | alone

    def restore(self, state: Mapping[str, Any]) -> None:
        self.weights, self.moments = state["weights"].copy(), state["moments"].copy()
        self.rng.bit_generator.state = json.loads(str(state["stream"]))
        self.curves = {name: state[name].tolist() for name in CURVES}
        self.seconds = float(state["seconds"])
        self.updates, self.told = int(state["updates"]), self.epochs


def alike(settings: Net) -> Hashable:
    """Equal for networks that gain from being trained as one; None for torch's own, which do not."""
    return tuple(getattr(settings, name) for name in TOGETHER) if settings.cell == "rnn" else None


def train_epoch(runs: Sequence[Training]) -> None:
    """Trains one epoch of all runs, which are alike and equally far, in place."""
    begun, first = time.perf_counter(), runs[0].settings
    rows = np.stack([run.weights for run in runs])
    m, v = np.stack([run.moments for run in runs], axis=1)
    rates = np.array([run.settings.rate(run.epochs) for run in runs], np.float32)[:, None]
    sums = np.zeros((2, len(runs)))
    for k, batches in enumerate(zip(*(run.drawn() for run in runs), strict=True)):
        x, y, states, last = (torch.from_numpy(np.stack(parts)) for parts in zip(*batches, strict=True))
        loss, accuracy, found = gradient(first, rows, x, y, Kept(states, last))
        rows, m, v = adam(rows, m, v, found, rates, runs[0].updates + k + 1)
        sums += (loss, accuracy)
    tested = judged(first, rows, [run.test for run in runs])
    share = (time.perf_counter() - begun) / len(runs)
    for s, run in enumerate(runs):
        run.weights, run.moments = rows[s].copy(), np.stack([m[s], v[s]])
        for name, value in zip(CURVES, (*sums[:, s] / first.batches, *tested[:, s]), strict=True):
            run.curves[name].append(float(value))
        run.updates += first.batches
        run.seconds += share
