"""Runs that are another student's: the same file, or the same run saved again, whatever it is called.

The numbers of a run say nothing of whose it is: settings and seed decide them. How long each check took does: no two
trainings take the same times, and whoever saves a record again, renames it or changes a number or two keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnkit.grading.ledger import Entry

# Checks whose seconds are kept; among them many early ones, so that a run has them, however long it was.
SLOTS = np.unique(np.geomspace(1, 20_000, 64).round().astype(int))
ENOUGH = 8  # of them tell by their middle; of fewer three must be the same, or all but two
ALIKE = 1e-4  # of two runs' seconds: by so much or less half of them differ, apart from one factor; others by 1e-2
SAME = 1e-6


def times_of(checks: Mapping[str, np.ndarray]) -> list[float]:
    """The seconds that a record's checks took at `SLOTS`, as far as it has them; 0 where there is no such number."""
    made, clock = checks.get("check_updates"), checks.get("wall_time")
    if made is None or clock is None or len(made) != len(clock):
        return []
    with np.errstate(invalid="ignore"):
        took = np.diff(np.asarray(clock, np.float64)[: int((made >= 0).sum())])
    kept = took[SLOTS[: np.searchsorted(SLOTS, len(took), side="right")] - 1]
    return [float(f"{seconds:.12g}") if np.isfinite(seconds) and seconds > 0 else 0.0 for seconds in kept]


def curves_of(checks: Mapping[str, np.ndarray]) -> str:
    """A hash of a record's curves over its checks, without the clock's; empty where it has none."""
    digest, found = hashlib.sha256(), False
    for name in sorted({*checks} - {"wall_time"}):
        found = True
        digest.update(name.encode("utf-8", "replace") + b"\0" + np.ascontiguousarray(checks[name]).tobytes())
    return digest.hexdigest() if found else ""


def copies(entries: Mapping[str, Entry]) -> list[tuple[str, list[str]]]:
    """Runs that several students handed in: what they are called, and the students, group by group."""
    runs = [(student, key) for student in sorted(entries) for key in entries[student].records]
    group = list(range(len(runs)))  # by the first run of it
    earliest: dict[str, int] = {}  # run of each file
    files = (entries[student].records[key] for student, key in runs)
    same_files = [(number, earliest.setdefault(file, number)) for number, file in enumerate(files)]
    for left, right in [*same_files, *_same_times(entries, runs)]:
        old, new = sorted((group[left], group[right]), reverse=True)
        group = [new if one == old else one for one in group]
    groups = []
    for first in dict.fromkeys(group):
        several = [run for run, one in zip(runs, group, strict=True) if one == first]
        students = list(dict.fromkeys(student for student, _ in several))
        if len(students) > 1:
            groups.append((" and ".join(dict.fromkeys(key for _, key in several)), students))
    return sorted(groups)


def _same_times(entries: Mapping[str, Entry], runs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """Pairs of runs of different students that took the same time at each check, but for one factor and a few."""
    table = np.full((len(runs), len(SLOTS)), np.nan)
    for row, (student, key) in zip(table, runs, strict=True):
        times: Any = entries[student].times.get(key, [])[: len(SLOTS)]
        row[: len(times)] = times
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.where(table > 0, np.log(table), np.nan)
    pairs = []
    for number in range(len(runs) - 1):
        apart = table[number + 1 :] - table[number]
        common = np.isfinite(apart).sum(axis=1)
        same = (np.abs(apart) < SAME).sum(axis=1) >= np.maximum(2, common - 2)
        apart = np.abs(apart - _middle(apart)[:, None])
        few = (apart < SAME).sum(axis=1) >= 3
        near = np.where(common < ENOUGH, same | few, _middle(apart) < ALIKE)
        pairs += [(number, number + 1 + int(other)) for other in np.flatnonzero(near)]
    return [(left, right) for left, right in pairs if runs[left][0] != runs[right][0]]


def _middle(rows: np.ndarray) -> np.ndarray:
    """The middle one of the numbers in each row; NaN where there are none."""
    rows = np.sort(rows, axis=1)  # what is no number comes last
    return rows[np.arange(len(rows)), np.isfinite(rows).sum(axis=1) // 2]
