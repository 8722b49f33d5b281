"""Many small whole numbers of a generator at once, the same as one call after the other would give, only faster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

WORD = 1 << 32


def below(rng: np.random.Generator, sizes: np.ndarray) -> np.ndarray:
    """``[rng.integers(0, size) for size in sizes]``, and the generator is left as those calls would leave it.

    NumPy makes such a number of 32 random bits: their product with the size, without its lower 32 bits, and draws again
    where those show that the number would come out a little too often. That is one case in a billion, left to NumPy.

    Arguments:
        rng: over PCG64, as `numpy.random.default_rng` makes it.
        sizes: ``(N,)``, at least 1 each.

    Returns:
        ``(N,)`` int64.

    *Source:* Lemire 2019, Fast random integer generation in an interval.
    """
    state = rng.bit_generator.state
    drawn = sizes > 1  # for the only number there is nothing is drawn
    size = sizes[drawn].astype(np.uint64)
    product = _words(rng, state, len(size)) * size
    if ((product & np.uint64(WORD - 1)) < (np.uint64(WORD) - size) % size).any():
        rng.bit_generator.state = state
        return np.array([rng.integers(0, one) for one in sizes], np.int64)
    out = np.zeros(len(sizes), np.int64)
    out[drawn] = product >> np.uint64(32)
    return out


def _words(rng: np.random.Generator, state: Mapping[str, Any], count: int) -> np.ndarray:
    """``(count,)`` uint64 below 2^32: the lower half of each 64 bits comes first, the upper one is kept for later."""
    kept = [state["uinteger"]] if state["has_uint32"] else []
    raw = rng.bit_generator.random_raw(-(-(count - len(kept)) // 2))
    halves = np.stack([raw & np.uint64(WORD - 1), raw >> np.uint64(32)], axis=1).ravel()
    words = np.concatenate([np.array(kept, np.uint64), halves])
    after = rng.bit_generator.state
    left = len(words) > count
    if left or kept:
        rng.bit_generator.state = {**after, "has_uint32": int(left), "uinteger": int(words[-1]) if left else 0}
    return words[:count]
