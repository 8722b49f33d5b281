"""Error against length: a trained network on sequences far longer than those that it learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnkit.cells import Cell
from rnnkit.common.names import BadValue
from rnnkit.engines import FusedEngine
from rnnkit.heads import get_head
from rnnkit.inits import set_weights
from rnnkit.record.file import regime_of
from rnnkit.regimes import Regime
from rnnkit.tasks import MIN_LENGTH
from rnnkit.trainer import builtin_cell

LENGTHS = (50, 100, 150, 200, 300, 500, 1000, 2000, 5000)
SEED = 5000  # neither that of training nor of validation
STEPS_AT_ONCE = 200_000  # sequences times steps in a chunk of 50 units: bounds the memory


class Row(NamedTuple):
    """What was found at one length: sequences, wrong ones, and their share in percent; loss in nats."""

    length: int
    sequences: int
    wrong: int
    error: float
    nll: float


def error_by_length(
    record: dict[str, Any],
    lengths: Sequence[int] = LENGTHS,
    sequences: int = 1000,
    seed: int = SEED,
    on_sequences: Callable[[int], None] | None = None,
    compiled: bool = True,
) -> list[Row]:
    """Tries a record's network on fresh sequences of each length.

    Arguments:
        record: of a run with the built-in cells, or with cells that compute the same.
        lengths: nominal lengths L (steps).
        sequences: how many for each.
        seed: of the sequences; every length has a stream of its own.
        on_sequences: called with how many have been tried, after each chunk.
        compiled: False for a network that nobody vouches for: plain torch operations, nothing is compiled for it.

    Raises:
        BadValue: a length that the task does not have, no sequences, or weights that a network cannot have.

    *Source:* Pascanu et al. 2013, section 4: one model, tried at 50 to 5000 steps.
    """
    if sequences < 1 or min(lengths, default=0) < MIN_LENGTH:
        raise BadValue(
            f"expected lengths of at least {MIN_LENGTH} and at least 1 sequence, got {list(lengths)} and {sequences}"
        )
    regime, engine = regime_of(record), FusedEngine()
    task, cell = regime.make_task(), network_of(record, regime)
    head, rows = get_head(task.head, regime.err_abs), []
    for length in lengths:
        rng = np.random.RandomState([seed, length])
        left, wrong, nll = sequences, 0.0, 0.0
        while left:
            size = min(left, max(1, STEPS_AT_ONCE * 50 // (max(50, regime.nhid) * length)))
            batch = task.sample(rng, length, size).to("cpu", cell.W_hh.dtype)
            metrics = engine.metrics(cell, head, engine.prepare(batch) if compiled else batch)
            wrong, nll, left = wrong + size * metrics["error"], nll + size * metrics["nll"], left - size
            if on_sequences:
                on_sequences(size)
        rows.append(Row(length, sequences, round(wrong), 100 * round(wrong) / sequences, nll / sequences))
    return rows


def network_of(record: dict[str, Any], regime: Regime) -> Cell:
    """The built-in cell with a record's weights (BadValue: none, others, or NaN), on the CPU, for the fast engine.

    Its ``step`` is never called, and need not be there: students' rnnkit lacks it.
    """
    cell = builtin_cell(regime.replace(device="cpu"))
    try:
        weights = {name: np.asarray(record[name], np.float32) for name, _ in cell.named_parameters()}
        set_weights(cell, weights)
    except (KeyError, ValueError, TypeError) as error:
        raise BadValue(f"{regime.name}: expected the weights of its cell, got none or others: {error}") from None
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise BadValue(f"{regime.name}: expected finite weights, got NaN or infinity; the run diverged")
    return cell
