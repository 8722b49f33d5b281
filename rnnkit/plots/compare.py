"""Figures that set runs side by side in several panels. ``runs`` maps a short label to a record."""

from __future__ import annotations

from matplotlib.figure import Figure

from rnnkit.plots.diagnostics import (
    LOG_G,
    counted,
    draw_shares,
    gradient_histograms,
    gradient_profile,
    gradient_span,
    log10_of,
    saturations,
)
from rnnkit.plots.margins import Margins
from rnnkit.plots.numbers import numbers
from rnnkit.plots.seeds import draw_curve, grouped
from rnnkit.plots.style import BLUE, GREEN, NARROW, Runs, along, new_figure
from rnnkit.plots.training import norms, omegas, spectra, validations

__all__ = [
    "gradient_histograms",
    "gradient_profile",
    "norms",
    "numbers",
    "omegas",
    "overlaid",
    "overview",
    "saturations",
    "spectra",
    "validations",
]


def overlaid(runs: Runs) -> Figure:
    """Several runs in each panel: gradient norms over training, then of the last check log10 g_t and saturation.

    *Source:* handout section 6, question 3.
    """
    runs = grouped(runs)
    figure, axes = new_figure(2, 2, width=NARROW, height=2.8, layout=Margins())
    for ax, draw in zip(axes, (norms, gradient_profile, gradient_histograms, saturations), strict=True):
        draw(runs, ax)
    return figure


def overview(runs: Runs) -> Figure:
    """A row for each run, common axes in each column: log10 g_t over time, its histogram, saturation of all units.

    *Source:* handout section 6, questions 1 and 2.
    """
    runs = grouped(runs)
    figure, axes = new_figure(3, len(runs), width=2.9, height=1.25, layout=Margins())
    span = gradient_span([*runs.values()])
    for row, (label, record) in enumerate(runs.items()):
        profile, gradient, saturation = axes[3 * row : 3 * row + 3]
        draw_curve(profile, record, lambda one: along(log10_of(one)), color=BLUE)
        gradient.stairs(*counted(record, span), fill=True, color=BLUE)
        draw_shares(saturation, record, GREEN, sideways=False)
        profile.set(ylim=span, ylabel=label, xlabel="time step t")
        gradient.set(xlim=span, ylabel="steps", xlabel=LOG_G)
        gradient.set_xticks([-12, -8, -4, 0])
        saturation.set(xlim=(0, 1), xlabel="distance to saturation")
        for ax in (profile, gradient, saturation):
            ax.label_outer()
    for ax, title in zip(axes, (LOG_G, "its histogram", "distance of all units"), strict=False):
        ax.set_title(title, fontsize=9)
    return figure
