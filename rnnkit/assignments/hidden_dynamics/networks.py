"""Tables of what trained networks do inside, made from the records of a sweep.

``python -m rnnkit.assignments.hidden_dynamics.networks runs/sweeps/seeds runs/sweeps/seeds_more sweeps`` writes
``units.csv``, ``held.csv``, ``flow.csv`` and ``fifths.csv`` into the folder that is named last.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnkit.assignments.hidden_dynamics.experiment import EXPERIMENT
from rnnkit.assignments.hidden_dynamics.rows import TABLES
from rnnkit.common.names import BadValue
from rnnkit.runs.tables import read_runs, save_rows


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="folders of records: those of `rnnkit sweep`")
    parser.add_argument("out", type=Path, help="the folder for the tables")
    told = parser.parse_args(argv)
    records = {name: record for folder in told.runs for name, record in read_runs(folder, EXPERIMENT)[0].items()}
    nets = {name: net for name, record in records.items() if (net := EXPERIMENT.settings_of(record)).cell == "rnn"}
    if not nets:
        raise BadValue(f"{' '.join(told.runs)}: expected records of a sweep, found none; make them with rnnkit sweep")
    order = sorted(nets, key=lambda name: (nets[name].init, nets[name].seed))
    for table, rows in TABLES.items():
        all_rows = [
            {"init": nets[name].init, "T": nets[name].T, "seed": nets[name].seed} | _short(row)
            for name in order for row in rows(nets[name], records[name])
        ]  # fmt: skip
        print(save_rows(told.out / f"{table}.csv", all_rows))
    return 0


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in row.items()}


if __name__ == "__main__":
    raise SystemExit(main())
