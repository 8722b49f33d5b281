"""Tables in markdown, for notebooks and for where only text is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from IPython.display import Markdown

from rnnkit.common.text import aligned

CURVES = "_curves"  # ends the name of the table that a sweep writes for --curves


class Table(Markdown):
    """A table in markdown, and in columns where only text is shown: in a terminal, in the report's PDF.

    An interval, ``(29 to 54)``, stays in one line of its cell.
    """

    def _repr_markdown_(self) -> str:
        return re.sub(r"\(\S+ to \S+\)", lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), str(self.data))

    def __repr__(self) -> str:
        if not self.data.startswith("|"):
            return self.data
        lines = [line[2:-2].split(" | ") for line in self.data.splitlines()]
        return aligned([line for line in lines if set("".join(line)) != {"-"}])


def missing(names: Sequence[str], sweeps: Path) -> Table:
    """Says which sweeps make tables that are not there, and where; `CURVES` at a name's end: checks of all its runs."""
    ways = [_way(name, sweeps) for name in names]
    return Table(f"The table is not there: {'; '.join(ways)}. Copy that into `{sweeps}/`.")


def _way(name: str, sweeps: Path) -> str:
    sweep = name.removesuffix(CURVES)
    flag = " --curves" if sweep != name else ""
    return f"`rnnkit sweep {sweeps / sweep}.toml{flag}` writes `runs/sweeps/{sweep}/{name}.csv`"
