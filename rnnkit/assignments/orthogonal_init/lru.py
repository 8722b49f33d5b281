"""ByteDMD, the data movement of a program: memory is one stack, and a read costs the root of its depth.

The value that was used last lies on top. Reading a byte at depth d costs ceil(sqrt(d)), the length of a wire where the
stack is laid out in a plane; writing is free. A program's arguments lie there before it begins, its first argument on
top, and of each the last value on top. What one operation reads is priced before any of it moves; then its inputs go to
the top in their order, and its result on top of them. A value that is not needed any more leaves at once. Python's own
numbers, as the 1 in ``1 - z``, are part of the program, and free.

*Source:* https://github.com/cybertronai/ByteDMD; Ding and Smith, "Beyond Time Complexity" (2022).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

NOTHING = -1  # in the place of a second input


class Value:
    """A number whose use is written down: it has no value, only a place in a trace."""

    __slots__ = ("place", "trace")

    def __init__(self, trace: Trace, place: int) -> None:
        self.trace, self.place = trace, place

    def used(self, other: Value | float = 0) -> Value:
        """The result of an operation on this one, and on another value where there is one."""
        trace = self.trace
        trace.first.append(self.place)
        trace.second.append(other.place if isinstance(other, Value) else NOTHING)
        return Value(trace, trace.loaded + len(trace.first) - 1)

    __add__ = __sub__ = __mul__ = __truediv__ = __radd__ = __rsub__ = __rmul__ = __rtruediv__ = used


class Trace:
    """The operations of a program: the places of what each reads. Its result has the place after all before."""

    def __init__(self) -> None:
        self.loaded, self.first, self.second = 0, array("i"), array("i")

    def load(self, argument: Any) -> Any:
        """Values in the shape of nested lists."""
        if isinstance(argument, list):
            return [self.load(one) for one in argument]
        self.loaded += 1
        return Value(self, self.loaded - 1)


def reads(program: Callable[..., Any], *arguments: Any) -> np.ndarray:
    """How many values a program reads at which depth.

    Arguments:
        program: of nested lists of numbers, which it adds, subtracts, multiplies and divides, or calls `Value.used` of;
            its path must not depend on them.
        arguments: nested lists; only their shapes matter.

    Returns:
        ``(D + 1,)`` int64, of each depth from 0, which nothing has.
    """
    trace = Trace()
    loaded = [trace.load(argument) for argument in reversed(arguments)]
    kept = [*_places(program(*reversed(loaded)))]
    inputs = np.stack([trace.first, trace.second], axis=1).astype(np.int64)
    return _counted(inputs, trace.loaded, np.array(kept, np.int64))


def cost(counts: np.ndarray, size: int = 1) -> int:
    """ByteDMD of what `reads` counted, with so many bytes in each value.

    A value at depth d has its bytes at the depths ``size (d - 1) + 1`` to ``size d`` of a stack of bytes.
    """
    above = size * (np.arange(len(counts)) - 1)
    return int(sum(counts[1:] @ np.ceil(np.sqrt(above[1:] + byte)) for byte in range(1, size + 1)))


def _places(returned: Any) -> Iterator[int]:
    if isinstance(returned, Value):
        yield returned.place
    elif isinstance(returned, list | tuple):
        for one in returned:
            yield from _places(one)


def _counted(inputs: np.ndarray, loaded: int, kept: np.ndarray) -> np.ndarray:
    """Reads at each depth.

    Whenever a value comes to the top it takes a new slot, and the slots are numbered in this order. So the depth of a
    read is the number of slots from its own to the last one, less those of them that were left before.

    Arguments:
        inputs: ``(N, 2)``, the places of what each operation reads.
        loaded: the number of arguments; operation n has the place ``loaded + n``.
        kept: the places of what is returned.
    """
    N, twice = len(inputs), inputs[:, 0] == inputs[:, 1]
    inputs[twice, 1] = NOTHING  # x * x reads x twice at one depth, and moves it once
    moved = np.concatenate([np.arange(loaded), np.column_stack([inputs, loaded + np.arange(N)]).ravel()])
    there = np.flatnonzero(moved != NOTHING)
    moved, (operation, column) = moved[there], np.divmod(there - loaded, 3)
    is_read = (operation >= 0) & (column < 2)

    order = np.argsort(moved, kind="stable")  # all moves of one value stand together
    again = moved[order[1:]] == moved[order[:-1]]
    earlier = np.zeros(len(moved), np.int64)
    earlier[order[1:][again]] = order[:-1][again]
    stays = np.isin(moved, kept)  # what leaves at once needs no slot
    stays[order[:-1][again]] = True
    slots = np.concatenate([[0], np.cumsum(stays)])  # that were taken before each move

    own, reader = slots[earlier[is_read]], operation[is_read]
    depth = slots[np.searchsorted(operation, reader)] - own - larger_before(own)
    second = 1 + np.flatnonzero(reader[1:] == reader[:-1])
    depth[second] += own[second - 1] > own[second]  # the first input of the same operation has not moved yet
    return np.bincount(depth, 1 + twice[reader]).astype(np.int64)


def larger_before(row: np.ndarray) -> np.ndarray:
    """``(N,)``: for each element, how many of those before it are larger.

    Positions in the order of their elements, the largest first, are split into halves of the row, then quarters, and so
    on: in each pair of halves the later one counts how many of the earlier one stand before.
    """
    bits = max(1, (len(row) - 1).bit_length())
    positions = np.arange(1 << bits, dtype=np.int32)  # what is beyond the row comes last
    positions[: len(row)] = np.argsort(-row, kind="stable")
    found = np.zeros(1 << bits, np.int64)
    for bit in reversed(range(bits)):
        pairs = positions.reshape(-1, 2 << bit)
        later = (pairs >> bit & 1).astype(bool)
        found[pairs[later]] += np.cumsum(~later, axis=1, dtype=np.int32)[later]
        halves = [pairs[half].reshape(-1, 1 << bit) for half in (~later, later)]
        positions = np.concatenate(halves, axis=1)
    return found[: len(row)]
