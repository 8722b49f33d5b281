"""What a folder of runs amounts to: its records, a table of their facts, and the commands that made them."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnkit.common.whole import save_text
from rnnkit.record.facts import Record, facts_of
from rnnkit.record.file import RecordError, load, regime_of
from rnnkit.record.find import candidates, places
from rnnkit.regimes import profile_of
from rnnkit.runs.batch import Job, Outcome
from rnnkit.runs.modelfile import BUILTIN

COMMANDS, SUMMARY = "commands.txt", "summary.csv"


def summary_rows(out: str | Path, outcomes: Sequence[Outcome] = ()) -> list[dict[str, Any]]:
    """The facts of every run in a folder, in the order of their names, and a row for each job that failed.

    Wall times are left out: all that stands here must come out the same again.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, record in records_in(out).items():
        rows[name] = {key: value for key, value in facts_of(record).row().items() if key != "seconds"} | {"reason": ""}
    for outcome in outcomes:
        if outcome.status in ("failed", "interrupted", "stopped"):
            name = outcome.job.regime.name
            known = rows.get(name, {"regime": name, "profile": profile_of(outcome.job.regime)})
            rows[name] = known | {"status": outcome.status, "reason": outcome.reason}
    return [rows[name] for name in sorted(rows)]


def records_in(out: str | Path) -> dict[str, Record]:
    """The readable records below a folder, final or on the way, by run name; what was kept aside is left out."""
    return read_runs(out)[0]


def unreadable_in(out: str | Path) -> dict[str, str]:
    """Runs below a folder that have left something, but no readable record, by name, and why."""
    return read_runs(out)[1]


def read_runs(out: str | Path) -> tuple[dict[str, Record], dict[str, str]]:
    """`records_in` and `unreadable_in` at once: every file is read a single time.

    Records lie in a folder each, or side by side; what stands for a regime (see `record.find`) has the regime's name
    here, any other record its own.
    """
    found, missing, out = {}, {}, Path(out)
    where = places(runs=out)
    known = candidates(where)
    for one in known:
        name = one.run if one.run not in found else one.name
        if name in found:
            continue
        try:
            record = load(one.path)
            regime_of(record)
            if (record["check_updates"] >= 0).any():
                found[name] = record
        except RecordError as error:
            missing.setdefault(one.stem, str(error))
    traces = [out.glob("*.log"), *(folder.glob(f"{folder.name}.[li]*") for folder in where[0])]
    for path in (path for paths in traces for path in paths if path.suffix in (".log", ".ipynb")):
        if path.stem not in {one.stem for one in known} | {*found}:
            missing.setdefault(path.stem, "no record; run the same command again")
    return dict(sorted(found.items())), {name: missing[name] for name in sorted(missing) if name not in found}


def write_summary(out: str | Path, rows: Sequence[dict[str, Any]]) -> Path:
    """``summary.csv``, whole or not at all."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    columns = [column for column in columns if column != "reason"] + ["reason"]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return save_text(Path(out) / SUMMARY, table.getvalue())


def write_commands(out: str | Path, jobs: Sequence[Job]) -> Path:
    """``commands.txt``: the command line of every run of the folder, in the handout's spelling.

    Cells of one's own are named with ``--cells``, the one flag that the handout does not have.
    """
    path = Path(out) / COMMANDS
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    new = [job.regime.command() + _cells_flag(job) for job in jobs]
    lines = {line.split(" --name ")[-1].split()[0]: line for line in [*old, *new] if " --name " in line}
    return save_text(path, "".join(f"{lines[name]}\n" for name in sorted(lines)))


def _cells_flag(job: Job) -> str:
    return "" if job.cells == BUILTIN else f" --cells {shlex.quote(job.cells)}"
