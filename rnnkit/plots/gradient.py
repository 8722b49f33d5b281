"""Gradient through time: over the steps, how often it has each value, and over training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.diagnostics import EPS, mean_log10_grad, over_steps
from rnnkit.plots.style import (
    BLUE,
    LINES,
    MAP,
    Runs,
    draw_ridges,
    entitle,
    label_ends,
    legend_below,
    panels,
    profiles_beside_histograms,
    span_of,
    title_of,
)
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of

LOG_G = r"$\log_{10}(g_t + 10^{-12})$"
FLOOR, TOP = -12.5, 1.0  # of every axis of log10 g_t; its top is higher where a gradient is
NOTHING = "not recorded in this run"


def log10_of(record: Record, slot: int | None = None, key: str = "grad_time") -> np.ndarray:
    """``(T,)``: log10 of g_t at a check, the last one by default; empty where it was not recorded."""
    g = record[key][last_filled(record) if slot is None else slot].astype(np.float64)
    steps = np.flatnonzero(np.isfinite(g))
    return np.log10(g[: steps[-1] + 1] + EPS) if steps.size else np.empty(0)


def gradient_span(records: Sequence[Record]) -> tuple[float, float]:
    """One axis of log10 g_t for these runs: from its floor to ``TOP``, or to the largest gradient."""
    _, high = span_of([log10_of(record) for record in records], 1.0)
    return FLOOR, max(TOP, high)


def gradient_histogram(record: Record, like: Sequence[Record] = ()) -> Figure:
    """log10 g_t (total derivative) at the last check: over the time steps, and its histogram beside it.

    Arguments:
        like: further runs whose axis it shares.

    *Source:* handout sections 2.3 (i), 4 and 6 (question 1).
    """
    figure, (profile, histogram) = profiles_beside_histograms()
    span, values = gradient_span([record, *like]), log10_of(record)
    if values.size:
        profile.plot(np.arange(1, len(values) + 1), values, color=BLUE)
        heights, edges = np.histogram(values[np.isfinite(values)], regime_of(record).diagBins, span)
        histogram.stairs(heights, edges, orientation="horizontal", fill=True, color=BLUE)
    else:
        nothing(profile)
    profile.set(xlabel="time step t", ylabel=LOG_G, ylim=span)
    histogram.set(xlabel="time steps")
    entitle(figure, record)
    return figure


def nothing(ax: Axes) -> None:
    """Says that there is nothing to draw."""
    ax.text(0.5, 0.5, NOTHING, ha="center", transform=ax.transAxes, fontsize=8)


def gradient_profile(runs: Runs) -> Figure:
    """log10 g_t against the time step at the last check, several runs: how far back the gradient reaches."""
    figure, (ax,) = panels()
    draw_profiles(ax, runs)
    return figure


def draw_profiles(ax: Axes, runs: Runs) -> None:
    """The lines of `gradient_profile`."""
    lines = {}
    for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
        values = log10_of(record)
        (lines[label],) = ax.plot(np.arange(1, len(values) + 1), values, color=color, linestyle=style)
    ax.set(xlabel="time step t", ylabel=LOG_G, ylim=_near(runs))
    label_ends(ax, lines)


def gradient_histograms(runs: Runs) -> Figure:
    """Histograms over the time steps of log10 g_t at the last check, several runs on one axis."""
    figure, (ax,) = panels()
    draw_histograms(ax, runs)
    return figure


def draw_histograms(ax: Axes, runs: Runs) -> None:
    """The shapes of `gradient_histograms`."""
    span = _near(runs)
    values = {label: log10_of(record) for label, record in runs.items()}
    bins = {label: regime_of(record).diagBins for label, record in runs.items()}
    draw_ridges(ax, {label: np.histogram(values[label], bins[label], span) for label in runs})
    ax.set(xlabel=LOG_G, ylabel="time steps", xlim=span)


def _near(runs: Runs) -> tuple[float, float]:
    """The range of these runs' gradients, at least two decades."""
    return span_of([log10_of(record) for record in runs.values()], 2.0)


