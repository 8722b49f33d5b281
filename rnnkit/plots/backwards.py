"""What a matrix does to a gradient on its way back, beside its eigenvalues; and what clipping does to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from rnnkit.plots.style import BLACK, BLUE, LINES, NARROW, ORANGE, along, label_ends, legend_below, new_figure

Pairs = Mapping[str, tuple[np.ndarray, np.ndarray]]  # label -> two curves of one length
LEAP = 100  # times the first loss: higher ones are beyond the axis


def plot_eigenvalues(matrices: Mapping[str, np.ndarray], norms: Pairs) -> Figure:
    """Eigenvalues beside the unit circle, and how long a gradient is at each step.

    Arguments:
        matrices: label -> W_hh ``(H, H)``.
        norms: label -> norm of dL/dh_t ``(T,)`` of the linear network with this matrix, and what the eigenvalues alone
            say of it ``(T,)``, drawn dotted.

    Returns:
        left the complex plane, right the norms on a logarithmic axis.

    *Source:* Pascanu et al. 2013, section 2.1, the linear case.
    """
    figure, (plane, profile) = new_figure(2, width=NARROW, height=3.6)
    turn = np.linspace(0, 2 * np.pi, 200)
    plane.plot(np.cos(turn), np.sin(turn), color=BLACK, linewidth=0.8)
    lines = {}
    for (label, W), (color, style), marker in zip(matrices.items(), LINES, "os^Dvx*P", strict=False):
        found = np.linalg.eigvals(W)
        plane.scatter(found.real, found.imag, s=16, color=color, marker=marker)
        measured, foretold = norms[label]
        (lines[label],) = profile.plot(*along(measured), color=color, linestyle=style)
        profile.plot(*along(foretold), color=color, linestyle=":", linewidth=0.8)
    plane.set(aspect="equal", xlabel=r"Re $\lambda$", ylabel=r"Im $\lambda$", title="eigenvalues of $W_{hh}$")
    profile.set(yscale="log", xlabel="time step t", ylabel=r"norm of $dL/dh_t$", title="linear network")
    label_ends(profile, lines)
    return figure


def plot_clipping(shares: Pairs) -> Figure:
    """What each step adds to dL/dW_hh, before and after clipping: one panel for each network.

    Arguments:
        shares: network -> norm of each step's share ``(T,)``, before and after.
    """
    figure, panels = new_figure(len(shares), width=NARROW, height=3.4, sharey=True)
    for ax, (network, (before, after)) in zip(panels, shares.items(), strict=True):
        ax.plot(*along(_positive(before)), color=ORANGE, linestyle="--", label="before clipping")
        ax.plot(*along(_positive(after)), color=BLUE, label="after")
        ax.set(yscale="log", xlabel="time step t")
        ax.set_title(network, fontsize=9)
        legend_below(ax, columns=2)
    panels[0].set_ylabel(r"step t's share of $dL/dW_{hh}$ (norm)")
    return figure


def plot_losses(losses: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Training losses ``(updates,)``: a panel for each network, a line for each way of training; what leaps is cut."""
    figure, panels = new_figure(len(losses), width=NARROW, height=3.2)
    for ax, (network, curves) in zip(panels, losses.items(), strict=True):
        for (label, values), (color, style) in zip(curves.items(), LINES, strict=False):
            ax.plot(*along(values), color=color, linestyle=style, label=label)
        start = max(values[0] for values in curves.values())
        seen = np.concatenate([values[np.isfinite(values)] for values in curves.values()])
        ax.set(
            yscale="log",
            xlabel="updates",
            ylabel="training loss",
            ylim=(seen.min() / 2, min(2 * seen.max(), LEAP * start)),
        )
        ax.set_title(network, fontsize=9)
        legend_below(ax, columns=2)
    return figure


def _positive(values: np.ndarray) -> np.ndarray:
    """NaN for a step that adds nothing: a logarithm has no place for it."""
    return np.where(values > 0, values, np.nan)
