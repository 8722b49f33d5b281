"""A sequence of any task as a picture: what the network sees, and below it what is asked of it and when."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.plots.contrast import as_ink, contrast
from rnnkit.plots.style import BLUE, ORANGE, SMALL, new_figure
from rnnkit.tasks.base import Batch, Task

MANY = 12  # rows: with more, a row is too low to be filled, and each 1 becomes a dot
WIDE = 30  # steps: with more, no number fits into a step
ROW = 0.21  # inches
NOT_ASKED = "#eeeeee"


def plot_sequence(task: Task, length: int = 20, seed: int = 1) -> Figure:
    """The first sequence of a batch of a task, with its target.

    Arguments:
        task: any; only its public attributes and ``sample`` are used.
        length: nominal length (steps).
        seed: of the draw.

    Returns:
        inputs above, a row for each channel and a column for each step; targets below, grey where nothing is asked.

    Raises:
        ValueError: a length that the task refuses.
    """
    batch = task.sample(np.random.RandomState(seed), length, 1)
    inputs, targets = batch.inputs[:, 0].numpy().T, asked(task, batch)  # (I, T), (O, T)
    heights = [ROW * min(rows, MANY) + 0.35 for rows in (len(inputs), len(targets))]
    figure, (above, below) = new_figure(
        1, 2, width=7.0, height=(sum(heights) + 0.7) / 2, sharex=True, height_ratios=heights
    )
    _draw(above, inputs, task.channels, BLUE)
    _draw(below, targets, task.outputs, as_ink(ORANGE))  # some marks lie on grey
    above.set(ylabel="input")
    below.set(ylabel="target", xlabel="time step t", xlim=(0.5, inputs.shape[1] + 0.5))
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    steps = np.flatnonzero(np.isfinite(targets).any(0)) + 1
    when = "at every step" if len(steps) == inputs.shape[1] else f"after step {steps[-1]} only"
    figure.suptitle(f"{task.name}: {inputs.shape[1]} steps, an answer is asked {when}", fontsize=9)
    return figure


def asked(task: Task, batch: Batch) -> np.ndarray:
    """``(O, T)``: the first sequence's target at every step, classes as one-hot columns; NaN where nothing is asked."""
    steps, targets = len(batch.inputs), batch.targets.numpy()
    image = np.full((task.n_out, steps), np.nan)
    if task.head == "softmax":
        image[:] = np.arange(task.n_out)[:, None] == targets[:, 0]
    elif task.head == "lastSoftmax":
        image[:, -1] = np.arange(task.n_out) == targets[0]
    else:
        image[:, -1] = targets[0]
    return image


def _draw(ax: Axes, image: np.ndarray, names: tuple[str, ...], color: str) -> None:
    """Rows by name, from the first at the top; numbers that are not 0 or 1 are written out where there is room."""
    rows, steps = image.shape
    ax.grid(False)
    ax.set(facecolor=NOT_ASKED, ylim=(rows - 0.5, -0.5))
    if rows > MANY:
        for step in np.flatnonzero(np.isfinite(image).all(0)) + 1:
            ax.axvspan(step - 0.5, step + 0.5, color="white", zorder=0)
        ones = np.argwhere(image == 1)
        ax.scatter(ones[:, 1] + 1, ones[:, 0], s=14, marker="s", color=color, zorder=3)
        return
    shades = LinearSegmentedColormap.from_list("shades", ["white", color])
    edges = np.arange(steps + 1) + 0.5, np.arange(rows + 1) - 0.5
    span = {"vmin": min(0.0, np.nanmin(image)), "vmax": max(1.0, np.nanmax(image))}
    ax.pcolormesh(*edges, image, cmap=shades, **span, edgecolors=NOT_ASKED, linewidth=0.5)
    ax.set_yticks(range(rows), names, fontsize=SMALL)
    for row, step in np.argwhere(np.isfinite(image) & (image != 0) & (image != 1)) if steps <= WIDE else ():
        value = image[row, step]
        ground = shades((value - span["vmin"]) / (span["vmax"] - span["vmin"]))
        ink = max(("white", "black"), key=lambda one: contrast(one, ground))
        ax.text(step + 1, row, f"{value:.2f}".lstrip("0"), ha="center", va="center", fontsize=6, color=ink)
