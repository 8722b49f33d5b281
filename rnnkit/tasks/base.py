"""What every task has in common: a name, its sizes, a head, a way to draw batches, and its floors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from jaxtyping import Float, Int64

# Below this length some task has no room for its markers: int(0.1 * length) must be at least 1.
MIN_LENGTH = 10


class Batch(NamedTuple):
    """One mini-batch of sequences, all of the same number of steps T.

    Fields:
        inputs: ``(T, B, I)`` float32, what the network sees.
        targets: what it should say, by head. ``softmax``: ``(T, B)`` int64 classes, one a step;
            ``lastSoftmax``: ``(B,)`` int64 classes; ``lastLinear``: ``(B, O)`` float32 values.
    """

    inputs: Float[Tensor, "T B I"]
    targets: Int64[Tensor, "T B"] | Int64[Tensor, " B"] | Float[Tensor, "B O"]

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Batch:
        """The same batch on another device; inputs and real-valued targets in ``dtype``."""
        targets = self.targets.to(device)
        if targets.is_floating_point():
            targets = targets.to(dtype)
        return Batch(self.inputs.to(device, dtype), targets)


@dataclass(frozen=True)
class Floor:
    """What a predictor that does not remember can reach: a line to draw into validation curves.

    Fields:
        nll: loss (nats per prediction, or squared error for ``lastLinear``).
        error: wrong predictions in percent, by the task's own strict rule.
        meaning: one sentence that says which predictor this is.
    """

    nll: float
    error: float
    meaning: str


@dataclass(frozen=True)
class Task:
    """A source of batches.

    Subclasses set ``name``, ``n_in``, ``n_out`` and ``head`` and implement `sample`, `max_steps` and `floors`.
    ``head`` is the handout's ``classifType``: ``softmax`` (a class at every step), ``lastSoftmax`` (one class
    after the last step) or ``lastLinear`` (real values after the last step).

    *Source:* handout sections 3.2-3.4; Pascanu, Mikolov, Bengio 2013, section 4; Hochreiter & Schmidhuber 1997.
    """

    name: ClassVar[str]
    head: ClassVar[str]

    @property
    def n_in(self) -> int:
        """Input channels I."""
        raise NotImplementedError

    @property
    def n_out(self) -> int:
        """Outputs O."""
        raise NotImplementedError

    @property
    def channels(self) -> tuple[str, ...]:
        """I words: what each input channel stands for; by default its number."""
        return tuple(map(str, range(self.n_in)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """O words: what each output stands for; by default its number."""
        return tuple(map(str, range(self.n_out)))

    def sample(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        """Draws ``batch`` sequences of nominal length ``length``.

        Arguments:
            rng: legacy generator; the order of the draws is part of the task's definition.
            length: nominal length L (steps); the number of steps T follows from it, see `max_steps`.
            batch: sequences B.

        Returns:
            A `Batch`.

        Raises:
            ValueError: ``length`` under 10 or ``batch`` under 1.
        """
        if length < MIN_LENGTH:
            raise ValueError(f"{self.name}: expected a length of at least {MIN_LENGTH} steps, got {length}")
        if batch < 1:
            raise ValueError(f"{self.name}: expected a batch of at least 1 sequence, got {batch}")
        return self._draw(rng, length, batch)

    def _draw(self, rng: np.random.RandomState, length: int, batch: int) -> Batch:
        raise NotImplementedError

    def max_steps(self, max_length: int) -> int:
        """Steps that no sequence of nominal length up to ``max_length`` exceeds: the width of a record's time axis."""
        return max_length

    def floors(self, lengths: Sequence[int], err_abs: float = 0.2) -> dict[str, Floor]:
        """What predictors without memory reach, for chunks of equal size with these nominal lengths.

        Arguments:
            lengths: nominal lengths of the validation chunks (steps).
            err_abs: regression only: a prediction further off than this is wrong.

        Returns:
            ``constant`` (knows nothing of the targets: equal odds for all classes; for regression the best constant),
            ``marginal`` (the best answer that ignores the input) and ``memoryless`` (the best answer that knows
            which step it is but nothing of what was shown before); regression adds ``marginal_error`` (the constant
            with the fewest wrong predictions).
        """
        raise NotImplementedError


def draw_length(rng: np.random.RandomState, min_length: int, max_length: int) -> int:
    """Draws a nominal length, uniform on min_length .. max_length - 1; draws nothing where the two are equal.

    *Source:* handout section 1 ("usually a fresh sequence length"); the upper end is never reached.
    """
    if max_length > min_length:
        return min_length + int(rng.randint(max_length - min_length))
    return min_length


def one_hot(ids: np.ndarray, classes: int) -> np.ndarray:
    """``(...)`` class numbers to ``(..., classes)`` float32 rows with a single 1."""
    out = np.zeros((*ids.shape, classes), dtype=np.float32)
    np.put_along_axis(out, ids[..., None], 1.0, axis=-1)
    return out
