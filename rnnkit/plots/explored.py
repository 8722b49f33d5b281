"""The numbers behind the explorer: one small network, one sequence, and its gradient on the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

HIDDEN, INPUTS, LONGEST, SEED = 50, 2, 200, 3
Back = Callable[[np.ndarray], np.ndarray]
Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, Back]]


@dataclass(frozen=True)
class Settings:
    """What the explorer's sliders say.

    Fields:
        cell: ``RNN`` or ``GRU``.
        phi: the RNN's nonlinearity: ``linear``, ``tanh``, ``sigmoid`` or ``relu``; a GRU's is tanh.
        radius: spectral radius of W_hh.
        input_scale: standard deviation of the inputs after the first, which is a kick of length 1.
        gate_bias: b_z, the bias of a GRU's update gate.
        length: steps T.
    """

    cell: str = "RNN"
    phi: str = "tanh"
    radius: float = 0.9
    input_scale: float = 0.1
    gate_bias: float = -2.0
    length: int = 50


@dataclass(frozen=True)
class Explored:
    """What comes of it.

    Fields:
        settings: that it was made with.
        eigenvalues: ``(H,)`` complex, of W_hh.
        jacobian: ``(H,)`` complex, eigenvalues of the last step's Jacobian dh_T/dh_{T-1}.
        path: ``(T, 2)``, the states h_1 .. h_T along their two first principal directions, from their mean.
        gradient: ``(T,)``, the norm of the *total* derivative dL/dh_t.
        growth: the norm of W_hh times the slope's bound, by which a step back can at most multiply it in an RNN.
        bound: ``(T,)``, what dL/dh_T becomes if every step does that.
    """

    settings: Settings
    eigenvalues: np.ndarray
    jacobian: np.ndarray
    path: np.ndarray
    gradient: np.ndarray
    growth: float
    bound: np.ndarray


def explored(settings: Settings) -> Explored:
    r"""Runs one sequence through a network and differentiates a loss at its last step.

    .. math::
        L = h_T w, \quad \lVert w \rVert = 1, \qquad
        \Big\lVert \frac{dL}{dh_t} \Big\rVert \le (\lVert W_{hh} \rVert_2 \, \gamma)^{T - t}

    with γ the largest slope of the nonlinearity: 1, and 1/4 for the sigmoid. The bound is that of an RNN; of a GRU
    nothing of the kind holds, and what is given is that of an RNN with its W_hh.

    Arguments:
        settings: of the network and the sequence.

    Returns:
        Everything that the pictures show.

    *Source:* Pascanu et al. 2013, section 2.1, equations 5-7.
    """
    w = weights(settings)
    step = _gru(w) if settings.cell == "GRU" else _rnn(w, settings.phi)
    h, hidden, backs = np.zeros(HIDDEN), [], []
    for x in sequence(settings):
        h, back = step(x, h)
        hidden.append(h)
        backs.append(back)
    flow = [w["W_ho"][:, 0]]
    for back in backs[:0:-1]:
        flow.append(back(flow[-1]))
    growth = float(np.linalg.norm(w["W_hh"], 2)) * (0.25 if (settings.cell, settings.phi) == ("RNN", "sigmoid") else 1)
    return Explored(
        settings,
        eigenvalues=np.linalg.eigvals(w["W_hh"]),
        jacobian=np.linalg.eigvals(backs[-1](np.eye(HIDDEN))),
        path=_principal(np.array(hidden)),
        gradient=np.linalg.norm(flow[::-1], axis=1),
        growth=growth,
        bound=growth ** np.arange(settings.length - 1.0, -1, -1),
    )


def weights(settings: Settings) -> dict[str, np.ndarray]:
    """The network's weights by the names that a cell gives them; biases that are not named are 0.

    The gates' are as small as those a GRU starts with, so that they say what their biases say.
    """
    drawn, _ = _drawn()
    W = {name: drawn[name] for name in ("W_xh", "W_ho")} | {"W_hh": settings.radius * drawn["W_hh"]}
    if settings.cell == "GRU":
        W |= {name: drawn[name] for name in ("W_xz", "W_hz", "W_xr", "W_hr")}
        W["b_z"] = np.full(HIDDEN, settings.gate_bias)
    return W


def sequence(settings: Settings) -> np.ndarray:
    """The inputs x_1 .. x_T, ``(T, I)``: a kick, then noise."""
    x = settings.input_scale * _drawn()[1][: settings.length]
    x[0] = 1 / np.sqrt(INPUTS)
    return x


@cache
def _drawn() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The weights, W_hh with spectral radius 1 and W_ho of length 1, and noise for the longest sequence."""
    rng = np.random.RandomState(SEED)
    W = {"W_hh": rng.normal(size=(HIDDEN, HIDDEN)), "W_xh": rng.normal(scale=INPUTS**-0.5, size=(INPUTS, HIDDEN))}
    W["W_hh"] /= np.abs(np.linalg.eigvals(W["W_hh"])).max()
    for name, std in (("W_xz", 0.01), ("W_hz", 0.005), ("W_xr", 0.01), ("W_hr", 0.005)):
        W[name] = rng.normal(scale=std, size=(INPUTS if name[2] == "x" else HIDDEN, HIDDEN))
    w = rng.normal(size=(HIDDEN, 1))
    W["W_ho"] = w / np.linalg.norm(w)
    return W, rng.normal(size=(LONGEST, INPUTS))


