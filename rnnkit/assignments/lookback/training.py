"""Networks on their way: all of one shape take each update together, and each has the results it has alone."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rnnkit.assignments.lookback.batches import Batch, Shelf, chunks, take
from rnnkit.assignments.lookback.data import shelves_of
from rnnkit.assignments.lookback.judged import JUDGED, judgement, nothing_yet
from rnnkit.assignments.lookback.lookback import gradient
from rnnkit.assignments.lookback.models import Model, forward, read
from rnnkit.assignments.lookback.protocol import Watch, groups, learning_rate
from rnnkit.assignments.lookback.settings import Net
from rnnkit.record.keys import Key
from rnnkit.runs.teams import Member

CURVES = ("train_loss", "train_acc", "dev_loss", "dev_acc", "grad_norm")  # one value an epoch
AT_ONCE = 200  # sentences that are read, but not learnt from, in one go
APART = ("name", "lr", "anneal", "min_change", "seed")  # in which networks that are trained as one may differ
KEYS = {
    "train_loss": Key("E", "nats", "loss after the epoch, on as many training sentences as dev has"),
    "train_acc": Key("E", "fraction", "accuracy on them", (0, 1)),
    "dev_loss": Key("E", "nats", "loss on dev after the epoch"),
    "dev_acc": Key("E", "fraction", "accuracy on dev after the epoch", (0, 1)),
    "grad_norm": Key("E", "1", "mean norm of what an update adds to U, a GRU's U_h, before the rate"),
    "initial_loss": Key("", "nats", "loss on dev before training"),
    "best": Key("P", "1", "weights after the epoch with the smallest loss on dev", (-np.inf, np.inf)),
    "weights": Key("P", "1", "weights now; empty after the end", (-np.inf, np.inf)),
    "moments": Key("P", "1", "gradients that are carried to the next update; empty after the end", (-np.inf, np.inf)),
    "small": Key("", "epochs", "small changes of the loss on dev, one after the other", dtype=np.int64),
    "stream": Key("", "", "the generator of orders, as JSON"),
    "seconds": Key("", "s", "time in training, this run's share"),
} | JUDGED


class Training(Member):
    """One network; its moments are the gradients that wait for the next update."""

    def __init__(self, settings: Net) -> None:
        self.shelves = shelves_of(settings)
        self.model: Model = settings.shape(self.shelves.splits.vocabulary.size)
        rng = np.random.RandomState(settings.seed)  # the coursework's generator: its figures come from its draws
        super().__init__(settings, self.model.drawn(rng).astype(settings.dtype), rng, CURVES)
        self.best, self.moments = self.weights.copy(), np.zeros_like(self.weights)
        self.initial_loss = math.nan
        self.watch = Watch(settings.min_change)
        self.judged = nothing_yet()

    @property
    def waits(self) -> bool:
        return super().waits and not self.watch.over

    def go_on(self, team: Sequence[Training]) -> None:
        train_epoch(team)

    def checkpoints(self) -> Iterator[dict[str, float]]:
        yield from super().checkpoints()
        if not self.lost:
            self.judged = judgement(self.settings, self.model, self.best)

    def begin(self, loss: float) -> None:
        """Before the first epoch."""
        self.initial_loss = loss
        self.watch.see(loss)

    def end_epoch(self, weights: np.ndarray, waiting: np.ndarray, values: Mapping[str, float], updates: int) -> None:
        """After each."""
        self.weights, self.moments = weights.copy(), waiting.copy()
        if not values["dev_loss"] >= min(self.curves["dev_loss"], default=math.inf):
            self.best = self.weights.copy()
        for name in CURVES:
            self.curves[name].append(float(values[name]))
        self.watch.see(float(values["dev_loss"]))
        self.updates += updates

    def stream(self) -> str:
        kind, key, *rest = self.rng.get_state(legacy=True)
        return json.dumps([kind, key.tolist(), *rest])

    def follow(self, stream: str) -> None:
        kind, key, *rest = json.loads(stream)
        self.rng.set_state((kind, np.array(key, np.uint32), *rest))

    def state(self) -> dict[str, Any]:
        alone = {"best": self.best.copy(), "initial_loss": self.initial_loss, "small": self.watch.small}
        return super().state() | alone | self.judged

    def restore(self, state: Mapping[str, Any]) -> None:
        super().restore(state)
        self.best, self.initial_loss = state["best"].copy(), float(state["initial_loss"])
        last = self.curves["dev_loss"][-1] if self.done else self.initial_loss
        self.watch = Watch(self.settings.min_change, last, int(state["small"]))


def alike(settings: Net) -> Hashable:
    """Equal for networks that can be trained as one: of one shape, on the same sentences."""
    return tuple(getattr(settings, name) for name in settings.fields() if name not in APART)


class Sum:
    """Gradients ``(S, P)`` that wait for an update; of V only the rows of words that were read."""

    def __init__(self, model: Model, waiting: np.ndarray) -> None:
        self.model, self.waiting, self.parts = model, waiting, model.blocks(waiting)
        self.read: np.ndarray = np.any(self.parts["V"], axis=2)  # (S, K)

    def add(self, batch: Batch) -> None:
        """Says which sentences' gradients are added."""
        for s, known in enumerate(self.read):
            known[batch.x[:, s][batch.valid[:, s]]] = True

    def norm(self) -> np.ndarray:
        """Of U's sum, a GRU's U_h ``(S,)``."""
        return np.sqrt(np.square(self.parts["U"][..., -self.model.H :]).sum((1, 2)))

    def apply(self, rows: np.ndarray, scale: np.ndarray) -> None:
        """Adds it, times ``(S, 1)``, to the weights ``(S, P)`` in place, and begins again from 0."""
        to = self.model.blocks(rows)
        for name in "UW":
            to[name] += scale[..., None] * self.parts[name]
            self.parts[name][:] = 0
        for s, known in enumerate(self.read):
            words = np.flatnonzero(known)
            to["V"][s][words] += scale[s] * self.parts["V"][s][words]
            self.parts["V"][s][words] = 0
        self.read[:] = False


