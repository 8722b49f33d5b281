"""Jobs, several at a time: each in a process of its own here, or by a worker elsewhere."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnnkit.common.extras import need
from rnnkit.common.names import BadValue
from rnnkit.common.processes import INTERRUPT_PATIENCE, INTERRUPTED, LimitReached, run_child, stopping
from rnnkit.common.whole import free_name, save_bytes, save_text
from rnnkit.record.file import RecordError
from rnnkit.runs.jobs import GO_ON, Job, Outcome, last_line, standing, updates_done
from rnnkit.runs.modelfile import DEFAULT_FILE, find_cells
from rnnkit.runs.perform import OutputError, RunFiles, perform, perform_together

CHILD = ("-m", "rnnkit.runs.pool")  # with the jobs as JSON on standard input
TEAM = 10


def run(jobs: Sequence[Job], executor: Executor, shared_disk: bool = True) -> Iterator[Outcome]:
    """Runs jobs and yields each outcome as it comes; finished ones are skipped, half-finished ones go on.

    A folder that holds another run (other settings, another model.py) is moved aside first, to ``{folder}_kept_1``.
    A run that fails, or whose worker dies, is an outcome, not the end. Where the executor's workers share no disk with
    this machine they send their files back as bytes; here each job gets a process, which writes into its folder, but
    for jobs that are trained best together, see `Experiment.alike`.
    """
    left = []
    for job in jobs:
        state = standing(job)
        if state == "finished":
            yield Outcome(job, str((job.stored() or {})["status"]), skipped=True)
            continue
        if state == "other":
            try:
                with job.files.lock():
                    Path(job.folder).rename(free_name(Path(job.folder)))
            except (OSError, OutputError) as error:
                yield Outcome(job, "failed", str(error))
                continue
        left.append(job)
    at_once = getattr(executor, "_max_workers", 1)  # of threads, each of which waits for a process
    groups = teams(left, at_once) if shared_disk else [[job] for job in left]
    do: Callable[..., Any] = execute_team if shared_disk else run_here
    waiting = {executor.submit(do, *group): group for group in groups}
    for future in as_completed(waiting):
        group = waiting[future]
        try:
            result: Any = future.result()
            yield from result if isinstance(result, list) else [keep(group[0], result)]
        except Exception as error:
            reason = f"{type(error).__name__}: {last_line(str(error)) or 'no message'}"
            yield from [Outcome(job, "failed", reason) for job in group]


def teams(jobs: Sequence[Job], at_once: int) -> list[list[Job]]:
    """The jobs, those together that one process trains together: up to `TEAM`, and so few that no worker is idle."""
    groups: dict[Hashable, list[Job]] = {}
    for number, job in enumerate(jobs):
        kind = job.experiment.alike(job.settings)
        groups.setdefault(number if kind is None else (job.assignment, job.cells, job.sha256, kind), []).append(job)
    most = max(1, min(TEAM, -(-len(jobs) // at_once)))
    return [group[k : k + most] for group in groups.values() for k in range(0, len(group), most)]


def execute_team(*jobs: Job) -> list[Outcome]:
    """Trains jobs together in one process, then does for each what is left of it: its notebook, or all of it.

    What goes wrong with one of them comes up again where it is done alone.
    """
    if len(jobs) == 1 or stopping():
        return [execute(job) for job in jobs]
    try:
        for job in jobs:
            job.files.make_folder()
            job.files.progress.unlink(missing_ok=True)
        limit, begun = 60 * sum(job.limit for job in jobs) or None, jobs[0].files.progress.exists
        code, _, _ = run_child(_command(), jobs[0].folder, _text(*jobs), limit, begun)
        if code == INTERRUPTED or stopping():
            return [Outcome(job, "interrupted", GO_ON) for job in jobs]
    except LimitReached:
        return [Outcome(job, "stopped", _limit_reason(job)) for job in jobs]
    except (OSError, OutputError):
        pass
    return [_ended(job) if standing(job) == "finished" else execute(job) for job in jobs]


def _command() -> list[str]:
    return [sys.executable, *CHILD, str(os.getpid())]


def _text(*jobs: Job) -> str:
    return json.dumps([job.to_json() for job in jobs])


def execute(job: Job) -> Outcome:
    """Does one job in a process of its own; every end is an `Outcome`, none an exception."""
    if stopping():
        return Outcome(job, "interrupted", "before it began")
    try:
        job.files.make_folder()
        job.files.progress.unlink(missing_ok=True)
        begun = job.files.progress.exists
        code, output, errors = run_child(_command(), job.folder, _text(job), 60 * job.limit or None, begun)
    except LimitReached:
        return Outcome(job, "stopped", _limit_reason(job))
    except (OSError, OutputError) as error:
        return Outcome(job, "failed", str(error))
    if code == 0:
        return _ended(job)
    if code == INTERRUPTED or stopping():
        return Outcome(job, "interrupted", GO_ON)
    return Outcome(job, "failed", last_line(output if code == 1 else errors) or f"the process died (exit code {code})")


def _ended(job: Job) -> Outcome:
    try:
        return Outcome(job, str(job.experiment.load(job.files.final)["status"]))
    except RecordError as error:
        return Outcome(job, "failed", str(error))


def _limit_reason(job: Job) -> str:
    """What to say of a job that took too long, from what it saved."""
    done = updates_done(job)
    saved = f"after {done} updates; the same command goes on"
    none = "before its first check: nothing is saved yet; give it a longer --limit"
    return f"at its limit of {job.limit:g} minute{'s' * (job.limit != 1)}, {saved if done else none}"


def train_job(job: Job, folder: str | Path) -> None:
    """A job's run in this process, without a notebook; it goes on from what is there."""
    with tempfile.TemporaryDirectory() as place:
        source = save_text(Path(place) / DEFAULT_FILE, job.model) if job.model else job.cells
        files, cells = RunFiles(folder, job.settings.name), find_cells(source)
        resume = files.can_resume(job.experiment, job.settings, cells.sha256)
        perform(job.experiment, job.settings, out=folder, cells=cells, resume=resume)


