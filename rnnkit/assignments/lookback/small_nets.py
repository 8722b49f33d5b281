"""Untrained networks of the coursework's size, their terms lag by lag, and the coursework's own gradient, in numpy."""

from __future__ import annotations

import numpy as np

from rnnkit.assignments.lookback import inputs

Array = np.ndarray
H, K = 50, 400  # units, words
STD = 0.1**0.5  # the coursework draws weights of variance 0.1
LENGTH, COUNT = 20, 24  # words of a sentence, sentences
Weights = dict[str, Array]


def sigmoid(a: Array) -> Array:
    """The logistic function."""
    return np.asarray(0.5 + 0.5 * np.tanh(a / 2))


def weights(*names: str, out: int = 2, seed: int = 2018) -> Weights:
    """Untrained weights: U... (H, H), V... (K, H), W (H, out)."""
    rng, shapes = np.random.default_rng(seed), {"U": (H, H), "V": (K, H), "W": (H, out)}
    return {name: STD * rng.standard_normal(shapes[name[0]]) for name in names}


def sentences(seed: int = 0) -> Array:
    """Random words (COUNT, LENGTH)."""
    return np.random.default_rng(seed).integers(0, K, (COUNT, LENGTH))


def rnn_terms(x: Array, w: Weights) -> tuple[Array, list[Array]]:
    """States of a sentence (T, H), and delta at every lag, for a loss at every word: a list of (T - tau, H)."""
    T, s, states = len(x), np.zeros(H), []
    for word in x:
        s = sigmoid(w["V"][word] + s @ w["U"])
        states.append(s)
    s = np.array(states)
    delta = _errors(s @ w["W"]) @ w["W"].T * s * (1 - s)
    deltas = [delta]
    for lag in range(1, T):
        delta = (delta[1:] @ w["U"].T) * (s * (1 - s))[: T - lag]
        deltas.append(delta)
    return s, deltas


def gru_terms(x: Array, w: Weights) -> tuple[Array, list[Array]]:
    """What Uh multiplies one step on (T, H), and the candidate's delta at every lag: in the form of `rnn_terms`."""
    T, s, passed = len(x), np.zeros(H), []
    for word in x:
        r, z = (sigmoid(w[f"V{gate}"][word] + s @ w[f"U{gate}"]) for gate in "rz")
        c = np.tanh(w["Vh"][word] + (r * s) @ w["Uh"])
        before, s = s, z * s + (1 - z) * c
        passed.append((before, r, z, c, s))
    before, r, z, c, s = (np.array(one) for one in zip(*passed, strict=True))
    g, deltas = _errors(s @ w["W"]) @ w["W"].T, []
    for lag in range(T):
        m = T - lag
        da_c = g * ((1 - z) * (1 - c * c))[:m]
        deltas.append(da_c)
        g = _gru_back(g, before[:m], r[:m], z[:m], c[:m], w)[1:]
    return np.concatenate([(r * before)[1:], np.zeros((1, H))]), deltas


def _gru_back(ds: Array, s: Array, r: Array, z: Array, c: Array, w: Weights) -> Array:
    """To the state before, for rows of any number."""
    drs = (ds * (1 - z) * (1 - c * c)) @ w["Uh"].T
    through_z = (ds * (s - c) * z * (1 - z)) @ w["Uz"].T
    return ds * z + drs * r + through_z + (drs * s * r * (1 - r)) @ w["Ur"].T


def _errors(scores: Array) -> Array:
    """d - y for targets that alternate."""
    y = np.exp(scores)
    y /= y.sum(1, keepdims=True)
    return np.asarray(np.eye(scores.shape[1])[np.arange(len(y)) % scores.shape[1]] - y)


# ---- the coursework's net, and its gradient --------------------------------------------------------------------------

TARGET, STEPS = 0, 3  # of its test: the class after the last word, and how far back is looked


def of_test() -> tuple[Weights, Array]:
    """The published net and its sentence."""
    return inputs.GRU | {"W": inputs.W}, inputs.X.astype(int)


def loss_of(w: Weights, x: Array, other: Weights, steps: int) -> float:
    """-log of the probability of the target after the last word; ``other`` reads the last ``steps + 1``."""
    s = np.zeros(len(w["Ur"]))
    for t, word in enumerate(x):
        now = other if t >= len(x) - 1 - steps else w
        r, z = (sigmoid(now[f"V{gate}"][word] + s @ now[f"U{gate}"]) for gate in "rz")
        s = z * s + (1 - z) * np.tanh(now["Vh"][word] + (r * s) @ now["Uh"])
    scores = s @ w["W"]
    return float(np.log(np.exp(scores).sum()) - scores[TARGET])


def downhill(w: Weights, x: Array, name: str, steps: int, size: float = 1e-4) -> Array:
    """-dL/d of a matrix by differences, with a lookback: where it is used at most so many steps before the loss."""
    found = np.zeros_like(w[name])
    for place in np.ndindex(found.shape):
        push = np.zeros_like(found)
        push[place] = size
        up, down = (loss_of(w, x, w | {name: w[name] + sign * push}, steps) for sign in (1, -1))
        found[place] = (down - up) / (2 * size)
    return found


def published() -> Array:
    """-dL/dUr that the coursework's own test expects, turned to rows."""
    return np.array([[0.00193795, 0.00195132], [0.00314452, 0.00320871]])
