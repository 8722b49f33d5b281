"""What a folder of runs amounts to: its records, the tables of a batch and of a sweep, and the commands."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rnnkit.common.whole import save_text, whole
from rnnkit.record.facts import Record
from rnnkit.record.file import RecordError
from rnnkit.record.find import candidates, places
from rnnkit.runs.experiment import Experiment, Settings
from rnnkit.runs.jobs import BAD, Job, Outcome, experiment_of
from rnnkit.runs.modelfile import BUILTIN

COMMANDS, SUMMARY = "commands.txt", "summary.csv"
WENT_WRONG = ("reason", "error")  # columns that come last


def read_runs(out: str | Path, experiment: Experiment | None = None) -> tuple[dict[str, Record], dict[str, str]]:
    """The readable records below a folder by run name, and for runs without one, why; every file is read once.

    Records, final or on the way, lie in a folder each, or side by side; what was kept aside is left out. What stands
    for a named run (see `rnnkit.record.find`) has its long name here, any other record its own.
    """
    records: dict[str, Record] = {}
    missing: dict[str, str] = {}
    experiment, where = experiment or experiment_of(), places(runs=out)
    known = candidates(where, experiment)
    for one in known:
        label = one.run if one.run not in records else one.name
        if label in records:
            continue
        try:
            record = experiment.load(one.path)
            if experiment.checked(record):
                records[label] = record
        except RecordError as error:
            missing.setdefault(one.stem, str(error))
    logs = [*Path(out).glob("*.log"), *(path for folder in where[0] for path in folder.glob(f"{folder.name}.[li]*"))]
    for name in {path.stem for path in logs if path.suffix in (".log", ".ipynb")} - {one.stem for one in known}:
        missing.setdefault(name, "no record; run the same command again")
    return dict(sorted(records.items())), {name: missing[name] for name in sorted(missing) if name not in records}


def summary_rows(out: str | Path, experiment: Experiment, outcomes: Sequence[Outcome] = ()) -> list[dict[str, Any]]:
    """The summary of every run in a folder, in the order of their names, and a row for each job that failed.

    Wall times are left out: all that stands here must come out the same again.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, record in read_runs(out, experiment)[0].items():
        rows[name] = experiment.summary(record) | {"reason": ""}
    for outcome in outcomes:
        if outcome.status in BAD:
            settings = outcome.job.settings
            new = {experiment.names_run: settings.name, "profile": experiment.named(settings)[1]}
            rows[settings.name] = rows.get(settings.name, new) | {"status": outcome.status, "reason": outcome.reason}
    return [rows[name] for name in sorted(rows)]


def alike(kinds: Mapping[str, Hashable], seeds: Mapping[str, Hashable]) -> list[list[str]]:
    """Runs by label, together where they differ in nothing but the seed; a seed that comes again is of another group.

    Arguments:
        kinds: what else decides the numbers of each run.
        seeds: of each run.
    """
    groups: dict[Hashable, list[str]] = {}
    turns: dict[Hashable, int] = {}
    for label, kind in kinds.items():
        turn = turns[kind, seeds[label]] = turns.get((kind, seeds[label]), 0) + 1
        groups.setdefault((kind, turn), []).append(label)
    return list(groups.values())


def shared_name(seeds: Mapping[str, Any]) -> str:
    """What the labels of runs share but for their seeds: L20 of L20-seed1 and L20-seed2; empty if that is nothing."""
    bare = {re.sub(rf"[-_ ]*(seed)?[-_=]*{seed}$", "", label.split(" (")[0]) for label, seed in seeds.items()}
    return bare.pop() if len(bare) == 1 else ""


def told_apart(runs: Mapping[str, Settings], usual: Settings, aside: Collection[str]) -> dict[str, list[str]]:
    """What is to be said of each run so that it is told from the others: the settings that vary and are not the usual.

    Arguments:
        aside: settings that are not to be said.
    """
    names = [name for name in usual.fields() if name not in aside]
    varied = [name for name in names if len({getattr(one, name) for one in runs.values()}) > 1]

    def said(one: Settings) -> list[str]:
        values = {name: getattr(one, name) for name in varied}
        return [f"{name} {value}" for name, value in values.items() if value != getattr(usual, name)]

    return {run: said(one) for run, one in runs.items()}


def curve_rows(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """A row for each check of each run of a sweep; runs without a record are left out."""
    return [
        {"run": job.label} | job.labels | row
        for job in jobs
        if (record := job.stored()) is not None
        for row in job.experiment.curves(record)
    ]


def save_rows(path: str | Path, rows: Sequence[Mapping[str, Any]], first: Iterable[str] = ()) -> Path:
    """A CSV of rows, whole or not at all; beside it the same as Parquet, where pyarrow is there.

    Columns, which rows may lack, stand as the rows have them behind the ``first`` ones; what went wrong comes last.
    """
    path = Path(path)
    columns = list(dict.fromkeys([*first, *(column for row in rows for column in row)]))
    columns.sort(key=WENT_WRONG.__contains__)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    save_text(path, text.getvalue())
    _save_parquet(path)
    return path


def _save_parquet(table: Path) -> None:
    try:
        import pyarrow
        from pyarrow import csv as reader
        from pyarrow import parquet
    except ImportError:
        return
    words = dict.fromkeys(WENT_WRONG, pyarrow.string())  # where nothing did, too; of others it finds out what they are
    rows = reader.read_csv(table, convert_options=reader.ConvertOptions(column_types=words))
    with whole(table.with_suffix(".parquet")) as file:
        parquet.write_table(rows, file)


def write_commands(out: str | Path, jobs: Sequence[Job]) -> Path:
    """``commands.txt``: the command line of every run of the folder.

    Cells of one's own are named with ``--cells``, the one flag that the handout does not have.
    """
    path = Path(out) / COMMANDS
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    own = {job.cells: "" if job.cells == BUILTIN else f" --cells {shlex.quote(job.cells)}" for job in jobs}
    new = [job.experiment.command(job.settings) + own[job.cells] for job in jobs]
    lines = {_run_of(line): line for line in [*old, *new]}
    return save_text(path, "".join(f"{line}\n" for _, line in sorted(lines.items())))


def _run_of(line: str) -> str:
    """What tells a run's command from others': its name, where it is given."""
    return line.split(" --name ")[-1].split()[0] if " --name " in line else line
