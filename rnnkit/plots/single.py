"""Figures of one run."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.diagnostics import log10_grad
from rnnkit.facts import Record, floors_of
from rnnkit.plots.style import BLACK, BLUE, FLOOR_STYLES, GREEN, ORANGE, RED, new_figure, title_of
from rnnkit.record import last_filled, regime_of


def validation(record: Record) -> Figure:
    """Validation loss and strict error over training, with the task's floors drawn in.

    *Source:* handout sections 2.3 (iii) and 4.
    """
    figure, (loss, error) = new_figure(2)
    filled = slice(0, last_filled(record) + 1)
    updates = record["check_updates"][filled]
    regression = str(record["classif_type"]) == "lastLinear"
    loss.plot(updates, record["valid_nll"][filled], color=BLUE)
    error.plot(updates, record["valid_error"][filled], color=BLUE)
    floors = floors_of(record)
    for ax, values in ((loss, {k: f.nll for k, f in floors.items()}), (error, {k: f.error for k, f in floors.items()})):
        _draw_floors(ax, values)
        ax.set_xlabel("updates")
        ax.legend(fontsize=8)
    loss.set_ylabel("validation loss (squared error)" if regression else "validation nll (nats)")
    error.set_ylabel("validation error (%)")
    error.set_ylim(-2, 105)
    figure.suptitle(title_of(record))
    return figure


def _draw_floors(ax: Axes, values: dict[str, float]) -> None:
    """One line per different level; floors on the same level share it."""
    levels: dict[float, list[str]] = {}
    for name, value in values.items():
        levels.setdefault(round(value, 6), []).append(name)
    for level, names in levels.items():
        label = f"{', '.join(names)}: {level:.4g}".replace("_", " ")
        ax.axhline(level, color=BLACK, alpha=0.6, linewidth=1, linestyle=FLOOR_STYLES[names[0]], label=label)


def gradient_histogram(record: Record) -> Figure:
    """Histogram over time steps of log10 g_t (total derivative) at the last check.

    *Source:* handout sections 2.3 (i), 4 and 6 (question 1).
    """
    figure, (ax,) = new_figure()
    last = last_filled(record)
    values = log10_grad(record["grad_time"][last])
    _histogram(ax, values, record, BLUE)
    ax.set_xlabel(r"$\log_{10}(\Vert dL/dh_t \Vert + 10^{-12})$, mean over the batch")
    _finish(figure, record, last)
    return figure


def saturation_histogram(record: Record) -> Figure:
    """Histogram over time steps of the hidden distance to saturation at the last check.

    *Source:* handout sections 2.3 (ii), 4 and 6 (question 2).
    """
    figure, (ax,) = new_figure()
    last = last_filled(record)
    most = 0.5 if str(record["act_name"]) == "sigmoid" else 1.0
    _histogram(ax, record["sat_time"][last], record, GREEN, (0, most))
    share = (
        100 * float(np.nanmean(record["unit_sat_time"][last])) if _any(record["unit_sat_time"][last]) else float("nan")
    )
    threshold = regime_of(record).satThresh
    ax.axvline(threshold, color=RED, linewidth=1, label=f"threshold {threshold:g}; {share:.1f} % of units below")
    ax.legend(fontsize=8)
    ax.set_xlabel("mean distance to saturation (0: saturated)")
    _finish(figure, record, last)
    return figure


def gate_histograms(record: Record) -> Figure:
    """Histograms over time steps of the gates' distances at the last check; a line of text where there are none.

    *Source:* handout sections 2.3 (item 5), 4 and 6 (question 4).
    """
    figure, axes = new_figure(2)
    last = last_filled(record)
    for ax, gate, color, name in zip(axes, "zr", (BLUE, ORANGE), ("update", "reset"), strict=True):
        _histogram(ax, record[f"gate_{gate}_sat_time"][last], record, color, (0, 0.5))
        ax.set_xlabel(f"{name} gate {gate}: mean distance from 0 and 1 (0: decided)")
    _finish(figure, record, last)
    return figure


def _histogram(ax: Axes, values: np.ndarray, record: Record, color: str, span: tuple | None = None) -> None:
    values = values[np.isfinite(values)]
    if values.size:
        ax.hist(values, bins=regime_of(record).diagBins, range=span, color=color)
    else:
        ax.text(0.5, 0.5, "not recorded in this run", ha="center", transform=ax.transAxes)
    ax.set_ylabel("time steps")


def _any(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).any())


def _finish(figure: Figure, record: Record, slot: int) -> None:
    figure.suptitle(f"{title_of(record)}\nafter {int(record['check_updates'][slot])} updates", fontsize=10)


def gradient_norms(record: Record) -> Figure:
    """Global gradient norm of every update, before and after clipping.

    *Source:* handout section 2.3, items 1 and 2.
    """
    figure, (ax,) = new_figure(width=7)
    regime, updates = regime_of(record), np.arange(1, len(record["gradient_norm"]) + 1)
    ax.semilogy(updates, record["gradient_norm"], color=BLUE, linewidth=0.6, label="before clipping")
    if regime.clipstyle == "rescale":
        ax.semilogy(updates, record["gradient_norm_clipped"], color=ORANGE, linewidth=0.6, label="after clipping")
        ax.axhline(regime.cutoff, color=BLACK, linestyle=":", linewidth=1, label=f"cutoff {regime.cutoff:g}")
    ax.set_xlabel("updates")
    ax.set_ylabel("global gradient norm")
    ax.legend(fontsize=8)
    figure.suptitle(title_of(record))
    return figure


def spectrum(record: Record) -> Figure:
    """Spectral radius and largest singular value of the recurrent matrix over training.

    *Source:* handout section 2.3, item 6, and section 6, question 5.
    """
    figure, (ax,) = new_figure(width=7)
    filled = slice(0, last_filled(record) + 1)
    updates = record["check_updates"][filled]
    ax.plot(updates, record["rho_Whh"][filled], color=BLUE, label=r"spectral radius $\rho(W_{hh})$")
    ax.plot(updates, record["sigma_max_Whh"][filled], color=ORANGE, label=r"largest singular value")
    ax.axhline(1, color=BLACK, linestyle=":", linewidth=1)
    ax.set_xlabel("updates")
    ax.legend(fontsize=8)
    figure.suptitle(title_of(record))
    return figure
