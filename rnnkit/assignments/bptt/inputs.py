"""The inputs of the questions: one maker for the public ones, which are waves, and for random ones.

What a set of inputs can hide, and is shown by another array of the same question or a later round:

===================  =================================================================================================
all questions        sizes of 1, all sizes equal, more sequences than steps
vanilla_forward      a state before that is given, and none
flow                 a loss at the last step alone; one step; states of 1 and -1, whose slope is 0
weight_gradients     one step; a first state that is not 0
grad_bound           a factor below 1, above 1, and exactly 1; a slope that turns one into the other; k = 0
what_the_bound_says  norms that are exactly 1 and 4; a radius of 0 and a norm of 2; small entries and a large norm
clip_and_monitor     a limit that is not reached; gradients that are all 0
truncated            T that is no multiple of k; k = 1; k = T
echo                 no lag; a lag as long as the sequence
highway              an orthogonal matrix; k = 0; a matrix of one number
===================  =================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.makers import Make, Makers, Rounds, Sizes, in_sizes, whole

SIZES = {"T": 5, "B": 3, "I": 2, "H": 4, "O": 6}


# ---- forwards and backwards through time -----------------------------------------------------------------------------


def _network(sizes: Sizes, make: Make) -> Arrays:
    T, B, I, H, O = (sizes[letter] for letter in "TBIHO")  # noqa: E741
    return {
        "x": make((B, T, I), -1, 1), "h_prev": make((B, H), -0.9, 0.9), "W_xh": make((I, H), -1, 1),
        "b_h": make((H,), -0.6, 0.6), "W_hh": make((H, H), -0.9, 0.9), "W_hy": make((H, O), -1, 1),
        "b_y": make((O,), -0.6, 0.6),
    }  # fmt: skip


def _flow(sizes: Sizes, make: Make) -> Arrays:
    T, B, H = (sizes[letter] for letter in "TBH")
    direct, last = make((T, B, H), -1, 1), np.zeros((T, B, H))
    last[-1] = make((B, H), -1, 1)
    return {
        "hidden": make((T, B, H), -0.9, 0.9), "direct": direct, "W_hh": make((H, H), -0.9, 0.9), "last": last,
        "hidden_1": make((1, B, H), -0.9, 0.9), "direct_1": make((1, B, H), -1, 1),
    }  # fmt: skip


def _flows(sizes: Sizes, make: Make) -> Rounds:
    flat = _flow(sizes, make)
    states = flat["hidden"]
    states[len(states) // 2, ..., 0], states[len(states) // 2, ..., -1] = 1, -1
    return in_sizes(_flow)(sizes, make) | {"states of 1 and -1": Inputs(sizes, flat)}


def _gradients(sizes: Sizes, make: Make) -> Arrays:
    T, B, I, H = (sizes[letter] for letter in "TBIH")  # noqa: E741
    drawn = {"x": (T, B, I), "hidden": (T, B, H), "flow": (T, B, H)}
    arrays = {name: make(shape, -0.9, 0.9) for name, shape in drawn.items()}
    arrays |= {f"{name}_1": make((1, *shape[1:]), -0.9, 0.9) for name, shape in drawn.items()}
    return arrays | {"h_0": make((B, H), -0.9, 0.9)}


def _truncated(sizes: Sizes, make: Make) -> Arrays:
    T, B, I, H = (sizes[letter] for letter in "TBIH")  # noqa: E741
    k = 2 if T % 2 else 3 if T % 3 else T - 1  # no divisor of T but where T is 1 or 2
    return {
        "x": make((T, B, I), -1, 1), "h_0": make((B, H), -0.9, 0.9), "W_xh": make((I, H), -1, 1),
        "W_hh": make((H, H), -0.9, 0.9), "b_h": make((H,), -0.4, 0.4), "k": np.array(float(max(k, 1))),
        "one": np.array(1.0), "all": np.array(float(T)), "more": np.array(T + 3.0),
    }  # fmt: skip


# ---- the bound -------------------------------------------------------------------------------------------------------


def _bound(sizes: Sizes, make: Make) -> Arrays:
    return {
        "below": make((), 0.85, 0.95), "above": make((), 1.05, 1.15), "one": np.array(1.0), "k": np.array(50.0),
        "slope": make((), 0.3, 0.8), "sigma": make((), 1.1, 1.9), "steps": whole(make, (), 3, 9),
        "none": np.array(0.0),
    }  # fmt: skip


def _bounds(sizes: Sizes, make: Make) -> Rounds:
    exercise = _bound(sizes, make) | {"below": np.array(0.9), "above": np.array(1.1)}
    stable = exercise | {"sigma": np.array(4.0), "slope": np.array(0.25)}
    return {
        "the values of exercise 1": Inputs(sizes, exercise),
        "a factor of exactly 1": Inputs(sizes, stable),
        "a linear net": Inputs(sizes, _bound(sizes, make) | {"slope": np.array(1.0)}),
    }


def _norm(W: np.ndarray) -> float:
    return float(np.linalg.norm(W, 2))


def _of_norm(make: Make, size: int, low: float, high: float, fits: Callable[[np.ndarray], object]) -> np.ndarray:
    """A matrix whose largest singular value is a number in between, and that fits."""
    while True:
        W = make((size, size), -1, 1)
        W = W * (float(make((), low, high)) / _norm(W))
        if fits(W):
            return W


def _wide(W: np.ndarray) -> bool:
    """Whether other sizes of a matrix are above 1: of all its entries, of a row, of a column."""
    return bool(min(np.linalg.norm(W, kind) for kind in ("fro", 1, np.inf)) > 1.03)


def _narrow(W: np.ndarray) -> bool:
    """Whether the spectral radius is below 1."""
    return bool(np.abs(np.linalg.eigvals(W)).max() < 0.93)


def _matrices(sizes: Sizes, make: Make) -> Arrays:
    size = sizes["H"]
    turn = np.roll(np.eye(size), 1, axis=1)  # a permutation: its norm is 1, without rounding
    turn[0] *= -1
    lone = np.diag(make((size,), 0.05, 0.2))
    lone[0, -1] = float(make((), 1.1, 1.3))
    tall, flat = np.zeros((size, size)), np.zeros((size, size))
    tall[:, 0], flat[-1] = make((size,), 0.6, 1), make((size,), 0.6, 1)
    scaled = {"fine": (make((size, size), 0.5, 1), 1.15, 1.4), "tall": (tall, 0.8, 0.97), "flat": (flat, 0.8, 0.97)}
    return {
        "small": _of_norm(make, size, 0.8, 0.97, _wide), "turned": _of_norm(make, size, 1.1, 1.6, _narrow),
        "one": turn, "four": 4 * turn, "eye": np.eye(size), "shift": 2 * np.eye(size, k=1), "lone": lone,
        "low": _of_norm(make, size, 1.2, 1.8, np.any), "middle": _of_norm(make, size, 2.2, 3.7, np.any),
        "large": _of_norm(make, size, 4.3, 6, np.any),
        **{name: W * (float(make((), low, high)) / _norm(W)) for name, (W, low, high) in scaled.items()},
    }  # fmt: skip


# ---- what is done with gradients -------------------------------------------------------------------------------------


def _grads(sizes: Sizes, make: Make) -> Arrays:
    I, H = sizes["I"], sizes["H"]  # noqa: E741
    shapes = {"W_xh": (I, H), "W_hh": (H, H), "b_h": (H,)}
    return {
        **{name: make(shape, -1, 1) for name, shape in shapes.items()},
        "norm": make((), 0.3, 0.6), "value": make((), 0.15, 0.35), "high": make((), 30, 60),
    }  # fmt: skip


def _more_grads(sizes: Sizes, make: Make) -> Rounds:
    zero = {name: 0 * value if value.ndim else value for name, value in _grads(sizes, make).items()}
    one = sizes | {"H": 1, "I": 1}
    return {"gradients of 0": Inputs(sizes, zero), "I = H = 1": Inputs(one, _grads(one, make))}


def _echo(sizes: Sizes, make: Make) -> Arrays:
    T, B = sizes["T"], sizes["B"]
    classes = whole(make, (), 5, 10)
    return {
        "symbols": whole(make, (B, T), 0, int(classes)), "lag": whole(make, (), 1, max(T - 1, 2)),
        "classes": classes, "none": np.array(0.0), "all": np.array(float(T)),
    }  # fmt: skip


def _highway(sizes: Sizes, make: Make) -> Arrays:
    B, H = sizes["B"], sizes["H"]
    return {
        "W": make((H, H), -0.8, 0.8), "g_T": make((B, H), -1, 1), "k": whole(make, (), 4, 7), "none": np.array(0.0),
        "turn": np.linalg.qr(make((H, H), -1, 1))[0],
    }  # fmt: skip


MAKERS = Makers(
    SIZES,
    {
        "vanilla_forward": (_network, in_sizes(_network, {"T": 1})),
        "flow": (_flow, _flows),
        "weight_gradients": (_gradients, in_sizes(_gradients)),
        "grad_bound": (_bound, _bounds),
        "what_the_bound_says": (_matrices, in_sizes(_matrices, {"H": 6}, small=False)),
        "clip_and_monitor": (_grads, _more_grads),
        "truncated": (_truncated, in_sizes(_truncated, {"T": 7})),
        "echo": (_echo, in_sizes(_echo, {"T": 8})),
        "highway": (_highway, in_sizes(_highway)),
    },
)
