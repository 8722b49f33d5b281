"""Saturation and gates: means over the steps, and how the units differ."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.diagnostics import farthest
from rnnkit.plots.gradient import nothing, over_time
from rnnkit.plots.style import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Runs,
    along,
    draw_ridges,
    entitle,
    legend_below,
    panel,
    profiles_beside_histograms,
)
from rnnkit.record.facts import Record
from rnnkit.record.file import last_filled, regime_of

OLDER = "means of the steps:\nan older record has no units"
SHARE, STEPS = "units (%)", "steps (%)"


def shares(record: Record, gate: str = "") -> tuple[np.ndarray, np.ndarray, bool]:
    """A histogram over all units and steps of the last check, in percent, by --diagBins.

    Arguments:
        gate: z or r; without one, of the distance to saturation.

    Returns:
        heights, edges, and whether they are those of the steps' means: an older record has no more than these.
    """
    key, means = (f"gate_{gate}_units", f"gate_{gate}_sat_time") if gate else ("sat_units", "sat_time")
    edges = np.linspace(0, 1.0 if gate else most_of(record), regime_of(record).diagBins + 1)
    if key in record and np.isfinite(record[key][last_filled(record)]).all():
        return 100 * record[key][last_filled(record)], edges, False
    values = over_time(record, means)
    return 100 * np.histogram(values, edges)[0] / max(1, len(values)), edges, bool(values.size)


def saturation_histogram(record: Record) -> Figure:
    """Distance to saturation at the last check: mean over the units at each step; all units at all steps beside it.

    *Source:* handout sections 2.3 (ii), 4 and 6 (question 2).
    """
    figure, (profile, histogram) = profiles_beside_histograms()
    most, threshold = most_of(record), regime_of(record).satThresh
    means, units = over_time(record, "sat_time"), over_time(record, "unit_sat_time")
    if means.size:
        profile.plot(*along(means), color=GREEN, label="mean of the units at each step")
        label = f"{threshold:g}: {100 * np.nanmean(units):.2g} % of all units are nearer"
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
        means, distances = over_time(record, f"gate_{gate}_mean_time"), over_time(record, f"gate_{gate}_sat_time")
        if distances.size:
            if means.size:
                label = f"mean value ({means.mean():.2f} over all steps)"
                profile.plot(*along(means), color=color, label=label)
            label = f"mean distance from 0 and 1 ({distances.mean():.2f})"
            profile.plot(*along(distances), color=color, linestyle=":", label=label)
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
    histograms = {label: shares(record) for label, record in runs.items()}
    draw_ridges(ax, {label: (heights, edges) for label, (heights, edges, _) in histograms.items()})
    ax.set(xlabel="distance to saturation", ylabel="units", xlim=(-0.02, 1.02))
    if any(older for _, _, older in histograms.values()):
        ax.set_title(OLDER.replace("\n", " "), fontsize=7)
    return figure
