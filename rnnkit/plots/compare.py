"""Figures that set runs side by side. ``runs`` maps a short label to a record."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnkit.diagnostics import EPS, log10_grad
from rnnkit.facts import Record, floors_of
from rnnkit.plots.style import BLACK, BLUE, FLOOR_STYLES, GREEN, LINES, ORANGE, new_figure
from rnnkit.record import last_filled, regime_of

Runs = Mapping[str, Record]
BINS = 60


def histograms(runs: Runs) -> Figure:
    """log10 g_t and distance to saturation at the last check: a row for each run, common axes in each column.

    *Source:* handout section 6, questions 1 and 2.
    """
    figure, axes = new_figure(2, len(runs), width=5, height=1.35)
    gradients = {label: _last_gradient(record) for label, record in runs.items()}
    span = _common(gradients)
    for row, (label, record) in enumerate(runs.items()):
        left, right = axes[2 * row : 2 * row + 2]
        left.hist(gradients[label], bins=BINS, range=span, color=BLUE)
        right.hist(_finite(record["sat_time"][last_filled(record)]), bins=BINS, range=(0, 1), color=GREEN)
        left.set_ylabel(f"{label}\nsteps")
        left.set_xlim(span)
        for ax in (left, right):
            ax.tick_params(labelbottom=row == len(runs) - 1)
    axes[0].set_title(r"$\log_{10} g_t$", fontsize=10)
    axes[1].set_title("distance to saturation", fontsize=10)
    axes[-2].set_xlabel(r"$\log_{10}(g_t + 10^{-12})$")
    axes[-1].set_xlabel("mean distance (0: saturated)")
    return figure


def overlaid(runs: Runs) -> Figure:
    """Gradient norm over training, log10 g_t and distance to saturation at the last check, several runs in each.

    *Source:* handout section 6, question 3.
    """
    figure, (norm, gradient, saturation) = new_figure(3, width=4.3, height=3.2)
    span = _common({label: _last_gradient(record) for label, record in runs.items()})
    for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
        updates, median = _smoothed(record["gradient_norm"])
        norm.semilogy(updates, median, color=color, linestyle=style, label=label)
        shared = {"histtype": "step", "linewidth": 1.6, "color": color, "linestyle": style, "label": label}
        gradient.hist(_last_gradient(record), bins=BINS, range=span, **shared)
        saturation.hist(_finite(record["sat_time"][last_filled(record)]), bins=BINS, range=(0, 1), **shared)
    norm.set(xlabel="updates", ylabel="gradient norm before clipping\n(running median)")
    gradient.set(xlabel=r"$\log_{10}(g_t + 10^{-12})$", ylabel="steps")
    saturation.set(xlabel="distance to saturation", ylabel="steps")
    norm.legend(fontsize=8)
    return figure


def gates(runs: Runs) -> Figure:
    """Gate distances at the last check of the runs that have them: a column for each gate.

    *Source:* handout section 6, question 4.
    """
    figure, axes = new_figure(2, width=5, height=2.8)
    for ax, gate, name in zip(axes, "zr", ("update gate z", "reset gate r"), strict=True):
        for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
            values = _finite(record[f"gate_{gate}_sat_time"][last_filled(record)])
            ax.hist(
                values,
                bins=BINS,
                range=(0, 0.5),
                histtype="step",
                linewidth=1.6,
                color=color,
                linestyle=style,
                label=label,
            )
        ax.set(xlabel=f"{name}: mean distance from 0 and 1", ylabel="steps")
        ax.legend(fontsize=8)
    return figure


def gradient_profile(runs: Runs) -> Figure:
    """g_t against the time step at the last check: how far back the gradient reaches."""
    figure, (ax,) = new_figure(width=7)
    for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
        g = record["grad_time"][last_filled(record)]
        ax.semilogy(np.arange(1, len(g) + 1), g + EPS, color=color, linestyle=style, label=label)
    ax.set(xlabel="time step t", ylabel=r"$g_t + 10^{-12}$")
    ax.legend(fontsize=8)
    return figure


def over_training(runs: Runs) -> Figure:
    """Mean log10 g_t against saturation and against rho, one point for each check, darker later.

    *Source:* handout section 6, questions 2 and 5.
    """
    figure, axes = new_figure(2, len(runs), width=4.6, height=2.3)
    for row, (label, record) in enumerate(runs.items()):
        checks = slice(0, last_filled(record) + 1)
        g, shade = mean_log10_grad(record)[checks], record["check_updates"][checks]
        sides = ((_mean_over_steps(record["sat_time"])[checks], "mean distance to saturation"),)
        sides += ((record["rho_Whh"][checks], r"$\rho(W_{hh})$"),)
        for ax, (x, name) in zip(axes[2 * row : 2 * row + 2], sides, strict=True):
            points = ax.scatter(x, g, c=shade, cmap="cividis_r", s=12)
            ax.set_xlabel(name)
            ax.xaxis.set_major_locator(MaxNLocator(3))
        axes[2 * row].set_ylabel(f"{label}\nmean $\\log_{{10}} g_t$")
        figure.colorbar(points, ax=axes[2 * row + 1], label="updates")
    return figure


def heat_maps(runs: Runs) -> Figure:
    """log10 g_t over time steps (across) and checks (down), one colour scale for all."""
    columns = min(3, len(runs))
    figure, axes = new_figure(columns, -(-len(runs) // columns), width=3.9, height=2.9)
    images = {}
    for label, record in runs.items():
        steps = int(np.isfinite(record["grad_time"][last_filled(record)]).sum())
        images[label] = np.log10(record["grad_time"][: last_filled(record) + 1, :steps] + EPS)
    low, high = _common({label: _finite(image) for label, image in images.items()})
    for ax, (label, image) in zip(axes, images.items(), strict=False):
        updates = runs[label]["check_updates"][: len(image)]
        extent = (1, image.shape[1], max(1.0, float(updates[-1])), 0)
        shown = ax.imshow(
            image, aspect="auto", extent=extent, vmin=low, vmax=high, cmap="cividis", interpolation="nearest"
        )
        ax.set(title=label, xlabel="time step t", ylabel="updates")
        ax.grid(False)
    for ax in axes[len(images) :]:
        ax.set_visible(False)
    figure.colorbar(shown, ax=axes, label=r"$\log_{10}(g_t + 10^{-12})$")
    return figure


def norms(runs: Runs) -> Figure:
    """Gradient norm before and after clipping over training, one panel for each run."""
    columns = min(3, len(runs))
    figure, axes = new_figure(columns, -(-len(runs) // columns), width=3.9, height=2.5)
    for ax, (label, record) in zip(axes, runs.items(), strict=False):
        updates, median = _smoothed(record["gradient_norm"])
        ax.semilogy(updates, median, color=BLUE, label="before")
        _, largest = _smoothed(record["gradient_norm"], np.max)
        ax.semilogy(updates, largest, color=BLUE, linewidth=0.6, alpha=0.6, label="before, largest")
        if regime_of(record).clipstyle == "rescale":
            ax.semilogy(*_smoothed(record["gradient_norm_clipped"]), color=ORANGE, linestyle="--", label="after")
        ax.set(title=label, xlabel="updates", ylabel="gradient norm")
        ax.legend(fontsize=7)
    for ax in axes[len(runs) :]:
        ax.set_visible(False)
    return figure


def omegas(runs: Runs) -> Figure:
    """Omega and the steps in the past over training, of the runs that were trained with it."""
    figure, (value, steps) = new_figure(2, width=5.4)
    trained = {label: record for label, record in runs.items() if regime_of(record).alpha}
    for (label, record), (color, style) in zip(trained.items(), LINES, strict=False):
        regime = regime_of(record)
        shared = {"color": color, "linestyle": style, "label": f"{label}, α {regime.alpha:g}, {regime.omega_on}"}
        value.semilogy(*_smoothed(record["Omega"]), **shared)
        steps.plot(*_smoothed(record["steps_in_past"]), **shared)
    value.set(xlabel="updates", ylabel=r"$\Omega$ (running median)")
    steps.set(xlabel="updates", ylabel="steps in the past", ylim=(-0.03, 1.03))
    if trained:
        value.legend(fontsize=7)
    else:
        value.set_title("none of these was trained with Omega", fontsize=10)
    return figure


def validations(runs: Runs) -> Figure:
    """Validation loss and error over training with floors, a row of two panels for each task."""
    tasks: dict[str, dict[str, Record]] = {}
    for label, record in runs.items():
        tasks.setdefault(regime_of(record).task, {})[label] = record
    figure, axes = new_figure(2, len(tasks), width=5.4, height=3.1)
    for row, (task, members) in enumerate(tasks.items()):
        loss, error = axes[2 * row : 2 * row + 2]
        for (label, record), (color, style) in zip(members.items(), LINES, strict=False):
            checks = slice(0, last_filled(record) + 1)
            shared = {"color": color, "linestyle": style, "label": label}
            loss.plot(record["check_updates"][checks], record["valid_nll"][checks], **shared)
            error.plot(record["check_updates"][checks], record["valid_error"][checks], **shared)
        for name, floor in floors_of(next(iter(members.values()))).items():
            shared = {"color": BLACK, "alpha": 0.6, "linewidth": 0.9, "linestyle": FLOOR_STYLES[name]}
            loss.axhline(floor.nll, label=name.replace("_", " "), **shared)
            error.axhline(floor.error, label=name.replace("_", " "), **shared)
        regression = str(next(iter(members.values()))["classif_type"]) == "lastLinear"
        loss.set(title=task, xlabel="updates", ylabel="squared error" if regression else "nll (nats)")
        error.set(title=task, xlabel="updates", ylabel="wrong (%)", ylim=(-2, 105))
        loss.legend(fontsize=7)
    return figure


def spectra(runs: Runs) -> Figure:
    """Spectral radius and largest singular value of the recurrent matrix over training."""
    figure, (rho, sigma) = new_figure(2, width=5.4)
    for (label, record), (color, style) in zip(runs.items(), LINES, strict=False):
        checks = slice(0, last_filled(record) + 1)
        for ax, name in ((rho, "rho_Whh"), (sigma, "sigma_max_Whh")):
            ax.plot(record["check_updates"][checks], record[name][checks], color=color, linestyle=style, label=label)
    for ax, name in ((rho, r"spectral radius $\rho(W_{hh})$"), (sigma, "largest singular value")):
        ax.axhline(1, color=BLACK, linewidth=0.9, linestyle=":")
        ax.set(xlabel="updates", ylabel=name)
    sigma.legend(fontsize=7, loc="center right")
    return figure


def total_and_direct(record: Record) -> Figure:
    """g_t from the total derivative beside what the direct term alone would show, at the last check."""
    figure, (profile, histogram) = new_figure(2)
    last = last_filled(record)
    for (name, key), (color, style) in zip(
        {"total dL/dh_t": "grad_time", "direct term only": "grad_time_direct"}.items(), LINES, strict=False
    ):
        g = record[key][last]
        profile.semilogy(np.arange(1, len(g) + 1), g + EPS, color=color, linestyle=style, label=name)
        histogram.hist(
            log10_grad(g), bins=BINS, histtype="step", linewidth=1.6, color=color, linestyle=style, label=name
        )
    profile.set(xlabel="time step t", ylabel=r"norm $+\,10^{-12}$")
    histogram.set(xlabel=r"$\log_{10}$ of the norm", ylabel="steps")
    profile.legend(fontsize=8)
    return figure


def mean_log10_grad(record: Record) -> np.ndarray:
    """``(C,)``: mean over time steps of log10 g_t at every check; NaN where there is none."""
    return _mean_over_steps(np.log10(record["grad_time"].astype(np.float64) + EPS))


def _mean_over_steps(values: np.ndarray) -> np.ndarray:
    """``(C, D)`` to ``(C,)``: mean of the finite entries of each row; NaN where there are none."""
    finite = np.isfinite(values)
    counted = finite.sum(axis=1)
    return np.where(counted, np.where(finite, values, 0).sum(axis=1) / np.maximum(counted, 1), np.nan)


def _last_gradient(record: Record) -> np.ndarray:
    return log10_grad(record["grad_time"][last_filled(record)])


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def _common(groups: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """One range for all groups, a little wider than the values."""
    values = np.concatenate([*groups.values()]) if groups else np.empty(0)
    if not values.size:
        return -12.5, 0.0
    return float(values.min()) - 0.25, float(values.max()) + 0.25


def _smoothed(values: np.ndarray, how: object = np.median, pieces: int = 250) -> tuple[np.ndarray, np.ndarray]:
    """A statistic over consecutive stretches of the filled values: what 50,000 points look like in 250."""
    values = values[~np.isnan(values)]
    stretches = np.array_split(values, min(pieces, max(1, len(values))))
    ends = np.cumsum([len(stretch) for stretch in stretches])
    return ends, np.array([how(stretch) if len(stretch) else np.nan for stretch in stretches])