def train_epoch(runs: Sequence[Training]) -> None:
    """Trains one epoch of all runs, which are alike and equally far, in place."""
    begun, first = time.perf_counter(), runs[0].settings
    model, shelf, S = runs[0].model, runs[0].shelves.train, len(runs)
    rows, waiting = (np.stack([getattr(run, name) for run in runs]) for name in ("weights", "moments"))
    if not runs[0].done:
        for run, loss in zip(runs, measured(model, rows, runs[0].shelves.dev)[0], strict=True):
            run.begin(float(loss))
    rates = np.array([[learning_rate(run.settings.lr, run.settings.anneal, run.done)] for run in runs], rows.dtype)
    orders = np.stack([run.rng.permutation(len(shelf)) for run in runs])
    summed, norms, updates = Sum(model, waiting), np.zeros(S), 0
    for group in groups(len(shelf), first.batch):
        batch = take([shelf] * S, orders[:, group.start : group.stop])
        summed.add(batch)
        gradient(model, rows, batch, first.lookback, first.legacy_coursework_grad, waiting)
        if group.divisor:
            norms += summed.norm() / group.divisor
            summed.apply(rows, rates / group.divisor)
            updates += 1
    seen, dev = (measured(model, rows, one) for one in (runs[0].shelves.seen, runs[0].shelves.dev))
    share = (time.perf_counter() - begun) / S
    for s, run in enumerate(runs):
        values = zip(CURVES, (seen[0][s], seen[1][s], dev[0][s], dev[1][s], norms[s] / updates), strict=True)
        run.end_epoch(rows[s], waiting[s], dict(values), updates)
        run.seconds += share


def measured(model: Model, rows: np.ndarray, shelf: Shelf) -> tuple[np.ndarray, np.ndarray]:
    """Mean loss (nats) and accuracy of S networks ``(S,)`` each, over all words or sentences of a shelf."""
    w, S = model.blocks(rows), len(rows)
    loss, right, counts = np.zeros(S), np.zeros(S), np.zeros(S)
    for chosen in chunks(shelf, AT_ONCE):
        batch = take([shelf] * S, np.tile(chosen, (S, 1)))
        said = read(w["W"], forward(model, w, batch, len(batch.x)), learn=False)
        loss += said.loss
        right += (said.classes == batch.d).sum((0, 2))
        counts += batch.counts
    return loss / counts, right / counts
