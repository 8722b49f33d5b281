"""One run at one moment: what the dashboard and the record browser show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.ticker import NullLocator

from rnnkit.diagnostics import EPS, farthest, log10_grad
from rnnkit.plots.figures import Drawn
from rnnkit.plots.moving import Moving, png_of
from rnnkit.plots.style import BLACK, BLUE, GREEN, ORANGE, RED, log_updates
from rnnkit.record.facts import Record, floors_of
from rnnkit.record.file import last_filled, regime_of

SPAN = (-12.5, 2.0)  # of log10 g_t: one axis for all moments of a run, so that what moves is the gradient
DPI, SIZE, TWO_COLUMNS = 72, (11.1, 5.2), (7.2, 7.6)
MOST = 400  # points of a curve over updates, and rows of the heat map: more are not to be seen


class Moments:
    """The six panels of a run: loss, norms and rho until a check; log10 g_t, saturation and heat map at it.

    Arguments:
        record: of the run, finished or on its way; with at least one check.
        like: further runs whose axes it shares.
        log: a log axis for updates, with 0 at its left end.
        columns: of panels, 3 or 2.

    Attributes:
        figure: as of the moment that was shown last.
        moving: draws it.
    """

    def __init__(self, record: Record, like: Sequence[Record] = (), log: bool = False, columns: int = 3) -> None:
        regime, every = regime_of(record), [record, *like]
        size = SIZE if columns == 3 else TWO_COLUMNS
        self.figure = Drawn(figsize=size, dpi=DPI)
        self._scale = SIZE[0] / size[0], SIZE[1] / size[1]
        profile = str(record["profile"])
        self._name = regime.name if profile == "full" else f"{regime.name}  ({profile} profile)"
        running, last = str(record["status"]) == "running", last_filled(record)
        self._end, self._steps = max(map(_end_of, every)), max(map(_steps_of, every))
        self._checks = regime.checkpoints - 1 if running else last
        self._clips, self._bins = regime.clipstyle == "rescale", regime.diagBins
        self._most = farthest(str(record["act_name"]))
        self._axes: list[Axes] = list(self.figure.subplots(6 // columns, columns).flat)
        self._panels(floors_of(record)["marginal"].nll)
        if log:
            log_updates(*self._axes[:3])
        self._set_heat_map(record)
        for one in every:
            for slot in range(last_filled(one) + 1) if like else _some(last):
                self._grow(one, slot)  # axes that hold all of what is there

    def share(self, other: Moments) -> None:
        """Gives both the axes that hold either; before a picture of them was drawn."""
        for mine, others in zip(self._axes[:-1], other._axes, strict=False):
            (low, high), (least, most) = mine.get_ylim(), others.get_ylim()
            for ax in (mine, others):
                ax.set_ylim(min(low, least), max(high, most))

    def show(self, record: Record, slot: int) -> Figure:
        """Sets every panel to a check; the figure, not drawn yet."""
        self._grow(record, slot)
        updates, done = record["check_updates"][: slot + 1], int(record["check_updates"][slot])
        self._loss.set_data(updates, record["valid_nll"][: slot + 1])
        self._rho.set_data(updates, record["rho_Whh"][: slot + 1])
        for line, name in ((self._before, "gradient_norm"), (self._after, "gradient_norm_clipped")):
            line.set_data(*_thinned(record[name][: done if self._clips or line is self._before else 0]))
        for bars, heights in zip((self._gradient, self._saturation), self._counted(record, slot), strict=True):
            bars.set_data(heights)
        self._set_heat_map(record)
        self._now.set_ydata([done, done])
        when = "untrained" if slot == 0 else f"after {done} updates"
        self._title.set_text(f"{self._name}: check {slot} of {self._checks}, {when}")
        return self.figure

    def png(self, record: Record, slot: int) -> bytes:
        """The picture of a check, as the bytes of a PNG file."""
        return png_of(self.pixels(record, slot))

    def pixels(self, record: Record, slot: int) -> np.ndarray:
        """The same as red, green and blue, ``(height, width, 3)``."""
        self.show(record, slot)
        return self.moving.pixels()

    def _panels(self, floor: float) -> None:
        across, down = self._scale
        self.figure.subplots_adjust(
            left=0.07 * across, right=1 - 0.015 * across, bottom=0.1 * down, top=1 - 0.09 * down, wspace=0.27,
            hspace=0.36,
        )  # fmt: skip
        for ax in self._axes:
            ax.grid(alpha=0.25)
            ax.spines[["top", "right"]].set_visible(False)
            ax.set_xlim(0, self._end)
            ax.tick_params(labelsize=8)
            ax.locator_params(nbins=4)
            ax.set_title("", y=1)  # matplotlib need not look for a place for one
        loss, norm, rho, gradient, saturation, heat = self._axes
        loss.axhline(floor, color=BLACK, linewidth=0.9, linestyle="--", label="marginal's floor")
        (self._loss,) = loss.plot([], [], color=BLUE, marker=".", label="validation")
        loss.set(xlabel="updates", ylabel="loss", ylim=(floor * 0.98, floor * 1.02))
        (self._before,) = norm.plot([], [], color=BLUE, linewidth=0.6, label="before clipping")
        (self._after,) = norm.plot([], [], color=ORANGE, linewidth=0.6, label="after" if self._clips else None)
        norm.set(xlabel="updates", ylabel="gradient norm", yscale="log", ylim=(0.01, 10))
        norm.yaxis.set_major_formatter("{x:g}")  # no mathematics to set, which takes its time
        norm.yaxis.set_minor_locator(NullLocator())
        (self._rho,) = rho.plot([], [], color=BLUE, marker=".")
        rho.axhline(1, color=BLACK, linewidth=0.9, linestyle=":")
        rho.set(xlabel="updates", ylabel="ρ(W_hh)", ylim=(0.5, 1.5))
        for ax in (loss, norm):
            ax.legend(fontsize=7, loc="upper right")
        self._gradient = _bars(gradient, self._bins, SPAN, BLUE, "log10 g_t")
        self._saturation = _bars(saturation, self._bins, (0, self._most), GREEN, "distance to saturation")
        heat.set(xlabel="time step t", ylabel="updates", ylim=(self._end, 0))
        heat.grid(False)
        self._heat = heat.imshow(
            [[np.nan]], aspect="auto", vmin=SPAN[0], vmax=0, cmap="cividis", interpolation="nearest"
        )
        self._now = heat.axhline(0, color=RED, linewidth=1)
        self._title = self.figure.suptitle(" ", fontsize=10)
        lines = self._loss, self._before, self._after, self._rho, self._gradient, self._saturation
        room = (0.058 * across, 0.1 * down, 0.011 * across, 0.03 * down)
        self.moving = Moving(self.figure, (*lines, self._heat, self._now, self._title), room)

    def _grow(self, record: Record, slot: int) -> None:
        """Widens axes that a check does not fit into; then they are drawn again."""
        norms = record["gradient_norm"][: int(record["check_updates"][slot])]
        curves = (record["valid_nll"][: slot + 1], norms[norms > 0], record["rho_Whh"][: slot + 1])
        there = zip(self._axes, (*curves, *self._counted(record, slot)), strict=False)
        self.moving.changed |= {ax for ax, values in there if _hold(ax, values)}

    def _counted(self, record: Record, slot: int) -> tuple[np.ndarray, np.ndarray]:
        """The bars' heights at a check: in how many steps log10 g_t and saturation have each value."""
        gradient, saturation = np.clip(log10_grad(record["grad_time"][slot]), *SPAN), record["sat_time"][slot]
        known = saturation[np.isfinite(saturation)]
        return np.histogram(gradient, self._bins, SPAN)[0], np.histogram(known, self._bins, (0, self._most))[0]

    def _set_heat_map(self, record: Record) -> None:
        """log10 g_t of all checks that were made, some hundreds of them where there are more."""
        last = last_filled(record)
        steps = _steps_of(record)
        if not steps:
            return
        self._heat.set_data(np.log10(record["grad_time"][_some(last), :steps] + EPS))
        self._heat.set_extent((1, steps, max(1.0, float(record["check_updates"][last])), 0))
        ax = self._axes[-1]
        if (ax.get_xlim(), ax.get_ylim()) != ((1, self._steps), (self._end, 0)):
            ax.set(xlim=(1, self._steps), ylim=(self._end, 0))
            self.moving.changed.add(ax)


