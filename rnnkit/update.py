"""One update of a training: a length, a batch, a gradient, a clipped step."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rnnkit.cells import Cell
from rnnkit.engines import Engine
from rnnkit.heads import Head
from rnnkit.optim import clip, sgd
from rnnkit.regimes import Regime
from rnnkit.tasks import draw_length
from rnnkit.tasks.base import Task


class Update(NamedTuple):
    """What one update has seen, by the record's names; Omega and steps_in_past are NaN where alpha is 0."""

    train_nll: float
    gradient_norm: float
    gradient_norm_clipped: float
    Omega: Any = math.nan
    steps_in_past: Any = math.nan


def one_update(
    regime: Regime, task: Task, head: Head, engine: Engine, cell: Cell, rng: np.random.RandomState
) -> Update:
    """Does one update of a cell, in place; task and head are the regime's, length and batch drawn from ``rng``."""
    length = draw_length(rng, regime.min_length, regime.max_length)
    batch = task.sample(rng, length, regime.bs).to(cell.W_hh.device, cell.W_hh.dtype)
    run = engine.run(cell, head, batch, flow=regime.alpha > 0)
    grads = run.grads
    watched: tuple[float, ...] = ()
    if regime.alpha > 0:
        term = engine.omega(cell, run, regime.bound, regime.omega_on)
        grads = grads | {"W_hh": grads["W_hh"] + regime.alpha * term.grad}
        watched = (term.value, term.steps_in_past)
    clipped = clip(grads, cell.W_hh, regime.clipstyle, regime.cutoff)
    sgd(cell, clipped.grads, regime.lr)
    return Update(float(run.loss), clipped.norm, clipped.norm_clipped, *watched)
