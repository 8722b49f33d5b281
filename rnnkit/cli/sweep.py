"""``rnnkit sweep FILE``: many settings times many seeds, into one table."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import torch
from tqdm.auto import tqdm

from rnnkit.cli.guard import Parser
from rnnkit.common.processes import interrupt
from rnnkit.regimes import RegimeError
from rnnkit.runs.estimate import in_words, makespan
from rnnkit.runs.modelfile import announce, find_cells, make_cell
from rnnkit.runs.sweep import Work, dask_executor, seconds_left
from rnnkit.runs.sweep_curves import write_curves
from rnnkit.runs.sweep_file import read_sweep_file
from rnnkit.trainer import check_device

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
    parser.add_argument("--dry-run", action="store_true", help="say how many runs are left and how long they take")
    return parser


def main(argv: Sequence[str]) -> int:
    """``rnnkit sweep``: 0 when every run has ended, 1 when one failed, 2 for a bad value, 130 for Ctrl-C."""
    arguments = make_parser().parse_args(argv)
    torch.set_num_threads(1)  # as in the runs that are estimated
    if arguments.jobs < 1:
        raise RegimeError(f"--jobs: expected at least 1, got {arguments.jobs}")
    cells = find_cells(arguments.cells)
    sweep = read_sweep_file(arguments.file)
    announce(cells)
    for run in sweep.runs:
        check_device(run.regime)
        make_cell(run.regime, cells)
    work = Work(sweep, arguments.out or Path("runs") / "sweeps" / sweep.name, cells)
    left = work.waiting()
    print(f"{sweep.name}: {len(sweep.runs)} runs, {len(sweep.runs) - len(left)} of them done; table: {work.table}")
    if arguments.dry_run:
        seconds = seconds_left(left, cells)
        total = makespan([one + START_UP for one in seconds], arguments.jobs) if seconds else 0
        print(
            f"{len(left)} runs left: at most about {in_words(total)}, {arguments.jobs} at a time "
            f"({sum(seconds) / 3600:.1f} core hours; a run that solves its task ends earlier)"
        )
        return 0
    workers = dask_executor(arguments.dask) if arguments.dask else ThreadPoolExecutor(arguments.jobs)
    failed, done = 0, len(sweep.runs) - len(left)
    with workers as executor, tqdm(total=len(sweep.runs), initial=done, unit="run", desc=sweep.name) as bar:
        try:
            for run, status in work.run(executor, shared_disk=not arguments.dask):
                failed += status.startswith("failed")
                bar.update()
                bar.write(f"{run.name}: {status}")
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            with suppress(OSError):  # the terminal may be gone
                bar.write("broken off: saving what runs; the same command goes on later")
            interrupt()
            raise
    if arguments.curves:
        print(f"curves: {write_curves(work)}")
    print(f"{len(sweep.runs) - failed} of {len(sweep.runs)} runs ended, {failed} failed; table: {work.table}")
    return 1 if failed else 0
