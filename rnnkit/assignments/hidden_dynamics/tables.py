"""What sweeps of networks found: tables by what varied, medians with the range of the seeds.

``python -m rnnkit.assignments.hidden_dynamics.tables notebooks/hidden_dynamics/sweeps`` writes the README there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from rnnkit.assignments.hidden_dynamics.facts import BEST, STRETCHES, WINDOWS
from rnnkit.assignments.hidden_dynamics.inside import FIFTHS, steps_used
from rnnkit.common.whole import save_text
from rnnkit.runs.rows import Row, chosen, comment, grid, grouped, numbers, page_of, read_table, read_tables, spread

README = """\
# The sweeps

Each file `NAME.toml` says what was run, by which command, and how long that took; `NAME.csv` has a row for each run.
`units.csv`, `held.csv`, `flow.csv` and `fifths.csv` are made from the records of `seeds` and `seeds_more` by
`python -m rnnkit.assignments.hidden_dynamics.networks runs/sweeps/seeds runs/sweeps/seeds_more
notebooks/hidden_dynamics/sweeps`, and
`cost.csv` by `python -m rnnkit.assignments.hidden_dynamics.cost notebooks/hidden_dynamics/sweeps`. This page is made of
the tables: `python -m rnnkit.assignments.hidden_dynamics.tables notebooks/hidden_dynamics/sweeps`.

Values are medians over seeds, in brackets the smallest and the largest. *Steps used* is how many steps an accuracy
needs at least, by the bound.
"""
WITHIN = {
    "first_train_acc": "training accuracy, epoch 1", "early_test_loss": "test loss, epoch 10",
    "test_acc": "test accuracy, last epoch",
}  # fmt: skip
SHOWN = {
    "train_loss": "train loss", "train_acc": "train accuracy", "test_loss": "test loss",
    "test_acc": "last test accuracy", "best_test_acc": "best",
}  # fmt: skip


def markdown(rows: Sequence[Row], by: Sequence[str] | None = None) -> str:
    """Networks by these columns, or by all that varied but seeds: accuracies and losses, and the steps they need."""
    found = grouped(rows, by)
    kinds = [*found[0][0]]
    extra = [] if "T" in kinds else ["T"]
    lines = [[*kinds, *extra, "seeds", *SHOWN.values(), "steps used"]]
    for kind, some in found:
        T = {row["T"] for row in some}
        used = [float(steps_used(float(row["test_acc"]), int(row["T"]))) for row in some]
        told = [str(len(some)), *(spread(numbers(some, name), ".3f") for name in SHOWN)]
        lines.append([*kind.values(), *([", ".join(sorted(T))] if extra else []), *told, spread(used, ".1f")])
    return grid(lines)


def windows(rows: Sequence[Row]) -> str:
    """How many seeds of the document's run lie within the windows by epoch, and the mean of their best epochs."""
    lines = [["", "window", "seeds within", "found"]]
    for name, (low, high) in WINDOWS.items():
        values = numbers(rows, name)
        within = sum(low <= value <= high for value in values)
        lines.append([WITHIN[name], f"{low:g} to {high:g}", f"{within} of {len(values)}", spread(values, ".3f")])
    best, (low, high) = numbers(rows, "best_test_acc"), BEST
    lines.append(["best test accuracy, mean of the seeds", f"{low:g} to {high:g}",
                  "yes" if low <= mean(best) <= high else "no", f"{mean(best):.4f}"])  # fmt: skip
    return grid(lines)


def spreads(**runs: Sequence[Row]) -> str:
    """The test loss' standard deviation over stretches of epochs, between which the rate is halved, or is not."""
    names = [f"spread_{low}_{high}" for low, high in STRETCHES]
    lines = [["rate", *(f"epochs {low} to {high}" for low, high in STRETCHES), "calmer from 21 to 30 than before"]]
    for told, rows in runs.items():
        calmer = sum(float(row[names[1]]) < float(row[names[0]]) for row in rows)
        cells = [spread(numbers(rows, name), ".4f") for name in names]
        lines.append([told.replace("_", " "), *cells, f"{calmer} of {len(rows)}"])
    return grid(lines)


def counts(rows: Sequence[Row]) -> str:
    """How many units are of which kind."""
    lines = [["init", "when", "seeds", "accumulators", "oscillators", "transients", "seeds without oscillators"]]
    for kind, some in _by(rows, "init", "when"):
        cells = [spread(numbers(some, name), ".0f") for name in ("accumulators", "oscillators", "transients")]
        none = sum(row["oscillators"] == "0" for row in some)
        lines.append([*kind, str(len(some)), *cells, f"{none} of {len(some)}"])
    return grid(lines)


