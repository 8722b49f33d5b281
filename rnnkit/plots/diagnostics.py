"""Gradient through time, saturation and gates: over the steps, how often they have each value, and over training."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.diagnostics import EPS, farthest, mean_log10_grad, over_steps
from rnnkit.plots.seeds import draw_curve, grouped, mean_of, median_of, members_of
from rnnkit.plots.style import (
    BLUE,
    GREEN,
    GREY,
    LINES,
    MAP,
    ORANGE,
    RED,
    Runs,
    along,
    draw_ridges,
    entitle,
    label_ends,
    legend_below,
    overlay,
    panel,
    panels,
    profiles_beside_histograms,
    span_of,
    title_of,
)
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of

LOG_G = r"$\log_{10}(g_t + 10^{-12})$"
FLOOR, TOP = -12.5, 1.0  # of every axis of log10 g_t; its top is higher where a gradient is
OLDER = "means of the steps:\nan older record has no units"
SHARE, STEPS = "units (%)", "steps (%)"
NOTHING = "not recorded in this run"


def over_time(record: Record, key: str) -> np.ndarray:
    """``(T,)``: a diagnostic at the last check; empty where it was not recorded."""
    row = record[key][last_filled(record)] if key in record else np.empty(0)
    steps = np.flatnonzero(np.isfinite(row))
    return row[: steps[-1] + 1] if steps.size else np.empty(0)


def log10_of(record: Record, key: str = "grad_time") -> np.ndarray:
    """``(T,)``: log10 of g_t at the last check; empty where it was not recorded."""
    return np.log10(over_time(record, key).astype(np.float64) + EPS)


def counted(record: Record, span: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The histogram of log10 g_t over the steps: heights and edges."""
    bins = regime_of(record).diagBins
    heights = mean_of(record, lambda one: np.histogram(log10_of(one), bins, span)[0])
    return heights, np.histogram_bin_edges([], bins, span)


def gradient_span(records: Sequence[Record]) -> tuple[float, float]:
    """One axis of log10 g_t for these runs: from its floor to ``TOP``, or to the largest gradient."""
    _, high = span_of([log10_of(record) for record in members_of(*records)], 1.0)
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
        draw_curve(profile, record, lambda one: along(log10_of(one)), color=BLUE)
        histogram.stairs(*counted(record, span), orientation="horizontal", fill=True, color=BLUE)
    else:
        nothing(profile)
    profile.set(xlabel="time step t", ylabel=LOG_G, ylim=span)
    histogram.set(xlabel="time steps")
    entitle(figure, record)
    return figure


def nothing(ax: Axes) -> None:
    """Says that there is nothing to draw."""
    ax.text(0.5, 0.5, NOTHING, ha="center", transform=ax.transAxes, fontsize=8)


def gradient_profile(runs: Runs, ax: Axes | None = None) -> Figure:
    """log10 g_t against the time step at the last check, several runs: how far back the gradient reaches."""
    figure, ax = panel(ax)
    runs = grouped(runs)
    lines = overlay(ax, runs, lambda record: along(log10_of(record)))
    ax.set(xlabel="time step t", ylabel=LOG_G, ylim=_near(runs))
    label_ends(ax, lines)
    return figure


def gradient_histograms(runs: Runs, ax: Axes | None = None) -> Figure:
    """Histograms over the time steps of log10 g_t at the last check, several runs on one axis."""
    figure, ax = panel(ax)
    runs = grouped(runs)
    span = _near(runs)
    draw_ridges(ax, {label: counted(record, span) for label, record in runs.items()})
    ax.set(xlabel=LOG_G, ylabel="time steps", xlim=span)
    return figure


def _near(runs: Runs) -> tuple[float, float]:
    """The range of these runs' gradients, at least two decades."""
    return span_of([log10_of(record) for record in members_of(*runs.values())], 2.0)


