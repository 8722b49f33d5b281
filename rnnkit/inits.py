"""Initial weights, drawn in a fixed order, so that a seed names one network; recurrent matrices by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from rnnkit.cells import Cell
from rnnkit.common.names import lookup

Z_BIAS = -2.0  # a GRU starts by keeping most of its state: sigmoid(-2) = 0.119


@dataclass(frozen=True)
class Init:
    """How a vanilla RNN starts.

    Fields:
        phi: the nonlinearity that belongs to it.
        std: standard deviation of the normal input, recurrent and readout weights; biases are 0.
        reshape: what is done to the drawn ``(H, H)`` recurrent matrix before the readout is drawn.
    """

    phi: str
    std: float
    reshape: Callable[[np.random.RandomState, np.ndarray], np.ndarray] = lambda rng, W_hh: W_hh


def sparse_scaled(rng: np.random.RandomState, W_hh: np.ndarray, fan_out: int = 15, rho: float = 0.95) -> np.ndarray:
    r"""Keeps ``fan_out`` random outgoing weights of each unit and sets the spectral radius to ``rho``.

    .. math:: W_{hh} \leftarrow 0.95\, W_{hh} / \rho(W_{hh})

    Arguments:
        W_hh: ``(H, H)``, from unit (row) to unit (column).
        fan_out: weights kept in each row; networks with fewer units keep all.
        rho: spectral radius of the result.

    *Source:* Pascanu et al. 2013, section 4.1 (``smart_tanh``; 15 connections a unit, as in Martens & Sutskever 2011).
    """
    W_hh = W_hh.copy()
    for row in W_hh:
        row[rng.permutation(len(row))[fan_out:]] = 0.0
    W_hh = W_hh.astype(np.float32)
    return W_hh * np.float32(rho) / np.abs(np.linalg.eigvals(W_hh)).max()


INITS: dict[str, Init] = {
    "sigmoid": Init("sigmoid", 0.01),
    "basic_tanh": Init("tanh", 0.1),
    "smart_tanh": Init("tanh", 0.01, sparse_scaled),
}


def get_init(name: str) -> Init:
    """The init of this name (ValueError for an unknown one)."""
    return lookup(INITS, name, "init")


def orthogonal(rng: np.random.Generator, A: np.ndarray, scale: float) -> np.ndarray:
    r"""``scale`` times the orthogonal factor of A, each column with the sign that makes it Haar's.

    .. math:: A = Q R, \quad W_{hh} = \text{scale} \cdot Q \, \mathrm{diag}(\mathrm{sign}(R_{ii}))

    Arguments:
        A: ``(H, H)``, standard normal.

    *Source:* Mezzadri 2007, How to generate random matrices from the classical compact groups; Saxe et al. 2013.
    """
    Q, R = np.linalg.qr(A)
    return scale * (Q * np.sign(np.diag(R)))


def to_radius(A: np.ndarray, rho: float) -> np.ndarray:
    """``(H, H)``: A, scaled so that the largest modulus of its eigenvalues is ``rho``."""
    return A * (rho / np.abs(np.linalg.eigvals(A)).max())


def sparse(rng: np.random.Generator, A: np.ndarray, rho: float, fan_in: int = 15) -> np.ndarray:
    """``(H, H)``: A with ``fan_in`` random weights into each unit (column), the others 0, scaled to the radius ``rho``.

    *Source:* Sutskever, Martens, Dahl, Hinton 2013, section 3.1; Martens & Sutskever 2011.
    """
    order = np.argsort(rng.random(A.shape), axis=0)  # each column's rows in random order
    return to_radius(np.where(order < fan_in, A, 0.0), rho)


def permutation(rng: np.random.Generator, A: np.ndarray, scale: float) -> np.ndarray:
    """``(H, H)``: ``scale`` times a random permutation matrix, the one that sorts A's first row."""
    return scale * np.eye(len(A))[np.argsort(A[0])]


