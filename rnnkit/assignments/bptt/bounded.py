"""What a bound allows and what becomes of a product of Jacobians, for a matrix, a nonlinearity and inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

H, LONGEST = 64, 100  # units; steps
SHIFTED = 8  # the size of the shift matrix
SYMBOLS = 4  # that a network reads
BEYOND = 1e-9  # as near to 1 as rounding brings a factor
SLOPES = {
    "tanh": (torch.tanh, lambda h: 1 - h**2, 1.0),
    "sigmoid": (torch.sigmoid, lambda h: h * (1 - h), 0.25),
    "identity": (lambda a: a, torch.ones_like, 1.0),
}  # nonlinearity, its slope by the new state, the largest slope


def normal(seed: int, *shape: int) -> Tensor:
    """Normal numbers."""
    return torch.tensor(np.random.default_rng(seed).standard_normal(shape))


def rotation(seed: int, size: int = H) -> Tensor:
    """An orthogonal matrix, any as likely as any other."""
    Q, R = torch.linalg.qr(normal(seed, size, size))
    return Q * torch.sign(torch.diagonal(R))


def shift() -> Tensor:
    """Ones just above the diagonal."""
    return torch.diag(torch.ones(SHIFTED - 1, dtype=torch.float64), 1)


STARTS = {"orthogonal": lambda: rotation(0), "normal numbers": lambda: normal(0, H, H), "shift": shift}


def states(W: Tensor, phi: str, scale: float, steps: int) -> Tensor:
    """``(steps, H)``, of a net that reads one-hot symbols through normal weights of this scale."""
    rng, h = np.random.default_rng(1), W.new_zeros(len(W))
    W_xh, visited = torch.tensor(scale * rng.standard_normal((SYMBOLS, len(W)))), []
    for symbol in rng.integers(SYMBOLS, size=steps):
        h = SLOPES[phi][0](W_xh[symbol] + h @ W)
        visited.append(h)
    return torch.stack(visited)


def slopes(W: Tensor, phi: str, scale: float, steps: int) -> Tensor:
    """``(steps, H)``, the slopes at these states, the last step first."""
    return SLOPES[phi][1](states(W, phi, scale, steps)).flip(0)


def products(W: Tensor, slopes: Tensor) -> Tensor:
    """The norms of the products of Jacobians over 1, 2, ... steps: slopes ``(T, H)``, the last step first -> (T,)."""
    product, found = torch.eye(len(W), dtype=W.dtype), []
    for slope in slopes:
        product = product @ (slope[:, None] * W.T)
        found.append(product)
    return torch.linalg.matrix_norm(torch.stack(found), 2)


@dataclass(frozen=True)
class Settings:
    """What the controls say.

    Fields:
        matrix: one of `STARTS`.
        sigma: the largest singular value that it is brought to.
        phi: one of `SLOPES`.
        scale: of the inputs' weights.
    """

    matrix: str = "orthogonal"
    sigma: float = 1.0
    phi: str = "tanh"
    scale: float = 0.1


@dataclass(frozen=True)
class Bounded:
    """What comes of it, by the lag k from 1 to T.

    Fields:
        factor: the largest possible slope times sigma.
        radius: the spectral radius.
        slopes: ``(T, H)``, the last step first.
        bound: ``(T,)``, factor to the k.
        typical: ``(T,)``, the same with the root mean square of each step's slopes; an estimate, and no bound.
        norms: ``(T,)``, of the product.
    """

    settings: Settings
    factor: float
    radius: float
    slopes: np.ndarray
    bound: np.ndarray
    typical: np.ndarray
    norms: np.ndarray


@cache
def bounded(settings: Settings) -> Bounded:
    r"""Bound and truth of one network before any training.

    .. math::
        \lVert J_T \cdots J_{T-k+1} \rVert \le (\gamma \sigma)^k, \quad J_t = \mathrm{diag}(\varphi'(a_t)) W_{hh}^\top

    *Source:* Pascanu et al. 2013, section 2.1.
    """
    unit = STARTS[settings.matrix]()
    W = unit * (settings.sigma / torch.linalg.matrix_norm(unit, 2))
    here, factor = slopes(W, settings.phi, settings.scale, LONGEST), SLOPES[settings.phi][2] * settings.sigma
    return Bounded(
        settings, factor, float(torch.linalg.eigvals(W).abs().max()), here.numpy(), factor ** np.arange(1, LONGEST + 1),
        np.cumprod(settings.sigma * here.square().mean(dim=1).sqrt().numpy()), products(W, here).numpy(),
    )  # fmt: skip


def said_of(factor: float) -> str:
    """Which of the two conditions holds of a factor gamma sigma, and what follows; in HTML."""
    if factor < 1 - BEYOND:
        return "γσ &lt; 1: <b>sufficient</b> for vanishing. The bound falls to 0, and the norm under it must follow."
    if factor > 1 + BEYOND:
        return "γσ &gt; 1: <b>necessary</b> for exploding, <b>not sufficient</b>. The bound grows; the norm need not."
    return "γσ = 1: neither condition holds. Nothing can explode; the bound stays, and the norm may vanish under it."
