"""Colours, sizes and titles that all figures share."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.facts import Record
from rnnkit.find import unfinished
from rnnkit.record import regime_of

# Okabe and Ito's palette: told apart by colour-blind readers too.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000",
)  # fmt: skip
FLOOR_STYLES = {"constant": ":", "marginal": "--", "memoryless": "-.", "marginal_error": (0, (6, 4, 1, 4, 1, 4))}


def new_figure(
    columns: int = 1, rows: int = 1, *, width: float = 5.0, height: float = 3.4
) -> tuple[Figure, list[Axes]]:
    """A figure of ``rows`` x ``columns`` axes (in reading order), each of the given size in inches."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, list(axes.flat)


def title_of(record: Record) -> str:
    """The run's name, with its profile where that is not the handout's full size, and how far it is if unfinished."""
    regime, profile = regime_of(record), str(record["profile"])
    left = unfinished(str(record["status"]), int(record["updates"]), regime)
    said = ", ".join(filter(None, [f"{profile} profile" if profile != "full" else "", left]))
    return f"{regime.name}  ({said})" if said else regime.name


# Colour and line style of the runs of one figure, in order: told apart in black and white, too.
LINES = [
    (BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (RED, ":"), (PURPLE, (0, (5, 1))),
    (BLACK, (0, (3, 1, 1, 1))), (SKY, (0, (1, 1))), (YELLOW, "-"), (BLUE, ":"),
]  # fmt: skip
