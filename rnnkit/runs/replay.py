"""Whether what a record holds comes out again: stretches of its training are done once more, and compared.

On the machine and versions that made a record every bit comes out the same. Elsewhere the last digits differ, and
training may let that grow; how much, two more tries tell that begin a rounding error beside: a record may be a few
times as far from what comes out as these are from each other, and where they part by half nothing is said any more.

Measured: records made without vector instructions, as by another processor, came out within 3e-6 in losses and norms,
2e-6 in weights, 5e-6 in shares (``pytest -m slow -s tests/grading/audit/test_elsewhere.py`` prints it); the tries
beside parted by 4e-6, 6e-6 and 2e-4. The limits below leave room for worse processors.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnkit.common.names import BadValue
from rnnkit.record.npz import Members

REPRODUCED, DIFFERS, UNREPLAYED = "reproduced", "differs", "not replayable"
FEW = 200  # updates at the beginning that are done again
NOISE = 1e-6  # of the weights, relative: some rounding errors of 32 bits
PARTS, WILD = 10.0, 0.5  # how many times the tries' distance a record may be away; where nothing is said any more
# What two machines differ by where nothing grows, relative; of what counts right ones, a share of the whole.
SMOOTH, WEIGHTS, COUNTED = 1e-4, 1e-5, 0.02
TINY = 1e-30  # below it, numbers of 32 bits have lost digits
SOME, NEAR = 5, 1e-5  # updates after which equal weights tell the machine; what is off there by no more is let pass
STREAMS = re.compile("stream|rng_|_updates$|corpus|words")  # the same on every machine
OWN = re.compile("W_|b_|weights$|moments$|^best$")  # the network
SAID = ("updates", "status")  # of a record, beside its arrays
COUNTS = {"percent": 100.0, "fraction": 1.0, "1": 1.0}  # units of what is counted, or goes up to 1


class Unreplayed(BadValue):
    """A record that cannot be trained again: the message says why."""


class Piece(NamedTuple):
    """What came out of the updates from ``since`` to ``updates``, by the record's names."""

    since: int
    updates: int
    values: dict[str, Any]


class Stretch(ABC):
    """A part of a run that can be done again on its own.

    Attributes:
        begin, end: updates done before and after it.
        units: of the record's arrays, by name.
    """

    begin: int
    end: int
    units: Mapping[str, str]

    @abstractmethod
    def again(self, nudge: np.random.RandomState | None = None) -> Iterator[Piece]:
        """Does it again, from weights that are off by `NOISE` where a generator of that noise is given."""

    @abstractmethod
    def stored(self, piece: Piece) -> dict[str, Any]:
        """What the record has in the place of a piece's values."""


class Redone(NamedTuple):
    """What doing a stretch again has shown.

    Fields:
        verdict: `REPRODUCED` or `DIFFERS`.
        begin, end: updates that were done again, the first and the last.
        exact: whether every bit is the record's.
        at: the first update that is not the record's; 0 where all are.
        said: what differs there, or from where on nothing can be said.
    """

    verdict: str
    begin: int
    end: int
    exact: bool
    at: int = 0
    said: str = ""


def redo(stretch: Stretch, rng: np.random.RandomState, look: Callable[[], object]) -> Redone | None:
    """Does a stretch again and compares; None where time did not suffice for any of it.

    Arguments:
        rng: of the noise beside.
        look: called between pieces; raises TimeoutError where there is no time left.
    """
    pieces = list(_in_time(stretch.again(), look))
    if not pieces:
        return None
    record = [stretch.stored(piece) for piece in pieces]
    done = stretch.begin + 1, pieces[-1].updates
    unequal = [_unequal(piece, stored) for piece, stored in zip(pieces, record, strict=True)]
    if not any(unequal):
        return Redone(REPRODUCED, *done, exact=True)
    for piece, stored, names in zip(pieces, record, unequal, strict=True):
        for name in names:
            if STREAMS.search(name):
                return Redone(DIFFERS, *done, False, piece.updates, f"{name} is not that of its seed and updates")
            if np.shape(piece.values[name]) != np.shape(stored[name]):
                return Redone(DIFFERS, *done, False, piece.updates, f"{name} has not the values that come out")
    if _same_machine(pieces, record, unequal):
        for piece, stored, names in zip(pieces, record, unequal, strict=True):
            far = [name for name in names if _far(name, stretch.units.get(name, ""), piece.values[name], stored[name])]
            if far:
                name = min(far, key=lambda name: _where(piece, stored, name))
                return _differs(stretch, piece, stored, name, done, "all its weights are the same bit for bit")
    return _elsewhere(stretch, pieces, record, done, rng, look)


