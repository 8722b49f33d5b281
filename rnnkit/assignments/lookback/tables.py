"""What sweeps of the lab found: tables by what varied, medians with the range of the seeds.

``python -m rnnkit.assignments.lookback.tables notebooks/lookback/sweeps`` writes the README there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rnnkit.common.whole import save_text
from rnnkit.runs.rows import Row, chosen, comment, grid, grouped, numbers, read_table, spread

README = """\
# The sweeps

Each file `NAME.toml` says what was run, by which command, and how long that took; `NAME.csv` has a row for each run.
Beside them stand numbers of trained networks, each file with the command that makes it below. This page is made of all
of it: `python -m rnnkit.assignments.lookback.tables notebooks/lookback/sweeps`.

Values are medians over seeds, in brackets the smallest and the largest; all are of the epoch with the smallest loss on
dev, and the sentences are the grammar's. *Without reading* is the loss of who knows how frequent the classes (of a
language model: the words) are in training, and *majority* the accuracy of who always says the more frequent number;
*balanced* is the mean of the two numbers' accuracies, and .5 for that one. *Accuracy* of a language model is about the
verb alone: which of its two forms is more probable. Distances are from the subject to its verb; attractors are nouns
of the other number between the two.
"""
COLUMNS: dict[str, tuple[str, str]] = {
    "best_loss": ("loss", ".4f"), "perplexity": ("perplexity", ".1f"), "adjusted_loss": ("adjusted loss", ".4f"),
    "prior_loss": ("without reading", ".4f"), "train_loss": ("training loss", ".4f"), "best_epoch": ("epoch", ".0f"),
    "last_loss": ("loss at the end", ".4f"),
    "acc": ("accuracy", ".3f"), "majority": ("majority", ".3f"), "balanced": ("balanced", ".3f"),
    "acc_1": ("distance 1", ".3f"), "acc_2_3": ("2-3", ".3f"), "acc_4_5": ("4-5", ".3f"), "acc_6": ("6+", ".3f"),
    "acc_attr0": ("no attractor", ".3f"), "acc_attr1": ("one", ".3f"), "acc_attr2": ("two or more", ".3f"),
}  # fmt: skip
EPOCHS = (10, 20, 40)  # the document's
FARTHEST = "20"  # its longest lookback
ONE = ("prior_loss", "majority")  # the same for all seeds
OF_AGREEMENT = {"perplexity", "adjusted_loss"}  # left out where a number is predicted


def markdown(rows: Sequence[Row], by: Sequence[str] | None = None, columns: Sequence[str] = ()) -> str:
    """Runs by these columns, or by all that varied but seeds, in the order of their values.

    Arguments:
        columns: what is told of them, see `COLUMNS`; by default all that there is.
    """
    found = sorted(grouped(rows, by), key=lambda one: [_order(value) for value in one[0].values()])
    number = not any(row.get("task") == "language" for row in rows)
    names = [
        name for name in columns or COLUMNS
        if numbers(rows, name) and not (number and not columns and name in OF_AGREEMENT)
    ]  # fmt: skip
    lines = [[*found[0][0], "seeds", *(COLUMNS[name][0] for name in names)]]
    lines += [[*kind.values(), str(len(some)), *(_cell(some, name) for name in names)] for kind, some in found]
    return grid(lines)


def _cell(rows: Sequence[Row], name: str) -> str:
    values, form = numbers(rows, name), COLUMNS[name][1]
    return f"{values[0]:{form}}" if values and name in ONE and len({*values}) == 1 else spread(values, form)


def _order(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, {"rnn": "", "both": ""}.get(value, value)  # the plainer one first


def after(rows: Sequence[Row], epochs: Sequence[int] = EPOCHS) -> list[Row]:
    """Of curves: what each run had reached after so many epochs, as if it had ended there.

    Arguments:
        rows: an epoch of a run each.

    Returns:
        rows with model, lookback, seed, ``epochs``, the smallest loss on dev, its epoch, the loss on training sentences
        at it, and the last loss on dev.
    """
    found: list[Row] = []
    for told, run in grouped([{**row, "status": ""} for row in rows], ["model", "lookback", "seed"]):
        for count in epochs:
            done = run[:count]
            best = min(done, key=lambda row: float(row["dev_loss"]))
            losses = {"best_loss": best["dev_loss"], "best_epoch": best["epoch"], "train_loss": best["train_loss"]}
            losses |= {"last_loss": done[-1]["dev_loss"], "task": "agreement", "status": ""}
            found.append(told | {"epochs": str(count)} | losses)
    return found


def terms(rows: Sequence[Row]) -> str:
    """Norms of the terms by lag, of each matrix U: alone, before training and after, and all up to the lag together."""
    lags = [lag for lag in ("0", "1", "2", "3", "5", "10", FARTHEST) if any(row["lag"] == lag for row in rows)]
    said = {"norm_initial": "alone, untrained", "norm": "alone, trained", "accumulated": "together, trained"}
    lines = [["model", "U", "terms", "seeds", *(f"lag {lag}" for lag in lags)]]
    for told, of in grouped([{**row, "status": ""} for row in rows], ["model", "gate"]):
        here = [chosen(of, lag=lag) for lag in lags]
        for column, words in said.items():
            cells = [spread(numbers(some, column), ".2g") for some in here]
            lines.append([*told.values(), words, str(len(here[0])), *cells])
    return grid(lines)


def costs(rows: Sequence[Row]) -> str:
    """Seconds of processor of an epoch by lookback, and how many times those without looking back."""
    lines = [["model", "H", "batch", "lookback", "seconds an epoch", "of lookback 0"]]
    for row in rows:
        (none,) = [
            one for one in rows
            if one["lookback"] == "0" and all(one[name] == row[name] for name in ("model", "H", "batch"))
        ]  # fmt: skip
        times = float(row["seconds"]) / float(none["seconds"])
        lines.append([*(row[name] for name in ("model", "H", "batch", "lookback", "seconds")), f"{times:.2f}"])
    return grid(lines)


def as_it_is(rows: Sequence[Row]) -> str:
    """All of a table."""
    return grid([[name.replace("_", " ") for name in rows[0]], *([*row.values()] for row in rows)])


MADE: dict[str, tuple[str, str, Callable[[Sequence[Row]], str]]] = {
    "norms": ("Terms by lag", "python -m rnnkit.assignments.lookback.lag_norms runs/sweeps/figure2abc FOLDER", terms),
    "costs": ("Time by lookback", "python -m rnnkit.assignments.lookback.measured costs FOLDER", costs),
    "tested": (
        "On the test split, once", "python -m rnnkit.assignments.lookback.measured tested FOLDER RUNS ...", as_it_is,
    ),
    "hardest": (
        "The sentences with the largest loss",
        "python -m rnnkit.assignments.lookback.measured hardest FOLDER runs/sweeps/figure2abc", as_it_is,
    ),
}  # fmt: skip


def section(path: Path) -> str:
    """What a page says of one sweep: the comment at its file's head, and its table."""
    return "\n\n".join([f"## {path.stem}", comment(path), markdown(read_table(path.with_suffix(".csv")))])


def readme(folder: str | Path) -> str:
    """The page of all sweeps of a folder that have their table."""
    folder = Path(folder)
    files = sorted(path for path in folder.glob("*.toml") if path.with_suffix(".csv").exists())
    parts = [README.rstrip(), *map(section, files)]
    for name, (title, command, made) in MADE.items():
        if (path := folder / f"{name}.csv").exists():
            parts += [f"## {title}", f"`{command}`", made(read_table(path))]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    save_text(Path(sys.argv[1]) / "README.md", readme(sys.argv[1]))
