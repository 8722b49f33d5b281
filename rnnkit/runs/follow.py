"""Live progress of a batch: a bar for each running regime with the time it has left, and one for all of them."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

from tqdm import tqdm

from rnnkit.runs import batch

SAY_EVERY = 300  # seconds between two lines where there is no terminal


class Progress:
    """Shows how far the running jobs are, read from their logs once a second: ``with Progress(jobs) as progress``."""

    def __init__(self, jobs: Sequence[batch.Job]) -> None:
        self.plain = not sys.stderr.isatty()
        self.jobs = {job.label: job for job in jobs}
        self.done = {label: batch.live_updates(job) for label, job in self.jobs.items()}
        total = sum(job.regime.maxiters for job in jobs)
        self.all = tqdm(
            total=total, initial=sum(self.done.values()), unit="update", desc="all", disable=self.plain, position=0
        )
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

    def say(self, text: str) -> None:
        """A line above the bars."""
        self.all.write(text)

    def ended(self, outcome: batch.Outcome) -> None:
        """A job has come to its end, whichever."""
        self._ended.add(outcome.job.label)

    def _follow(self) -> None:
        spoken = time.monotonic()
        while not self._stop.wait(1):
            for label, job in self.jobs.items():
                self._show(label, job)
            if self.plain and time.monotonic() - spoken > SAY_EVERY:
                spoken = time.monotonic()
                running = [f"{label} {n}" for label, n in self.done.items() if n and label not in self._ended]
                print(f"updates done: {', '.join(running) or 'none yet'}", flush=True)

    def _show(self, label: str, job: batch.Job) -> None:
        """Moves a job's bar; opens it with the first update, closes it at the end."""
        over = label in self._ended
        now = job.regime.maxiters if over else batch.live_updates(job)
        gain, self.done[label] = max(0, now - self.done[label]), now
        self.all.update(gain)
        if gain and not over and label not in self.bars:
            self.bars[label] = tqdm(
                total=job.regime.maxiters, initial=now, unit="update", desc=label, leave=False, disable=self.plain
            )
        elif label in self.bars and over:
            self.bars.pop(label).close()
        elif label in self.bars:
            self.bars[label].update(gain)
