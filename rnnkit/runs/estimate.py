"""How long regimes will take here: a start, a few updates, checks and a picture, timed as the machine is now."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnkit.common.interrupts import held_back, interruption_in
from rnnkit.engines import get_engine
from rnnkit.engines.handover import difference, first
from rnnkit.heads import Head, get_head
from rnnkit.regimes import Regime
from rnnkit.runs.broken import RAISED, BrokenCell, reason_of
from rnnkit.runs.jobs import Job, standing, updates_done
from rnnkit.runs.modelfile import BUILTIN, Cells, CellsError, find_cells, make_cell
from rnnkit.tasks import Batch

ENOUGH = 0.25  # seconds after which something was timed long enough
MOST = 40  # times
DRAWS = 3  # of a moment each, of which a pause spoils one
SHORT = 5  # steps of a sequence that tell how slow a cell is, where whole ones take too long
# What a job takes besides training, in the units of `Machine`: two processes start, one after the other, and the
# notebook draws; so does the page. Timed once on a busy machine.
STARTS, PICTURES, PAGE_PICTURES = 2.0, 6.0, 3.5
# Keeps a core busy for as long as somebody holds the other end of its standard input: it ends with this process,
# however that ends.
BUSY = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True: pass
"""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Pace:
    """Seconds of one regime, here and now: before the first update (loading, compiling), one update, one check."""

    first: float
    update: float
    check: float

    def whole(self, regime: Regime) -> float:
        """A whole run, were it not to stop early."""
        return self.first + regime.maxiters * self.update + regime.checkpoints * self.check


@dataclass(frozen=True)
class Machine:
    """Seconds that do not depend on the regime: a process until it works, and a picture of six panels."""

    start: float
    picture: float

    @property
    def job(self) -> float:
        """What a job takes besides training."""
        return STARTS * self.start + PICTURES * self.picture

    def page(self, runs: int) -> float:
        """What the page of so many runs takes."""
        return PAGE_PICTURES * self.picture * runs


def pace_of(regime: Regime, cells: Cells | None = None, clock: Clock = time.perf_counter) -> Pace:
    """Times a regime's updates and checks, by the engine that training would take (CellsError, BrokenCell: none can).

    Sequences of the mean length; where those take too long, their first steps are timed and multiplied out.
    """
    cells = cells or Cells()
    cell, task = make_cell(regime, cells).eval(), regime.make_task()
    head, rng = get_head(task.head, regime.err_abs), np.random.RandomState(0)

    def batch(sequences: int) -> Batch:
        mean = (regime.min_length + regime.max_length) // 2
        return task.sample(rng, mean, sequences).to(regime.device, cell.W_hh.dtype)

    def one_update(batch: Batch) -> None:
        run = engine.run(cell, head, batch, flow=regime.alpha > 0)
        if regime.alpha > 0:
            engine.omega(cell, run, regime.bound, regime.omega_on)

    try:
        begun = clock()
        diagnostic, chunk = batch(min(regime.bs, regime.cbs)), batch(regime.cbs)
        opening = (clock() - begun) * regime.chunks
        begun = clock()
        known = cells.source == BUILTIN or not difference(cell, head, diagnostic)
        engine = get_engine("fused" if known else "autograd")
        training = _Work(one_update, batch(regime.bs), head)
        validation = _Work(lambda ready: engine.metrics(cell, head, ready), chunk, head, engine.prepare)
        diagnostics = _Work(lambda batch: engine.run(cell, head, batch), diagnostic, head)
        for work in (training, validation, diagnostics):
            work.do(work.few)
        opening += clock() - begun
        update = mean_time(lambda: batch(regime.bs), clock) + training.seconds(clock)
        check = regime.chunks * validation.seconds(clock)
        if regime.collectDiags:
            check += diagnostics.seconds(clock) * regime.max_length / len(diagnostic.inputs)
    except RAISED as error:
        if broken := cells.blame(error, regime.model):
            raise broken from error
        raise
    return Pace(opening, update, check)


class _Work:
    """What a trainer does with a batch, and with its first steps, once they have been made ready."""

    def __init__(
        self, do: Callable[[Any], object], batch: Batch, head: Head, ready: Callable[[Batch], Any] = lambda batch: batch
    ) -> None:
        self.do, self.steps = do, len(batch.inputs)
        self.few, self.whole = ready(first(batch, head, SHORT, batch.inputs.shape[1])), ready(batch)

    def seconds(self, clock: Clock) -> float:
        """Of the whole, which is not done for the first time; from the few where that would take too long."""
        begun = clock()
        self.do(self.few)
        guess = (clock() - begun) * self.steps / SHORT
        return guess if guess > 4 * ENOUGH else mean_time(lambda: self.do(self.whole), clock)