class Recurrent(NamedTuple):
    """How a recurrent matrix comes of a standard normal one.

    Fields:
        make: from a generator (for what A does not decide), A ``(H, H)`` and the scale.
        scale: the usual one.
    """

    make: Callable[[np.random.Generator, np.ndarray, float], np.ndarray]
    scale: float


RECURRENT: dict[str, Recurrent] = {
    "orthogonal": Recurrent(orthogonal, 1.0),
    "gaussian": Recurrent(lambda rng, A, std: std * A, 0.1),
    "gaussian_radius": Recurrent(lambda rng, A, rho: to_radius(A, rho), 1.0),
    "sparse": Recurrent(sparse, 1.1),
    "identity": Recurrent(lambda rng, A, scale: scale * np.eye(len(A)), 1.0),
    "permutation": Recurrent(permutation, 1.0),
}


def recurrent(name: str, rng: np.random.Generator, A: np.ndarray, scale: float | None = None) -> np.ndarray:
    """A recurrent matrix by name, one of `RECURRENT`, from a standard normal one.

    Arguments:
        rng: for what A does not decide: the places of a sparse matrix.
        A: ``(H, H)``.
        scale: factor, standard deviation (``gaussian``) or spectral radius (``gaussian_radius``, ``sparse``).

    Returns:
        ``(H, H)``, float64.
    """
    kind = lookup(RECURRENT, name, "init")
    return kind.make(rng, A, kind.scale if scale is None else scale)


def init_rnn(cell: Cell, init: str, rng: np.random.RandomState) -> None:
    """Draws the weights of a vanilla RNN, in the order W_xh, W_hh, W_ho; biases 0.

    Arguments:
        cell: gets its parameters' values.
        init: ``sigmoid``, ``basic_tanh`` or ``smart_tanh``.
        rng: the run's training stream, at its beginning.

    *Source:* Pascanu et al. 2013, section 4.1.
    """
    start = get_init(init)
    W_xh = rng.normal(scale=start.std, size=tuple(cell.get_parameter("W_xh").shape))
    W_hh = start.reshape(rng, rng.normal(scale=start.std, size=tuple(cell.W_hh.shape)))
    W_ho = rng.normal(scale=start.std, size=tuple(cell.W_ho.shape))
    set_weights(cell, {"W_xh": W_xh, "W_hh": W_hh, "W_ho": W_ho})


def init_gru(cell: Cell, rng: np.random.RandomState, z_bias: float = Z_BIAS) -> None:
    """Draws the weights of a GRU in the handout starter's order; b_z = ``z_bias``, the other biases 0.

    The larger the distance of ``z_bias`` below 0, the longer the network remembers at the start: a unit keeps
    a share 1 - sigmoid(z_bias) of its state each step.
    """
    order = {"W_xz": 0.01, "W_hz": 0.005, "W_xr": 0.01, "W_hr": 0.005, "W_hh": 0.01, "W_xh": 0.01, "W_ho": 0.01}
    weights = {name: rng.normal(scale=std, size=tuple(getattr(cell, name).shape)) for name, std in order.items()}
    set_weights(cell, weights | {"b_z": np.full(tuple(cell.get_parameter("b_z").shape), z_bias)})


@torch.no_grad()
def set_weights(cell: Cell, weights: dict[str, np.ndarray]) -> None:
    """Copies values into a cell's parameters of these names; all others become 0.

    Raises:
        ValueError: a shape that does not fit, before anything is changed.
    """
    parameters = dict(cell.named_parameters())
    for name, value in weights.items():
        if name not in parameters or tuple(parameters[name].shape) != np.shape(value):
            have = tuple(parameters[name].shape) if name in parameters else "no such parameter"
            raise ValueError(f"{type(cell).__name__}.{name}: expected shape {np.shape(value)}, got {have}")
    for name, parameter in parameters.items():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(weights.get(name, 0.0))))
