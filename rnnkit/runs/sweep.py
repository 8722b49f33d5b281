"""Runs a sweep: every run trained by some worker, its files and one tidy table written here."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.common.processes import INTERRUPTED, run_child, stopping
from rnnkit.common.whole import save_bytes, save_text
from rnnkit.record.file import RecordError, last_filled
from rnnkit.regimes import Regime
from rnnkit.runs.batch import ENGINE, last_line
from rnnkit.runs.files import RunFiles
from rnnkit.runs.modelfile import BUILTIN, Cells
from rnnkit.runs.sweep_file import Run, Sweep, SweepError

RESULTS = ("status", "updates", "valid_error", "best_error", "valid_nll", "best_nll", "wall_time", "error")
CHILD = "import os, sys; from rnnkit.runs.sweep import child; sys.exit(child(*sys.argv[1:]))"
Files = dict[str, bytes]


@dataclass(frozen=True)
class Job:
    """One run for a worker, with nothing in it that only this machine has.

    Fields:
        regime: its settings, as JSON.
        model: the text of a model.py; empty for the built-in cells.
    """

    regime: str
    model: str = ""


class Interrupted(RuntimeError):
    """A run that was asked to end before its time."""


class Work:
    """A sweep's folder: ``{name}.csv`` and a folder for each run.

    Arguments:
        sweep: what to run.
        out: the folder.
        cells: whose cells.
    """

    def __init__(self, sweep: Sweep, out: str | Path, cells: Cells | None = None) -> None:
        self.sweep, self.out, self.cells = sweep, Path(out), cells or Cells()
        self.table = self.out / f"{sweep.name}.csv"
        self.model = "" if self.cells.source == BUILTIN else Path(self.cells.source).read_text(encoding="utf-8")
        self.failed: dict[str, str] = {}
        self.ended: dict[str, dict[str, Any]] = {}  # what the table says of a run: each record is read once for it

    def files(self, run: Run) -> RunFiles:
        """Where a run's record and log lie."""
        return RunFiles(self.out / run.name, run.name)

    def record(self, run: Run) -> dict[str, Any] | None:
        """What there is of a run, ended or on the way; None where there is nothing.

        Raises:
            SweepError: its files are another run's, or cannot be read.
        """
        try:
            return self.files(run).stored(run.regime, ENGINE, self.cells.sha256)[0]
        except RecordError as error:
            raise SweepError(f"{error}; or choose another --out or another name for the sweep") from None

    def waiting(self) -> list[Run]:
        """Runs that have not ended (SweepError as `record`, for any of them)."""
        records = [self.record(run) for run in self.sweep.runs]
        return [
            run
            for run, record in zip(self.sweep.runs, records, strict=True)
            if record is None or str(record["status"]) == "running"
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The table: a row for each run that has ended or failed, in the sweep's order."""
        rows = []
        for run in self.sweep.runs:
            about = {"run": run.name} | run.labels
            if run.name not in self.ended:
                record = self.record(run)
                if record is not None and str(record["status"]) != "running":
                    self.ended[run.name] = results_of(record)
            if run.name in self.ended:
                rows.append(about | self.ended[run.name])
            elif run.name in self.failed:
                rows.append(about | {"status": "failed", "error": self.failed[run.name]})
        return rows

    def write_table(self) -> None:
        """``{name}.csv``, whole or not at all."""
        self.save_rows(self.table, RESULTS, self.rows())

    def save_rows(self, path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Path:
        """A CSV of rows with the run and its labels in front, whole or not at all."""
        labels = dict.fromkeys(label for run in self.sweep.runs for label in run.labels)
        text = io.StringIO()
        writer = csv.DictWriter(text, ["run", *labels, *columns], restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return save_text(path, text.getvalue())

    def run(self, executor: Executor, *, shared_disk: bool) -> Iterator[tuple[Run, str]]:
        """Trains what waits; yields each run as it ends, with its status. The table is written after each.

        Arguments:
            executor: of ``concurrent.futures``; a run that fails, or whose worker dies, is a row, not the end.
            shared_disk: the workers write here themselves, and go on from a saved state; otherwise they send their
                files back as bytes.
        """
        RunFiles(self.out, self.sweep.name).make_folder()
        waiting = self.waiting()
        self.write_table()
        futures = {}
        for run in waiting:
            job = Job(run.regime.to_json(), self.model)
            folder = str((self.out / run.name).resolve())
            work = (run_process, job, folder) if shared_disk else (run_here, job)
            futures[executor.submit(*work)] = run
        for future in as_completed(futures):
            run = futures[future]
            try:
                self._keep(run, future.result())
                status = str(self.record(run)["status"])
            except Interrupted as error:
                status = f"interrupted: {error}"
            except Exception as error:
                self.failed[run.name] = f"{type(error).__name__}: {last_line(str(error)) or 'no message'}"
                status = f"failed: {self.failed[run.name]}"
            self.write_table()
            yield run, status

    def _keep(self, run: Run, files: Files) -> None:
        """Writes what a worker sent; the record last, so that a run with a record is whole."""
        if not files:
            return
        own = self.files(run)
        own.make_folder()
        with own.lock():
            for name in sorted(files, key=lambda name: name == own.final.name):
                save_bytes(own.out / name, files[name])


def results_of(record: dict[str, Any]) -> dict[str, Any]:
    """What a table says of one run; errors in percent, wall_time in seconds."""
    last = last_filled(record)
    seen = record["valid_error"][: last + 1]
    return {
        "status": str(record["status"]),
        "updates": int(record["updates"]),
        "valid_error": round(float(seen[-1]), 4),
        "best_error": _smallest(seen, 4),
        "valid_nll": round(float(record["valid_nll"][last]), 5),
        "best_nll": _smallest(record["valid_nll"][: last + 1], 5),
        "wall_time": round(float(record["wall_time"][last]), 1),
        "error": "",
    }


def _smallest(values: np.ndarray, digits: int) -> float:
    """Of those that are numbers; infinite where none is."""
    return round(float(values[values == values].min(initial=float("inf"))), digits)


def run_here(job: Job) -> Files:
    """Trains a job in this process, in a folder that is gone afterwards; its files by name.

    For workers anywhere: nothing is read or left on their disk.
    """
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        _train(job, Path(folder) / "run")
        return {path.name: path.read_bytes() for path in (Path(folder) / "run").iterdir() if path.suffix != ".lock"}


def run_process(job: Job, folder: str) -> Files:
    """Trains a job in ``folder``, from what is there, in a process of its own, whose death is this run's alone.

    Raises:
        RuntimeError: the last line of what the process said.
    """
    if stopping():
        raise Interrupted("before it began")
    code, output, errors = run_child(
        [sys.executable, "-c", CHILD, job.regime, folder, str(os.getpid())], text=job.model
    )
    if code == INTERRUPTED:
        raise Interrupted("saved; the same command goes on")
    if code:
        raise RuntimeError(last_line(output if code == 1 else errors) or f"the process died (exit code {code})")
    return {}


def child(regime: str, folder: str, parent: str) -> int:
    """What `run_process` starts; it ends when its parent has."""
    import torch

    from rnnkit.runs.job import watch_parent

    watch_parent(int(parent))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
    torch.set_num_threads(1)
    try:
        _train(Job(regime, sys.stdin.read()), Path(folder))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        print(f"{type(error).__name__}: {last_line(str(error)) or 'no message'}")
        return 1
    return 0


def _train(job: Job, folder: Path) -> None:
    from rnnkit.train import can_resume, train

    regime = Regime.from_json(job.regime)
    if not job.model:
        train(regime, out=folder, cells=BUILTIN, resume=can_resume(regime, out=folder, cells=BUILTIN))
        return
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "model.py"
        model.write_text(job.model, encoding="utf-8")
        train(regime, out=folder, cells=model, resume=can_resume(regime, out=folder, cells=model))


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster that runs already; they need rnnkit, and no disk in common with this machine.

    Raises:
        SweepError: Dask is not installed, or nobody answers at this address.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SweepError("--dask: expected the package distributed, found none; pip install distributed") from None
    try:
        client = Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SweepError(f"--dask {address}: expected a running scheduler, got: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def seconds_left(runs: Sequence[Run], cells: Cells) -> list[float]:
    """An estimate for each run on one core, were it not to stop early; equal settings but seeds are timed once."""
    from rnnkit.runs.estimate import kind_of, seconds

    known: dict[Regime, float] = {}
    for run in runs:
        if (kind := kind_of(run.regime)) not in known:
            known[kind] = seconds(kind, cells)
    return [known[kind_of(run.regime)] for run in runs]
