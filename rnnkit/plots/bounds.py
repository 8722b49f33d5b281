"""What the paper's bound allows, and what the gradient does."""

from __future__ import annotations

from matplotlib.figure import Figure

from rnnkit.plots.style import BLACK, BLUE, GREEN, ORANGE, legend_below, new_figure, title_of
from rnnkit.record.bounds import bounds_of
from rnnkit.record.facts import Record


def plot_bounds(record: Record) -> Figure:
    """gamma sigma_max, spectral radius and the measured growth of g_t in one step back, over training.

    *Source:* Pascanu et al. 2013, section 2.1.
    """
    rows = bounds_of(record)
    updates = [b.updates for b in rows]
    figure, (ax,) = new_figure(width=6.0, height=3.6)
    ax.plot(updates, [b.bound for b in rows], color=ORANGE, linestyle="--", label=r"$\gamma\,\sigma_{\max}$: the most")
    ax.plot(updates, [b.rho for b in rows], color=GREEN, linestyle="-.", label=r"spectral radius $\rho$")
    ax.plot(updates, [b.largest for b in rows], color=BLUE, linewidth=0.7, label="largest $g_{t-1} / g_t$")
    ax.plot(updates, [b.growth for b in rows], color=BLUE, linewidth=2, label="mean $g_{t-1} / g_t$")
    ax.axhline(1, color=BLACK, linestyle=":", linewidth=1)
    ax.set(xlabel="updates", ylabel="growth in one step back", yscale="log", title=title_of(record))
    legend_below(ax, columns=2)
    return figure