def mean_time(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Seconds of some work: the mean over as many times as fit into a moment, so that a busy machine's pauses count."""
    begun, times = clock(), 0
    while times < MOST and (not times or clock() - begun < ENOUGH):
        work()
        times += 1
    return (clock() - begun) / times


def typical_time(work: Callable[[], object], clock: Clock = time.perf_counter) -> float:
    """Seconds of longer work: the median over `DRAWS` times, which one pause of the whole machine does not change."""
    took = []
    for _ in range(DRAWS):
        begun = clock()
        work()
        took.append(clock() - begun)
    return float(np.median(took))


def machine(start: float, clock: Clock = time.perf_counter, own: Clock = time.process_time) -> Machine:
    """This machine, as pictures that are drawn now find it.

    Arguments:
        start: seconds of processor that its start took this process. How long it waited for files, or for its turn, is
            not what the next process will: that is told by the pictures' time and their seconds of processor.
    """
    from matplotlib.figure import Figure

    def draw() -> None:
        figure = Figure(figsize=(11.1, 5.0), layout="constrained")
        for ax in figure.subplots(2, 3).flat:
            ax.plot(range(100))
        figure.savefig(io.BytesIO(), format="png")

    with held_back():  # matplotlib can swallow an interruption
        draw()  # the first one loads fonts, which is part of a start
    with held_back():
        busy, picture = own(), typical_time(draw, clock)
    return Machine(start * max(1.0, DRAWS * picture / (own() - busy)), picture)


@contextmanager
def company(others: int) -> Iterator[None]:
    """Keeps other cores busy, as the runs at the same time will: what is timed is timed beside them."""
    command = [sys.executable, "-S", "-E", "-c", BUSY]
    with ExitStack() as stack:
        for _ in range(others):
            process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # as `run_child` does
            stack.enter_context(process)
            stack.callback(process.kill)
        yield


def seconds_left(jobs: Sequence[Job], cells: Cells, start: float = 0.0) -> tuple[dict[str, float], Machine | None]:
    """Seconds that each job still takes, by label, were it not to stop early, and this machine.

    Equal work is timed once. Jobs of an experiment that cannot tell are left out. ``start`` is what this process took
    to start (seconds of processor); 0 counts training alone.
    """
    here, paces, left = machine(start) if start else None, {}, {}
    kinds = {job.label: job.experiment.kind_of(job.settings) for job in jobs}
    for job in jobs:
        if (kind := kinds[job.label]) not in paces:
            paces[kind] = job.experiment.pace(kind, cells)
    loading = max((pace.first for pace in paces.values() if pace), default=0)  # the next process finds it loaded
    besides = loading + here.job if here else 0
    for job in jobs:
        if pace := paces[kinds[job.label]]:
            left[job.label] = (1 - updates_done(job) / job.total) * pace.whole(job.settings) + besides
    return left, here


def estimate(jobs: Sequence[Job], at_once: int, start: float) -> tuple[dict[str, float], str]:
    """Seconds that each job of a command still takes, and in words all of them; see `seconds_left`.

    Those of many students' cells are timed by the built-in ones.
    """
    waiting = [job for job in jobs if standing(job) != "finished"]
    if not waiting:
        return {}, "estimate: nothing left to train, only the page to make again"
    print("estimate: timing some updates, checks and a picture here", flush=True)
    cells = Cells() if any(job.student for job in jobs) else find_cells(jobs[0].cells)
    try:
        with company(min(at_once, len(waiting)) - 1):
            left, here = seconds_left(waiting, cells, start)
    except Exception as error:
        if interruption := interruption_in(error):
            raise interruption from None
        broke = isinstance(error, BrokenCell | CellsError)
        return {}, f"estimate: none, a cell broke ({error})" if broke else f"estimate: none ({reason_of(error)})"
    if not left:
        return {}, "estimate: none, this experiment does not tell"
    total = makespan(sorted(left.values(), reverse=True), at_once) + (here.page(len(jobs)) if here else 0)
    return left, f"estimate: about {in_words(total)} (timed just now, with the machine as busy as it is)"


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
