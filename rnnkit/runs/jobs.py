"""A job: one run to be made somewhere, what an earlier command left of it, and how it ended."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.assignments import MAIN, get_assignment, names
from rnnkit.common.extras import need
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.places import PACKAGE
from rnnkit.common.whole import PART
from rnnkit.record.file import RecordError
from rnnkit.runs.experiment import RUNNING, Experiment
from rnnkit.runs.modelfile import BUILTIN, Cells
from rnnkit.runs.perform import RunFiles

GO_ON = "run the same command again to go on"  # the reason of an interruption
BAD = ("failed", "interrupted", "stopped")  # how a job may end that has not come to its end


class BatchError(BadValue):
    """Jobs that cannot begin."""


@dataclass(frozen=True)
class Job:
    """One run.

    Fields:
        label: short, and unique among the jobs of one command.
        folder: where record, log and executed notebook go (an absolute path).
        cells, sha256: the model.py (an absolute path) or ``builtin``, and its hash.
        model: the text of that file, for whoever has not got it; nothing for jobs that a notebook does.
        notebook, parameters: what papermill executes, and injects into it; empty for a run without one.
        student: whose cells they are, in a batch over many people's.
        labels: what tells it from the others, for the columns of a sweep's table.
        limit: minutes after which it is asked to save itself and end, from its first check on; 0 for none.
    """

    assignment: str
    label: str
    settings: Any
    folder: str
    cells: str = BUILTIN
    sha256: str = BUILTIN
    model: str = ""
    notebook: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    student: str = ""
    labels: dict[str, Any] = field(default_factory=dict)
    limit: float = 0.0

    @property
    def experiment(self) -> Experiment:
        """The assignment's."""
        return experiment_of(self.assignment)

    @property
    def files(self) -> RunFiles:
        """Where record and log lie."""
        return RunFiles(self.folder, self.settings.name)

    @property
    def total(self) -> int:
        """The updates of the whole run."""
        return self.experiment.total(self.settings)

    @property
    def executed(self) -> Path:
        """The executed notebook."""
        return Path(self.folder) / f"{self.settings.name}.ipynb"

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Job:
        """What `to_json` wrote."""
        fields = json.loads(text)
        settings = experiment_of(fields["assignment"]).settings(**fields.pop("settings"))
        return Job(settings=settings, **fields)

    def stored(self) -> dict[str, Any] | None:
        """What there is of it, ended or on its way (RecordError: another run's, or not to be read)."""
        return self.files.stored(self.experiment, self.settings, self.sha256)


@dataclass(frozen=True)
class Outcome:
    """How a job ended, and why: ``finished``, ``solved``, ``diverged`` … or one of `BAD`."""

    job: Job
    status: str
    reason: str = ""
    skipped: bool = False


def experiment_of(assignment: str = MAIN) -> Experiment:
    """The experiment of an assignment, of the main one by default (BadValue where it has none)."""
    experiment = get_assignment(assignment).experiment
    if experiment is None:
        raise BadValue(f"{assignment}: expected an assignment with an experiment, found none; there is nothing to run")
    return experiment


def experiment_in(words: Sequence[str]) -> tuple[Experiment, list[str]]:
    """The experiment that the first of some words names, the main assignment's where it names none, and the others."""
    named = bool(words) and words[0] in names()
    return experiment_of(words[0] if named else MAIN), [*words[named:]]


def find_notebook(experiment: Experiment, path: str | Path | None = None) -> Path | None:
    """The notebook to execute: the one given, else one nearby, else the clone's; None where a run needs none."""
    if not path and not experiment.notebook:
        return None
    folder = experiment.assignment
    nearby = [Path("."), Path(folder), Path("notebooks", folder), PACKAGE.parent / "notebooks" / folder]
    tried = [Path(path)] if path else [place / experiment.notebook for place in nearby]
    for candidate in tried:
        if candidate.is_file():
            return candidate.resolve()
    raise BatchError(
        f"expected the notebook {experiment.notebook}, found none at {', '.join(map(str, tried))}; give --notebook PATH"
    )


def plan(
    keys: Sequence[str],
    out: str | Path,
    experiment: Experiment | None = None,
    *,
    profile: str = "smoke",
    overrides: dict[str, Any] | None = None,
    cells: Cells | None = None,
    notebook: str | Path | None = None,
    student: str = "",
    limit: float = 0.0,
) -> list[Job]:
    """One job for each named run of an experiment (the main assignment's by default), all checked before any work."""
    experiment, cells, overrides = experiment or experiment_of(), cells or Cells(), overrides or {}
    executed = find_notebook(experiment, notebook)
    jobs = []
    for key in keys:
        settings = experiment.get(key, profile, **overrides)
        changes = overrides | _name_of_seed(settings, experiment.get(key, profile), overrides)
        settings = settings.replace(**changes)
        given = {"profile": profile, "overrides": changes, "cells": cells.place}
        folder = str(Path(out).resolve() / settings.name)
        parameters = {experiment.names_run: key, **given, "out": folder} if executed else {}
        job = Job(
            experiment.assignment, f"{student}/{key}" if student else key, settings, folder, cells.place, cells.sha256,
            "" if executed else cells.text, str(executed or ""), parameters, student, limit=limit,
        )  # fmt: skip
        jobs.append(job)
    folders = [job.folder for job in jobs]
    for key, folder in zip(keys, folders, strict=True):
        if folders.count(folder) > 1:
            raise BatchError(f"expected every regime once, got {key!r} twice (or one name for several regimes)")
    if executed:
        check_parameters(executed, jobs[0].parameters)
    return jobs


def _name_of_seed(settings: Any, usual: Any, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A name with the seed, where that was chosen: several seeds of a run stand side by side in one folder."""
    if "name" in overrides or "seed" not in overrides or settings.seed == usual.seed:
        return {}
    return {"name": f"{settings.name}-seed{settings.seed}"}


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuses parameters that the notebook does not have: papermill would only warn, and run its defaults."""
    need("batch")
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
    """What an earlier command left of this job: ``finished``, ``begun``, ``other`` (something else) or ``nothing``.

    Finished is what has the same settings, cells and major version, and whose notebook ran to its end.
    """
    folder = Path(job.folder)
    if not folder.exists() or not any(folder.iterdir()):
        return "nothing"
    try:
        stored = job.stored()
    except RecordError:
        return "other"
    if stored is None:
        return "nothing" if _only_traces(job) else "other"
    whole = str(stored["status"]) != RUNNING and job.files.final.exists()
    return "finished" if whole and (not job.notebook or _is_complete(job.executed)) else "begun"


def _only_traces(job: Job) -> bool:
    """Whether a folder holds nothing but what a run leaves before its first save."""
    traces = {job.files.log.name, job.executed.name, job.files.progress.name, ".ipynb_checkpoints"}
    return all(path.name in traces or path.suffix in (PART, ".lock") for path in Path(job.folder).iterdir())


def _is_complete(path: Path) -> bool:
    """Whether papermill executed this notebook to its last cell without an error."""
    try:
        papermill = json.loads(path.read_text(encoding="utf-8"))["metadata"]["papermill"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(papermill.get("end_time")) and not papermill.get("exception")


def updates_done(job: Job) -> int:
    """Updates that a command need not do again; all of them where the run has ended."""
    if standing(job) not in ("begun", "finished"):
        return 0
    stored = job.stored()
    return int(stored["updates"]) if stored and str(stored["status"]) == RUNNING else job.total


def last_line(text: str) -> str:
    """The last line that is not empty."""
    return (text.strip().splitlines() or [""])[-1].strip()
