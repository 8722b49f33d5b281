"""Live progress of jobs: a bar for each running one with the time it has left, and one for all of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, TypeVar

from tqdm import tqdm

from rnnkit.common.processes import interrupt
from rnnkit.runs import pool
from rnnkit.runs.jobs import GO_ON, Job, Outcome, updates_done

Thing = TypeVar("Thing")
SAY_EVERY = 300  # seconds between two lines where there is no terminal


class Progress:
    """Shows how far the running jobs are, as each says in a file: ``with Progress(jobs) as progress``."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.plain = not sys.stderr.isatty()
        self.jobs = {job.label: job for job in jobs}
        self.done = {label: updates_done(job) for label, job in self.jobs.items()}
        self.all = self._bar("all", sum(job.total for job in jobs), sum(self.done.values()), position=0)
        self.bars: dict[str, tqdm] = {}
        self._ended: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Progress:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        for bar in (*self.bars.values(), self.all):
            bar.close()

    def _bar(self, label: str, total: int, done: int, **how: Any) -> tqdm:
        return tqdm(desc=label, total=total, initial=done, unit="update", disable=self.plain, **how)

    def ended(self, outcome: Outcome) -> None:
        """A job has come to its end, whichever."""
        self._ended.add(outcome.job.label)

    def _follow(self) -> None:
        spoken = time.monotonic()
        while not self._stop.wait(1):
            self.look()
            if self.plain and time.monotonic() - spoken > SAY_EVERY:
                spoken = time.monotonic()
                running = [f"{label} {n}" for label, n in self.done.items() if n and label not in self._ended]
                print(f"updates done: {', '.join(running) or 'none yet'}", flush=True)

    def look(self) -> None:
        """Moves what has moved: a job's bar opens with the first update, and closes at the end."""
        for label, job in list(self.jobs.items()):
            over = label in self._ended
            self._show(label, job, over)
            if over:
                del self.jobs[label]

    def _show(self, label: str, job: Job, over: bool) -> None:
        now = job.total if over else max(self.done[label], job.files.live_updates())
        gain, self.done[label] = now - self.done[label], now
        self.all.update(gain)
        if gain and not over and label not in self.bars:
            self.bars[label] = self._bar(label, job.total, now, leave=False)
        elif label in self.bars and over:
            self.bars.pop(label).close()
        elif label in self.bars:
            self.bars[label].update(gain)


def watch(
    jobs: Sequence[Job],
    executor: Executor,
    shared_disk: bool = True,
    on_outcome: Callable[[Outcome], object] = lambda outcome: None,
) -> list[Outcome]:
    """Runs jobs, as `rnnkit.runs.pool.run`, under live progress; on Ctrl-C the running are saved, no others begin."""
    outcomes: dict[str, Outcome] = {}
    with Progress(jobs) as progress, executor:
        try:
            for outcome in pool.run(jobs, executor, shared_disk):
                outcomes[outcome.job.label] = outcome
                progress.ended(outcome)
                on_outcome(outcome)
                progress.all.write(line_of(outcome))
        except KeyboardInterrupt:
            executor.shutdown(wait=False, cancel_futures=True)
            with suppress(OSError):  # the terminal may be gone
                progress.all.write("interrupted: saving what runs; the same command goes on later")
            interrupt()
            left = [job for job in jobs if job.label not in outcomes]
            outcomes |= {job.label: Outcome(job, "interrupted", GO_ON) for job in left}
    return [*outcomes.values()]


def line_of(outcome: Outcome) -> str:
    """An outcome in a line."""
    name = outcome.job.label
    if outcome.skipped:
        return f"{name}: {outcome.status} earlier with the same settings and cells, skipped"
    return f"{name}: {outcome.status}" + (f": {outcome.reason}" if outcome.reason else "")


def counted(things: Collection[Thing], label: str, unit: str) -> Iterator[Thing]:
    """The same things, one by one, under a bar where there is a terminal."""
    yield from tqdm(things, desc=label, unit=unit, disable=None)
