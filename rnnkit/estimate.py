"""How long a regime will take here: a few timed updates and one timed check, multiplied out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from rnnkit.engines import get_engine
from rnnkit.engines.handover import difference
from rnnkit.heads import get_head
from rnnkit.modelfile import BUILTIN, Cells, make_cell
from rnnkit.regimes import Regime
from rnnkit.tasks import Batch

REPEATS = 3


def seconds(regime: Regime, engine: str = "auto", cells: Cells | None = None) -> float:
    """Estimates a whole run's time on one core, from batches of the mean length.

    Arguments:
        regime: what would be run.
        engine: with which engine; ``auto`` is the one that training would take.
        cells: whose cells; the built-in ones by default.

    Returns:
        Seconds. Timings on a busy machine are rough: take it as an order of magnitude.
    """
    task, head = regime.make_task(), get_head(regime.make_task().head, regime.err_abs)
    cells = cells or Cells()
    cell = make_cell(regime, cells)
    mean, rng = (regime.min_length + regime.max_length) // 2, np.random.RandomState(0)

    def batch(sequences: int, length: int) -> Batch:
        return task.sample(rng, length, sequences).to(regime.device, cell.W_hh.dtype)

    if engine == "auto":
        known = cells.source == BUILTIN or not difference(cell, head, batch(regime.bs, mean))
        engine = "fused" if known else "autograd"
    runner = get_engine(engine)
    chunk = runner.prepare(batch(regime.cbs, mean))

    def one_update() -> None:
        run = runner.run(cell, head, batch(regime.bs, mean), flow=regime.alpha > 0)
        if regime.alpha > 0:
            runner.omega(cell, run, regime.bound, regime.omega_on)

    update = _median_time(one_update)
    check = regime.chunks * _median_time(lambda: runner.metrics(cell, head, chunk))
    if regime.collectDiags:
        check += _median_time(lambda: runner.run(cell, head, batch(min(regime.bs, regime.cbs), regime.max_length)))
    return regime.maxiters * update + regime.checkpoints * check


def _median_time(work: Callable[[], None]) -> float:
    work()
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def makespan(durations: Iterable[float], at_once: int) -> float:
    """Seconds until jobs of these durations, begun in this order, are all done, ``at_once`` at a time."""
    lanes = [0.0] * at_once
    for duration in durations:
        lanes[lanes.index(min(lanes))] += duration
    return max(lanes)


def in_words(duration: float) -> str:
    """``40 s``, ``12 min`` or ``3.4 h``."""
    if duration < 90:
        return f"{duration:.0f} s"
    return f"{duration / 60:.0f} min" if duration < 5400 else f"{duration / 3600:.1f} h"
