"""Pictures of assignments whose README has none: made of records, or drawn from the tables that sweeps made."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import NamedTuple


class Shown(NamedTuple):
    """One picture.

    Fields:
        source: a picture below the assignment's notebooks, or a function of its own that draws one, ``module:name``.
        words: what is to be seen.
        given: to the function.
    """

    source: str
    words: str
    given: tuple[str, ...] = ()


LENGTHS = ("seeds", "cells", "lengths", "lengths_cells", "lengths_long", "lengths_long_cells")
SHOWN = {
    "bptt": Shown(
        "viz/map.png",
        "How large the part of the gradient is that comes back over each lag, for four kinds of networks that learn to "
        "repeat what stood 20 steps before: above with their first weights, below trained; yellow is large",
    ),
    "hidden_dynamics": Shown(
        "report:by_length",
        "Test accuracy after the last epoch against the length of the sequences, medians and ranges of the seeds",
        LENGTHS,
    ),
    "lookback": Shown(
        "report:by_lookback",
        "The best loss and the accuracy of plain and gated networks against how many steps back their gradient goes",
        ("best_loss", "acc"),
    ),
}


def picture_of(name: str, folder: Path, target: Path) -> str:
    """Makes the picture of an assignment, and returns what is to be seen; nothing for an assignment without one.

    Arguments:
        name: of the assignment.
        folder: its notebooks.
        target: the file to be made.
    """
    if name not in SHOWN:
        return ""
    source, words, given = SHOWN[name]
    if ":" in source:
        figure = pkgutil.resolve_name(f"rnnkit.assignments.{name}.{source}")(*given, folder=folder / "sweeps")
        figure.savefig(target, dpi=110, bbox_inches="tight")
    else:
        target.write_bytes((folder / source).read_bytes())
    return words
