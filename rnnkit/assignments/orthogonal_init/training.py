"""Arms on their way: all that have one shape take each update together, and each has the results it has alone."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.bptt import Net
from rnnkit.assignments.orthogonal_init.drawing import Drawn
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.optim import adam, look_ahead, with_momentum
from rnnkit.record.keys import Key
from rnnkit.runs.teams import Member

CURVES = ("loss", "metric", "grad_norm", "steps")  # one value an epoch
WINDOW = 30  # batches on whose mean a longer sequence depends
ROOM = 1e-9  # beside the norm by which a gradient is divided
KEYS = {
    "loss": Key("E", "nats", "mean loss of the epoch's batches, or half the mean squared error"),
    "metric": Key("E", "1", "mean accuracy of the epoch's batches, or half the mean squared error"),
    "grad_norm": Key("E", "1", "mean norm of the epoch's gradients before clipping"),
    "steps": Key("E", "steps", "length of the sequences, at the epoch's first update"),
    "length": Key("", "steps", "length of the sequences to come", dtype=np.int64),
    "full_at": Key("", "updates", "updates before the first at full length; -1 where there was none", (-1, np.inf)),
    "seconds": Key("", "s", "time in training"),
    "W_xh": Key("IH", "1", "input weights"),
    "W_hh": Key("HH", "1", "recurrent weights"),
    "b_h": Key("H", "1", "biases"),
    "W_ho": Key("HO", "1", "readout"),
    "b_o": Key("O", "1", "its biases"),
    "moments": Key("2P", "1", "the velocity, or Adam's two running means"),
    "stream": Key("", "", "the generator of batches, as JSON"),
    "window": Key("N", "1", "metrics of the last batches, by which a curriculum goes on"),
}


class Training(Member):
    """One arm."""

    def __init__(self, settings: Arm) -> None:
        super().__init__(settings, settings.first_weights(), settings.data_stream(), CURVES)
        self.T = settings.curriculum or settings.T
        self.full_at = 0 if settings.T == self.T else -1
        self.window: deque[float] = deque(maxlen=WINDOW)

    def go_on(self, team: Sequence[Training]) -> None:
        train_epoch(team)

    def checkpoints(self) -> Iterator[dict[str, float]]:
        yield from super().checkpoints()
        if not self.lost and solved_epoch(self.settings, self.curves):
            self.status = "solved"

    def found(self, since: int) -> dict[str, float]:
        found = super().found(since)
        return {self.settings.kind.metric: found["metric"], **{name: found[name] for name in ("loss", "grad_norm")}}

    def take(self, sums: np.ndarray, T: int, seconds: float) -> None:
        """One more epoch is done.

        Arguments:
            sums: of loss, metric and norm of the gradient over its batches.
            T: steps of its first batch.
        """
        for name, value in zip(CURVES, [*sums / self.settings.batches, T], strict=True):
            self.curves[name].append(float(value))
        self.updates += self.settings.batches
        self.seconds += seconds

    def seen(self, metric: float, update: int) -> None:
        """After one batch: a step more, where a curriculum allows it."""
        if self.T == self.settings.T:
            return
        self.window.append(metric)
        task = self.settings.kind
        if len(self.window) == WINDOW and task.better(float(np.mean(self.window)), task.solved):
            self.window.clear()
            self.T += 1
            if self.T == self.settings.T:
                self.full_at = self.updates + update + 1

    def state(self) -> dict[str, Any]:
        state = super().state()
        parts = self.settings.shape.named(state.pop("weights"))
        return state | parts | {"length": self.T, "full_at": self.full_at, "window": np.array(self.window)}

    def restore(self, state: Mapping[str, Any]) -> None:
        for name, part in self.settings.shape.named(self.weights).items():
            part[:] = state[name]
        super().restore({**state, "weights": self.weights})
        self.window.extend(state["window"].tolist())
        self.T, self.full_at = int(state["length"]), int(state["full_at"])


def solved_epoch(settings: Arm, curves: Mapping[str, Sequence[float]]) -> int | None:
    """The first epoch, from 1, whose metric is past the threshold with sequences of full length; None for none."""
    task = settings.kind
    past = task.better(np.asarray(curves["metric"]), task.solved) & (np.asarray(curves["steps"]) == settings.T)
    return int(np.argmax(past)) + 1 if past.any() else None


def alike(settings: Arm) -> Hashable:
    """Equal for arms that can be trained as one; None for one whose sequences grow by its own success."""
    if settings.curriculum:
        return None
    names = ("H", "T", "batch", "batches", "phi", "method", "dtype")
    task = settings.kind
    return tuple(getattr(settings, name) for name in names), task.n_in, task.n_out, task.head, task.recalled


def train_epoch(runs: Sequence[Training]) -> None:
    """Trains one epoch of all runs, which have equal `alike`, in place."""
    begun, first = time.perf_counter(), runs[0].settings
    weights = np.stack([run.weights for run in runs])
    moments = np.stack([run.moments for run in runs], axis=1)  # (2, S, P)
    nets: dict[int, Net] = {}
    lengths = [run.T for run in runs]
    sums = np.zeros((3, len(runs)))
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(first.batches):
            if (T := runs[0].T) not in nets:
                nets[T] = net_of(first, len(runs), T)
            batches = drawn(runs)
            weights, moments, told = one_update(nets[T], runs, weights, moments, batches, update)
            sums += told
            for run, metric in zip(runs, told[1], strict=True):
                run.seen(float(metric), update)
    share = (time.perf_counter() - begun) / len(runs)
    for s, run in enumerate(runs):
        run.weights, run.moments = weights[s].copy(), moments[:, s].copy()
        run.take(sums[:, s], lengths[s], share)


def net_of(arm: Arm, S: int, T: int) -> Net:
    """Room for S such networks; the compiled one where there is one."""
    kind = Net
    if arm.phi == "tanh":
        from rnnkit.assignments.orthogonal_init.compiled import Compiled  # numba takes a second to load

        kind = Compiled
    return kind(arm.shape, arm.kind, arm.phi, S, T, arm.batch, np.dtype(arm.dtype).type)


def one_update(
    net: Net, runs: Sequence[Training], weights: np.ndarray, moments: np.ndarray, batches: Sequence[Drawn], update: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The weights ``(S, P)`` and moments ``(2, S, P)`` after one update, and loss, metric, norm ``(3, S)``."""

    def each(values: Sequence[float]) -> np.ndarray:
        return np.array(values, weights.dtype)[:, None]

    first = runs[0].settings
    lr, t = each([run.settings.lr for run in runs]), [run.updates + update for run in runs]
    mu = each([run.settings.momentum_at(one) for run, one in zip(runs, t, strict=True)])
    at = look_ahead(weights, moments[0], mu) if first.method == "nesterov" else weights
    loss, metric, grad = net.gradient(at, [one.x for one in batches], [one.y for one in batches])
    norm = np.sqrt(np.einsum("sp,sp->s", grad, grad, dtype=np.float64))
    limit = np.array([run.settings.clip or np.inf for run in runs])
    grad *= np.where(norm > limit, limit / (norm + ROOM), 1.0).astype(grad.dtype)[:, None]
    if first.method == "adam":
        weights, *both = adam(weights, moments[0], moments[1], grad, lr, each(t) + 1)
        moments = np.stack(both)
    else:
        weights, velocity = with_momentum(weights, moments[0], grad, lr, mu)
        moments = np.stack([velocity, moments[1]])
    return weights, moments, np.stack([loss, metric, norm])


def drawn(runs: Sequence[Training]) -> list[Drawn]:
    """A batch for each run; runs that are about to draw the same one share it."""
    batches: dict[Hashable, tuple[Drawn, Mapping[str, Any]]] = {}
    out = []
    for run in runs:
        arm, stream = run.settings, run.rng.bit_generator
        key = (arm.task, run.T, arm.batch, arm.centred, json.dumps(stream.state))
        if key in batches:
            batch, stream.state = batches[key]
        else:
            batch = arm.kind.draw(run.rng, run.T, arm.batch, arm.centred)
            batches[key] = batch, stream.state
        out.append(batch)
    return out
