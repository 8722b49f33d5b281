"""Why the arms differ: singular values before and after training, and how far a change of the state reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from rnnkit.assignments.orthogonal_init.pictures import styles_of
from rnnkit.assignments.orthogonal_init.settings import ARMS, Arm
from rnnkit.common.text import aligned
from rnnkit.inits import RECURRENT, recurrent
from rnnkit.plots.style import BLACK, NARROW, SMALL, new_figure

H, LAGS, DRAWS, SYMBOLS = 64, 60, 5, 4
SCALES = (0.01, 0.1, 1.0)  # of the input weights
STARTS: dict[str, tuple[str, float]] = {  # name and scale in `rnnkit.inits.RECURRENT`
    "orthogonal": ("orthogonal", 1.0), "0.1 N(0, 1)": ("gaussian", 0.1), "N(0, 1/n)": ("gaussian", 1 / math.sqrt(H)),
    "radius 1": ("gaussian_radius", 1.0), "sparse, radius 1.1": ("sparse", 1.1), "identity": ("identity", 1.0),
    "permutation": ("permutation", 1.0), "1.1 orthogonal": ("orthogonal", 1.1),
}  # fmt: skip
BIN = 0.08  # of a histogram: 1 lies in the middle of one
FLOOR = 1e-18  # what is smaller is drawn there


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
        how_often.hist(sigma, bins=bins.tolist(), density=True, color=color, alpha=0.45, label=said)
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


def product_norms(W: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    r"""The largest singular value of the product of the last k Jacobians, for several networks at once.

    .. math::
        \frac{\partial h_T}{\partial h_{T-k}} = J_{T-k+1} \cdots J_T, \quad J_t = W_{hh}\, \mathrm{diag}(1 - h_t^2)

    Arguments:
        W: ``(S, H, H)``.
        hidden: ``(S, T, H)``, the states from h_1.

    Returns:
        ``(S, T)``, for k = 1 to T.
    """
    product, norms = np.broadcast_to(np.eye(W.shape[1]), W.shape), []
    for h in np.moveaxis(hidden, 1, 0)[::-1]:
        product = (W * (1 - h**2)[:, None]) @ product
        norms.append(np.linalg.norm(product, 2, axis=(1, 2)))
    return np.stack(norms, axis=1)


def drawn_norms(name: str, scale: float, input_scale: float, draws: int = DRAWS, T: int = LAGS) -> np.ndarray:
    """`product_norms` of untrained tanh networks of 64 units that read random symbols, ``(draws, T)``.

    Arguments:
        name, scale: of the recurrent matrix, see `rnnkit.inits.recurrent`.
        input_scale: standard deviation of the input weights.
    """
    W, W_xh, symbols = [], [], []
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        W.append(recurrent(name, rng, rng.standard_normal((H, H)), scale))
        W_xh.append(input_scale * rng.standard_normal((SYMBOLS, H)))
        symbols.append(rng.integers(SYMBOLS, size=T))
    matrices, inputs = np.stack(W), np.stack([weights[read] for weights, read in zip(W_xh, symbols, strict=True)])
    h, states = np.zeros((draws, H)), []
    for t in range(T):
        h = np.tanh(inputs[:, t] + (h[:, None] @ matrices)[:, 0])
        states.append(h)
    return product_norms(matrices, np.stack(states, axis=1))


def reaches(scales: Sequence[float] = SCALES, draws: int = DRAWS) -> dict[float, dict[str, np.ndarray]]:
    """`drawn_norms` for each scale of the input weights and each start."""
    return {scale: {label: drawn_norms(*start, scale, draws) for label, start in STARTS.items()} for scale in scales}


def jacobians(reached: Mapping[float, Mapping[str, np.ndarray]], narrow: bool = False) -> Figure:
    """Norms of Jacobian products against the lag for each start and input scale: median and range over draws."""
    columns, rows = (1, len(reached)) if narrow else (len(reached), 1)
    figure, axes = new_figure(columns, rows, width=NARROW, height=4.2, sharey=not narrow)
    colors = [*styles_of(["ortho", "random", *list(STARTS)[2:]]).values()]
    for ax, (scale, starts) in zip(axes, reached.items(), strict=True):
        for (label, norms), (color, style) in zip(starts.items(), colors, strict=True):
            lags, seen = range(1, norms.shape[1] + 1), np.maximum(norms, FLOOR)
            ax.fill_between(lags, seen.min(axis=0), seen.max(axis=0), color=color, alpha=0.15, linewidth=0)
            ax.plot(lags, np.median(seen, axis=0), color=color, linestyle=style, label=label)
        ax.axhline(1, color="0.6", linewidth=0.8)
        ax.set(yscale="log", title=f"input weights {scale:g} N(0, 1)", xlabel="lag k")
    for ax in axes if narrow else axes[:1]:
        ax.set_ylabel("||dh_T / dh_(T-k)||")
        ax.legend(fontsize=SMALL - 1, loc="lower left", ncols=2)
    return figure


def reaches_in_words(reached: Mapping[float, Mapping[str, np.ndarray]]) -> str:
    """The norm at the longest lag, as a table: the median of the draws, and their range."""
    lines: list[Sequence[str]] = [("start", *(f"input weights {scale:g}" for scale in reached))]
    for label in STARTS:
        quantiles = [np.quantile(starts[label][:, -1], (0.5, 0, 1)) for starts in reached.values()]
        lines.append((label, *("{:.1e} ({:.1e} to {:.1e})".format(*three) for three in quantiles)))
    return aligned(lines)
