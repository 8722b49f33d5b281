"""Temporal order: which of two symbols came first, second (and third), among noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from rnnkit.tasks.base import Batch, Floor, Task, one_hot


@dataclass(frozen=True)
class TemporalOrder(Task):
    r"""Two marked symbols in noise; the class is their order: ``class = v0 + 2 v1``.

    Symbols 0 and 1 are the informative ones, 2..5 noise. The first marked step lies in [0.1 L, 0.2 L), the second
    in [0.5 L, 0.6 L). T = L.

    *Source:* Hochreiter & Schmidhuber 1997, experiment 6a; Pascanu et al. 2013, section 4.1; handout section 3.4.
    """

    name: ClassVar[str] = "torder"
    head: ClassVar[str] = "lastSoftmax"
    n_in: ClassVar[int] = 6
    channels: ClassVar[tuple[str, ...]] = ("0", "1", *("noise",) * 4)
    offsets: ClassVar[tuple[float, ...]] = (0.1, 0.5)  # where the windows of the marked steps begin, in units of L

    @property
    def n_out(self) -> int:
        return 2 ** len(self.offsets)

    def _draw(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        width = int(length * 0.1)
        marked = []
        for offset in self.offsets:
            position = rng.randint(width, size=batch) + int(length * offset)
            marked.append((position, rng.randint(2, size=batch)))
        ids = rng.randint(4, size=(length, batch)) + 2  # (T, B)
        sequences = np.arange(batch)
        classes = np.zeros(batch, dtype=np.int64)
        for k, (position, value) in enumerate(marked):
            ids[position, sequences] = value
            classes += 2**k * value
        return Batch(torch.from_numpy(one_hot(ids, self.n_in)), torch.from_numpy(classes))

    def floors(self, lengths: Sequence[int], err_abs: float = 0.2) -> dict[str, Floor]:
        nll, error = math.log(self.n_out), 100 * (1 - 1 / self.n_out)
        return {
            "constant": Floor(nll, error, "equal odds for all classes"),
            "marginal": Floor(nll, error, "the classes' frequencies, which are equal"),
            "memoryless": Floor(nll, error, "the last input is noise and says nothing of the class"),
        }


@dataclass(frozen=True)
class TemporalOrder3(TemporalOrder):
    """Three marked symbols in noise: ``class = v0 + 2 v1 + 4 v2``; windows begin at 0.1 L, 0.3 L and 0.6 L.

    *Source:* Hochreiter & Schmidhuber 1997, experiment 6b; Pascanu et al. 2013, section 4.
    """

    name: ClassVar[str] = "torder3"
    offsets: ClassVar[tuple[float, ...]] = (0.1, 0.3, 0.6)
