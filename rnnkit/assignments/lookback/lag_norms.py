"""The norm of each lag's term, of the networks of a sweep.

``python -m rnnkit.assignments.lookback.lag_norms RUNS FOLDER`` writes the table. Of each cell the networks that looked
back farthest count: all of their terms took part in training.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rnnkit.assignments.lookback.experiment import EXPERIMENT
from rnnkit.assignments.lookback.report import NORMS
from rnnkit.common.names import BadValue
from rnnkit.runs.tables import read_runs, save_rows

GATES: dict[str, tuple[str, ...]] = {"rnn": ("",), "gru": ("r", "z", "h")}  # of a cell's matrices U, in their order


def rows_of(records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each network, gate and lag, before training and after: the term alone, and all up to it together."""
    found = [(EXPERIMENT.settings_of(record), record) for record in records.values()]
    farthest = {
        model: max(net.lookback for net, _ in found if net.model == model) for model in {n.model for n, _ in found}
    }
    rows = []
    for net, record in found:
        if net.lookback != farthest[net.model] or not len(record["norms"]):
            continue
        tables = {"before": (record["norms_initial"], None), "after": (record["norms"], record["accumulated"])}
        for when, (alone, together) in tables.items():
            for place, gate in enumerate(GATES[net.model]):
                for lag, norm in enumerate(np.asarray(alone)[place]):
                    whole = "" if together is None else f"{float(together[place][lag]):.5g}"
                    row = {"model": net.model, "gate": gate, "seed": net.seed, "when": when, "lookback": lag}
                    rows.append(row | {"alone": f"{float(norm):.5g}", "together": whole})
    return rows


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
