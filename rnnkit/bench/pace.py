"""Whole trainings, stopped at every check: how long the updates and the check took, and which part of them what."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from rnnkit import trainer as training
from rnnkit import update
from rnnkit.bench.measure import BenchError, Clock, in_turn
from rnnkit.engines import Engine, Pass
from rnnkit.heads import Head
from rnnkit.regimes import Regime
from rnnkit.tasks import Batch

UPDATE_PARTS = ("sampling", "forward", "backward", "clipping", "weight update", "bookkeeping")
CHECK_PARTS = ("validation", "diagnostic pass", "diagnostics", "spectrum", "bookkeeping")
# functions that the trainer calls by these names, and the part that they are
_CALLED = {
    "draw_length": "sampling",
    "clip": "clipping",
    "sgd": "weight update",
    "over_time": "diagnostics",
    "over_units": "diagnostics",
    "rho_Whh": "spectrum",
    "sigma_max_Whh": "spectrum",
}


class Lap(NamedTuple):
    """The updates between two checks and the check: seconds of each, and of their parts (empty without a watch)."""

    updates: float
    check: float
    update_parts: dict[str, float]
    check_parts: dict[str, float]


class Stopwatch:
    """Seconds by part. A part within a part counts as the outer one; what was done ``aside`` counts nowhere.

    Attributes:
        seconds: so far, by part.
        aside: seconds that the measuring itself took.
    """

    def __init__(self, clock: Clock = time.process_time) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.aside = 0.0
        self.clock = clock
        self._inside = False

    def timed(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its time added to ``part``."""

        def watched(*arguments: Any, **options: Any) -> Any:
            if self._inside:
                return work(*arguments, **options)
            self._inside = True
            begun = self.clock()
            try:
                return work(*arguments, **options)
            finally:
                self.seconds[part] += self.clock() - begun
                self._inside = False

        return watched


class WatchedEngine:
    """An engine whose passes are timed.

    The forward pass of a training batch is done once more, alone and aside; what the whole pass takes beyond it
    counts as backward, recording for autograd included.
    """

    def __init__(self, engine: Engine, watch: Stopwatch) -> None:
        self.name, self._engine, self._watch = engine.name, engine, watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return self._watch.timed("validation", found) if name == "metrics" else found

    def run(self, cell: nn.Module, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        """As the engine's."""
        watch = self._watch
        part = "both" if backward and not flow else "diagnostic pass" if backward else "validation"
        found = watch.timed(part, self._engine.run)(cell, head, batch, backward=backward, flow=flow)
        if part == "both":
            begun = watch.clock()
            watch.timed("forward", self._engine.run)(cell, head, batch, backward=False)
            watch.aside += watch.clock() - begun
        return found


class Paced:
    """A regime in training that stops after every check.

    Arguments:
        regime: the settings.
        engine: forward and backward.
        watch: where the parts' times go; without one, only updates and checks are told apart.
        clock: see `rnnkit.bench.measure.clock_of`.
    """

    def __init__(
        self, regime: Regime, engine: Engine, watch: Stopwatch | None = None, clock: Clock = time.process_time
    ) -> None:
        self._watch, self._clock = watch, clock
        self._trainer = training.Trainer(regime, engine=WatchedEngine(engine, watch) if watch else engine)
        if watch:
            self._trainer.task = _WatchedTask(self._trainer.task, watch)
        self._laps = self._trainer.checkpoints(on_update=self._mark)
        self._regime = regime

    def lap(self) -> Lap:
        """The next updates and their check; the first lap is a check of the untrained network alone.

        Raises:
            BenchError: the training has come to its end.
        """
        with watching(self._watch):
            self._mark()
            begun = self._marked
            if next(self._laps, None) is None:
                status = self._trainer.status
                raise BenchError(f"{self._regime.name}: expected more updates to time, the run has {status}; time less")
            updated = self._marked
            self._mark()
        spent = _difference(updated.parts, begun.parts), _difference(self._marked.parts, updated.parts)
        updates = updated.at - begun.at - (updated.aside - begun.aside)
        check = self._marked.at - updated.at - (self._marked.aside - updated.aside)
        if not self._watch:
            return Lap(updates, check, {}, {})
        return Lap(updates, check, _update_parts(spent[0], updates), _rest(CHECK_PARTS, spent[1], check))

    def _mark(self, updates: int = 0) -> None:
        parts, aside = (dict(self._watch.seconds), self._watch.aside) if self._watch else ({}, 0.0)
        self._marked = _Mark(self._clock(), aside, parts)


class _Mark(NamedTuple):
    at: float
    aside: float
    parts: dict[str, float]


class _WatchedTask:
    """A task whose sampling is timed."""

    def __init__(self, task: Any, watch: Stopwatch) -> None:
        self._task = task
        self.sample = watch.timed("sampling", task.sample)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)


@contextmanager
def watching(watch: Stopwatch | None) -> Iterator[None]:
    """For as long, what the trainer calls is timed."""
    if watch is None:
        yield
        return
    plain = {
        (module, name): vars(module)[name] for module in (update, training) for name in _CALLED.keys() & vars(module)
    }
    try:
        for (module, name), function in plain.items():
            setattr(module, name, watch.timed(_CALLED[name], function))
        yield
    finally:
        for (module, name), function in plain.items():
            setattr(module, name, function)


def laps(pacers: dict[str, Paced], rounds: int) -> dict[str, list[Lap]]:
    """So many laps of each, in turn; two before them (the untrained network's check, compiled code) do not count.

    All pacers of one regime draw the same lengths and batches in the same lap.
    """
    for pacer in pacers.values():
        pacer.lap()
        pacer.lap()
    found: dict[str, list[Lap]] = {name: [] for name in pacers}
    for number in range(rounds):
        for name in in_turn(list(pacers), number):
            found[name].append(pacers[name].lap())
    return found


def median_parts(found: list[Lap]) -> tuple[dict[str, float], dict[str, float]]:
    """The medians over laps of each part's seconds: of the updates, and of the check; ``all`` is the whole."""
    updates = {part: [lap.update_parts[part] for lap in found] for part in UPDATE_PARTS}
    check = {part: [lap.check_parts[part] for lap in found] for part in CHECK_PARTS}
    updates["all"], check["all"] = [lap.updates for lap in found], [lap.check for lap in found]
    return tuple({part: float(np.median(times)) for part, times in group.items()} for group in (updates, check))


def _update_parts(spent: dict[str, float], whole: float) -> dict[str, float]:
    both = spent.pop("both", 0.0)
    return _rest(UPDATE_PARTS, spent | {"backward": both - spent.get("forward", 0.0)}, whole)


def _rest(parts: tuple[str, ...], spent: dict[str, float], whole: float) -> dict[str, float]:
    """Seconds of all parts, the last of which is what the others leave."""
    known = {part: spent.get(part, 0.0) for part in parts[:-1]}
    return known | {parts[-1]: whole - math.fsum(known.values())}


def _difference(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    return {part: seconds - before.get(part, 0.0) for part, seconds in after.items()}