def _steps_of(record: Record) -> int:
    """Of the diagnostic batch; none without diagnostics."""
    return int(np.isfinite(record["grad_time"][0]).sum())


def _end_of(record: Record) -> int:
    """The update at which axes end: that of the whole run while it is on its way."""
    if str(record["status"]) == "running":
        return regime_of(record).maxiters
    return max(1, int(record["check_updates"][last_filled(record)]))


def moment(record: Record, slot: int | None = None) -> Figure:
    """A figure of one check, to be kept: see `Moments`; the last one by default."""
    moments = Moments(record)
    moments.show(record, last_filled(record) if slot is None else slot)
    return moments.moving.still()


def _bars(ax: Axes, bins: int, span: tuple[float, float], color: str, name: str) -> StepPatch:
    ax.set(xlabel=name, ylabel="steps", xlim=span, ylim=(0, 1))
    return ax.stairs(np.zeros(bins), np.linspace(*span, bins + 1), fill=True, color=color)


def _some(last: int) -> np.ndarray:
    """The checks from the first to the last, or as many of them as are to be seen."""
    return np.unique(np.linspace(0, last, min(last + 1, MOST)).astype(int))


def _thinned(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve over updates as the largest of each stretch, where it has more points than can be seen."""
    every = -(-len(values) // MOST) or 1
    begins = np.arange(0, len(values), every)
    return begins + 1, np.maximum.reduceat(values, begins) if len(values) else values


def _hold(ax: Axes, values: np.ndarray) -> bool:
    """Makes room for these values on the upright axis, and some more; whether there was too little."""
    values = values[np.isfinite(values)]
    low, high = ax.get_ylim()
    if not values.size or (low <= values.min() and values.max() <= high):
        return False
    least, most = min(low, float(values.min())), max(high, float(values.max()))
    if ax.get_yscale() == "log":
        limits = 10.0 ** np.floor(np.log10(least)), 10.0 ** np.ceil(np.log10(most) + 0.01)
    else:
        limits = low if least == low else least - 0.2 * (most - least), most + 0.2 * (most - least)
    ax.set_ylim(*limits)
    return True