def heat_map(record: Record, like: Sequence[Record] = ()) -> Figure:
    """log10 g_t over time steps (across) and training (downwards).

    Arguments:
        like: further runs whose colours it shares.
    """
    figure, (ax,) = panels(height=2.9)
    ax.grid(False)
    steps, last = len(over_time(record, "grad_time")), last_filled(record)
    low, high = gradient_span([record, *like])
    if steps:
        norms = median_of(record, lambda one: one["grad_time"][: last + 1, :steps])
        image = np.log10(norms + EPS)
        extent = (1, steps, max(1.0, float(record["check_updates"][last])), 0)
        shown = ax.imshow(image, aspect="auto", extent=extent, vmin=low, vmax=high, cmap=MAP, interpolation="nearest")
        figure.colorbar(shown, ax=ax, label=LOG_G)
    else:
        nothing(ax)
    ax.set(xlabel="time step t", ylabel="updates")
    figure.suptitle(title_of(record).split("\n")[0], fontsize=9)
    return figure


def _steps(record: Record, key: str) -> tuple[np.ndarray, np.ndarray]:
    return along(over_time(record, key))


def _overall(record: Record, curve: Callable[[Record], tuple[np.ndarray, np.ndarray]]) -> float:
    """A curve's mean."""
    return float(mean_of(record, lambda one: curve(one)[1].mean()))


def _profile(record: Record, key: str) -> tuple[np.ndarray, np.ndarray]:
    return along(log10_of(record, key))


def total_and_direct(record: Record, narrow: bool = False) -> Figure:
    """log10 g_t from the total derivative, and what the direct term alone would show, at the last check."""
    figure, (profile, histogram) = panels(2, narrow)
    every = members_of(record)
    span = span_of([log10_of(one, key) for one in every for key in ("grad_time", "grad_time_direct")], 2.0)
    names = {"total dL/dh_t": "grad_time", "direct term only": "grad_time_direct"}
    for (name, key), (color, style) in zip(names.items(), LINES, strict=False):
        values = np.concatenate([log10_of(one, key) for one in every])
        curve = functools.partial(_profile, key=key)
        draw_curve(profile, record, curve, color=color, linestyle=style, label=name)
        outline: dict[str, Any] = {"histtype": "step", "linewidth": 1.6, "color": color, "linestyle": style}
        shares = np.full(len(values), 1 / len(every))
        histogram.hist(values, weights=shares, bins=regime_of(record).diagBins, range=span, **outline)
    profile.set(xlabel="time step t", ylabel=r"$\log_{10}$ (norm $+\,10^{-12}$)", ylim=span)
    histogram.set(xlabel=r"$\log_{10}$ (norm $+\,10^{-12}$)", ylabel="time steps")
    legend_below(profile, columns=2)
    figure.suptitle(title_of(record), fontsize=9)
    return figure


def over_training(record: Record, narrow: bool = False) -> Figure:
    """Mean log10 g_t against saturation and against rho, one point for each check, darker later.

    Arguments:
        narrow: the two under one another.

    *Source:* handout section 6, questions 2 and 5.
    """
    ratios: dict[str, Any] = {} if narrow else {"width_ratios": (1, 1.25)}  # the colour bar takes a fifth of the second
    figure, axes = panels(2, narrow, height=2.6, **ratios)
    runs = members_of(record)
    g = np.concatenate([mean_log10_grad(one["grad_time"]) for one in runs])
    shade = np.concatenate([one["check_updates"] for one in runs])
    sides = {"mean distance to saturation": np.concatenate([over_steps(one["sat_time"]) for one in runs])}
    sides[r"spectral radius $\rho(W_{hh})$"] = np.concatenate([one["rho_Whh"] for one in runs])
    for ax, (name, values) in zip(axes, sides.items(), strict=True):
        seen = np.isfinite(g) & np.isfinite(values) & (shade >= 0)
        points = ax.scatter(values[seen], g[seen], c=shade[seen], cmap=f"{MAP}_r", s=14, clip_on=False, zorder=3)
        points.set(edgecolor=GREY, linewidth=0.6)  # the first updates are light
        ax.set(xlabel=name, xlim=span_of([values], 0.05), ylabel=r"mean $\log_{10} g_t$", ylim=span_of([g], 1.0))
        ax.xaxis.set_major_locator(MaxNLocator(4))
    for ax in axes if narrow else axes[1:]:
        figure.colorbar(points, ax=ax, label="updates")
    figure.suptitle(title_of(record).split("\n")[0], fontsize=9)
    return figure


