"""A sweep's table as it lies beside its file: its rows, grouped by what varied, and small tables in markdown."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

SEEDS = ("seed", "weight_seed", "data_seed")  # columns that say how often, not what
Row = Mapping[str, str]


def read_table(path: str | Path) -> list[dict[str, str]]:
    """The rows of a sweep's ``.csv``."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def chosen(rows: Sequence[Row], **only: str) -> list[Row]:
    """Rows that have these values in these columns."""
    return [row for row in rows if all(row.get(name, "") == value for name, value in only.items())]


def read_tables(names: Iterable[str], folder: Path, **only: str) -> list[Row]:
    """The rows of those of these tables of a folder that are there, with these values in these columns."""
    there = [path for name in names if (path := folder / f"{name}.csv").exists()]
    return [row for path in there for row in chosen(read_table(path), **only)]


def numbers(rows: Sequence[Row], column: str) -> list[float]:
    """A column's numbers, of the rows that have one."""
    return [float(row[column]) for row in rows if row.get(column) and row[column] != "nan"]


def varied(rows: Sequence[Row]) -> list[str]:
    """The columns that tell what a run was told: those between its name and its status."""
    columns = [*rows[0]]
    return columns[1 : columns.index("status")]


def grouped(rows: Sequence[Row], by: Sequence[str] | None = None) -> list[tuple[dict[str, str], list[Row]]]:
    """Runs that are equal in some columns, together, in the table's order, with what they have there.

    Arguments:
        rows: of a sweep; those of a run that failed have no result and are left out.
        by: the columns; by default all that varied but seeds.
    """
    by = [name for name in varied(rows) if name not in SEEDS] if by is None else by
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if row["status"] != "failed":
            groups.setdefault(tuple(row[name] for name in by), []).append(row)
    return [(dict(zip(by, values, strict=True)), group) for values, group in groups.items()]


def spread(values: Sequence[float], form: str) -> str:
    """``41 (29 to 54)``: median, smallest and largest; empty for none."""
    if not values:
        return ""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def grid(lines: Sequence[Sequence[str]]) -> str:
    """Lines, the first with the headings, as a table in markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], ["---"] * len(lines[0]), *lines[1:]])


def comment(path: Path) -> str:
    """What the comment at the head of a sweep's file says, with its command in a line of its own."""
    said = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    return "\n".join(f"\n`{line}`\n" if line.startswith("rnnkit ") else line for line in said).strip()


def page_of(folder: Path, head: str, section: Callable[[Path], str]) -> str:
    """The page of all sweeps of a folder that have their table: what stands first, then what each file has to say."""
    files = sorted(path for path in folder.glob("*.toml") if path.with_suffix(".csv").exists())
    return "\n\n".join([head.rstrip(), *map(section, files)]) + "\n"
