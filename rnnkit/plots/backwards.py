"""What a matrix does to a gradient on its way back, beside its eigenvalues; and what clipping does to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from rnnkit.plots.style import BLACK, LINES, NARROW, along, label_ends, legend_below, new_figure

Profiles = Mapping[str, np.ndarray]  # label -> (T,), a norm at each step
TINIEST = 1e-300  # what a norm of 0 is drawn as: nothing


def plot_eigenvalues(matrices: Mapping[str, np.ndarray], norms: Profiles) -> Figure:
    """Eigenvalues beside the unit circle, and how long a gradient is at each step.

    Arguments:
        matrices: label -> W_hh ``(H, H)``.
        norms: label -> norm of dL/dh_t ``(T,)`` of the linear network with this matrix.

    Returns:
        left the complex plane; right the norms on a logarithmic axis, dotted what the spectral radius alone foretells,
        rho^(T - t) times the norm at step T.

    *Source:* Pascanu et al. 2013, section 2.1, the linear case.
    """
    figure, (plane, profile) = new_figure(2, width=NARROW, height=3.6)
    turn = np.linspace(0, 2 * np.pi, 200)
    plane.plot(np.cos(turn), np.sin(turn), color=BLACK, linewidth=0.8)
    lines = {}
    for (label, W), (color, style), marker in zip(matrices.items(), LINES, "os^Dvx*P", strict=False):
        found, g = np.linalg.eigvals(W), norms[label]
        plane.scatter(found.real, found.imag, s=16, color=color, marker=marker, label=label)
        (lines[label],) = profile.plot(*along(g), color=color, linestyle=style)
        foretold = np.abs(found).max() ** np.arange(len(g) - 1, -1, -1.0) * g[-1]
        profile.plot(*along(foretold), color=color, linestyle=":", linewidth=0.8)
    plane.set(aspect="equal", xlabel=r"Re $\lambda$", ylabel=r"Im $\lambda$", title="eigenvalues of $W_{hh}$")
    profile.set(yscale="log", xlabel="time step t", ylabel=r"norm of $dL/dh_t$", title="linear network")
    label_ends(profile, lines)
    return figure


def plot_clipping(before: Mapping[str, Profiles], after: Mapping[str, Profiles], titles: Mapping[str, str]) -> Figure:
    """What each step adds to dL/dW_hh, before and after clipping: one panel for each network.

    Arguments:
        before, after: network -> label -> norm of each step's share ``(T,)``; both with the same labels.
        titles: network -> what stands above its panel.
    """
    figure, panels = new_figure(len(before), width=NARROW, height=3.4, sharey=True)
    for ax, (network, shares) in zip(panels, before.items(), strict=True):
        for (label, values), (color, _) in zip(shares.items(), LINES, strict=False):
            ax.plot(*_drawn(values), color=color, linestyle=":", label=f"{label}before clipping")
            ax.plot(*_drawn(after[network][label]), color=color, label=f"{label}after")
        ax.set(yscale="log", xlabel="time step t", title=titles[network])
        legend_below(ax, columns=2)
    panels[0].set_ylabel(r"norm of step t's share of $dL/dW_{hh}$")
    return figure


def plot_losses(losses: Mapping[str, Profiles]) -> Figure:
    """Training losses over updates: one panel for each network, one line for each way of training it."""
    figure, panels = new_figure(len(losses), width=NARROW, height=3.2)
    for ax, (network, curves) in zip(panels, losses.items(), strict=True):
        for (label, values), (color, style) in zip(curves.items(), LINES, strict=False):
            ax.plot(*along(values), color=color, linestyle=style, label=label)
        ax.set(yscale="log", xlabel="updates", ylabel="training loss", title=network)
        legend_below(ax, columns=2)
    return figure


def _drawn(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve without steps that add nothing: a logarithm has no place for them."""
    steps, values = along(values)
    return steps, np.where(values > TINIEST, values, np.nan)