def shares(record: Record, gate: str = "") -> tuple[np.ndarray, np.ndarray, bool]:
    """A histogram over all units and steps of the last check, in percent, by --diagBins.

    Arguments:
        gate: z or r; without one, of the distance to saturation.

    Returns:
        heights, edges, and whether they are those of the steps' means: an older record has no more than these.
    """
    key, means = (f"gate_{gate}_units", f"gate_{gate}_sat_time") if gate else ("sat_units", "sat_time")
    edges = np.linspace(0, 1.0 if gate else most_of(record), regime_of(record).diagBins + 1)
    runs = members_of(record)
    if all(key in one and np.isfinite(one[key][last_filled(one)]).all() for one in runs):
        return 100 * mean_of(record, lambda one: one[key][last_filled(one)]), edges, False
    values = np.concatenate([over_time(one, means) for one in runs])
    return 100 * np.histogram(values, edges)[0] / max(1, len(values)), edges, bool(values.size)


def saturation_histogram(record: Record) -> Figure:
    """Distance to saturation at the last check: mean over the units at each step; all units at all steps beside it.

    *Source:* handout sections 2.3 (ii), 4 and 6 (question 2).
    """
    figure, (profile, histogram) = profiles_beside_histograms()
    most, threshold = most_of(record), regime_of(record).satThresh
    if over_time(record, "sat_time").size:
        curve = functools.partial(_steps, key="sat_time")
        draw_curve(profile, record, curve, color=GREEN, label="mean of the units at each step")
        nearer = mean_of(record, lambda one: np.nanmean(over_time(one, "unit_sat_time")))
        label = f"{threshold:g}: {100 * nearer:.2g} % of all units are nearer"
        for ax in (profile, histogram):
            ax.axhline(threshold, color=RED, linewidth=1, linestyle="--", label=label if ax is profile else None)
        draw_shares(histogram, record, GREEN)
    else:
        nothing(profile)
    profile.set(xlabel="time step t", ylabel="distance to saturation", ylim=(-0.02 * most, 1.02 * most))
    legend_below(profile)
    entitle(figure, record)
    return figure


def most_of(record: Record) -> float:
    """The largest distance to saturation that a unit of this run can have."""
    return farthest(str(record["act_name"]))


def draw_shares(ax: Axes, record: Record, color: str, gate: str = "", *, sideways: bool = True) -> None:
    """A histogram of all units at all steps; of an older record that of the steps' means, and it says so."""
    heights, edges, older = shares(record, gate)
    ax.stairs(heights, edges, orientation="horizontal" if sideways else "vertical", fill=True, color=color)
    (ax.set_xlabel if sideways else ax.set_ylabel)(STEPS if older else SHARE)
    if older:
        ax.set_title(OLDER, fontsize=6)


def gate_histograms(record: Record) -> Figure:
    """Both gates at the last check: mean value and mean distance at each step; all units at all steps beside them.

    *Source:* handout sections 2.3 (item 5), 4 and 6 (question 4).
    """
    figure, axes = profiles_beside_histograms(rows=2)
    for row, (gate, color, name) in enumerate((("z", BLUE, "update"), ("r", ORANGE, "reset"))):
        profile, histogram = axes[2 * row : 2 * row + 2]
        means, distances = (functools.partial(_steps, key=f"gate_{gate}_{what}_time") for what in ("mean", "sat"))
        if distances(record)[1].size:
            if means(record)[1].size:
                label = f"mean value ({_overall(record, means):.2f} over all steps)"
                draw_curve(profile, record, means, color=color, label=label)
            label = f"mean distance from 0 and 1 ({_overall(record, distances):.2f})"
            draw_curve(profile, record, distances, color=color, linestyle=":", label=label)
            draw_shares(histogram, record, color, gate)
        else:
            nothing(profile)
        profile.set(xlabel="time step t", ylabel=f"{name} gate {gate}\n(0: shut, 1: open)", ylim=(-0.02, 1.02))
        legend_below(profile)
    entitle(figure, record)
    return figure


def saturations(runs: Runs, ax: Axes | None = None) -> Figure:
    """Distances to saturation of all units at all steps at the last check, several runs on one axis."""
    figure, ax = panel(ax)
    histograms = {label: shares(record) for label, record in grouped(runs).items()}
    draw_ridges(ax, {label: (heights, edges) for label, (heights, edges, _) in histograms.items()})
    ax.set(xlabel="distance to saturation", ylabel="units", xlim=(-0.02, 1.02))
    if any(older for _, _, older in histograms.values()):
        ax.set_title(OLDER.replace("\n", " "), fontsize=7)
    return figure
