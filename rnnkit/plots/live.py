"""One run at one moment: what the dashboard and the record browser show."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rnnkit.diagnostics import EPS, log10_grad
from rnnkit.facts import Record, floors_of
from rnnkit.plots.style import BLACK, BLUE, GREEN, ORANGE, RED, new_figure, title_of
from rnnkit.record import last_filled, regime_of

SPAN = (-12.5, 2.0)  # of log10 g_t: one axis for all moments of a run, so that what moves is the gradient


def moment(record: Record, slot: int | None = None) -> Figure:
    """Curves until a check, and its histograms: loss, norms, rho; log10 g_t, saturation, heat map.

    Arguments:
        record: with at least one check.
        slot: which check; the last one by default.

    Returns:
        A figure with six panels; those of the diagnostics are empty where none were collected.
    """
    figure, (loss, norm, rho, gradient, saturation, heat) = new_figure(3, 2, width=3.7, height=2.5)
    slot = last_filled(record) if slot is None else slot
    _curves(record, slot, loss, norm, rho)
    g = log10_grad(record["grad_time"][slot])
    gradient.hist(np.clip(g, *SPAN), bins=regime_of(record).diagBins, range=SPAN, color=BLUE)
    gradient.set(xlabel=r"$\log_{10} g_t$", ylabel="steps")
    distance = record["sat_time"][slot]
    saturation.hist(distance[np.isfinite(distance)], bins=regime_of(record).diagBins, range=(0, 1), color=GREEN)
    saturation.set(xlabel="distance to saturation", ylabel="steps")
    _heat_map(record, slot, heat)
    when = "untrained" if slot == 0 else f"after {int(record['check_updates'][slot])} updates"
    figure.suptitle(f"{title_of(record)}, {when}", fontsize=10)
    return figure


def _curves(record: Record, slot: int, loss, norm, rho) -> None:
    checks, last = slice(0, slot + 1), last_filled(record)
    updates, end = record["check_updates"][checks], max(1, int(record["check_updates"][last]))
    loss.plot(updates, record["valid_nll"][checks], color=BLUE, marker=".", label="validation")
    loss.axhline(
        floors_of(record)["marginal"].nll, color=BLACK, linewidth=0.9, linestyle="--", label="marginal's floor"
    )
    loss.set(xlabel="updates", ylabel="loss", xlim=(0, end))
    loss.legend(fontsize=7)
    done = int(record["check_updates"][slot])
    norms = record["gradient_norm"][:done]
    norm.plot(np.arange(1, done + 1), norms, color=BLUE, linewidth=0.6, label="before clipping")
    if regime_of(record).clipstyle == "rescale":
        clipped = record["gradient_norm_clipped"][:done]
        norm.plot(np.arange(1, done + 1), clipped, color=ORANGE, linewidth=0.6, label="after")
    if (norms > 0).any():
        norm.set_yscale("log")
    norm.set(xlabel="updates", ylabel="gradient norm", xlim=(0, end))
    norm.legend(fontsize=7)
    rho.plot(updates, record["rho_Whh"][checks], color=BLUE, marker=".")
    rho.axhline(1, color=BLACK, linewidth=0.9, linestyle=":")
    rho.set(xlabel="updates", ylabel=r"$\rho(W_{hh})$", xlim=(0, end))


def _heat_map(record: Record, slot: int, heat) -> None:
    steps = int(np.isfinite(record["grad_time"][0]).sum())
    heat.set(xlabel="time step t", ylabel="updates")
    heat.grid(False)
    if steps:
        image = np.log10(record["grad_time"][: last_filled(record) + 1, :steps] + EPS)
        updates = record["check_updates"]
        extent = (1, steps, max(1.0, float(updates[len(image) - 1])), 0)
        heat.imshow(image, aspect="auto", extent=extent, vmin=SPAN[0], vmax=0, cmap="cividis", interpolation="nearest")
        heat.axhline(float(updates[slot]), color=RED, linewidth=1)
