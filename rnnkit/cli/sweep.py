"""``rnnkit sweep FILE``: many settings times many seeds, into one table."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from rnnkit.cli.guard import Parser
from rnnkit.common.names import BadValue
from rnnkit.common.statistics import rate_in_words
from rnnkit.record.file import RecordError
from rnnkit.runs.estimate import in_words, makespan, seconds_left
from rnnkit.runs.experiment import RUNNING, Record
from rnnkit.runs.jobs import Job, Outcome
from rnnkit.runs.modelfile import announce, find_cells
from rnnkit.runs.perform import RunFiles
from rnnkit.runs.pool import dask_executor
from rnnkit.runs.progress import watch
from rnnkit.runs.sweep_file import SweepError, read_sweep_file
from rnnkit.runs.tables import alike, curve_rows, save_rows, shared_name

START_UP = 3.0  # seconds that a run takes besides training


def make_parser() -> argparse.ArgumentParser:
    """The flags of ``rnnkit sweep``."""
    parser = Parser(prog="rnnkit sweep", description=__doc__, allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help="settings and seeds: .toml or .yaml")
    parser.add_argument("--out", metavar="DIR", help="where table and runs go (default: runs/sweeps/NAME)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="runs at a time, here")
    parser.add_argument("--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster instead: tcp://host:8786")
    parser.add_argument("--cells", metavar="PATH", help="a model.py, or builtin (default: ./model.py, else builtin)")
    parser.add_argument("--curves", action="store_true", help="also write NAME_curves.csv: every check of every run")
    small = "as of rnnkit run: --profile smoke tries the sweep with smaller runs, into a folder of its own"
    parser.add_argument("--profile", default="", metavar="P", help=small)
    other = "another value for a setting of all runs"
    parser.add_argument("--set", action="append", default=[], metavar="FLAG=VALUE", help=other)
    parser.add_argument("--dry-run", action="store_true", help="say how many runs are left and how long they take")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit sweep``: 0 when every run has ended, 1 when one failed, 2 for a bad value, 130 for Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    torch.set_num_threads(1)  # as in the runs that are estimated
    if arguments.jobs < 1:
        raise BadValue(f"--jobs: expected at least 1, got {arguments.jobs}")
    cells = find_cells(arguments.cells)
    sweep = read_sweep_file(arguments.file, arguments.profile, arguments.set)
    announce(cells)
    out = Path(arguments.out or Path("runs") / "sweeps" / sweep.name)
    jobs = sweep.jobs(out, cells)
    for job in jobs:
        job.experiment.refuse(job.settings, cells)
    left, table = left_of(jobs), Table(out / f"{sweep.name}.csv", jobs)
    print(f"{sweep.name}: {len(jobs)} runs, {len(jobs) - len(left)} of them done; table: {table.path}")
    if arguments.dry_run:
        seconds = [one + START_UP for one in seconds_left(left, cells)[0].values()]
        total = in_words(makespan(seconds, arguments.jobs))
        earlier = "; a run that solves its task ends earlier" if any(job.experiment.solves for job in left) else ""
        print(
            f"{len(left)} runs left: at most about {total}, {arguments.jobs} at a time "
            f"({sum(seconds) / 3600:.1f} core hours{earlier})"
        )
        return 0
    RunFiles(out, sweep.name).make_folder()
    table.write()
    workers = dask_executor(arguments.dask) if arguments.dask else nullcontext(ThreadPoolExecutor(arguments.jobs))
    with workers as executor:
        outcomes = watch(left, executor, not arguments.dask, table.add)
    if arguments.curves:
        print(f"curves: {save_rows(out / f'{sweep.name}_curves.csv', curve_rows(jobs), table.first[:-2])}")
    if any(outcome.status == "interrupted" for outcome in outcomes):
        return 130
    failed = len(table.failed)
    print(f"{len(jobs) - failed} of {len(jobs)} runs ended, {failed} failed; table: {table.path}")
    for line in table.rates():
        print(line)
    return 1 if failed else 0


class Table:
    """A sweep's table, a ``.csv`` of every run that has ended or failed, in the sweep's order; written after each."""

    def __init__(self, path: Path, jobs: Sequence[Job]) -> None:
        self.path, self.jobs = path, jobs
        self.first = ["run", *dict.fromkeys(label for job in jobs for label in job.labels), "status", "updates"]
        self.failed: dict[str, str] = {}
        self._ended: dict[str, dict[str, Any]] = {}  # each record is read once

    def add(self, outcome: Outcome) -> None:
        """Takes in how a job ended."""
        if outcome.status == "failed":
            self.failed[outcome.job.label] = outcome.reason
        self.write()

    def write(self) -> None:
        """All there is by now."""
        rows = []
        for job in self.jobs:
            if job.label not in self._ended and (record := ended(job)) is not None:
                self._ended[job.label] = job.experiment.results(record) | {"error": ""}
            row = self._ended.get(job.label)
            if row is None and job.label in self.failed:
                row = {"status": "failed", "error": self.failed[job.label]}
            if row is not None:
                rows.append({"run": job.label} | job.labels | row)
        save_rows(self.path, rows, self.first)

    def rates(self) -> list[str]:
        """How often each setting that has several seeds solved its task, a sentence each; none where none can."""
        if not self.jobs[0].experiment.solves:
            return []
        known = {job.label: job.labels for job in self.jobs if job.label in self._ended}
        kinds = {
            run: str({name: value for name, value in told.items() if name != "seed"}) for run, told in known.items()
        }
        seeds = {run: told["seed"] for run, told in known.items()}
        lines = []
        for runs in (some for some in alike(kinds, seeds) if len(some) > 1):
            name = shared_name({run: seeds[run] for run in runs})
            solved = sum(self.jobs[0].experiment.solved(self._ended[run]) for run in runs)
            lines.append(f"{name}: {rate_in_words(solved, len(runs))}" if name else rate_in_words(solved, len(runs)))
        return lines


def ended(job: Job) -> Record | None:
    """The record of a run that has ended; None where there is something left to do."""
    record = job.stored()
    return None if record is None or str(record["status"]) == RUNNING else record


def left_of(jobs: Sequence[Job]) -> list[Job]:
    """Jobs that have not ended (SweepError: a file of one is another run's, or cannot be read)."""
    try:
        return [job for job in jobs if ended(job) is None]
    except RecordError as error:
        raise SweepError(f"{error}; or choose another --out or another name for the sweep") from None
