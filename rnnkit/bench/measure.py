"""Timing several pieces of work against each other in one process, on a machine that others use too."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from rnnkit.common.names import BadValue

BLOCK = 0.03  # seconds that one piece of work gets in a round: short work is repeated within it
MOST_CALLS = 40  # in a round

Name = TypeVar("Name", bound=Hashable)
Work = Callable[[], object]
Clock = Callable[[], float]  # seconds; waits first for what has been set in motion


class BenchError(BadValue):
    """A measurement that cannot be."""


class Spread(NamedTuple):
    """Median and quartiles of what the rounds found."""

    median: float
    low: float
    high: float


class Timings(NamedTuple):
    """What `interleave` found: seconds of one call, one figure a round, by name; and of each very first call."""

    seconds: dict[Name, np.ndarray]
    first: dict[Name, float]


def spread(values: Sequence[float] | np.ndarray) -> Spread:
    """Median and quartiles of at least one value."""
    low, median, high = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    return Spread(float(median), float(low), float(high))


def ratio(slow: np.ndarray, fast: np.ndarray) -> Spread:
    r"""How many times faster ``fast`` is: the spread over the rounds k of :math:`t^{slow}_k / t^{fast}_k`.

    Both were timed within moments in each round, so that a round in which the machine was busy counts as little as
    one in which it was not.

    Arguments:
        slow, fast: ``(R,)`` seconds, of the same rounds.
    """
    return spread(np.asarray(slow, dtype=float) / np.asarray(fast, dtype=float))


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    r"""Exponent a of the growth :math:`t \propto n^a`: the least-squares slope of log t over log n.

    Raises:
        BenchError: fewer than two different sizes.
    """
    if len(set(sizes)) < 2:
        raise BenchError(f"growth: expected at least two different sizes, got {list(sizes)}; add one")
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def clock_of(device: str = "cpu", wall: bool = False) -> Clock:
    """What to time with: the processor time of this process; with ``wall``, or on CUDA, the time that passes.

    With one thread both are the same on an idle machine. On a busy one only the first leaves out the time in which the
    process waits for its turn (what the others do to caches and memory stays in).
    """
    if device == "cpu":
        return time.perf_counter if wall else time.process_time

    def clock() -> float:
        import torch

        torch.cuda.synchronize()
        return time.perf_counter()

    return clock


def interleave(
    works: Mapping[Name, Work], rounds: int, *, clock: Clock = time.process_time, block: float = BLOCK
) -> Timings:
    """Times pieces of work in turn, round after round.

    Each is called twice before (compiled code, caches, buffers). In every round each gets a block of calls of about
    ``block`` seconds, at least one; where there are several, the first, whose caches another piece of work has
    filled, is not counted. The round's figure is the median over the calls, so that a call from which the processor
    was taken away does not matter. The order shifts by one and turns round from round to round.

    Arguments:
        works: what to call, by name.
        rounds: R.
        clock: see `clock_of`.
        block: seconds.

    Returns:
        `Timings` with ``(R,)`` seconds of one call for each name.
    """
    first = {name: _once(work, clock) for name, work in works.items()}
    calls = {name: calls_within(block, _once(work, clock)) for name, work in works.items()}
    found: dict[Name, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in in_turn(list(works), number):
            times = [_once(works[name], clock) for _ in range(calls[name])]
            found[name].append(float(np.median(times[1:] or times)))
    return Timings({name: np.array(times) for name, times in found.items()}, first)


def calls_within(block: float, seconds: float) -> int:
    """Calls of so many seconds that make up a block: 1, or at least 3, one of which will not be counted."""
    calls = min(math.ceil(block / max(seconds, 1e-9)), MOST_CALLS)
    return calls + 1 if calls > 1 else 1


def in_turn(names: Sequence[Name], number: int) -> list[Name]:
    """The order of round ``number``: shifted by one from round to round, every other one backwards."""
    shift = number % len(names)
    order = [*names[shift:], *names[:shift]]
    return order[::-1] if number % 2 else order


def _once(work: Work, clock: Clock) -> float:
    begun = clock()
    work()
    return clock() - begun
