"""The document's claims, each with a verdict that is computed from the sweeps' tables.

``python -m rnnkit.assignments.hidden_dynamics.key.claims notebooks/hidden_dynamics`` renews the table in the notes
there, INSTRUCTORS.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from math import log, sqrt
from pathlib import Path
from statistics import fmean, stdev

from rnnkit.assignments.hidden_dynamics.inside import ACCUMULATOR, OSCILLATOR, TRANSIENT, steps_used
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.assignments.hidden_dynamics.stacks import first_row
from rnnkit.assignments.hidden_dynamics.tables import numbers
from rnnkit.common.statistics import Z_95
from rnnkit.runs.claims import Claim, Finding, Judge, Tables, claims_table, counted, mostly, renew
from rnnkit.runs.rows import Row, spread

OURS = {"init": "xavier"}  # the document's run
THIRTY = "seeds seeds_more"  # its tables
SAID, BEST = 13_314, 0.937  # its parameters, and its best accuracy
FAR = 0.01  # orders of magnitude, in the plural
POINT = 0.01  # of accuracy
KNOWS = 0.9  # a correlation of who keeps a running mean


def seeds_where(holds: Callable[[Row], bool], told: Callable[[Sequence[Row]], str], table: str, **only: str) -> Judge:
    """It holds in most seeds of a table, or of several, with a space between their names."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows(*table.split(), **only)
        count = sum(holds(row) for row in rows)
        return Finding(f"{counted(count, len(rows))}: {told(rows)}", mostly(count, len(rows)))

    return judge


def over(rows: Sequence[Row], column: str, form: str = ".3f") -> str:
    """A column's median and range."""
    return spread(numbers(rows, column), form)


def _used(row: Row) -> float:
    return float(steps_used(float(row["test_acc"]), int(row["T"])))


def used(rows: Sequence[Row]) -> str:
    """The steps that accuracies need."""
    return f"accuracy {over(rows, 'test_acc')}, which needs {spread([_used(row) for row in rows], '.1f')} steps"


def size(tables: Tables) -> Finding:
    """The document's count."""
    count = first_row(Net()).size
    return Finding(str(count), count == SAID)


def calmer(tables: Tables) -> Finding:
    """Against the same seed without halving, which is the same run up to there."""
    column, never = "spread_21_30", {row["seed"]: row for row in tables.rows("scheduler")}
    rows = [row for row in tables.rows(*THIRTY.split(), **OURS) if row["seed"] in never]
    count = sum(float(row[column]) < float(never[row["seed"]][column]) for row in rows)
    value = f"{counted(count, len(rows))}: {over(rows, column, '.4f')} against {over([*never.values()], column, '.4f')}"
    return Finding(value, mostly(count, len(rows)))


def near_capacity(tables: Tables) -> Finding:
    """No seed's regression on the 200 numbers does better."""
    ours, rule = (
        {row["seed"]: row for row in tables.rows("fifths", who=who, **OURS)} for who in ("network", "all numbers")
    )
    count = sum(float(row["accuracy"]) >= float(rule[seed]["accuracy"]) for seed, row in ours.items())
    value = f"network {over([*ours.values()], 'accuracy')}, regression on 200 numbers"
    return Finding(f"{counted(count, len(ours))}: {value} {over([*rule.values()], 'accuracy')}",
                   mostly(count, len(ours)))  # fmt: skip


