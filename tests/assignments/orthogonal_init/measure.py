"""Processor time of the lab's headline, beside a plain loop in the same run.

``python -m assignments.orthogonal_init.measure`` in tests/, with OMP_NUM_THREADS=1.
Each round trains an epoch of every arm in every way; medians are told.
"""

from __future__ import annotations

import sys
from statistics import median
from time import process_time

from assignments.orthogonal_init import plain_loop

from rnnkit.assignments.orthogonal_init.experiment import EXPERIMENT, HEADLINE
from rnnkit.assignments.orthogonal_init.settings import Arm
from rnnkit.assignments.orthogonal_init.training import Training, train_epoch
from rnnkit.runs.modelfile import Cells

EPOCHS = 80


def arms(task: str, dtype: str, seeds: int) -> list[Training]:
    settings = [Arm(task=task, init=init, seed=s, dtype=dtype) for s in range(seeds) for init in ("ortho", "random")]
    return [run for run in EXPERIMENT.begin_together(settings, Cells()) if isinstance(run, Training)]


def seconds(work, *given) -> float:
    begun = process_time()
    work(*given)
    return process_time() - begun


def main(rounds: int = 5) -> None:
    """Seconds of processor time for the six arms, and how many times less than the plain loop's."""
    ways = {"float64, 2 arms": ("float64", 1), "float64, 10 arms": ("float64", 5),
            "float32, 2 arms": ("float32", 1), "float32, 10 arms": ("float32", 5)}  # fmt: skip
    totals = dict.fromkeys(["plain loop", *ways], 0.0)
    for task in HEADLINE:
        teams = {way: arms(task, *given) for way, given in ways.items()}
        for team in teams.values():
            train_epoch(team)
        found: dict[str, list[float]] = {way: [] for way in totals}
        for _ in range(rounds):
            both = [seconds(plain_loop.train, task, init, 0, 1, 30) for init in ("ortho", "random")]
            found["plain loop"].append(sum(both))
            for way, team in teams.items():
                found[way].append(2 * seconds(train_epoch, team) / len(team))
        for way, each in found.items():
            totals[way] += EPOCHS * median(each)
    for way, total in totals.items():
        print(f"{way:17} {total:6.1f} s, {totals['plain loop'] / total:.1f} times less than the plain loop")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
