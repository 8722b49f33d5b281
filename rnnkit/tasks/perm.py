"""Random permutation: the first symbol comes back at the end, after a long stretch of noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from rnnkit.tasks.base import Batch, Floor, Task, one_hot


@dataclass(frozen=True)
class Permutation(Task):
    """Predict the symbol after the last: it equals the first one, 0 or 1; all between are noise 2..99. T = L.

    *Source:* Hochreiter & Schmidhuber 1997, experiment 2b; Pascanu et al. 2013, section 4.
    """

    name: ClassVar[str] = "perm"
    head: ClassVar[str] = "lastSoftmax"
    n_in: ClassVar[int] = 100
    n_out: ClassVar[int] = 100

    def _draw(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        ids = rng.randint(98, size=(length + 1, batch)) + 2  # (L + 1, B): one symbol more than the input has
        ids[[0, -1]] = rng.randint(2, size=batch)
        return Batch(torch.from_numpy(one_hot(ids[:-1], self.n_in)), torch.from_numpy(ids[-1].astype(np.int64)))

    def floors(self, lengths: Sequence[int], err_abs: float = 0.2) -> dict[str, Floor]:
        return {
            "constant": Floor(math.log(self.n_out), 100 * (1 - 1 / self.n_out), "equal odds for all 100 symbols"),
            "marginal": Floor(math.log(2), 50.0, "equal odds for the two symbols that ever occur"),
            "memoryless": Floor(math.log(2), 50.0, "the last input is noise and says nothing of the first"),
        }
