"""One run at a glance: five small panels whose axes are the same for every run."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.plots.diagnostics import FLOOR, LOG_G, TOP, log10_of, over_time
from rnnkit.plots.style import BLACK, SMALL, new_figure
from rnnkit.plots.training import smoothed
from rnnkit.record.facts import Record
from rnnkit.record.file import regime_of

THIS, OTHER = {"color": BLACK, "linewidth": 1.6}, {"color": "0.55", "linewidth": 1.1, "linestyle": (0, (4, 2))}
LOSSES, NORMS, RADII = (1e-2, 1e2), (1e-2, 1e4), (0.0, 3.0)
FIRST = 30  # updates that are drawn one by one
Curve = tuple[np.ndarray, np.ndarray]


def glance(record: Record, beside: Record | None = None, name: str = "this run", other: str = "right") -> Figure:
    """Gradient through time and distance from saturation at the last check; loss, norm and rho over training.

    All axes are fixed, so that pictures of several runs can be laid beside one another; a curve that leaves its axis
    runs along the edge. In black and grey: nothing is lost in print.

    Arguments:
        record: of an RNN, with diagnostics.
        beside: another run, drawn dashed and grey.
        name, other: what the two are called.
    """
    figure, axes = new_figure(3, 2, width=2.75, height=1.75)
    steps = f"t, of {len(over_time(record, 'grad_time'))} steps"
    panels = [
        ("gradient through time, " + LOG_G, steps, (FLOOR, TOP), "linear"),
        ("distance $1 - |h_t|$, mean over units", steps, (0.0, 1.0), "linear"),
        ("loss of the training batches", "updates (log)", LOSSES, "log"),
        ("gradient norm", "updates (log)", NORMS, "log"),
        (r"spectral radius $\rho(W_{hh})$", "updates (log)", RADII, "linear"),
    ]
    for ax, (title, below, span, scale) in zip(axes, panels, strict=False):
        low, high = span
        gap = 0.02 * (high - low)
        limits = (low - gap, high + gap) if scale == "linear" else (low / 1.15, high * 1.15)
        ax.set(yscale=scale, ylim=limits, xscale="linear" if below == steps else "log")
        ax.set_title(title, fontsize=SMALL)
        ax.set_xlabel(below, fontsize=SMALL)
        ax.tick_params(labelsize=SMALL - 1)
    for one, how, label in ((beside, OTHER, other), (record, THIS, name)):
        if one is not None:
            _draw(axes, one, [span for _, _, span, _ in panels], {**how, "label": label})
    axes[5].set_axis_off()
    axes[5].legend(*axes[0].get_legend_handles_labels(), loc="center left", frameon=False, fontsize=SMALL + 1)
    return figure


def _per_update(values: np.ndarray) -> Curve:
    """Every one of the first updates, which a log axis spreads out, and medians of the others."""
    first = values[:FIRST][np.isfinite(values[:FIRST])]
    ends, medians = smoothed(values[FIRST:])
    return np.append(np.arange(1, len(first) + 1), ends + FIRST), np.append(first, medians)


def _draw(axes: list[Axes], record: Record, spans: list[tuple[float, float]], how: dict) -> None:
    g, distance = log10_of(record), over_time(record, "sat_time")
    filled = record["check_updates"] >= 0
    curves: list[Curve] = [
        (np.arange(1, len(g) + 1), g),
        (np.arange(1, len(distance) + 1), distance),
        _per_update(record["train_nll"]),
        _per_update(record["gradient_norm"]),
        (np.maximum(record["check_updates"][filled], 1), record["rho_Whh"][filled]),
    ]
    for place, (ax, (x, y), (low, high)) in enumerate(zip(axes, curves, spans, strict=False)):
        ax.plot(x, np.clip(y, low, high), **how)
        if place < 2 and len(y):  # the last step is one point, and may be all that there is
            ax.plot(x[-1:], np.clip(y[-1:], low, high), marker="o", markersize=3.5, color=how["color"])
        elif place >= 2:
            ax.set_xlim(1, regime_of(record).maxiters)
