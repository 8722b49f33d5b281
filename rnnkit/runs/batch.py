"""Many regimes, unattended: the notebook 3_regime, executed by papermill once for each, several at a time."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rnnkit
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.places import PACKAGE
from rnnkit.common.processes import INTERRUPTED, LimitReached, run_child, stopping
from rnnkit.common.whole import free_name
from rnnkit.record.file import RecordError, load
from rnnkit.regimes import Regime, chosen_regime, get_regime
from rnnkit.runs.files import OutputError, RunFiles
from rnnkit.runs.modelfile import BUILTIN, Cells

NOTEBOOK = "3_regime.ipynb"
ENGINE = "auto"
CHECK = ": iteration "  # stands in a log for each check, see `rnnkit.runs.report_text.check_block`


class BatchError(BadValue):
    """A batch that cannot begin."""


@dataclass(frozen=True)
class Job:
    """One regime to run.

    Fields:
        key, profile, overrides: name it, as `get_regime` takes them.
        folder: where its notebook, record and log go (an absolute path).
        cells, sha256: the model.py (an absolute path) or ``builtin``, and its hash.
        notebook: the notebook to execute.
        student: whose cells they are, in a batch over many people's.
        limit: minutes after which it is asked to save itself and end, from its first check on; 0 for none.
    """

    key: str
    profile: str
    folder: str
    notebook: str
    cells: str = BUILTIN
    sha256: str = BUILTIN
    student: str = ""
    overrides: dict[str, Any] = field(default_factory=dict)
    limit: float = 0.0

    @property
    def label(self) -> str:
        """Short and unique in its batch."""
        return f"{self.student}/{self.key}" if self.student else self.key

    @property
    def regime(self) -> Regime:
        return get_regime(self.key, self.profile, **self.overrides)

    @property
    def files(self) -> RunFiles:
        return RunFiles(self.folder, self.regime.name)

    @property
    def executed(self) -> Path:
        """The executed notebook."""
        return Path(self.folder) / f"{self.regime.name}.ipynb"

    def parameters(self) -> dict[str, Any]:
        """What papermill injects into the notebook."""
        given = {"regime": self.key, "profile": self.profile, "overrides": self.overrides}
        return given | {"cells": self.cells, "out": self.folder}


@dataclass(frozen=True)
class Outcome:
    """How a job ended, and why: ``finished``, ``solved``, ``diverged``, ``failed``, ``interrupted`` or ``stopped``."""

    job: Job
    status: str
    reason: str = ""
    skipped: bool = False


def find_notebook(path: str | Path | None = None) -> Path:
    """The notebook 3_regime: the one given, else one nearby, else the clone's.

    Raises:
        BatchError: there is none.
    """
    clone = PACKAGE.parent / "notebooks" / "training_dynamics"
    nearby = [Path("."), Path("training_dynamics"), Path("notebooks/training_dynamics"), clone]
    tried = [Path(path)] if path else [folder / NOTEBOOK for folder in nearby]
    for candidate in tried:
        if candidate.is_file():
            return candidate.resolve()
    raise BatchError(
        f"expected the notebook {NOTEBOOK}, found none at {', '.join(map(str, tried))}; give --notebook PATH"
    )


def plan(
    keys: Sequence[str],
    out: str | Path,
    *,
    profile: str = "smoke",
    overrides: dict[str, Any] | None = None,
    cells: Cells | None = None,
    notebook: str | Path | None = None,
    student: str = "",
    limit: float = 0.0,
) -> list[Job]:
    """One job for each regime, everything checked before any work.

    Raises:
        BadValue: an unknown regime, profile or parameter, twice the same regime, no notebook, or one whose parameters
            are not those that the batch would inject.
    """
    found = find_notebook(notebook)
    cells = cells or Cells()
    source = cells.source if cells.source == BUILTIN else str(Path(cells.source).resolve())
    jobs = []
    for key in keys:
        regime = chosen_regime(key, profile, **(overrides or {}))
        folder = str(Path(out).resolve() / regime.name)
        jobs.append(Job(key, profile, folder, str(found), source, cells.sha256, student, dict(overrides or {}), limit))
    names = [job.folder for job in jobs]
    for job in jobs:
        if names.count(job.folder) > 1:
            raise BatchError(f"expected every regime once, got {job.key!r} twice (or one name for several regimes)")
    check_parameters(found, jobs[0].parameters())
    return jobs


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuses parameters that the notebook does not have: papermill would only warn, and run its defaults.

    Raises:
        BatchError: with the nearest match.
    """
    import papermill

    try:
        known = papermill.inspect_notebook(str(notebook))
    except Exception as error:
        reason = f"{type(error).__name__}: {last_line(str(error))}"
        raise BatchError(f"{notebook}: expected a Jupyter notebook, got something else ({reason})") from None
    for name in parameters:
        if name not in known:
            raise BatchError(f"{notebook}: {unknown(name, known, 'parameter')}")


