"""Networks on their way: all that have one shape take each update together, and each has the results it has alone."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import torch

from rnnkit.assignments.hidden_dynamics.network import H
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import Kept, first_row, gradient, judged
from rnnkit.optim import adam
from rnnkit.record.keys import Key
from rnnkit.runs.teams import Member

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


class Training(Member):
    """One network."""

    def __init__(self, settings: Net) -> None:
        _, rng = settings.begun()
        super().__init__(settings, first_row(settings), rng, CURVES)
        self.train, self.test = settings.data(rng)

    def go_on(self, team: Sequence[Training]) -> None:
        train_epoch(team)

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


def alike(settings: Net) -> Hashable:
    """Equal for networks that gain from being trained as one; None for torch's own, which do not."""
    return tuple(getattr(settings, name) for name in TOGETHER) if settings.cell == "rnn" else None


def train_epoch(runs: Sequence[Training]) -> None:
    """Trains one epoch of all runs, which are alike and equally far, in place."""
    begun, first = time.perf_counter(), runs[0].settings
    rows = np.stack([run.weights for run in runs])
    m, v = np.stack([run.moments for run in runs], axis=1)
    rates = np.array([run.settings.rate(run.done) for run in runs], np.float32)[:, None]
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
