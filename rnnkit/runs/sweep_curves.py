"""Every check of every run of a sweep, as a second table beside the one with a row for each run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rnnkit.record.file import last_filled
from rnnkit.runs.sweep import Work

CURVES = ("valid_nll", "valid_error", "rho_Whh")  # nats, percent, spectral radius
DIGITS = 5


def write_curves(work: Work) -> Path:
    """Writes ``{name}_curves.csv``: run, labels, updates done at the check, `CURVES`; whole or not at all.

    Arguments:
        work: a sweep's folder; runs without a record are left out.
    """
    return work.save_rows(work.out / f"{work.sweep.name}_curves.csv", ("updates", *CURVES), _rows(work))


def _rows(work: Work) -> Iterator[dict[str, Any]]:
    for run in work.sweep.runs:
        record = work.record(run)
        if record is None or record["check_updates"][0] < 0:  # it stopped before its first check
            continue
        for check in range(last_filled(record) + 1):
            about = {"run": run.name} | run.labels | {"updates": int(record["check_updates"][check])}
            yield about | {name: round(float(record[name][check]), DIGITS) for name in CURVES}
