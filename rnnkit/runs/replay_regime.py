"""Stretches of a regime's run, as `rnnkit.runs.replay` does them again: from its beginning, and from its anchors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnkit.inits import set_weights
from rnnkit.record.file import rng_state, weights_of
from rnnkit.record.keys import ANCHOR_KEYS, KEYS, NEWER, PER_UPDATE, RNG_KEYS
from rnnkit.record.npz import Members
from rnnkit.record.stored_run import MOST_NUMBERS, Untried, stored
from rnnkit.regimes import Regime
from rnnkit.runs.modelfile import BUILTIN, Cells, make_cell
from rnnkit.runs.replay import FEW, NOISE, Piece, Stretch, Unreplayed
from rnnkit.trainer import Trainer

RANDOM = 2  # stretches between anchors
TIMES = ("wall_time",)  # of a check: no two are the same
UNITS = {name: key.unit for name, key in (KEYS | ANCHOR_KEYS).items()}


class FromAnchor(Stretch):
    """The updates from one anchor on.

    Arguments:
        trainer: of the record's regime and cells; it is moved to the anchor.
        drawn: the trainer's untrained network and stream.
        record: its arrays, those of anchors among them.
        row: of the anchor.
        end: the last update.
    """

    units = UNITS

    def __init__(self, trainer: Trainer, drawn: dict[str, Any], record: dict[str, Any], row: int, end: int) -> None:
        self.trainer, self.record, self.row = trainer, record, row
        self.begin, self.end = int(record["anchor_updates"][row]), end
        self._drawn = drawn
        self._rows = {int(updates): k for k, updates in enumerate(record["anchor_updates"])}
        self._slots = {int(updates): k for k, updates in enumerate(record["check_updates"]) if updates >= 0}

    def again(self, nudge: np.random.RandomState | None = None) -> Iterator[Piece]:
        trainer = self.trainer
        names = [name for name, _ in trainer.cell.named_parameters()]
        then = {name: np.array(self.record[f"anchor_{name}"][self.row]) for name in (*names, *RNG_KEYS)}
        trainer.go_to(self.begin, then)
        if nudge is not None:
            noise = {name: 1 + NOISE * nudge.randn(*then[name].shape) for name in names}
            set_weights(trainer.cell, {name: (then[name] * noise[name]).astype(np.float32) for name in names})
        if not self.begin:
            drawn = {f"anchor_{name}": value for name, value in self._drawn.items()}
            yield Piece(0, 0, drawn | self._check(0))
        while trainer.updates < self.end and trainer.status == "running":
            since = trainer.updates
            trainer.train_until(since + 1)
            yield Piece(since, since + 1, self._values(since))

    def _values(self, since: int) -> dict[str, Any]:
        trainer = self.trainer
        values: dict[str, Any] = {name: trainer.arrays[name][since].copy() for name in PER_UPDATE}
        if since + 1 in self._slots:
            values |= self._check(self._slots[since + 1])
        if since + 1 in self._rows:
            now = weights_of(trainer.cell) | rng_state(trainer.rng)
            values |= {f"anchor_{name}": value for name, value in now.items()}
        return values

    def _check(self, slot: int) -> dict[str, Any]:
        """What a check finds, for the names that the record has."""
        trainer = self.trainer
        trainer.look(slot)
        names = (name for name in trainer.arrays if name not in PER_UPDATE and name not in TIMES)
        asked = (name for name in names if name in self.record and name != "check_updates")
        return {name: trainer.arrays[name][slot].copy() for name in asked}

    def stored(self, piece: Piece) -> dict[str, Any]:
        slot, row = self._slots.get(piece.updates), self._rows.get(piece.updates)
        where = {"N": piece.since, "C": slot, "A": row}
        shapes = KEYS | ANCHOR_KEYS
        return {
            name: self.record[name][where[shapes[name].shape[0] if name in shapes else "A"]] for name in piece.values
        }


def stretches(members: Members, regime: Regime, cells: Cells, rng: np.random.RandomState) -> list[Stretch]:
    """The first `FEW` updates, and `RANDOM` stretches between later anchors.

    Arguments:
        cells: those that train; of the built-in ones the formulas.
        rng: draws the anchors.

    Raises:
        Unreplayed: it has not all that is needed, or is too large.
    """
    regime = regime.replace(device="cpu")
    steps = regime.make_task().max_steps(regime.max_length)
    if regime.checkpoints * (steps + regime.diagBins) > MOST_NUMBERS or regime.maxiters > MOST_NUMBERS:
        raise Unreplayed("checks and updates are too many to be trained again here")
    try:
        kept = stored(members, regime)
    except Untried as error:
        raise Unreplayed(str(error)) from None
    record = {name: members.read(name) for name in KEYS if name in members}
    if missing := [name for name in (*PER_UPDATE, "check_updates") if name not in record and name not in NEWER]:
        raise Unreplayed(f"it has not all that is needed: {', '.join(missing)}")
    record |= {f"anchor_{name}": rows for name, rows in (kept.weights | kept.rng).items()}
    record["anchor_updates"] = kept.updates
    trainer = Trainer(regime, None if cells.source == BUILTIN else make_cell(regime, cells))
    drawn = weights_of(trainer.cell) | rng_state(trainer.rng)
    later = [row for row, updates in enumerate(kept.updates[:-1].tolist()) if updates >= FEW]
    chosen = sorted(rng.permutation(later)[:RANDOM].tolist())
    first = FromAnchor(trainer, drawn, record, 0, min(FEW, int(kept.updates[-1])))
    return [first, *(FromAnchor(trainer, drawn, record, row, int(kept.updates[row + 1])) for row in chosen)]