def by_seed(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each seed."""
    return [[row for row in rows if row["seed"] == seed] for seed in dict.fromkeys(row["seed"] for row in rows)]


def deaf(tables: Tables) -> Finding:
    """Most seeds: the first half of the steps moves the answer less than half as much as the second."""
    shares = []
    for one in by_seed(tables.rows("flow", when="after", **OURS)):
        moved = numbers(one, "sensitivity")
        half = len(moved) // 2
        shares.append(sum(moved[:half]) / sum(moved[half:]))
    count = sum(share < 0.5 for share in shares)
    return Finding(f"{counted(count, len(shares))}: first half over second {spread(shares, '.2f')}",
                   mostly(count, len(shares)))  # fmt: skip


def orders_smaller(when: str, layer: int) -> Judge:
    """Most seeds: step 2 adds less than a hundredth of what the last step adds."""

    def judge(tables: Tables) -> Finding:
        found = [numbers(one, f"adding_{layer}") for one in by_seed(tables.rows("flow", when=when, **OURS))]
        ratios = [values[1] / values[-1] for values in found]
        count = sum(ratio < FAR for ratio in ratios)
        return Finding(f"{counted(count, len(ratios))}: step 2 over the last {spread(ratios, '.2g')}",
                       mostly(count, len(ratios)))  # fmt: skip

    return judge


def running(tables: Tables) -> Finding:
    """Most seeds: the median accumulator's correlation with the mean so far, at the last step."""
    last = [numbers(one, "running_mean")[-1] for one in by_seed(tables.rows("flow", when="after", **OURS))]
    count = sum(value >= KNOWS for value in last)
    return Finding(f"{counted(count, len(last))}: {spread(last, '.2f')}", mostly(count, len(last)))


def helps(kind: str) -> Judge:
    """Held at their mean, these units cost a point on the nearest fifth: by the mean of the seeds, with its interval.

    A count of seeds that lose would not do: where nothing changes but by chance, half of them lose.
    """

    def judge(tables: Tables) -> Finding:
        whole, others = (
            {row["seed"]: float(row["nearest"]) for row in tables.rows("held", held=held, **OURS)}
            for held in ("none", f"as many accumulators as {kind}s")
        )
        rows = [row for row in tables.rows("held", held=kind, **OURS) if row["seed"] in others]
        change = [float(row["nearest"]) - whole[row["seed"]] for row in rows]
        middle, half = fmean(change), Z_95 * stdev(change) / sqrt(len(change))
        beside = spread([others[row["seed"]] - whole[row["seed"]] for row in rows], "+.3f")
        value = f"mean change {middle:+.4f} ({middle - half:+.4f} to {middle + half:+.4f}), {len(rows)} seeds: "
        value += f"{spread(change, '+.3f')}; of as many accumulators {beside}"
        return Finding(value, True if middle + half < -POINT else False if middle - half > -POINT else None)

    return judge


def lifts(tables: Tables) -> Finding:
    """Most seeds lose more by holding the accumulators than by holding all the others of one kind."""
    whole = {row["seed"]: float(row["accuracy"]) for row in tables.rows("held", held="none", **OURS)}
    lost: dict[str, dict[str, float]] = {}
    for held in (ACCUMULATOR, TRANSIENT):
        rows = tables.rows("held", held=held, **OURS)
        lost[held] = {row["seed"]: whole[row["seed"]] - float(row["accuracy"]) for row in rows}
    shared = [seed for seed in lost[ACCUMULATOR] if seed in lost[TRANSIENT]]
    count = sum(lost[ACCUMULATOR][seed] > lost[TRANSIENT][seed] for seed in shared)
    value = f"lost without them {spread([*lost[ACCUMULATOR].values()], '.3f')}"
    return Finding(f"{counted(count, len(shared))}: {value}, without the transient ones "
                   f"{spread([*lost[TRANSIENT].values()], '.3f')}", mostly(count, len(shared)))  # fmt: skip


def stalls(table: str) -> Judge:
    """Most seeds end with a larger training loss than any seed at 20 steps."""

    def judge(tables: Tables) -> Finding:
        short, long = tables.rows(*THIRTY.split(), **OURS), tables.rows(table, **OURS)
        level = max(numbers(short, "train_loss"))
        count = sum(value > level for value in numbers(long, "train_loss"))
        value = f"{over(long, 'train_loss')} against {over(short, 'train_loss')}, chance {log(2):.3f}"
        return Finding(f"{counted(count, len(long))}: {value}", mostly(count, len(long)))

    return judge


def fixed(table: str, against: str) -> Judge:
    """Most runs of both cells end above every seed of the document's network."""

    def judge(tables: Tables) -> Finding:
        level = max(numbers(tables.rows(*against.split(), **OURS), "test_acc"))
        said, above = [], []
        for cell in ("gru", "lstm"):
            rows = tables.rows(table, cell=cell)
            above += [value > level for value in numbers(rows, "test_acc")]
            said.append(f"{cell} {over(rows, 'test_acc')}")
        value = f"{counted(sum(above), len(above))}: {'; '.join(said)}; the best of the others {level:.3f}"
        return Finding(value, mostly(sum(above), len(above)))

    return judge


def streams(tables: Tables) -> Finding:
    """What is kept from step to step does not grow with T, and attention's does."""
    rows = tables.rows("cost")
    ours, its = (numbers(rows, f"{name}_kB_kept") for name in ("rnn", "attention"))
    T = [row["T"] for row in rows]
    value = f"kB kept at T = {T[0]} and {T[-1]}: {ours[0]:g} and {ours[-1]:g}, attention {its[0]:g} and {its[-1]:g}"
    return Finding(value, len({*ours}) == 1 and its[-1] > its[0])


def _kinds(rows: Sequence[Row]) -> str:
    return ", ".join(f"{name} {over(rows, name, '.0f')}" for name in ("accumulators", "oscillators", "transients"))


CLAIMS = (
    Claim("the model has 13,314 parameters", "the count", size),
    Claim("most of the learning happens in the first 10 epochs",
          "most seeds: the test loss has come more than half of its way from ln 2",
          seeds_where(lambda row: log(2) - float(row["early_test_loss"]) > (log(2) - float(row["test_loss"])) / 2,
                      lambda rows: f"test loss {over(rows, 'early_test_loss')} after 10 epochs, at the end "
                      f"{over(rows, 'test_loss')}", THIRTY, **OURS)),
    Claim("it reaches 93.7 % test accuracy", "most seeds, in the last epoch: not chosen on the test sequences",
          seeds_where(lambda row: float(row["test_acc"]) >= BEST,
                      lambda rows: f"last {over(rows, 'test_acc')}, best {over(rows, 'best_test_acc')}", THIRTY,
                      **OURS)),
    Claim("halving the rate at epoch 20 briefly tightens the loss curves",
          "most seeds: the test loss of epochs 21 to 30 has a smaller standard deviation than without halving", calmer),
    Claim("the network is near its capacity on this task",
          "most seeds: no regression with 201 weights does better on fresh sequences", near_capacity),
    Claim("the network is near its capacity, by what it can learn by heart",
          "most seeds: trained on all 5000 sequences, it stays below 99 % of them",
          seeds_where(lambda row: float(row["train_acc"]) < 0.99,
                      lambda rows: f"training accuracy {over(rows, 'train_acc')}, test {over(rows, 'test_acc')}",
                      "whole", **OURS)),
    Claim("inability to use early inputs, by the accuracy", "most seeds: it needs fewer than 10 of the 20 steps",
          seeds_where(lambda row: _used(row) < int(row["T"]) / 2, used, THIRTY, **OURS)),
    Claim("inability to use early inputs, by the sensitivity",
          "most seeds: steps 1 to 10 move the answer less than half as much as steps 11 to 20", deaf),
    *(Claim(f"contributions from early steps are orders of magnitude smaller, layer {layer}, {when} training",
            "most seeds: step 2 below a hundredth of the last step", orders_smaller(when, layer))
      for when in ("before", "after") for layer in (1, 2)),
    Claim("three broad behaviours show up", "most seeds have a unit of each kind",
          seeds_where(lambda row: all(int(row[f"{kind}s"]) > 0 for kind in (ACCUMULATOR, OSCILLATOR, TRANSIENT)),
                      _kinds, "units", when="after", **OURS)),
    Claim("accumulators do most of the heavy lifting", "most seeds lose more without them than without the transient "
          "units", lifts),
    Claim("accumulators approximate a running average",
          f"most seeds: the median accumulator's last state correlates with the mean by {KNOWS:g} or more", running),
    *(Claim(f"{kind} units help with boundary cases",
            "without them the fifth of the sequences nearest to the boundary loses a point of accuracy, by the 95 % "
            "interval of the seeds' mean", helps(kind)) for kind in (TRANSIENT, OSCILLATOR)),
    *(Claim(f"at length {T} it would struggle", "most seeds end at an accuracy that needs fewer than half of the steps",
            seeds_where(lambda row: _used(row) < int(row["T"]) / 2, used, table, **OURS))
      for T, table in ((100, "lengths"), (500, "lengths_long"))),
    *(Claim(f"at length {T} the training loss would stall at a higher value",
            "most seeds end above every seed at 20 steps", stalls(table))
      for T, table in ((100, "lengths"), (500, "lengths_long"))),
    *(Claim(f"LSTMs and GRUs fix this, at {T} steps", "most runs of both end above every seed of the document's",
            fixed(table, against))
      for T, table, against in ((20, "cells", THIRTY), (100, "lengths_cells", "lengths"),
                                (500, "lengths_long_cells", "lengths_long"))),
    Claim("recurrent networks are memory-efficient for streaming",
          "what is kept does not grow with the sequence, and grows in self-attention", streams),
)  # fmt: skip


def main(folder: Path) -> None:
    """Renews the notes of a folder of notebooks."""
    renew(folder / "INSTRUCTORS.md", claims_table(CLAIMS, Tables(folder / "sweeps")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