def standing(job: Job) -> str:
    """What an earlier batch left of this job.

    Returns:
        ``finished`` (same settings, cells and major version, and the notebook ran to its end), ``begun`` (a state
        or a record to go on from), ``other`` (something else lies there) or ``nothing``.
    """
    folder = Path(job.folder)
    if not folder.exists() or not any(folder.iterdir()):
        return "nothing"
    try:
        stored, _ = job.files.stored(job.regime, ENGINE, job.sha256)
    except RecordError:
        return "other"
    if stored is None:
        return "nothing" if only_traces(job) else "other"
    if _major(json.loads(str(stored["versions"]))["rnnkit"]) != _major(rnnkit.__version__):
        return "other"
    return "finished" if job.files.final.exists() and notebook_complete(job.executed) else "begun"


def only_traces(job: Job) -> bool:
    """Whether a folder holds nothing but what a run leaves before its first save."""
    traces = {job.files.log.name, job.executed.name, ".ipynb_checkpoints"}
    return all(path.name in traces or path.suffix in (".part", ".lock") for path in Path(job.folder).iterdir())


def notebook_complete(path: Path) -> bool:
    """Whether papermill executed this notebook to its last cell without an error."""
    try:
        about = json.loads(path.read_text(encoding="utf-8"))["metadata"]["papermill"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(about.get("end_time")) and not about.get("exception")


def _major(version: str) -> str:
    return version.split(".")[0]


def run(jobs: Sequence[Job], executor: Executor) -> Iterator[Outcome]:
    """Runs jobs and yields each outcome as it comes; finished ones are skipped, half-finished ones go on.

    A folder that holds another run (other settings, another model.py) is moved aside first, to ``{folder}_kept_1``.
    Any ``concurrent.futures`` executor will do: a job starts a process of its own, whose death is a row, not the end.
    """
    waiting = {}
    for job in jobs:
        state = standing(job)
        if state == "finished":
            yield Outcome(job, str(load(job.files.final)["status"]), skipped=True)
            continue
        if state == "other":
            try:
                with job.files.lock():
                    Path(job.folder).rename(free_name(Path(job.folder)))
            except (OSError, OutputError) as error:
                yield Outcome(job, "failed", str(error))
                continue
        waiting[executor.submit(execute, job)] = job
    for future in as_completed(waiting):
        yield future.result()


def execute(job: Job) -> Outcome:
    """Executes one job's notebook in a process of its own; every end is an `Outcome`, none an exception."""
    if stopping():
        return Outcome(job, "interrupted", "before it began")
    try:
        job.files.make_folder()
        command = [sys.executable, "-m", "rnnkit.runs.job", json.dumps(dataclasses.asdict(job)), str(os.getpid())]
        limit = {"seconds": 60 * job.limit, "begun": _checks_seen(job.files.log)} if job.limit else {}
        code, output, errors = run_child(command, job.folder, **limit)
    except LimitReached:
        return Outcome(job, "stopped", _limit_reason(job))
    except (OSError, OutputError) as error:
        return Outcome(job, "failed", str(error))
    reason = last_line(output if code == 1 else errors) or f"the process died (exit code {code})"
    if code == 0:
        try:
            return Outcome(job, str(load(job.files.final)["status"]))
        except RecordError as error:
            return Outcome(job, "failed", str(error))
    if code == INTERRUPTED or stopping():
        return Outcome(job, "interrupted", "run the same command again to go on")
    return Outcome(job, "failed", reason)


def _limit_reason(job: Job) -> str:
    """What to say of a job that took too long, from what it saved."""
    try:
        done = int(load(job.files.final if job.files.final.exists() else job.files.state)["updates"])
    except RecordError:
        done = 0
    minutes = f"at its limit of {job.limit:g} minute{'s' * (job.limit != 1)}"
    if not done:
        return f"{minutes}, before its first check: nothing is saved yet; give it a longer --limit"
    return f"{minutes}, after {done} updates; the same command goes on"


def _checks_seen(log: Path) -> Callable[[], bool]:
    """Whether a log has got a check since now: what ends then has got on, and is saved."""
    before = log.stat().st_size if log.exists() else 0

    def seen() -> bool:
        try:
            with open(log, "rb") as file:
                file.seek(before if log.stat().st_size >= before else 0)  # the run's own, if the old one is put aside
                return CHECK.encode() in file.read()
        except OSError:
            return False

    return seen


def last_line(text: str) -> str:
    """The last line that is not empty."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def share_left(job: Job) -> float:
    """The part of a job's updates that a batch would still have to do, 0 to 1."""
    state = standing(job)
    if state == "finished":
        return 0.0
    if state != "begun":
        return 1.0
    path = job.files.final if job.files.final.exists() else job.files.state
    stored = load(path)
    return 0.0 if str(stored["status"]) != "running" else 1 - int(stored["updates"]) / job.regime.maxiters


def live_updates(job: Job) -> int:
    """Updates that a running job has done, read from its log; 0 where there is none yet."""
    try:
        with open(job.files.log, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            tail = log.read().decode("utf-8", "replace")
    except OSError:
        return 0
    done = [int(words.split()[0]) for words in tail.split(CHECK)[1:] if words.split()[0].isdigit()]
    return done[-1] + 1 if done else 0


def local_executor(jobs: int) -> Executor:
    """Runs ``jobs`` regimes at a time on this machine."""
    return ThreadPoolExecutor(jobs)
