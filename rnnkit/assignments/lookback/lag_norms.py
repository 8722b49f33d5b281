"""The norm of each lag's term, of the networks of a sweep.

``python -m rnnkit.assignments.lookback.lag_norms RUNS FOLDER`` writes the table. Of each cell the networks that looked
back farthest count: all of their terms took part in training.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.assignments.lookback.report import NORMS
from rnnkit.common.names import BadValue
from rnnkit.runs.tables import read_runs, save_rows

COLUMNS = {"norm_initial": "norms_initial", "norm": "norms", "accumulated": "accumulated"}  # and the record's arrays


def rows_of(records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each network, gate and lag: the norm of its own term before training and after, and of all up to it."""
    found = [(EXPERIMENT.settings_of(record), record) for record in records.values()]
    farthest: dict[str, int] = {}
    for net, _ in found:
        farthest[net.model] = max(net.lookback, farthest.get(net.model, 0))
    return [
        {"model": net.model, "seed": net.seed, "gate": f"U{gate}", "lag": lag}
        | {column: float(f"{record[name][place][lag]:.5g}") for column, name in COLUMNS.items()}
        for net, record in found
        if net.lookback == farthest[net.model]
        for place, gate in enumerate(net.shape(words=1).named_gates)
        for lag in range(len(record["norms"][place]))
    ]


def main(runs: str, folder: str) -> Path:
    """Writes the table.

    Raises:
        BadValue: no network has been trained there.
    """
    records = {name: one for name, one in read_runs(runs, EXPERIMENT)[0].items() if str(one["status"]) == "finished"}
    if not records:
        raise BadValue(f"{runs}: expected a folder with finished runs, found none; run a sweep into it first")
    return save_rows(Path(folder) / f"{NORMS}.csv", rows_of(records))


if __name__ == "__main__":
    print(main(*sys.argv[1:3]))