def _in_time(pieces: Iterator[Piece], look: Callable[[], object]) -> Iterator[Piece]:
    with np.errstate(all="ignore"):
        try:
            for piece in pieces:
                yield piece
                look()
        except TimeoutError:
            return


def _unequal(piece: Piece, stored: Mapping[str, Any]) -> list[str]:
    return [name for name, value in piece.values.items() if not _equal(value, stored.get(name))]


def _equal(left: Any, right: Any) -> bool:
    left, right = np.asarray(left), np.asarray(right)
    floats = left.dtype.kind == right.dtype.kind == "f"
    return left.dtype.kind == right.dtype.kind and np.array_equal(left, right, equal_nan=floats)


def _same_machine(pieces: list[Piece], record: list[dict[str, Any]], unequal: list[list[str]]) -> bool:
    """Whether the network is so equal after some updates as it is on the machine that made the record alone."""
    for piece, stored, names in zip(pieces, record, unequal, strict=True):
        own = [name for name in piece.values if OWN.search(name)]
        if own and piece.updates - pieces[0].since >= SOME and not {*own} & {*names}:
            return len({*np.ravel(stored[own[0]]).tolist()}) > 1
    return False


def _far(name: str, unit: str, mine: Any, its: Any) -> bool:
    """Whether a value is off by more than the last digits that another way of summing up may change."""
    return _whole(mine) or distance(name, unit, mine, its) > NEAR


def _elsewhere(
    stretch: Stretch,
    pieces: list[Piece],
    record: list[dict[str, Any]],
    done: tuple[int, int],
    rng: np.random.RandomState,
    look: Callable[[], object],
) -> Redone:
    """The verdict where the last digits may differ: as near as two more tries are to each other, times `PARTS`."""
    beside = [list(_in_time(stretch.again(rng), look)) for _ in range(2)]
    parted: dict[str, float] = {}
    for k, (piece, stored) in enumerate(zip(pieces, record, strict=True)):
        tries = [piece.values, *(lane[k].values for lane in beside if k < len(lane))]
        if len(tries) < 3:
            if k == 0:
                raise Unreplayed("its last digits are another machine's, and time did not suffice to see how they grow")
            return Redone(REPRODUCED, done[0], pieces[k - 1].updates, exact=False)
        for name, value in piece.values.items():
            if _whole(value) or STREAMS.search(name):
                continue
            unit = stretch.units.get(name, "")
            apart = max(distance(name, unit, value, other.get(name)) for other in tries[1:])
            parted[name] = max(parted.get(name, 0.0), apart)
            away, most = distance(name, unit, value, stored.get(name)), floor_of(name, unit) + PARTS * parted[name]
            if most < WILD and away > most:
                how = f"{away:.2g} away, a rounding error makes {parted[name]:.2g}"
                return _differs(stretch, piece, stored, name, done, how)
        if parted and min(parted.values()) > WILD:
            said = "from there on a rounding error grows so much that nothing can be said"
            return Redone(REPRODUCED, done[0], piece.updates, False, said=said)
    return Redone(REPRODUCED, *done, exact=False)


def _whole(value: Any) -> bool:
    return np.asarray(value).dtype.kind not in "f"


def floor_of(name: str, unit: str) -> float:
    """What a number of this name may be off by on another machine where nothing grows."""
    return WEIGHTS if OWN.search(name) else COUNTED if unit in COUNTS else SMOOTH


