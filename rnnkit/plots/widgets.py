"""Things that move in a notebook: a dashboard while a run trains, and a browser of its record afterwards.

Under papermill, in autograding and wherever ``RNNKIT_PLAIN`` is set nobody can look: the dashboard becomes a few lines
of text there, and the browser a single figure (nothing at all in autograding).
"""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

from rnnkit.common.looking import grading, someone_looks, widgets_move
from rnnkit.common.names import BadValue
from rnnkit.plots.figures import as_html, bundle
from rnnkit.plots.inside import Inside
from rnnkit.plots.live import Moments, moment
from rnnkit.plots.moving import png_of
from rnnkit.plots.words import told
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, load, regime_of
from rnnkit.record.find import candidates, places
from rnnkit.trainer import Checkpoint, Trainer, content

SHARE = 0.1  # of the time that drawing may take
PICTURES = 20  # of a run that is short
PLAY = 400  # milliseconds for a check in the browser's play mode, many times what its picture takes
NONE = "no other run"  # chosen beside the browser's
PLAIN_LINES = 10  # that a whole run prints where nobody looks


class Rhythm:
    """When to draw during a run: at once; later at every twentieth of it, and in long runs more often.

    All drawing together takes no more than its share of the time, as far as the run's end can be foretold.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, most: float = SHARE, pictures: int = PICTURES
    ) -> None:
        self.clock, self._most, self._wanted = clock, most, pictures
        self._begun = self._ended = clock()
        self._spent = self._cost = self._at = self._next = 0.0
        self.pictures = 0

    def due(self, progress: float) -> bool:
        """Whether to draw now, when this share of the run is done."""
        if not self.pictures:
            return True
        now, cost = self.clock(), max(self._cost, 1e-9)
        passed = now - self._begun
        whole = self._spent + (passed - self._spent) / max(progress, 1e-9)
        left = (self._most * whole - self._spent) / cost - 1  # pictures that there is time for, besides that of the end
        self._next = self._at + max(1 / self._wanted, (1 - self._at) / max(left, 1e-9))
        return (left >= 1 and progress >= self._next) or (
            self._spent + 2 * cost <= self._most * passed and now - self._ended >= cost / self._most
        )

    def draw(self, progress: float, picture: Callable[[], None]) -> None:
        """Draws, and takes down how long that took."""
        begun = self.clock()
        picture()
        self._ended, self._at = self.clock(), min(progress, self._next)  # a late one does not put off the others
        took = self._ended - begun
        self._spent += took
        self._cost = took if self.pictures else took / 8  # the first has to load and to make what the others find
        self.pictures += 1

    @property
    def share(self) -> float:
        """Of the time until now that went into drawing."""
        return self._spent / max(self.clock() - self._begun, 1e-9)


class Dashboard:
    """Loss, norms, rho, log10 g_t and saturation of a run, while it trains: ``train(..., on_check=Dashboard())``.

    See `Rhythm` for when it draws; always what is newest.
    """

    def __init__(self, rhythm: Rhythm | None = None) -> None:
        self.live = someone_looks()
        self.rhythm = rhythm or Rhythm()
        self.picture = b""
        self._output: Any = None  # a picture and no widget: it stays when the notebook is closed, exported, printed
        self._moments: Moments | None = None

    def __call__(self, trainer: Trainer, check: Checkpoint) -> None:
        """Shows a check."""
        progress = trainer.updates / trainer.regime.maxiters
        if not self.live:
            self._print(trainer, check)
        elif self.rhythm.due(progress):
            self.rhythm.draw(progress, lambda: self._draw(self._seen(trainer)))

    def finish(self, record: Record) -> None:
        """Shows the end of the run, which may have come just after the last drawing."""
        if self.live and self.picture:
            self.rhythm.draw(1.0, lambda: self._draw(record))

    def _seen(self, trainer: Trainer) -> Any:
        """What `_picture` draws."""
        return content(trainer)

    def _picture(self, record: Any) -> bytes:
        self._moments = self._moments or Moments(record)
        return self._moments.png(record, last_filled(record))

    def _figure(self) -> Figure:
        """What `_picture` has drawn."""
        assert self._moments is not None
        return self._moments.figure

    def _draw(self, seen: Any) -> None:
        self.picture = self._picture(seen)
        data, _ = bundle(self.picture, *told(self._figure()))
        if self._output is None:
            self._output = display(data, raw=True, display_id=True)
        else:
            self._output.update(data, raw=True)

    @staticmethod
    def _print(trainer: Trainer, check: Checkpoint) -> None:
        every = max(1, trainer.regime.checkpoints // PLAIN_LINES)
        if check.slot % every == 0:
            loss, error = check.values["valid_nll"], check.values["valid_error"]
            print(f"update {check.updates}: valid nll {loss:.3f}, valid error {error:.2f} %")


class Watch(Dashboard):
    """States, gates and answers on one sequence, and the error, while a run trains; used as `Dashboard`.

    See `rnnkit.plots.inside.Inside`.
    """

    def __init__(self, rhythm: Rhythm | None = None) -> None:
        super().__init__(rhythm or Rhythm(most=0.3, pictures=200))  # it is trained in order to be watched
        self._inside: Inside | None = None

    def show(self, trainer: Trainer) -> None:
        """Shows a run as it is now."""
        self._draw(trainer)

    def _seen(self, trainer: Trainer) -> Trainer:
        return trainer

    def _picture(self, seen: Any) -> bytes:
        self._inside = self._inside or Inside(seen)  # which follows its trainer
        return self._inside.png()

    def _figure(self) -> Figure:
        assert self._inside is not None
        return self._inside.figure


def browse(record: Record, others: Mapping[str, Record | Path] | None = None) -> Any:
    """A slider over the checks of a record: its curves, histograms and heat map at each; a second run beside it.

    Arguments:
        record: with at least one check.
        others: records or their files by name, to choose a second run from, which is shown on the same axes after the
            same number of updates; by default what `rnnkit.notebook.find_run` would find.

    Returns:
        A widget, with the picture of the last check for where it cannot be moved; where nobody looks a figure of that
        check, and None in autograding.
    """
    if grading():
        return None
    if not widgets_move():
        return moment(record)
    from ipywidgets import HTML, Dropdown, HBox, IntSlider, Layout, Play, ToggleButton, jslink

    from rnnkit.plots.still import WithStill, image

    last, others = last_filled(record), _others(record) if others is None else others
    slider = IntSlider(value=last, min=0, max=last, description="check", layout=Layout(width="50%"))
    play = Play(value=last, min=0, max=last, interval=PLAY)
    jslink((play, "value"), (slider, "value"))
    beside = Dropdown(options=[NONE, *others], description="beside it", disabled=not others)
    log = ToggleButton(description="log axis", tooltip="a log axis for updates", layout=Layout(width="6em"))
    picture, said, numbers = image(), HTML(), HTML()
    pictures: list[tuple[Record, Moments]] = []

    def choose(_: Any = None) -> None:
        said.value = ""
        try:
            runs = [record] if beside.value == NONE else [record, _read(others[beside.value])]
        except BadValue as error:
            runs, said.value = [record], html.escape(str(error))
        columns = 3 if len(runs) == 1 else 2
        pictures[:] = [(one, Moments(one, [r for r in runs if r is not one], log.value, columns)) for one in runs]
        for _, made in pictures[1:]:
            made.share(pictures[0][1])
        show()

    def show(_: Any = None) -> None:
        done = record["check_updates"][slider.value]
        parts = [made.pixels(one, _slot(one, done)) for one, made in pictures]
        picture.value = png_of(np.hstack(parts))
        all_told = [told(made.figure) for _, made in pictures]
        picture.tooltip = " ".join(text for text, _ in all_told)  # what stands for it where it is not seen
        numbers.value = "".join(as_html(tables) for _, tables in all_told)

    choose()
    slider.observe(show, names="value")
    for one in (beside, log):
        one.observe(choose, names="value")
    return WithStill([HBox([play, slider, beside, log]), picture, said, numbers], lambda: moment(record))


def _others(record: Record) -> dict[str, Path]:
    """The records of other settings in the usual places, the one that stands for its run of each."""
    mine, found = regime_of(record).identity(), dict[str, Path]()
    for one in candidates(places()):
        if one.settings is not None and one.settings.identity() != mine:
            found.setdefault(one.run if one.run not in found else one.name, one.path)
    return found


def _read(run: Record | Path) -> Record:
    return load(run) if isinstance(run, Path) else run


def _slot(record: Record, updates: int) -> int:
    """The last check that a run had made after so many updates."""
    made = record["check_updates"][: last_filled(record) + 1]
    return max(0, int(np.searchsorted(made, updates, side="right")) - 1)