def train_team(jobs: Sequence[Job]) -> None:
    """The runs of jobs that have their cells in common, together and in this process."""
    with tempfile.TemporaryDirectory() as place:
        source = save_text(Path(place) / DEFAULT_FILE, jobs[0].model) if jobs[0].model else jobs[0].cells
        members = [(job.settings, job.folder) for job in jobs]
        perform_together(jobs[0].experiment, members, find_cells(source))


def run_here(job: Job) -> dict[str, bytes]:
    """A job's files by name, for workers anywhere: trained in a folder that is gone afterwards."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        train_job(job, Path(folder) / "run")
        return {path.name: path.read_bytes() for path in (Path(folder) / "run").iterdir() if path.suffix != ".lock"}


def keep(job: Job, files: dict[str, bytes]) -> Outcome:
    """Writes what a worker sent; the record last, so that a run with a record is whole."""
    job.files.make_folder()
    with job.files.lock():
        for name in sorted(files, key=lambda name: name == job.files.final.name):
            save_bytes(job.files.out / name, files[name])
    return _ended(job)


def execute_notebook(job: Job) -> None:
    """Papermill on the job's notebook; interrupted, its kernel has time to save, which Jupyter alone cuts short."""
    import papermill
    from traitlets.config import Config

    # Jupyter sends SIGTERM, which saves nothing, to a kernel that is still there after half of this (2.5 s by default).
    patience = Config(KernelManager={"shutdown_wait_time": 2.0 * INTERRUPT_PATIENCE})
    os.environ["RNNKIT_PLAIN"] = "1"  # the kernel inherits it: nobody looks at its widgets
    with RunFiles(job.folder, job.executed.name).lock():  # a second batch must not write over it
        papermill.execute_notebook(
            job.notebook, str(job.executed), job.parameters, kernel_name="python3", progress_bar=False, cwd=job.folder,
            config=patience,
        )  # fmt: skip


def watch_parent(parent: int) -> None:
    """Ends this process when the command that started it, which told its own id, is gone: an orphan must not write."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def child(text: str, parent: int) -> int:
    """What `CHILD` does: 0, 130 when it was interrupted, or 1 with the reason as the last line of the output."""
    import torch

    warnings.filterwarnings("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
    watch_parent(parent)
    torch.set_num_threads(1)
    jobs = [Job.from_json(one) for one in json.loads(text)]
    job = jobs[0]
    try:
        if len(jobs) > 1:
            train_team(jobs)
        elif job.notebook:
            execute_notebook(job)
        else:
            train_job(job, job.folder)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        name, value = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", str(error))
        print(f"{name}: {last_line(str(value)) or 'no message'}")
        return INTERRUPTED if name == "KeyboardInterrupt" else 1
    return 0


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster that runs already; they need rnnkit, and no disk in common with this machine."""
    need("cluster")
    from distributed import Client

    try:
        client = Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadValue(f"--dask {address}: expected a running scheduler, got: {error}") from None
    with client:
        yield client.get_executor(pure=False)


if __name__ == "__main__":
    raise SystemExit(child(sys.stdin.read(), int(sys.argv[1])))