def heat_map(record: Record, like: Sequence[Record] = ()) -> Figure:
    """log10 g_t over time steps (across) and training (downwards).

    Arguments:
        like: further runs whose colours it shares.
    """
    figure, (ax,) = panels(height=2.9)
    ax.grid(False)
    steps, last = len(log10_of(record)), last_filled(record)
    low, high = gradient_span([record, *like])
    if steps:
        image = np.log10(record["grad_time"][: last + 1, :steps] + EPS)
        extent = (1, steps, max(1.0, float(record["check_updates"][last])), 0)
        shown = ax.imshow(image, aspect="auto", extent=extent, vmin=low, vmax=high, cmap=MAP, interpolation="nearest")
        figure.colorbar(shown, ax=ax, label=LOG_G)
    else:
        nothing(ax)
    ax.set(xlabel="time step t", ylabel="updates")
    figure.suptitle(title_of(record), fontsize=9)
    return figure


def total_and_direct(record: Record, narrow: bool = False) -> Figure:
    """log10 g_t from the total derivative, and what the direct term alone would show, at the last check."""
    figure, (profile, histogram) = panels(2, narrow)
    span = span_of([log10_of(record), log10_of(record, key="grad_time_direct")], 2.0)
    names = {"total dL/dh_t": "grad_time", "direct term only": "grad_time_direct"}
    for (name, key), (color, style) in zip(names.items(), LINES, strict=False):
        values = log10_of(record, key=key)
        profile.plot(np.arange(1, len(values) + 1), values, color=color, linestyle=style, label=name)
        outline: dict[str, Any] = {"histtype": "step", "linewidth": 1.6, "color": color, "linestyle": style}
        histogram.hist(values, bins=regime_of(record).diagBins, range=span, **outline)
    profile.set(xlabel="time step t", ylabel=r"$\log_{10}$ (norm $+\,10^{-12}$)", ylim=span)
    histogram.set(xlabel=r"$\log_{10}$ (norm $+\,10^{-12}$)", ylabel="time steps")
    legend_below(profile, columns=2)
    figure.suptitle(title_of(record), fontsize=9)
    return figure


def over_training(record: Record, like: Sequence[Record] = (), narrow: bool = False) -> Figure:
    """Mean log10 g_t against saturation and against rho, one point for each check, darker later.

    Arguments:
        like: further runs whose axes it shares.
        narrow: the two under one another.

    *Source:* handout section 6, questions 2 and 5.
    """
    ratios: dict[str, Any] = {} if narrow else {"width_ratios": (1, 1.25)}  # the colour bar takes a fifth of the second
    figure, axes = panels(2, narrow, height=2.6, **ratios)
    g, shade = mean_log10_grad(record["grad_time"]), record["check_updates"]
    sides = {"mean distance to saturation": lambda one: over_steps(one["sat_time"])}
    sides[r"spectral radius $\rho(W_{hh})$"] = lambda one: one["rho_Whh"]
    for ax, (name, of) in zip(axes, sides.items(), strict=True):
        seen = np.isfinite(g) & np.isfinite(of(record)) & (shade >= 0)
        points = ax.scatter(of(record)[seen], g[seen], c=shade[seen], cmap=f"{MAP}_r", s=14, clip_on=False, zorder=3)
        near = (record, *like)
        ax.set(xlabel=name, xlim=span_of([of(each) for each in near], 0.05))
        ax.set(ylabel=r"mean $\log_{10} g_t$", ylim=span_of([mean_log10_grad(each["grad_time"]) for each in near], 1.0))
        ax.xaxis.set_major_locator(MaxNLocator(4))
    for ax in axes if narrow else axes[1:]:
        figure.colorbar(points, ax=ax, label="updates")
    figure.suptitle(title_of(record), fontsize=9)
    return figure
