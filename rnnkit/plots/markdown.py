"""Tables in markdown, for notebooks and for where only text is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from IPython.display import Markdown

from rnnkit.common.text import aligned


class Table(Markdown):
    """A table in markdown, and in columns where only text is shown: in a terminal, in the report's PDF."""

    def __repr__(self) -> str:
        if not self.data.startswith("|"):
            return self.data
        lines = [line[2:-2].split(" | ") for line in self.data.splitlines()]
        return aligned([line for line in lines if set("".join(line)) != {"-"}])


def missing(names: Sequence[str], sweeps: Path) -> Table:
    """Says which sweeps make a table that is not there."""
    commands = " and ".join(f"`rnnkit sweep {sweeps / name}.toml`" for name in names)
    return Table(f"The table is not there: {commands} makes it, and its `.csv` belongs into `{sweeps}/`.")
