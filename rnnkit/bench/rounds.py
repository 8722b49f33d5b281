"""Engines timed in turn, round after round, in one process, with `torch.utils.benchmark`; and their ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.benchmark import Measurement, TaskSpec, Timer, timer

from rnnkit.bench.cases import PLAIN, Work

BLOCK = 0.03  # seconds that one engine gets in a round: short work is repeated within it
Clock = Callable[[], float]


@dataclass(frozen=True)
class Spread:
    """Median and quartiles over the rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class Row:
    """One engine at one case: seconds of a call, and how many times faster than the plain loop in the same round.

    Both were timed within moments, so that a round in which the machine was busy counts as little as one in which it
    was not.
    """

    case: str
    engine: str
    seconds: Spread
    over_plain: Spread
    mean: float


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Median and quartiles of at least one value."""
    low, median, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


def clock_of(device: str, wall: bool = False) -> Clock:
    """What to time with: the processor time of this process; with ``wall``, or on CUDA, the time that passes.

    With one thread both are the same on an idle machine. On a busy one only the first leaves out the time in which the
    process waits for its turn (what the others do to caches and memory stays in).
    """
    return time.process_time if device == "cpu" and not wall else timer


def order(names: Sequence[str], number: int) -> list[str]:
    """The order of round ``number``: shifted by one from round to round, every other one backwards."""
    shift = number % len(names)
    names = [*names[shift:], *names[:shift]]
    return names[::-1] if number % 2 else names


def blocks(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """Many calls of the same work, some before them uncounted (compiled code, caches, buffers)."""
    words = (spec.label, spec.sub_label, spec.description)
    timed = Timer("work()", "pass", "", clock, {"work": work}, *words)
    return timed.blocked_autorange(min_run_time=BLOCK)


def once(spec: TaskSpec, work: Work, clock: Clock) -> Measurement:
    """One call of work that goes on from call to call, as a training does."""
    begun = clock()
    work()
    return Measurement(number_per_run=1, raw_times=[clock() - begun], task_spec=spec)


def interleave(
    title: str, case: str, works: Mapping[str, Work], measure: Callable[..., Measurement], rounds: int, clock: Clock
) -> tuple[list[Measurement], list[Row]]:
    """Times the works of one case (a line of the table ``title``) in turn, by `blocks` or `once`.

    Returns:
        One measurement an engine, and one row.
    """
    specs = {name: TaskSpec("work()", "pass", label=title, sub_label=case, description=name) for name in works}
    measured: dict[str, list[Measurement]] = {name: [] for name in works}
    for number in range(rounds):
        for name in order(list(works), number):
            measured[name].append(measure(specs[name], works[name], clock))
    seconds = {name: np.array([one.median for one in every]) for name, every in measured.items()}
    rows = [
        Row(case, name, spread(each), spread(seconds[PLAIN] / each), float(each.mean()))
        for name, each in seconds.items()
    ]
    return Measurement.merge(one for every in measured.values() for one in every), rows
