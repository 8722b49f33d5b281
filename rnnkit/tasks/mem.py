"""Noiseless memorization: repeat a pattern after a long blank stretch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from rnnkit.tasks.base import Batch, Floor, Task, one_hot

# All V^P patterns at once must still fit in a batch.
MAX_PATTERNS_AT_ONCE = 4096


@dataclass(frozen=True)
class Memorization(Task):
    """P symbols out of V are shown, then blanks, then a trigger; from there on the P symbols must be repeated.

    Input channels 0..V-1 are the symbols, V the blank, V+1 the trigger (at step L+P). The target is the blank V
    until step L+P-1 and the pattern, in order, at the last P steps. T = L + 2 P. A sequence is wrong
    where any of its T steps is.

    Fields:
        values: V, different symbols.
        positions: P, symbols in the pattern.
        all_patterns: every batch holds each of the V^P patterns once, and ``batch`` of `sample` is ignored.

    *Source:* handout section 3.2; Pascanu et al. 2013, section 4; Martens & Sutskever 2011, problems 6 and 7.
    """

    name: ClassVar[str] = "mem"
    head: ClassVar[str] = "softmax"
    values: int = 5
    positions: int = 10
    all_patterns: bool = False

    def __post_init__(self) -> None:
        if self.values < 1 or self.positions < 1:
            got = f"memvalues {self.values}, mempos {self.positions}"
            raise ValueError(f"mem: expected at least one value and one position, got {got}")
        if self.positions * math.log2(self.values) >= 63:
            raise ValueError(
                f"mem: {self.values}^{self.positions} patterns are more than an integer can number; "
                "lower memvalues or mempos"
            )
        if self.all_patterns and self.values**self.positions > MAX_PATTERNS_AT_ONCE:
            raise ValueError(
                f"mem: memall expects at most {MAX_PATTERNS_AT_ONCE} patterns, all in every batch, got "
                f"{self.values}^{self.positions}; use memvalues 2 and mempos 5, say, or leave memall out"
            )

    @property
    def n_in(self) -> int:
        return self.values + 2

    @property
    def n_out(self) -> int:
        return self.values + 1

    @property
    def channels(self) -> tuple[str, ...]:
        return (*self.outputs, "trigger")

    @property
    def outputs(self) -> tuple[str, ...]:
        return (*(str(k) for k in range(self.values)), "blank")

    def _draw(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        count = self.values**self.positions
        numbers = np.arange(count) if self.all_patterns else rng.randint(count, size=batch)
        batch = len(numbers)
        powers = self.values ** np.arange(self.positions)
        pattern = numbers[None, :] // powers[:, None] % self.values  # (P, B), little-endian digits
        steps, blank = self.max_steps(length), self.values
        shown, targets = np.full((2, steps, batch), blank, dtype=np.int64)  # (T, B) each
        shown[: self.positions] = pattern
        shown[length + self.positions] = blank + 1  # the trigger
        targets[length + self.positions :] = pattern
        return Batch(torch.from_numpy(one_hot(shown, self.n_in)), torch.from_numpy(targets))

    def max_steps(self, max_length: int) -> int:
        return max_length + 2 * self.positions

    def floors(self, lengths: Sequence[int], err_abs: float = 0.2) -> dict[str, Floor]:
        rates = np.array([self.positions / self.max_steps(length) for length in lengths])  # share of non-blank steps
        # The frequencies for each length: blank 1 - rate, each symbol rate / V; the mean of their entropies.
        marginal = float(np.mean(-(1 - rates) * np.log(1 - rates) - rates * np.log(rates / self.values)))
        memoryless = float(rates.mean()) * math.log(self.values)
        guessed = 100 * (1 - float(self.values) ** -self.positions)  # P independent guesses, each right with 1/V
        return {
            "constant": Floor(math.log(self.n_out), 100.0, "equal odds for all classes at every step"),
            "marginal": Floor(marginal, 100.0, "the classes' frequencies in sequences of this length, at every step"),
            "memoryless": Floor(memoryless, guessed, "knows when to answer, guesses which symbol"),
        }
