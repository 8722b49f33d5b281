"""The numbers behind the lab's explorer: how far a change of the state reaches, before any training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from rnnkit.common.names import lookup
from rnnkit.inits import recurrent

H, SYMBOLS, DRAWS, LONGEST = 64, 4, 5, 200
POINTS = 25  # lags at which a norm is taken, at most
STARTS: dict[str, tuple[str, float]] = {  # a name of `rnnkit.inits.RECURRENT`, and its scale
    "orthogonal": ("orthogonal", 1.0),
    "0.1 N(0, 1)": ("gaussian", 0.1),
    "N(0, 1/n)": ("gaussian", H**-0.5),
    "radius 1": ("gaussian_radius", 1.0),
    "sparse, radius 1.1": ("sparse", 1.1),
    "identity": ("identity", 1.0),
    "permutation": ("permutation", 1.0),
    "1.1 orthogonal": ("orthogonal", 1.1),
}


@dataclass(frozen=True)
class Settings:
    """What the controls say: the recurrent matrix, one of `STARTS`; the standard deviation of W_ih; the steps T."""

    start: str = "orthogonal"
    input_scale: float = 0.1
    length: int = 60


@dataclass(frozen=True)
class Start:
    """Some draws of a recurrent matrix.

    Fields:
        W_hh: ``(D, H, H)``.
        eigenvalues: ``(D, H)`` complex.
        sigma: ``(D,)``, the largest singular values.
    """

    W_hh: np.ndarray
    eigenvalues: np.ndarray
    sigma: np.ndarray

    @property
    def radius(self) -> np.ndarray:
        """``(D,)``, the spectral radii."""
        return np.abs(self.eigenvalues).max(axis=1)


@dataclass(frozen=True)
class Explored:
    """What comes of it.

    Fields:
        start: the matrices.
        lags: ``(K,)``, from 1 to T.
        norms: ``(D, K)``, of dh_T/dh_(T-k).
    """

    settings: Settings
    start: Start
    lags: np.ndarray
    norms: np.ndarray


def explored(settings: Settings, lags: Sequence[int] = ()) -> Explored:
    r"""Reads random symbols with a tanh network, and differentiates its last state by every one before.

    .. math::
        h_t = \tanh(x_t W_{ih} + h_{t-1} W_{hh}), \quad
        \frac{dh_T}{dh_{T-k}} = J_T \cdots J_{T-k+1}, \quad J_t = \mathrm{diag}(1 - h_t^2) W_{hh}^\top

    The norm is the largest singular value. Every draw has a matrix, input weights and a sequence of its own, which stay
    the same from move to move; a product is taken at every lag, its norm at some of them.

    Arguments:
        settings: of the networks.
        lags: at which a norm is taken; a few up to T by default.

    *Source:* Pascanu et al. 2013, section 2.1, equation 5.
    """
    start, T = drawn(settings.start), settings.length
    slopes = 1 - states(start.W_hh, settings.input_scale, T) ** 2
    chosen = np.asarray(lags, int) if len(lags) else np.unique(np.linspace(1, T, POINTS).round().astype(int))
    back = start.W_hh.transpose(0, 2, 1)
    product, kept = np.broadcast_to(np.eye(H), back.shape), []
    for k in range(1, T + 1):
        product = product @ (slopes[:, T - k, :, None] * back)
        if k in chosen:
            kept.append(product)
    return Explored(settings, start, chosen, np.linalg.norm(kept, 2, axis=(2, 3)).T)


def states(W_hh: np.ndarray, input_scale: float, T: int) -> np.ndarray:
    """``(D, T, H)``, the states h_1 .. h_T of each draw ``W_hh`` ``(D, H, H)`` on its sequence."""
    W_ih, symbols = _inputs()
    driven = input_scale * np.take_along_axis(W_ih, symbols[:, :T, None], axis=1)
    h, visited = np.zeros((len(W_hh), 1, H)), []
    for t in range(T):
        h = np.tanh(driven[:, t, None] + h @ W_hh)
        visited.append(h[:, 0])
    return np.stack(visited, axis=1)


@cache
def drawn(start: str) -> Start:
    """The draws of a matrix of this name, each from the same standard normal one as those of any other name."""
    name, scale = lookup(STARTS, start, "start")
    W = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        W.append(recurrent(name, rng, rng.standard_normal((H, H)), scale))
    W_hh = np.stack(W)
    return Start(W_hh, np.linalg.eigvals(W_hh).astype(complex), np.linalg.norm(W_hh, 2, axis=(1, 2)))


@cache
def _inputs() -> tuple[np.ndarray, np.ndarray]:
    """Input weights ``(D, SYMBOLS, H)``, standard normal, and the symbols ``(D, LONGEST)``."""
    streams = [np.random.default_rng(DRAWS + seed) for seed in range(DRAWS)]
    W_ih = np.stack([rng.standard_normal((SYMBOLS, H)) for rng in streams])
    return W_ih, np.stack([rng.integers(SYMBOLS, size=LONGEST) for rng in streams])
