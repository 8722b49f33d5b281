"""Adding and multiplying two marked numbers of a long sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from rnnkit.tasks.base import Batch, Floor, Task


@dataclass(frozen=True)
class MarkerTask(Task):
    """Two of T random numbers are marked; the target is a function of the two. Base of `Addition`, `Multiplication`.

    Channel 0 carries the markers (0 or 1), channel 1 values uniform on [0, 1). T is drawn from
    [L, 1.1 L); the first marked step lies in [0, 0.1 T), the second in [0.1 T, 0.5 T).

    *Source:* Hochreiter & Schmidhuber 1997, experiments 4 and 5; Pascanu et al. 2013, section 4; handout section 3.3.
    """

    head: ClassVar[str] = "lastLinear"
    n_in: ClassVar[int] = 2
    n_out: ClassVar[int] = 1
    channels: ClassVar[tuple[str, ...]] = ("marker", "value")
    mean: ClassVar[float]  # of the target
    variance: ClassVar[float]

    def _draw(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        steps = length + int(rng.randint(int(length * 0.1)))
        p0 = rng.randint(int(steps * 0.1), size=batch)
        p1 = rng.randint(int(steps * 0.4), size=batch) + int(steps * 0.1)
        x = rng.uniform(size=(steps, batch, 2)).astype(np.float32)  # (T, B, 2); both channels are drawn
        sequences = np.arange(batch)
        x[:, :, 0] = 0.0
        x[[p0, p1], sequences, 0] = 1.0
        targets = self._target(x[p0, sequences, 1], x[p1, sequences, 1])[:, None]  # (B, 1)
        return Batch(torch.from_numpy(x), torch.from_numpy(targets))

    def max_steps(self, max_length: int) -> int:
        return max_length + math.ceil(0.1 * max_length) + 2

    def floors(self, lengths: Sequence[int], err_abs: float = 0.2) -> dict[str, Floor]:
        fewest = self._centre_of_fewest_errors(err_abs)
        marginal = Floor(self.variance, self._constant_error(self.mean, err_abs), f"always the mean, {self.mean:.4g}")
        return {
            "constant": marginal,
            "marginal": marginal,
            "memoryless": Floor(marginal.nll, marginal.error, "the last input is never marked: the mean again"),
            "marginal_error": Floor(
                self.variance + (fewest - self.mean) ** 2,
                self._constant_error(fewest, err_abs),
                f"always {fewest:.4g}, the constant with the fewest errors over {err_abs:g}",
            ),
        }

    def _constant_error(self, c: float, err_abs: float) -> float:
        """Percent of targets further than ``err_abs`` from the constant ``c``."""
        return 100 * (1 - self._cdf(c + err_abs) + self._cdf(c - err_abs))

    def _target(self, u0: np.ndarray, u1: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _cdf(self, v: float) -> float:
        """P(target <= v)."""
        raise NotImplementedError

    def _centre_of_fewest_errors(self, err_abs: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True)
class Addition(MarkerTask):
    """The mean of the two marked numbers: ``target = (u0 + u1) / 2``. Variance 1/24, triangular on [0, 1]."""

    name: ClassVar[str] = "add"
    mean: ClassVar[float] = 1 / 2
    variance: ClassVar[float] = 1 / 24
    outputs: ClassVar[tuple[str, ...]] = ("mean",)

    def _target(self, u0: np.ndarray, u1: np.ndarray) -> np.ndarray:
        return (u0 + u1) / np.float32(2)

    def _cdf(self, v: float) -> float:
        v = min(max(v, 0.0), 1.0)
        return 2 * v**2 if v <= 0.5 else 1 - 2 * (1 - v) ** 2

    def _centre_of_fewest_errors(self, err_abs: float) -> float:
        return 1 / 2  # the density is symmetric and falls off from its peak at 1/2


@dataclass(frozen=True)
class Multiplication(MarkerTask):
    """The product of the two marked numbers: ``target = u0 u1``. Mean 1/4, variance 7/144, density -ln v on (0, 1)."""

    name: ClassVar[str] = "mul"
    mean: ClassVar[float] = 1 / 4
    variance: ClassVar[float] = 7 / 144
    outputs: ClassVar[tuple[str, ...]] = ("product",)

    def _target(self, u0: np.ndarray, u1: np.ndarray) -> np.ndarray:
        return u0 * u1

    def _cdf(self, v: float) -> float:
        v = min(max(v, 0.0), 1.0)
        return v * (1 - math.log(v)) if v > 0 else 0.0

    def _centre_of_fewest_errors(self, err_abs: float) -> float:
        return min(err_abs, 0.5)  # the density falls: the best window of width 2 err_abs begins at 0
