"""Why the arms differ: singular values before and after training, and how far a change of the state reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init.explored import STARTS, Explored, Settings, explored
from rnnkit.assignments.orthogonal_init.pictures import styles_of
from rnnkit.assignments.orthogonal_init.settings import ARMS, Arm
from rnnkit.common.text import aligned
from rnnkit.inits import RECURRENT
from rnnkit.plots.style import BLACK, NARROW, SMALL, new_figure

SCALES = (0.01, 0.1, 1.0)  # of the input weights
BIN = 0.08  # of a histogram: 1 lies in the middle of one
FLOOR = 1e-18  # what is smaller is drawn there
Reached = Mapping[float, Mapping[str, Explored]]


# ---- singular values ------------------------------------------------------------------------------------------------


class Spectrum(NamedTuple):
    """Singular values of a W_hh ``(H,)``, falling, and its spectral radius."""

    sigma: np.ndarray
    rho: float


class Pair(NamedTuple):
    """The spectra of one arm before and after training, and the standard deviation of a Gaussian start (or 0)."""

    before: Spectrum
    after: Spectrum
    std: float


def spectrum_of(W: np.ndarray) -> Spectrum:
    """Of ``(H, H)``."""
    W = np.asarray(W, np.float64)
    return Spectrum(np.linalg.svd(W, compute_uv=False), float(np.abs(np.linalg.eigvals(W)).max()))


def pair_of(arm: Arm, record: Mapping[str, Any]) -> Pair:
    """An arm's first matrix, drawn again, and the record's."""
    gaussian = "gaussian"
    std = (arm.scale or RECURRENT[gaussian].scale) if ARMS.get(arm.init, arm.init) == gaussian else 0.0
    return Pair(spectrum_of(arm.shape.named(arm.first_weights())["W_hh"]), spectrum_of(record["W_hh"]), std)


def spectrum_W_hh(arms: Mapping[str, Pair], narrow: bool = False) -> Figure:
    """Sorted singular values at init and after training, and their histogram at init over the quarter-circle law.

    .. math:: p(s) = \\frac{4}{\\pi e^2} \\sqrt{e^2 - s^2}, \\quad e = 2 \\sigma \\sqrt{H}

    *Source:* Marchenko & Pastur 1967, for a square matrix of independent entries of standard deviation sigma.
    """
    columns, rows = (1, 3) if narrow else (3, 1)
    figure, (first, last, how_often) = new_figure(columns, rows, width=NARROW, height=2.8)
    last.sharey(first)
    for arm, (color, style) in styles_of([*arms]).items():
        pair = arms[arm]
        for ax, spectrum in ((first, pair.before), (last, pair.after)):
            label = f"{arm}: {spectrum.sigma[-1]:.3f} to {spectrum.sigma[0]:.3f}, radius {spectrum.rho:.3f}"
            ax.plot(1 + np.arange(len(spectrum.sigma)), spectrum.sigma, color=color, linestyle=style, label=label)
        sigma = pair.before.sigma
        bins = np.arange(0, sigma[0] + 2 * BIN, BIN)
        said = f"{arm}: all at {sigma[0]:.3g}" if np.ptp(sigma) < 1e-6 else arm
        how_often.hist(sigma, bins=bins.tolist(), density=True, fc=(color, 0.45), ec=color, label=said)
        if pair.std:
            edge = 2 * pair.std * math.sqrt(len(sigma))
            s = np.linspace(0, edge, 200)
            law = 4 * np.sqrt(edge**2 - s**2) / (math.pi * edge**2)
            how_often.plot(s, law, color=BLACK, linewidth=1, label=f"quarter circle, up to {edge:g}")
    for ax, title in ((first, "at init"), (last, "after training")):
        ax.set(yscale="log", xlabel="singular value, by size", ylabel="singular value", title=title)
        ax.legend(fontsize=SMALL, loc="lower left")
    how_often.set(xlabel="singular value", ylabel="density", title="at init, how often", ylim=(0, 2), xlim=(0, None))
    how_often.legend(fontsize=SMALL, framealpha=1)
    return figure


def spectra_in_words(arms: Mapping[str, Pair]) -> str:
    """Smallest and largest singular value and spectral radius of each arm before and after training, as a table."""
    lines: list[Sequence[str]] = [("W_hh", "", "sigma_min", "sigma_max", "rho")]
    for arm, pair in arms.items():
        for when, (sigma, rho) in (("at init", pair.before), ("after training", pair.after)):
            lines.append((arm, when, *(f"{value:.4f}" for value in (sigma[-1], sigma[0], rho))))
    return aligned(lines)


# ---- how far a change of the state reaches --------------------------------------------------------------------------


class Band(NamedTuple):
    """Lags, and of the norms there the median and the range, each ``(K,)``."""

    lags: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


def reaches(scales: Sequence[float] = SCALES) -> Reached:
    """What `explored` finds for each scale of the input weights and each start, at T = 60."""
    return {scale: {start: explored(Settings(start, scale)) for start in STARTS} for scale in scales}


def jacobians(reached: Reached, narrow: bool = False) -> Figure:
    """Norms of Jacobian products against the lag for each start and input scale: median and range over draws."""

    def band(one: Explored) -> Band:
        return Band(one.lags, np.median(one.norms, axis=0), one.norms.min(axis=0), one.norms.max(axis=0))

    bands = {f"{scale:g}": {start: band(one) for start, one in starts.items()} for scale, starts in reached.items()}
    return drawn_bands(bands, narrow)


def drawn_bands(bands: Mapping[str, Mapping[str, Band]], narrow: bool = False) -> Figure:
    """Norms against the lag: a panel for each scale of the input weights, a line for each start, and its range."""
    columns, rows = (1, len(bands)) if narrow else (len(bands), 1)
    figure, axes = new_figure(columns, rows, width=NARROW, height=4.2, sharey=not narrow)
    colors = [*styles_of(["ortho", "random", *list(STARTS)[2:]]).values()]
    for ax, (scale, starts) in zip(axes, bands.items(), strict=True):
        for (label, (lags, *norms)), (color, style) in zip(starts.items(), colors, strict=True):
            middle, low, high = (np.maximum(one, FLOOR) for one in norms)
            ax.fill_between(lags, low, high, color=color, alpha=0.15, linewidth=0)
            ax.plot(lags, middle, color=color, linestyle=style, label=label)
        ax.axhline(1, color="0.5", linewidth=0.8)
        ax.set(yscale="log", title=f"input weights {scale} N(0, 1)", xlabel="lag k")
    for ax in axes if narrow else axes[:1]:
        ax.set_ylabel("||dh_T / dh_(T-k)||")
        ax.legend(fontsize=SMALL - 1, loc="lower left", ncols=2)
    return figure


def reaches_in_words(reached: Reached) -> str:
    """The norm at the longest lag, as a table: the median of the draws, and their range."""
    lines: list[Sequence[str]] = [("||dh_T / dh_(T-k)||, k = 60", *(f"input weights {scale:g}" for scale in reached))]
    for label in STARTS:
        quantiles = [np.quantile(starts[label].norms[:, -1], (0.5, 0, 1)) for starts in reached.values()]
        lines.append((label, *("{:.1e} ({:.1e} to {:.1e})".format(*three) for three in quantiles)))
    return aligned(lines)
