"""Things that move in a notebook: a dashboard while a run trains, and a browser of its record afterwards.

Under papermill, in autograding and wherever ``RNNKIT_PLAIN`` is set nobody can look: the dashboard becomes a few lines
of text there, and the browser a single figure (nothing at all in autograding).
"""

from __future__ import annotations

import io
import os
import time
from typing import Any

from IPython.display import display
from matplotlib.figure import Figure

from rnnkit.facts import Record
from rnnkit.plots.live import moment
from rnnkit.record import last_filled
from rnnkit.train import content
from rnnkit.trainer import Checkpoint, Trainer

SHARE = 0.1  # of the time that drawing may take
PLAIN_LINES = 10  # that a whole run prints where nobody looks


def someone_looks() -> bool:
    """Whether this notebook runs in front of a person."""
    return not (os.environ.get("RNNKIT_PLAIN") or grading())


def grading() -> bool:
    """Whether nbgrader is executing this notebook."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


class Dashboard:
    """Loss, norms, rho, log10 g_t and saturation of a run, while it trains: ``train(..., on_check=Dashboard())``.

    It draws at most as often as takes a tenth of the time, and always what is newest.
    """

    def __init__(self) -> None:
        self.live = someone_looks()
        self.image: Any = None
        self._next = 0.0

    def __call__(self, trainer: Trainer, check: Checkpoint) -> None:
        """Shows a check."""
        if not self.live:
            self._print(trainer, check)
        elif time.monotonic() >= self._next:
            begun = time.monotonic()
            self._draw(content(trainer))
            self._next = time.monotonic() + (time.monotonic() - begun) / SHARE

    def finish(self, record: Record) -> None:
        """Shows the end of the run, which may have come just after the last drawing."""
        if self.live and self.image is not None:
            self._draw(record)

    def _draw(self, record: Record) -> None:
        from ipywidgets import Image, Layout

        picture = png(moment(record))
        if self.image is None:
            self.image = Image(value=picture, format="png", layout=Layout(max_width="100%"))
            display(self.image)
        else:
            self.image.value = picture

    @staticmethod
    def _print(trainer: Trainer, check: Checkpoint) -> None:
        every = max(1, trainer.regime.checkpoints // PLAIN_LINES)
        if check.slot % every == 0:
            loss, error = check.values["valid_nll"], check.values["valid_error"]
            print(f"update {check.updates}: valid nll {loss:.3f}, valid error {error:.2f} %")


def browse(record: Record) -> Any:
    """A slider over the checks of a record: its curves, histograms and heat map at each.

    Arguments:
        record: with at least one check.

    Returns:
        A widget; where nobody looks a figure of the last check, and None in autograding.
    """
    if grading():
        return None
    if not someone_looks():
        return moment(record)
    from ipywidgets import HBox, Image, IntSlider, Layout, Play, VBox, jslink

    last = last_filled(record)
    slider = IntSlider(
        value=last, min=0, max=last, description="check", continuous_update=False, layout=Layout(width="60%")
    )
    play = Play(value=last, min=0, max=last, interval=700)
    jslink((play, "value"), (slider, "value"))
    image = Image(value=png(moment(record, last)), format="png", layout=Layout(max_width="100%"))

    def show(change: dict[str, Any]) -> None:
        image.value = png(moment(record, change["new"]))

    slider.observe(show, names="value")
    return VBox([HBox([play, slider]), image])


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return buffer.getvalue()