def distance(name: str, unit: str, left: Any, right: Any) -> float:
    """How far two values of one name are apart: relative, of counts and shares a part of the whole."""
    left, right = np.asarray(left, np.float64), np.asarray(right, np.float64)
    if left.shape != right.shape:
        return np.inf
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    if same.all():
        return 0.0
    with np.errstate(all="ignore"):
        if OWN.search(name):
            apart = np.asarray(np.linalg.norm(left - right) / (np.linalg.norm(left) + TINY))
            same = np.zeros((), bool)
        elif unit in COUNTS:
            apart = np.abs(left - right) / COUNTS[unit]
        else:
            apart = np.abs(left - right) / (np.abs(left) + TINY)
    return float(np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart)).max())


def _where(piece: Piece, stored: Mapping[str, Any], name: str) -> int:
    """The first update in a piece whose value of this name is not the record's."""
    mine, its = np.asarray(piece.values[name]), np.asarray(stored[name])
    if mine.ndim != 1 or name not in piece.values or OWN.search(name) or not len(mine):
        return piece.updates
    first = int(np.argmax(~((mine == its) | ((mine != mine) & (its != its)))))
    return piece.since + 1 + first * (piece.updates - piece.since) // len(mine)


def _differs(
    stretch: Stretch, piece: Piece, stored: Mapping[str, Any], name: str, done: tuple[int, int], how: str
) -> Redone:
    mine, its = (np.ravel(one) for one in (piece.values[name], stored[name]))
    k = int(np.argmax(~((mine == its) | ((mine != mine) & (its != its)))))
    said = f"{name} {its[k]:.6g}, trained again {mine[k]:.6g} ({how})" if mine.dtype.kind in "fiu" else name
    return Redone(DIFFERS, *done, False, max(1, _where(piece, stored, name)), said)


class FromBeginning(Stretch):
    """A run from its seed on, as an `rnnkit.runs.experiment.Experiment` begins it; at its end all that it leaves.

    Arguments:
        experiment: what begins it.
        members: its record.
        settings: what it says that it was trained with.
        cells: given to the experiment.
    """

    def __init__(self, experiment: Any, members: Members, settings: Any, cells: Any) -> None:
        self._make, self._left = (lambda: experiment.begin(settings, cells)), experiment.trimmed
        self.begin, self.end = 0, experiment.total(settings)
        self.units = {name: key.unit for name, key in experiment.schema(settings).items()}
        self.record = {name: members.read(name) for name in (*self.units, *SAID) if name in members}
        self._lengths: dict[tuple[int, str], int] = {}

    def again(self, nudge: np.random.RandomState | None = None) -> Iterator[Piece]:
        run = self._make()
        if nudge is not None:
            if not hasattr(run, "weights"):
                raise Unreplayed("its last digits are another machine's, and this run has no weights to begin beside")
            noise = 1 + NOISE * nudge.randn(*run.weights.shape)
            run.weights = (run.weights * noise).astype(run.weights.dtype)
        since, curves = 0, getattr(run, "curves", {})
        sizes = dict.fromkeys(curves, 0)
        for _ in run.checkpoints():
            values: dict[str, Any] = {}
            for name, values_so_far in curves.items():
                values[name] = np.array(values_so_far[sizes[name] :], np.float64)
                self._lengths[run.updates, name] = sizes[name]
                sizes[name] = len(values_so_far)
            if values:
                yield Piece(since, run.updates, values)
            since = run.updates
        ended = "finished" if run.status == "running" else run.status
        state = {"updates": run.updates, "status": ended} | self._left(run.state())
        told = (name for name in (*self.units, *SAID) if name in state and self.units.get(name) != "s")
        yield Piece(since, run.updates, {name: state[name] for name in told})

    def stored(self, piece: Piece) -> dict[str, Any]:
        values = {}
        for name, value in piece.values.items():
            whole = self.record.get(name, np.zeros(0))
            begin = self._lengths.get((piece.updates, name))
            last = np.shape(value) == np.shape(whole)
            values[name] = whole if begin is None or last else whole[begin : begin + len(value)]
        return values
