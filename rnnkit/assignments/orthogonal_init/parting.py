"""Both arms of a task as they part: pictures of the curves up to an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnkit.assignments.orthogonal_init.figures import History, in_words
from rnnkit.assignments.orthogonal_init.pictures import styles_of
from rnnkit.assignments.orthogonal_init.tasks import LINEAR, chance, get_task
from rnnkit.plots.contrast import as_ink
from rnnkit.plots.moving import Moving
from rnnkit.plots.style import BLACK, NARROW, new_figure


class Parting:
    """Loss and metric of one task's two arms, one seed of each.

    Arguments:
        arms: their histories.
        side: the longer side of a picture, in pixels.
    """

    def __init__(self, arms: Sequence[History], side: int) -> None:
        self.arms, self.linear = arms, get_task(arms[0]["task"]).head == LINEAR
        self.name, self.last = f"{arms[0]['task']}, T = {arms[0]['sequence_len']}", max(map(_epochs, arms))
        figure, (loss, metric) = new_figure(2, 1, width=NARROW, height=3.4, layout="tight")
        figure.set_dpi(side / figure.get_figwidth())
        losses, metrics = (np.concatenate([one[name] for one in arms]) for name in ("loss", "metric"))
        losses = losses[np.isfinite(losses) & (losses > 0)]
        loss.set(yscale="log", ylabel="training loss", ylim=(losses.min() / 1.3, losses.max() * 1.3))
        metric.set_ylabel("half MSE" if self.linear else "accuracy (%)")
        metric.set_ylim(0, 1.05 * float(np.nanmax(metrics)) if self.linear else 105)
        guess = self._shown(chance(arms[0]["task"], arms[0]["sequence_len"]))
        metric.axhline(guess, color=BLACK, linestyle=":", linewidth=1)
        for ax in (loss, metric):
            ax.set(xlabel="epoch", xlim=(0, self.last))
        figure.tight_layout(rect=(0, 0, 1, 0.86))
        figure.set_layout_engine(None)
        self.title = figure.text(0.5, 0.98, "", ha="center", va="top", fontsize=11)
        styles = styles_of([one["init"] for one in arms]).values()
        self.lines = [[ax.plot([], [], color=color, linestyle=style)[0] for ax in (loss, metric)]
                      for color, style in styles]  # fmt: skip
        self.said = [figure.text(x, 0.9, "", va="top", color=as_ink(color))
                     for x, (color, _) in zip((0.04, 0.54), styles, strict=True)]  # fmt: skip
        self.moving = Moving(figure, [*self.lines[0], *self.lines[1], self.title, *self.said], (0, 0, 0, 0))

    def epochs(self, every: int) -> list[int]:
        """The epochs of the pictures: each ``every``-th, and the last."""
        return sorted({*range(every, self.last + 1, every), self.last})

    def at(self, epoch: int) -> np.ndarray:
        """The picture after so many epochs, ``(height, width, 3)``."""
        self.title.set_text(f"{self.name}: epoch {epoch} of {self.last}")
        for one, (loss, metric), said in zip(self.arms, self.lines, self.said, strict=True):
            epochs = one["epoch"][:epoch]
            loss.set_data(epochs, one["loss"][:epoch])
            metric.set_data(epochs, self._shown(np.asarray(one["metric"][:epoch])))
            said.set_text(self._caption(one, epoch))
        return self.moving.pixels().copy()

    def _caption(self, one: History, epoch: int) -> str:
        now, first = self._shown(one["metric"][:epoch][-1]), one["solved_epoch"]
        words = f"{one['init']}: half MSE {now:.3f}" if self.linear else f"{one['init']}: {now:.1f} %"
        if epoch == self.last:
            return f"{words}, {in_words([one])}"
        return f"{words}, crossed at {first}" if first and first <= epoch else words

    def _shown(self, metric: Any) -> Any:
        return metric if self.linear else 100 * metric


def _epochs(one: History) -> int:
    return len(one["epoch"])