def _principal(hidden: np.ndarray) -> np.ndarray:
    """States along their two first principal directions, whose signs do not flip from move to move."""
    centred = hidden - hidden.mean(0)
    # neither svd nor eigh: on a busy machine BLAS's threads wait for one another there, a hundred times what it takes
    variances, directions = np.linalg.eig(np.einsum("ti,tj->ij", centred, centred))
    first = directions[:, np.argsort(-variances.real)[:2]].real
    return centred @ (first * np.where(_drawn()[0]["W_xh"][0] @ first < 0, -1, 1))


def _rnn(w: dict[str, np.ndarray], phi: str) -> Step:
    """A step of an RNN: from input and state to the next state, and to the way back through it."""
    W_xh, W_hh, back_hh = w["W_xh"], w["W_hh"], w["W_hh"].T
    functions: dict[str, tuple[Back, Back]] = {
        "linear": (lambda a: a, np.ones_like),
        "tanh": (np.tanh, lambda h: 1 - h * h),
        "sigmoid": (_sigmoid, lambda h: h * (1 - h)),
        "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0) * 1.0),
    }
    f, slope = functions[phi]

    def step(x: np.ndarray, h_prev: np.ndarray) -> tuple[np.ndarray, Back]:
        h = f(x @ W_xh + h_prev @ W_hh)
        return h, lambda flow: (flow * slope(h)) @ back_hh

    return step


def _gru(w: dict[str, np.ndarray]) -> Step:
    """The same of a GRU."""
    W_xz, W_hz, W_xr, W_hr, W_xh, W_hh = (w[name] for name in ("W_xz", "W_hz", "W_xr", "W_hr", "W_xh", "W_hh"))

    def step(x: np.ndarray, h_prev: np.ndarray) -> tuple[np.ndarray, Back]:
        z, r = _sigmoid(x @ W_xz + h_prev @ W_hz + w["b_z"]), _sigmoid(x @ W_xr + h_prev @ W_hr)
        c = np.tanh(x @ W_xh + (r * h_prev) @ W_hh)

        def back(flow: np.ndarray) -> np.ndarray:
            reset = (flow * z * (1 - c * c)) @ W_hh.T  # what arrives at r * h_prev
            through_z, through_r = flow * (c - h_prev) * z * (1 - z), reset * h_prev * r * (1 - r)
            return flow * (1 - z) + reset * r + through_z @ W_hz.T + through_r @ W_hr.T

        return (1 - z) * h_prev + z * c, back

    return step


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * a)
