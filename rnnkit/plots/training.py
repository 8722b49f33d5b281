"""Curves over training: validation, gradient norms, spectrum, Omega."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnkit.diagnostics import mean_log10_grad
from rnnkit.plots.seeds import Seeds, draw_curve, grouped, members_of
from rnnkit.plots.style import (
    BLACK,
    BLUE,
    FLOOR_STYLES,
    LINES,
    ORANGE,
    Runs,
    along,
    label_ends,
    legend_below,
    log_updates,
    overlay,
    panel,
    panels,
    span_of,
    title_of,
)
from rnnkit.record.facts import Record, floors_of
from rnnkit.record.file import last_filled, regime_of

WRONG = (-2, 105)  # the axis of every error in percent
RADII = ("rho_Whh", "sigma_max_Whh")
CLOSER = {"valid_err_005": ("0.05", ":"), "valid_err_010": ("0.10", "--")}  # stricter errors of regression


def validation(record: Record, narrow: bool = False, log: bool = False) -> Figure:
    """Validation loss and error over training, with the task's floors; for regression the mean absolute error, too.

    Arguments:
        narrow: the panels under one another.
        log: a log axis for updates.

    *Source:* handout sections 2.3 (iii) and 4.
    """
    regression = "valid_mae" in record
    figure, axes = panels(3 if regression else 2, narrow, height=3.4 if regression else 3.1)
    loss, error, floors = axes[0], axes[-1], floors_of(record)
    draw_curve(loss, record, _over("valid_nll"), color=BLUE)
    loss.set_ylabel("squared error" if regression else "nll (nats)")
    _draw_floors(loss, {name: floor.nll for name, floor in floors.items()})
    if regression:
        draw_curve(axes[1], record, _over("valid_mae"), color=BLUE)
        axes[1].set(ylabel="mean absolute error", ylim=(0, None))
        allowed = regime_of(record).err_abs
        for key, (limit, style) in CLOSER.items():
            draw_curve(error, record, _over(key), color=BLUE, linestyle=style, label=f"further off than {limit}")
        wrong = f"further off than {allowed:.2f}: wrong"
        draw_curve(error, record, _over("valid_error"), color=BLUE, label=wrong)
    else:
        draw_curve(error, record, _over("valid_error"), color=BLUE)
    error.set(ylabel="wrong (%)", ylim=WRONG)
    _draw_floors(error, {name: floor.error for name, floor in floors.items()})
    for ax in axes:
        ax.set_xlabel("updates")
        legend_below(ax)
    figure.suptitle(title_of(record), fontsize=9)
    if log:
        log_updates(*axes)
    return figure


def _checks(record: Record, key: str) -> tuple[np.ndarray, np.ndarray]:
    filled = slice(0, last_filled(record) + 1)
    return record["check_updates"][filled], record[key][filled]


def _over(key: str) -> Callable[[Record], tuple[np.ndarray, np.ndarray]]:
    """A curve over the checks."""
    return functools.partial(_checks, key=key)


def _draw_floors(ax: Axes, values: dict[str, float]) -> None:
    """One line per different level; floors on the same level share it."""
    levels: dict[float, list[str]] = {}
    for name, value in values.items():
        levels.setdefault(round(value, 6), []).append(name)
    for level, names in levels.items():
        label = f"floor {', '.join(names)}: {level:.4g}".replace("_", " ")
        ax.axhline(level, color=BLACK, alpha=0.6, linewidth=1, linestyle=FLOOR_STYLES[names[0]], label=label)


def validations(runs: Runs, narrow: bool = False, log: bool = False) -> Figure:
    """Validation loss and error of several runs of one task, with its floors.

    Arguments:
        runs: those of another task than the first are left out.
        narrow: the panels under one another.
        log: a log axis for updates.
    """
    figure, axes = panels(2, narrow)
    runs = grouped(runs)
    first = next(iter(runs.values()))
    same = {label: record for label, record in runs.items() if regime_of(record).task == regime_of(first).task}
    regression = "valid_mae" in first
    names = {"valid_nll": "squared error" if regression else "nll (nats)", "valid_error": "wrong (%)"}
    for ax, (key, name) in zip(axes, names.items(), strict=True):
        lines = overlay(ax, same, _over(key))
        for floor_name, floor in floors_of(first).items():
            level = floor.nll if key == "valid_nll" else floor.error
            ax.axhline(
                level, color=BLACK, alpha=0.6, linewidth=0.9, linestyle=FLOOR_STYLES[floor_name],
                label=f"floor: {floor_name}".replace("_", " "),
            )  # fmt: skip
        ax.set(xlabel="updates", ylabel=name, ylim=WRONG if key == "valid_error" else None)
        label_ends(ax, lines)
        legend_below(ax, columns=2)
    figure.suptitle(regime_of(first).task, fontsize=9)
    if log:
        log_updates(*axes)
    return figure


def gradient_norms(record: Record, like: Sequence[Record] = (), log: bool = False) -> Figure:
    """Global gradient norm of every update, before and after clipping; of several seeds its running median.

    Arguments:
        like: further runs whose axis it shares.
        log: a log axis for updates.

    *Source:* handout section 2.3, items 1 and 2.
    """
    figure, (ax,) = panels(height=3.1)
    regime = regime_of(record)
    several = isinstance(record, Seeds)
    shown, width = (smoothed, 1.2) if several else (along, 0.6)
    before, after = (lambda one: shown(one["gradient_norm"])), (lambda one: shown(one["gradient_norm_clipped"]))
    ax.set_yscale("log")
    draw_curve(ax, record, before, color=BLUE, linewidth=width, label="before clipping")
    if regime.clipstyle == "rescale":
        draw_curve(ax, record, after, color=ORANGE, linewidth=1, label="after clipping")
        ax.axhline(regime.cutoff, color=BLACK, linestyle=":", linewidth=1, label=f"cutoff {regime.cutoff:g}")
    positive = [values[values > 0] for one in members_of(record, *like) for values in _norms(one)]
    low, high = span_of([np.log10(values) for values in positive], 1.0)
    name = "gradient norm (running median)" if several else "global gradient norm"
    ax.set(xlabel="updates", ylabel=name, ylim=(10**low, 10**high))
    legend_below(ax, columns=3)
    figure.suptitle(title_of(record), fontsize=9)
    if log:
        log_updates(ax)
    return figure


def _norms(record: Record) -> Sequence[np.ndarray]:
    clipped = regime_of(record).clipstyle == "rescale"
    return [record[key] for key in ("gradient_norm", "gradient_norm_clipped")][: 2 if clipped else 1]


def norms(runs: Runs, ax: Axes | None = None, log: bool = False) -> Figure:
    """Running medians of several runs' gradient norms: before clipping, and where there is clipping after it.

    Arguments:
        ax: where to draw; a figure of its own without.
        log: a log axis for updates.
    """
    figure, ax = panel(ax)
    lines = {}
    before = lambda one: smoothed(one["gradient_norm"])  # noqa: E731
    after = lambda one: smoothed(one["gradient_norm_clipped"])  # noqa: E731
    for (label, record), (color, style) in zip(grouped(runs).items(), LINES, strict=False):
        lines[label] = draw_curve(ax, record, before, color=color, linestyle=style)
        if regime_of(record).clipstyle == "rescale":
            lines[f"{label}, after"] = draw_curve(ax, record, after, color=color, linewidth=0.8)
    ax.set(xlabel="updates", ylabel="gradient norm (running median)", yscale="log")
    label_ends(ax, lines)
    if log:
        log_updates(ax)
    return figure


def spectrum(record: Record, like: Sequence[Record] = (), log: bool = False) -> Figure:
    """Spectral radius and largest singular value of the recurrent matrix over training.

    Arguments:
        like: further runs whose axis it shares.
        log: a log axis for updates.

    *Source:* handout section 2.3, item 6, and section 6, question 5.
    """
    figure, (ax,) = panels()
    rho = draw_curve(ax, record, _over("rho_Whh"), color=BLUE)
    sigma = draw_curve(ax, record, _over("sigma_max_Whh"), color=ORANGE, linestyle="--")
    ax.axhline(1, color=BLACK, linestyle=":", linewidth=1)
    most = [one[key][np.isfinite(one[key])] for one in members_of(record, *like) for key in RADII]
    top = max([1.0, *(float(values.max()) for values in most if values.size)])
    ax.set(xlabel="updates", ylabel=r"$\rho$ and $\sigma_{\max}$ of $W_{hh}$", ylim=(0, 1.05 * top))
    first, end = np.asarray(rho.get_ydata())[[0, -1]]
    label_ends(ax, {f"ρ {end:.2f}": rho, r"$\sigma_{\max}$": sigma})
    figure.suptitle(f"{title_of(record)}\nspectral radius ρ from {first:.3f} to {end:.3f}", fontsize=9)
    if log:
        log_updates(ax)
    return figure


def spectra(runs: Runs, narrow: bool = False, log: bool = False) -> Figure:
    """Spectral radius and mean log10 g_t over training, several runs: do they move together?

    Arguments:
        narrow: the panels under one another.
        log: a log axis for updates.

    *Source:* handout section 6, question 5.
    """
    runs = grouped(runs)
    figure, (radius, gradient) = panels(2, narrow)
    radii = overlay(radius, runs, _over("rho_Whh"))
    radius.axhline(1, color=BLACK, linestyle=":", linewidth=1)
    radius.set(ylabel=r"spectral radius $\rho(W_{hh})$", ylim=(0, None))
    means = overlay(gradient, runs, _mean_gradient)
    gradient.set(ylabel=r"mean $\log_{10} g_t$")
    for ax, lines in ((radius, radii), (gradient, means)):
        ax.set_xlabel("updates")
        label_ends(ax, lines)
    if log:
        log_updates(radius, gradient)
    return figure


def _mean_gradient(record: Record) -> tuple[np.ndarray, np.ndarray]:
    updates, g = _checks(record, "grad_time")
    return updates, mean_log10_grad(g)


def omegas(runs: Runs, narrow: bool = False, log: bool = False) -> Figure:
    """Omega and the steps in the past over training, of the runs that were trained with it.

    Arguments:
        narrow: the panels under one another.
        log: a log axis for updates.
    """
    figure, (value, steps) = panels(2, narrow)
    value.set_yscale("log")
    trained = {label: record for label, record in grouped(runs).items() if regime_of(record).alpha}
    for (label, record), (color, style) in zip(trained.items(), LINES, strict=False):
        regime = regime_of(record)
        shared: dict[str, Any] = {
            "color": color,
            "linestyle": style,
            "label": f"{label}, α {regime.alpha:g}, {regime.omega_on}",
        }
        draw_curve(value, record, lambda one: smoothed(one["Omega"]), **shared)
        draw_curve(steps, record, lambda one: smoothed(one["steps_in_past"]), **shared)
    value.set(xlabel="updates", ylabel=r"$\Omega$ (running median)")
    steps.set(xlabel="updates", ylabel="steps in the past", ylim=(-0.03, 1.03))
    if not trained:
        value.set_title("none of these was trained with Omega", fontsize=9)
    legend_below(value)
    legend_below(steps)
    if log:
        log_updates(value, steps)
    return figure


def smoothed(values: np.ndarray, pieces: int = 250) -> tuple[np.ndarray, np.ndarray]:
    """The median over consecutive stretches of the filled values: what 50,000 points look like in 250."""
    values = values[~np.isnan(values)]
    size, longer = divmod(len(values), count := min(pieces, max(1, len(values))))
    cut = longer * (size + 1)  # the first stretches are longer by one, all alike after that
    parts = values[:cut].reshape(longer, size + 1), values[cut:].reshape(count - longer, size)
    medians = [np.median(part, axis=1) if part.size else np.full(len(part), np.nan, part.dtype) for part in parts]
    ends = np.cumsum(np.repeat([size + 1, size], [longer, count - longer]))
    return ends, np.concatenate(medians)
