"""What a sweep of arms found: its table by what varied, with an interval on every rate.

``python -m rnnkit.assignments.orthogonal_init.tables notebooks/orthogonal_init/sweeps`` writes the README there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rnnkit.common.statistics import wilson
from rnnkit.common.whole import save_text
from rnnkit.runs.rows import Row, comment, grid, grouped, page_of, read_table, spread

README = """\
# The sweeps

Each file `NAME.toml` says what was run, by which command, and how long that took; `NAME.csv` has a row for each run.
This page is made of both: `python -m rnnkit.assignments.orthogonal_init.tables notebooks/orthogonal_init/sweeps`.

*Solved* is the page's: the mean of an epoch's batches is past the task's threshold once. *95 %* is Wilson's interval
for that rate, *sustained* says in how many runs each of the last five epochs is past it. Epochs (of the first
crossing, where there is one) and best values (half the mean squared error, or accuracy) are medians, in brackets the
smallest and the largest.
"""


class Rate(NamedTuple):
    """Runs that differ in nothing but their seeds.

    Fields:
        kind: the columns that tell them from the table's other runs.
        runs, solved, sustained: how many there are, crossed the threshold, and were past it to the end.
        interval: of the rate solved / runs, 0 to 1, see `wilson`.
        epochs: of the first crossings.
        full_at: updates at which a curriculum came to full length, for those that did.
        best: best value of each run's metric, of those that came to full length.
        chance: of that metric.
    """

    kind: dict[str, str]
    runs: int
    solved: int
    sustained: int
    interval: tuple[float, float]
    epochs: list[int]
    full_at: list[int]
    best: list[float]
    chance: float


def rates(rows: Sequence[Row], by: Sequence[str] | None = None) -> list[Rate]:
    """Runs that are equal in some columns, together, in the table's order.

    Arguments:
        rows: of a sweep, see `read_table`; those of a run that failed have no result and are left out.
        by: the columns; by default all that varied but seeds.
    """
    return [_rate(kind, group) for kind, group in grouped(rows, by)]


def _rate(kind: dict[str, str], rows: Sequence[Row]) -> Rate:
    epochs = [int(row["solved_epoch"]) for row in rows if row["solved_epoch"]]
    full_at = [int(row["full_at"]) for row in rows if row.get("full_at")]
    sustained = sum(row["sustained"] == "True" for row in rows)
    best = [best for row in rows if math.isfinite(best := float(row["best"]))]
    interval = wilson(len(epochs), len(rows))
    return Rate(kind, len(rows), len(epochs), sustained, interval, epochs, full_at, best, float(rows[0]["chance"]))


def markdown(found: Sequence[Rate]) -> str:
    """Rates as a table."""
    curriculum = any(rate.full_at for rate in found)
    columns = ["solved", "95 %", "epoch", *(["full length at update"] if curriculum else [])]
    lines = [[*found[0].kind, *columns, "sustained", "best", "chance"]]
    for rate in found:
        low, high = rate.interval
        told = [f"{rate.solved} of {rate.runs}", f"{100 * low:.0f} to {100 * high:.0f} %", spread(rate.epochs, ".4g")]
        told += [spread(rate.full_at, ".4g")] if curriculum else []
        told += [f"{rate.sustained} of {rate.runs}", spread(rate.best, ".3g"), f"{rate.chance:.3g}"]
        lines.append([*rate.kind.values(), *told])
    return grid(lines)


def crossed(rows: Sequence[Row]) -> str:
    """Each recurrent matrix (down) with each stream of data (across): the epoch of its first crossing, or ``never``."""
    cells = {(row["weight_seed"], row["data_seed"]): row["solved_epoch"] or "never" for row in rows}
    weights, data = (list(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    return grid(
        [["W_hh \\ data", *data], *([one, *(cells.get((one, other), "") for other in data)] for one in weights)]
    )


def section(path: Path) -> str:
    """What a page says of one sweep: the comment at its file's head, and its table."""
    rows = read_table(path.with_suffix(".csv"))
    if "weight_seed" not in rows[0]:
        return "\n\n".join([f"## {path.stem}", comment(path), markdown(rates(rows))])
    tasks = dict.fromkeys(row["task"] for row in rows)
    grids = [f"`{task}`:\n\n{crossed([row for row in rows if row['task'] == task])}" for task in tasks]
    return "\n\n".join([f"## {path.stem}", comment(path), *grids])


def readme(folder: str | Path) -> str:
    """The page of all sweeps of a folder that have their table."""
    return page_of(Path(folder), README, section)


if __name__ == "__main__":
    save_text(Path(sys.argv[1]) / "README.md", readme(sys.argv[1]))
