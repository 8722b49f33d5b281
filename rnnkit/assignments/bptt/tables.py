"""What a sweep of the lab found: its table by what varied, with an interval on every rate.

``python -m rnnkit.assignments.bptt.tables notebooks/bptt/sweeps`` writes the README there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnkit.common.statistics import wilson
from rnnkit.common.whole import save_text
from rnnkit.runs.rows import Row, comment, grid, grouped, numbers, page_of, read_table, spread

README = """\
# The sweeps

Each file `NAME.toml` says what was run, by which command, and how long that took; `NAME.csv` has a row for each run.
This page is made of both: `python -m rnnkit.assignments.bptt.tables notebooks/bptt/sweeps`.

*Learnt* counts the seeds that have at least 95 % accuracy over the last 50 updates (text and values: a loss below the
plateau), *95 %* is Wilson's interval for that rate. *Loss* and *metric* (accuracy, or mean squared error) are medians
over seeds, in brackets the smallest and the largest; *plateau* is the loss without memory. *Lost at* is the update at
which a number is none any more, for the seeds where there is one. *Held out* is the loss on text that was not learnt
from; *right verbs* is the share of sentences in which the verb that agrees with the subject is more probable than the
other one, by the number of nouns of the other number (attractors) between the two.
"""
SAID = {"held_out": "held out", "right_0": "right verbs, no attractor", "right_1": "one", "right_2": "two"}


def markdown(rows: Sequence[Row], by: Sequence[str] | None = None) -> str:
    """Runs as a table, by what varied or by these columns."""
    groups = grouped(rows, by)
    lost = any(row["lost_at"] for row in rows)
    more = [name for name in SAID if any(row.get(name) for row in rows)]
    heads = ["learnt", "95 %", "metric", "loss", "plateau", "largest norm", *(["lost at"] if lost else [])]
    lines = [[*groups[0][0], *heads, *(SAID[name] for name in more)]]
    for kind, of in groups:
        good, (low, high) = learnt(of), wilson(learnt(of), len(of))
        line = [f"{good} of {len(of)}", f"{100 * low:.0f} to {100 * high:.0f} %"]
        line += [
            spread(numbers(of, "metric"), ".3f"),
            spread(numbers(of, "loss"), ".4g"),
            f"{float(of[0]['plateau']):.4g}",
        ]
        line += [f"{max(numbers(of, 'largest_norm'), default=math.nan):.3g}"]
        line += (
            [f"{_lost(of)} of {len(of)}, {spread(numbers(of, 'lost_at'), '.3g')}" if _lost(of) else ""] if lost else []
        )
        lines.append([*kind.values(), *line, *(_more(of, name) for name in more)])
    return grid(lines)


def learnt(rows: Sequence[Row]) -> int:
    """How many runs learnt their task."""
    return sum(row["learnt"] == "True" for row in rows)


def _lost(rows: Sequence[Row]) -> int:
    return sum(bool(row["lost_at"]) for row in rows)


def _more(rows: Sequence[Row], name: str) -> str:
    values = [row[name] for row in rows if row.get(name)]
    if not values:
        return ""
    if " of " not in values[0]:
        return spread([float(value) for value in values], ".3f")
    return f"{spread([100 * good / count for good, count in map(parted, values)], '.0f')} %"


def parted(value: str) -> tuple[int, int]:
    """``3 of 5`` as two numbers."""
    good, count = map(int, value.split(" of "))
    return good, count


def longest(rows: Sequence[Row]) -> list[int]:
    """Of each seed: the longest lag of the table that is learnt, together with all shorter ones; 0 for none."""
    found = []
    for _, of in grouped(rows, ["seed"]):
        reached = 0
        for row in sorted(of, key=lambda row: int(row["lag"])):
            if row["learnt"] != "True":
                break
            reached = int(row["lag"])
        found.append(reached)
    return found


def by_lag(rows: Sequence[Row]) -> str:
    """Each arm with each lag: how many seeds learnt it; and the longest lag over seeds."""
    lags = sorted({int(row["lag"]) for row in rows})
    lines = [["arm", *(f"lag {lag}" for lag in lags), "longest lag with 95 %"]]
    for kind, of in grouped(rows, ["arm"]):
        cells = []
        for lag in lags:
            here = [row for row in of if int(row["lag"]) == lag]
            low, high = wilson(learnt(here), len(here)) if here else (0, 1)
            cells.append(f"{learnt(here)} of {len(here)} ({100 * low:.0f} to {100 * high:.0f} %)" if here else "")
        lines.append([kind["arm"], *cells, spread(longest(of), ".0f")])
    return grid(lines)


def section(path: Path) -> str:
    """What a page says of one sweep: the comment at its file's head, and its table."""
    rows = read_table(path.with_suffix(".csv"))
    lags = [by_lag(rows)] if {"arm", "lag"} <= {*rows[0]} and len({row["lag"] for row in rows}) > 1 else []
    return "\n\n".join([f"## {path.stem}", comment(path), *lags, markdown(rows)])


def readme(folder: str | Path) -> str:
    """The page of all sweeps of a folder that have their table."""
    return page_of(Path(folder), README, section)


if __name__ == "__main__":
    save_text(Path(sys.argv[1]) / "README.md", readme(sys.argv[1]))
