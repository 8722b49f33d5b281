"""What a network does with one sequence: what it saw, what it would answer, its states and gates at every step."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from rnnkit.plots.figures import Drawn
from rnnkit.plots.style import BLACK, BLUE, MAP, RED, Canvas
from rnnkit.trainer import Trainer

DPI, SIZE = 72, (11.1, 6.4)
SIGNED = "PuOr"  # of states: dark at both ends, white at 0
ANSWERS = "what it would answer at each step; ringed: what is asked for"
GATES = {
    "z": "update gate z_t: dark keeps the state, bright writes a new one",
    "r": "reset gate r_t: dark leaves the old state out of the new one",
}


class Inside:
    """The first sequence of a run's diagnostic batch on its way through the network, and the error until now.

    Left what is shown at each step, what the network would answer there and the validation error; right the states
    h_t and, where the cell has them, the gates: a row for each unit, a column for each step.

    Arguments:
        trainer: at any moment; asked for its newest weights at each picture.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        inputs, targets = trainer.diag_batch
        first = targets[:, :1] if trainer.head.name == "softmax" else targets[:1]
        self._one = trainer.diag_batch._replace(inputs=inputs[:, :1], targets=first)
        self.figure = Drawn(figsize=SIZE, dpi=DPI)
        Canvas(self.figure)
        self.figure.subplots_adjust(left=0.06, right=0.985, bottom=0.08, top=0.9, wspace=0.16, hspace=0.42)
        self._panels()

    def show(self) -> Figure:
        """The figure of the network as it is now."""
        trainer = self._trainer
        seen = trainer.engine.run(trainer.cell, trainer.head, self._one, backward=False)
        hidden = _array(seen.hidden[:, 0])
        self._answers.set_data(self._answered(hidden))
        self._states.set_data(hidden.T)
        for name, image in self._gates.items():
            image.set_data(_array((seen.gates or {})[name][:, 0]).T)
        made = trainer.arrays["check_updates"] >= 0
        updates, errors = trainer.arrays["check_updates"][made], trainer.arrays["valid_error"][made]
        self._error.set_data(updates, errors)
        self._curve.set_xlim(0, max(int(updates[-1]), trainer.regime.checkFreq))
        when = "untrained" if trainer.updates == 0 else f"after {trainer.updates} updates"
        solved = ", solved" if trainer.status == "solved" else ""
        self._title.set_text(f"{trainer.regime.name} {when}: {errors[-1]:.2f} % of the validation set wrong{solved}")
        return self.figure

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        file = io.BytesIO()
        self.show().savefig(file, format="png")
        return file.getvalue()

    def _panels(self) -> None:
        steps, channels = len(self._one.inputs), self._trainer.task.n_in
        units, gates = self._trainer.regime.nhid, list(GATES) if self._trainer.regime.model == "gru" else []
        inputs, answers, self._curve = (self.figure.add_subplot(3, 2, place) for place in (1, 3, 5))
        right = [self.figure.add_subplot(1 + len(gates), 2, 2 * row + 2) for row in range(1 + len(gates))]
        shown = _heat(inputs, channels, steps, "what it is shown", "input channel")
        shown.set_data(_array(self._one.inputs[:, 0]).T)
        self._answers = _heat(answers, self._trainer.task.n_out, steps, ANSWERS, "output")
        self._mark_targets(answers, steps)
        self._states = _heat(right[0], units, steps, "states h_t: -1 dark orange, 0 white, 1 dark violet", "unit")
        self._states.set(cmap=SIGNED, clim=(-1, 1))
        self._gates = {
            name: _heat(ax, units, steps, GATES[name], "unit") for name, ax in zip(gates, right[1:], strict=True)
        }
        right[-1].set_xlabel("time step t", fontsize=8)
        (self._error,) = self._curve.plot([], [], color=BLUE, marker=".")
        self._curve.axhline(0, color=BLACK, linewidth=0.8)
        self._curve.set(ylim=(-4, 104))
        self._curve.set_xlabel("updates", fontsize=8)
        self._curve.set_title("validation error (%)", fontsize=9, loc="left")
        self._curve.tick_params(labelsize=8)
        self._curve.grid(alpha=0.25)
        self._title = self.figure.suptitle(" ", fontsize=11)

    def _mark_targets(self, ax: Axes, steps: int) -> None:
        """A ring on each answer that is asked for."""
        if self._trainer.head.name == "lastLinear":
            return
        targets = _array(self._one.targets).ravel()  # (T,), or the last step's alone
        at = np.arange(steps - len(targets), steps) + 1
        ax.plot(at, targets, "o", markersize=4, markerfacecolor="none", markeredgecolor=RED, markeredgewidth=1)

    def _answered(self, hidden: np.ndarray) -> np.ndarray:
        """``(O, T)``: odds of the classes, or the value, that the readout makes of each step's state, ``(T, H)``."""
        cell = self._trainer.cell
        output = hidden @ _array(cell.W_ho) + _array(cell.b_o)
        if self._trainer.head.name == "lastLinear":
            return output.T
        odds = np.exp(output - output.max(1, keepdims=True))
        return (odds / odds.sum(1, keepdims=True)).T


def _array(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _heat(ax: Axes, rows: int, steps: int, title: str, name: str) -> AxesImage:
    """An empty picture of numbers from 0 (dark) to 1, by row and time step."""
    image = ax.imshow(
        np.full((rows, steps), np.nan), aspect="auto", cmap=MAP, vmin=0, vmax=1, interpolation="nearest",
        extent=(0.5, steps + 0.5, rows - 0.5, -0.5),
    )  # fmt: skip
    ax.set_title(title, fontsize=9, loc="left")
    ax.set_ylabel(name, fontsize=8)
    ax.tick_params(labelsize=8)
    ax.locator_params(integer=True, nbins=8)
    return image