def ablation(rows: Sequence[Row]) -> str:
    """Accuracy with units held at their mean, and by how much it differs from that of the whole network."""
    whole = {(row["init"], row["seed"]): row for row in rows if row["held"] == "none"}
    lines = [["init", "held", "seeds", "units", "accuracy", "change", "nearest fifth", "change"]]
    for kind, some in _by(rows, "init", "held"):
        cells = [spread(numbers(some, "units"), ".0f")]
        for name in ("accuracy", "nearest"):
            change = [float(row[name]) - float(whole[row["init"], row["seed"]][name]) for row in some]
            cells += [spread(numbers(some, name), ".3f"), "" if kind[1] == "none" else spread(change, "+.3f")]
        lines.append([*kind, str(len(some)), *cells])
    return grid(lines)


def by_fifth(rows: Sequence[Row]) -> str:
    """Accuracy by fifth of the mean's size, of the networks and of regressions."""
    lines = [["init", "who", "seeds", "accuracy", *(f"fifth {k + 1}" for k in range(FIFTHS))]]
    for kind, some in _by(rows, "init", "who"):
        names = ["accuracy", *(f"fifth_{k + 1}" for k in range(FIFTHS))]
        lines.append([*kind, str(len(some)), *(spread(numbers(some, name), ".3f") for name in names)])
    return grid(lines)


def ratios(rows: Sequence[Row]) -> str:
    """Early steps over late ones, before and after training, over seeds."""
    names = ["init", "when", "seeds", "dL/dh_1 over dL/dh_T, layer 1", "layer 2", "contribution of step 2 over step T, "
             "layer 1", "layer 2", "first half's share, layer 2", "sensitivity, smallest over largest"]  # fmt: skip
    lines = [names]
    for kind, some in _by(rows, "init", "when"):
        seeds = [[row for row in some if row["seed"] == seed] for seed in dict.fromkeys(row["seed"] for row in some)]
        found: list[list[float]] = [[] for _ in names[3:]]
        for one in seeds:
            for place, (column, t) in enumerate((("reaching_1", 0), ("reaching_2", 0), ("adding_1", 1),
                                                 ("adding_2", 1))):  # fmt: skip
                values = numbers(one, column)
                found[place].append(values[t] / values[-1])
            adding, moved = numbers(one, "adding_2"), numbers(one, "sensitivity")
            found[4].append(sum(adding[: len(adding) // 2]) / sum(adding))
            found[5].append(min(moved, key=abs) / max(moved, key=abs))
        lines.append([*kind, str(len(seeds)), *(spread(values, ".2g") for values in found)])
    return grid(lines)


def costs(rows: Sequence[Row]) -> str:
    """Time and memory of a recurrent layer and of self-attention, by length."""
    names = [name for name in rows[0] if name != "T"]
    return grid([["T", *(name.replace("_", " ") for name in names)], *([row["T"], *(row[name] for name in names)]
                                                                      for row in rows)])  # fmt: skip


def _by(rows: Sequence[Row], *columns: str) -> list[tuple[tuple[str, ...], list[Row]]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in columns), []).append(row)
    return [*groups.items()]


TABLES = {"units": counts, "held": ablation, "fifths": by_fifth, "flow": ratios, "cost": costs}
TITLES = {
    "units": "Kinds of units", "held": "Units held at their mean", "fifths": "By fifth of the mean's size",
    "flow": "Early steps over late ones", "cost": "Time and memory beside self-attention",
}  # fmt: skip


def section(path: Path) -> str:
    """What the page says of one sweep: the comment at its file's head, and its tables."""
    rows = read_table(path.with_suffix(".csv"))
    more = [windows(chosen(rows, init="xavier"))] if path.stem == "seeds" else []
    return "\n\n".join([f"## {path.stem}", comment(path), markdown(rows), *more])


def readme(folder: Path) -> str:
    """The page of all sweeps of a folder that have their table."""
    made = [f"## {TITLES[name]}\n\n{TABLES[name](rows)}" for name in TABLES if (rows := read_tables([name], folder))]
    return "\n\n".join([page_of(folder, README, section).rstrip(), *made]) + "\n"


if __name__ == "__main__":
    save_text(Path(sys.argv[1]) / "README.md", readme(Path(sys.argv[1])))
