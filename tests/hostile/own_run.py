"""Records of temporal order that no training has left: the run of one's own, which has points for its network."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from hostile.base import Submission, wrong
from rnnkit.inits import set_weights
from rnnkit.record.file import load, regime_of, trimmed
from rnnkit.regimes import Regime, get_regime
from rnnkit.train import content, train
from rnnkit.trainer import Trainer

Record = dict[str, np.ndarray]
BASE: dict[str, Any] = {
    "task": "torder", "init": "smart_tanh", "nhid": 30, "alpha": 4.0, "lr": 0.03, "cutoff": 1.0, "min_length": 50,
    "max_length": 50, "seed": 2, "maxiters": 8001, "checkFreq": 200, "ebs": 500, "cbs": 100, "stop_error": 1.0,
}  # fmt: skip
SHORT = {"min_length": 20, "max_length": 20, "checkFreq": 100, "seed": 1}  # solved in a second
STUCK = SHORT | {"seed": 7, "lr": 1e-3}
NAMES = ("W_xh", "W_hh", "b_h", "W_ho", "b_o")
NAME = "extra_torder"


def own_regime(**changes: object) -> Regime:
    """Settings of one's own; by default those of a run that solves 50 steps in about two seconds."""
    return get_regime("C1", **(BASE | {"collectDiags": False, "name": NAME} | changes))


@functools.cache
def solved() -> Record:
    """The record of an honest run, whose network attackers take for theirs."""
    with tempfile.TemporaryDirectory() as folder:
        return load(train(own_regime(**SHORT), out=folder, cells="builtin"))


def trained(regime: Regime, at: int | None = None, network: Record | None = None) -> Record:
    """The record of a training in which the weights are exchanged after so many updates."""
    trainer = Trainer(regime)

    def exchange(updates: int) -> None:
        if updates == at:
            set_weights(trainer.cell, network or {})

    for _ in trainer.checkpoints(on_update=exchange):
        pass
    return trimmed(content(trainer))


# ---- records of which the weights do not follow from the anchors -----------------------------------------------------


def last_weights(record: Record, network: Record) -> Record:
    """Another run's record with hand-made weights."""
    return trained(own_regime(**STUCK | {"maxiters": 401})) | network | {"valid_error": record["valid_error"]}


def last_anchor(record: Record, network: Record) -> Record:
    """Another run's record with hand-made weights and a last anchor to them."""
    return trained(own_regime(**STUCK | {"maxiters": 401}), 401, network)


def middle(record: Record, network: Record) -> Record:
    """A run whose weights are exchanged in the middle, and trained on from there."""
    return trained(own_regime(**STUCK | {"maxiters": 801}), 201, network)


def before_the_first_check(record: Record, network: Record) -> Record:
    """A run whose first update is no training."""
    return trained(own_regime(**STUCK | {"maxiters": 401}), 1, network)


def hand_made_start(record: Record, network: Record) -> Record:
    """A run trained honestly from hand-made weights."""
    trainer = Trainer(own_regime(**SHORT | {"maxiters": 201}))
    set_weights(trainer.cell, network)
    for _ in trainer.checkpoints():
        pass
    return trimmed(content(trainer))


def other_seed(record: Record, network: Record) -> Record:
    """Somebody's run under another seed."""
    return record | {"regime": np.array(regime_of(record).replace(seed=4).to_json())}


UNFOUNDED = (last_weights, last_anchor, middle, before_the_first_check, hand_made_start, other_seed)


def _case(make: Callable[[Record, Record], Record]) -> None:
    def write(made: Submission) -> None:
        record = make(solved(), {name: solved()[name] for name in NAMES})
        file = io.BytesIO()
        known: Any = {name: value for name, value in record.items() if value is not None}
        np.savez_compressed(file, **known)
        made.files[f"runs/{NAME}/{NAME}_final_state.npz"] = file.getvalue()

    write.__name__, write.__doc__ = f"e_{make.__name__}", make.__doc__
    wrong()(write)


for _make in UNFOUNDED:
    _case(_make)
