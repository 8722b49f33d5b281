"""Whether a record's weights follow from its own anchors: stretches of its training are done again, and compared.

The built-in cells do them again, whatever cells the run had: right ones compute the same. On the machine and versions
that made a record every bit comes out the same. Elsewhere the last digits differ, and training may let that grow; how
much, two more tries tell that begin a rounding error away.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from time import process_time
from typing import NamedTuple

import numpy as np

from rnnkit.engines import FusedEngine
from rnnkit.heads import get_head
from rnnkit.inits import set_weights
from rnnkit.record.file import rng_state, set_rng_state, weights_of
from rnnkit.record.stored_run import CURVES, Differs, Stored, Untried
from rnnkit.runs.lengths import network_of
from rnnkit.trainer import draw_weights
from rnnkit.update import one_update

CLOSE = 1e-3  # of the way that the weights went: what two engines differ by where nothing grows (5e-4 was measured)
ROUNDING = 1e-6  # of the weights
NOISE, PARTS = 1e-6, 4.0  # relative, of the tries beside; how many times their distance a record may be (1.3 was)
WILD = 0.5  # of the weights: no record may be so far away, however far such tries part; other networks' are 1 and more
CALM, ALIKE = 1e-4, 1e-2  # relative: until tries differ by so much, a record's curves must be these, to so much
PROBE, LONGEST = 50, 1000  # sequences on which every anchor is tried, steps


class OutOfTime(Exception):
    """The time is used up."""


class Clock:
    """Seconds of this process's own computing that are left: ``Clock(240)``."""

    def __init__(self, seconds: float) -> None:
        self._end = process_time() + seconds

    @property
    def left(self) -> float:
        return self._end - process_time()

    def look(self, *_: object) -> None:
        """Raises OutOfTime where there are none."""
        if self.left < 0:
            raise OutOfTime("the time for trying it again was used up")


class Tried(NamedTuple):
    """A stretch, done again: the weights and the random stream that it ended with, and the curves ``(N, 2)``."""

    weights: dict[str, np.ndarray]
    rng: dict[str, np.ndarray]
    curves: np.ndarray


class Stretches:
    """A record's stretches, from each anchor to the next; the seed is that of what is drawn here."""

    def __init__(self, content: Stored, seed: int, clock: Clock) -> None:
        self.content, self.clock, self.rng = content, clock, np.random.RandomState(seed)
        regime = self.regime = content.regime
        self.task, self.engine = regime.make_task(), FusedEngine()
        self.head = get_head(self.task.head, regime.err_abs)
        self.cell = network_of(self._weights(-1), regime)
        self.lengths = np.diff(content.updates)

    def follow(self) -> str:
        """Does again the first and last stretch, those that moved weights and loss most, and others as time allows.

        A sentence says how much it was; Untried: not even those can be done, or what they give says nothing.
        """
        self._at_the_beginning()
        needed, pace = self._needed(), self._pace()
        cost = pace * self.lengths[needed].sum()
        if cost > self.clock.left:
            again = f"training {self.lengths[needed].sum()} of its updates again would take about {cost:.0f} s"
            raise Untried(f"{again} of computing, {max(0, self.clock.left):.0f} s are left")
        exact = {row: self._compare(row) for row in needed}
        for row in self.rng.permutation(len(self.lengths)):
            if row not in exact and pace * self.lengths[row] < self.clock.left:
                try:
                    exact[int(row)] = self._compare(row)
                except (Untried, OutOfTime):
                    continue
        how = "bit for bit" if all(exact.values()) else "up to what rounding makes of it"
        done = self.lengths[list(exact)].sum()
        return f"{done} of its {self.content.updates[-1]} updates were done again and give its weights, {how}"

    def _at_the_beginning(self) -> None:
        """Whether the first anchor is the untrained network of the seed."""
        rng = np.random.RandomState(self.regime.seed)
        draw_weights(self.cell, self.regime, rng)
        first, same = self._weights(0), _same_stream(rng_state(rng), self._stream(0))
        if not same or _distance(weights_of(self.cell), first) > ROUNDING * _size(first):
            raise Differs("it does not begin with the network that its seed gives")

    def _needed(self) -> list[int]:
        """The stretches that nobody does without, the last one first."""
        rows = range(len(self.content.updates))
        moves = [_distance(self._weights(row), self._weights(row + 1)) for row in rows[:-1]]
        length = min(LONGEST, (self.regime.min_length + self.regime.max_length) // 2)
        batch = self.task.sample(np.random.RandomState(self.regime.seed), length, PROBE).to("cpu", self.cell.W_hh.dtype)
        losses = []
        for row in rows:
            set_weights(self.cell, self._weights(row))
            losses.append(self.engine.metrics(self.cell, self.head, batch)["nll"])
            self.clock.look()
        falls = np.nan_to_num(-np.diff(losses), nan=np.inf)
        return [*dict.fromkeys([len(moves) - 1, 0, int(np.argmax(falls)), int(np.argmax(moves))])]

    def _pace(self) -> float:
        """Seconds for an update, once everything is compiled."""
        rng = self._go_to(len(self.lengths) - 1)
        for _ in range(2):
            begun = process_time()
            self._update(rng)
        return process_time() - begun

    def _compare(self, row: int) -> bool:
        """Does a stretch again: True where every bit is the record's, False where that is as near as can be."""
        one, begin, end = self._again(row), *map(int, self.content.updates[row : row + 2])
        where, record = f"updates {begin + 1} to {end}", self._weights(row + 1)
        curves = np.stack([self.content.curves[name][begin:end] for name in CURVES], 1)
        if not _same_stream(one.rng, self._stream(row + 1)):
            raise Differs(f"{where}: the random numbers are not those of its seed")
        away = _distance(one.weights, record)
        if away == 0 and np.array_equal(one.curves, curves, equal_nan=True):
            return True
        start = self._weights(row)
        least = CLOSE * min(_distance(start, record), _distance(start, one.weights)) + ROUNDING * _size(start)
        if away <= least and _apart(one.curves, curves).max() <= ALIKE:
            return False
        beside = [self._again(row, noise=True) for _ in range(2)]
        alike = np.maximum(*(_apart(one.curves, other.curves) for other in beside)) <= CALM
        calm = np.logical_and.accumulate(alike)
        if (_apart(one.curves, curves)[calm] > ALIKE).any():
            raise Differs(f"{where}: its curves are not those that its training gives")
        parted = max(_distance(a.weights, b.weights) for a, b in combinations([one, *beside], 2))
        if away > least + PARTS * parted:
            raise Differs(
                f"{where}: done again they end {away:.2g} away from its weights, and no more than {parted:.2g} away "
                "where they begin a rounding error beside"
            )
        if away > WILD * min(_size(start), _size(record)):
            raise Untried(f"{where}: a rounding error grows so much there that doing them again says nothing")
        return False

    def _again(self, row: int, noise: bool = False) -> Tried:
        rng = self._go_to(row)
        if noise:
            noisy = {name: w * (1 + NOISE * self.rng.randn(*w.shape)) for name, w in self._weights(row).items()}
            set_weights(self.cell, {name: w.astype(np.float32) for name, w in noisy.items()})
        curves = np.empty((self.lengths[row], len(CURVES)), np.float32)
        with np.errstate(over="ignore"):
            for n in range(len(curves)):
                self.clock.look()
                curves[n] = self._update(rng)
        return Tried(weights_of(self.cell), rng_state(rng), curves)

    def _update(self, rng: np.random.RandomState) -> tuple[float, float]:
        update = one_update(self.regime, self.task, self.head, self.engine, self.cell, rng)
        return update.train_nll, update.gradient_norm

    def _go_to(self, row: int) -> np.random.RandomState:
        """The network and the random stream of an anchor."""
        set_weights(self.cell, self._weights(row))
        rng = np.random.RandomState()
        set_rng_state(rng, self._stream(row))
        return rng

    def _weights(self, row: int) -> dict[str, np.ndarray]:
        return {name: rows[row].astype(np.float32) for name, rows in self.content.weights.items()}

    def _stream(self, row: int) -> dict[str, np.ndarray]:
        return {name: rows[row] for name, rows in self.content.rng.items()}


def _size(weights: Mapping[str, np.ndarray]) -> float:
    return float(np.sqrt(sum(np.square(w, dtype=np.float64).sum() for w in weights.values())))


def _distance(left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> float:
    return _size({name: left[name].astype(np.float64) - right[name] for name in left})


def _apart(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """How far two curves are apart at each update, relative; 0 where both are the same or neither is a number."""
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(left - right) / np.abs(left)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    return np.where(same, 0, np.where(np.isnan(apart), np.inf, apart)).max(axis=1)


def _same_stream(left: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> bool:
    return all(np.array_equal(left[name], right[name]) for name in left)
