"""The inputs of the questions: one maker for the public ones, which are waves, and for random ones.

What a set of inputs can hide, and is shown by another array of the same question or a later round:

==================  ==================================================================================================
all questions       sizes of 1, all sizes equal, more sequences than steps
labels              a mean of exactly 0, of either sign near it; another sign than that of the last step or one channel
parameters          one layer, and more than two
layer               one step; no input, where both biases are all there is
contributions       a first state of 0; states of 1 and -1, whose slope is 0; one step
input_sensitivity   a network without memory; one step
unit_features       all steps, and the last two alone
taxonomy            c = 0.5 and -0.5, a = -0.1, a between -0.1 and 0, both c and a beyond
best_accuracy       nothing and everything seen; chance, and no error
summary             the best epoch is the first, the last, one of equals; the smallest loss is elsewhere; one epoch
==================  ==================================================================================================
"""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.makers import Make, Makers, Rounds, Sizes, in_sizes, until, whole

SIZES = {"T": 5, "B": 3, "I": 2, "H": 4, "N": 8, "C": 6, "1": 1}  # N sequences; C channels; the last of one step


def _whole(make: Make, low: int, end: int) -> int:
    return int(whole(make, (), low, end))


# ---- labels and parameters -------------------------------------------------------------------------------------------


def _telling(X: np.ndarray) -> bool:
    """Whether both labels occur, often, and what is no mean of the whole sequence has other signs somewhere."""
    mean = X.mean((1, 2))
    signs = mean > 0
    others = (
        X[:, -1].mean(1), X[:, 0].mean(1), X[..., 0].mean(1), X[..., -1].mean(1), np.sign(X).mean((1, 2)),
        np.sign(X.mean(2)).mean(1), mean - mean.mean(),
    )  # fmt: skip
    often = min(signs.sum(), (~signs).sum()) >= max(1, len(X) // 4)
    return bool(often and np.abs(mean).min() > 1e-3 and all(((one > 0) != signs).any() for one in others))


def _labelled(sizes: Sizes, make: Make) -> Arrays:
    N, T, C = (sizes[letter] for letter in "NTC")
    return {"X": until(make, (N, T, C), _telling), "even": _even(N, T, C, make)}


def _even(N: int, T: int, C: int, make: Make) -> np.ndarray:
    """Sequences whose mean is exactly 0 in any order of adding; the last but one is a little above, the last below."""
    even = np.zeros((N, T, C))
    half = np.round(8 * make((N, T, C // 2), -2, 2)) / 8  # adding eighths never rounds
    even[..., 0 : 2 * (C // 2) : 2], even[..., 1 : 2 * (C // 2) : 2] = half, -half
    even[-2, 0, 0] += 0.125
    even[-1, 0, 0] -= 0.125
    return even


def _counted(sizes: Sizes, make: Make) -> Arrays:
    n_in, n_hid, n_out = _whole(make, 2, 6), _whole(make, 7, 12), _whole(make, 12, 16)
    numbers = {"n_in": n_in, "n_hid": n_hid, "n_out": n_out, "one": 1, "two": 2, "layers": _whole(make, 3, 6)}
    return {name: np.array(float(number)) for name, number in numbers.items()}


def _documents(sizes: Sizes, make: Make) -> Rounds:
    its = _counted(sizes, make) | {"n_in": np.array(10.0), "n_hid": np.array(64.0), "n_out": np.array(2.0)}
    wide = _counted(sizes, make) | {"n_in": np.array(float(_whole(make, 20, 30)))}
    return {"the document's sizes": Inputs(sizes, its), "more inputs than units": Inputs(sizes, wide)}


# ---- one layer, and its gradient -------------------------------------------------------------------------------------


def _layer(sizes: Sizes, make: Make) -> Arrays:
    T, B, I, H = (sizes[letter] for letter in "TBIH")  # noqa: E741
    return {
        "x": make((B, T, I), -1, 1), "W_xh": make((I, H), -1, 1), "b_xh": make((H,), -0.6, 0.6),
        "W_hh": make((H, H), -0.9, 0.9), "b_hh": make((H,), -0.6, 0.6), "x_1": make((B, 1, I), -1, 1),
        "quiet": np.zeros((B, T, I)),
    }  # fmt: skip


def _gradient(sizes: Sizes, make: Make) -> Arrays:
    T, B, H = (sizes[letter] for letter in "TBH")
    hidden = make((T + 1, B, H), -0.9, 0.9)
    flat, from_0 = hidden.copy(), hidden.copy()
    flat[1:, ..., 0], flat[1:, ..., -1], from_0[0] = 1, -1, 0
    if H < 3:
        flat[-1] = hidden[-1]  # else all norms were 0
    return {
        "hidden": hidden, "flow": make((T, B, H), -1, 1), "from_0": from_0, "flat": flat,
        "hidden_1": make((2, B, H), -0.9, 0.9), "flow_1": make((1, B, H), -1, 1),
    }  # fmt: skip


def _network(sizes: Sizes, make: Make) -> Arrays:
    T, B, C, H = (sizes[letter] for letter in "TBCH")
    return {
        "x": make((B, T, C), -1, 1), "x_1": make((B, 1, C), -1, 1), "W": make((C, H), -0.7, 0.7),
        "U": make((H, H), -0.9, 0.9), "none": np.zeros((H, H)), "V": make((H, 2), -1, 1),
    }  # fmt: skip


# ---- units -----------------------------------------------------------------------------------------------------------


def _units(sizes: Sizes, make: Make) -> Arrays:
    """States that follow the inputs so far, some more, some less, some with a sign that alternates."""
    N, T, C, H = (sizes[letter] for letter in "NTCH")
    x = make((N, T, C), -1, 1)
    so_far, k = np.cumsum(x.mean(2), axis=1), np.arange(H)
    swing = np.where(np.arange(T)[:, None] % 2 == 1, -1.0, 1.0) * (k % 3 == 2)
    hidden = np.tanh(np.where(k % 2 == 1, -1.0, 0.7) * so_far[..., None] + make((N, T, H), -0.8, 0.8) + 0.4 * swing)
    start = _whole(make, 1, max(2, T - 2))
    starts = {"start": start, "zero": 0, "late": T - 2}
    return {"hidden": hidden, "x": x} | {name: np.array(float(value)) for name, value in starts.items()}


def _kinds(sizes: Sizes, make: Make) -> Arrays:
    """Four of each sort of unit in random numbers, and units on the borders, in an order that is not that of kinds."""
    high, low = make((2,), 0.55, 0.95), make((3,), -0.45, 0.45)
    c = np.array([low[0], high[0], low[1], -high[1], low[2], high[0]])
    swings = make((3,), -0.9, -0.15)
    a = np.array([swings[0], 0.6, float(make((), 0.1, 0.8)), -0.05, float(make((), -0.08, -0.02)), swings[1]])
    c_border = np.array([0.5, -0.5, 0.1, 0.2, -0.499, -0.3, 0.499, -0.5])
    a_border = np.array([0.3, 0.2, -0.1, -0.101, -0.5, -0.099, 0.0, -0.4])
    return {"c": c, "a": a, "c_border": c_border, "a_border": a_border}


def _one_unit(sizes: Sizes, make: Make) -> Rounds:
    def one(c: float, a: float) -> Inputs:
        arrays = {"c": np.array([c]), "a": np.array([a])}
        return Inputs(sizes, arrays | {f"{name}_border": value for name, value in arrays.items()})

    return {"one unit": one(-0.7, 0.4), "one more unit": one(0.1, -0.3), "another unit": one(0.0, 0.2)}


# ---- the bound, and the curves ---------------------------------------------------------------------------------------


def _steps(sizes: Sizes, make: Make) -> Arrays:
    T = _whole(make, 15, 60)
    numbers = {
        "T": T, "k": _whole(make, 2, T // 3), "k_more": _whole(make, 2 * T // 3, T - 1), "none": 0,
        "accuracy": float(make((), 0.6, 0.95)), "chance": 0.5, "right": 1.0,
    }  # fmt: skip
    return {name: np.array(float(number)) for name, number in numbers.items()}


def _other_steps(sizes: Sizes, make: Make) -> Rounds:
    named = {"T": 20.0, "k": 10.0, "k_more": 19.0, "accuracy": 0.937}
    its = _steps(sizes, make) | {name: np.array(number) for name, number in named.items()}
    one = {"T": 1.0, "k": 0.0, "k_more": 1.0}
    single = _steps(sizes, make) | {name: np.array(number) for name, number in one.items()}
    return {"the document's": Inputs(sizes, its), "T = 1": Inputs(sizes, single)}


def _curves(sizes: Sizes, make: Make, best: int = -3, epochs: int = 9) -> Arrays:
    """Four curves of training; the best test accuracy stands at one place, the smallest loss at another."""
    falls = np.linspace(0.7, 0.2, epochs)
    curves = {
        "train_loss": falls + make((epochs,), 0, 0.05), "train_acc": 1 - falls + make((epochs,), 0, 0.1),
        "test_loss": falls + make((epochs,), 0, 0.05), "test_acc": make((epochs,), 0.5, 0.9),
    }  # fmt: skip
    equals = make((epochs,), 0.5, 0.9)
    curves["test_acc"][best] = float(make((), 0.92, 0.96))
    equals[[epochs // 3, -1]] = float(make((), 0.92, 0.96))
    curves["test_loss"][epochs // 2], curves["train_loss"][2 % epochs] = 0.1, 0.12
    curves["train_acc"][5 % epochs] = float(make((), 0.97, 0.99))
    return curves | {"equals": equals}


def _other_curves(sizes: Sizes, make: Make) -> Rounds:
    return {
        "the best at first": Inputs(sizes, _curves(sizes, make, best=0)),
        "the best at last": Inputs(sizes, _curves(sizes, make, best=-1, epochs=12)),
        "one epoch": Inputs(sizes, _curves(sizes, make, best=0, epochs=1)),
    }


SMALL = {"B": 1, "H": 1}
_LAYERS = (SMALL, {"T": 2, "B": 6}, {"T": 3, "B": 3, "I": 3, "H": 3})
_NETWORKS = ({"B": 1, "C": 1}, {"T": 2, "B": 6}, {"T": 3, "B": 3, "C": 3, "H": 3})
_SEQUENCES = ({"C": 1, "H": 1}, {"T": 4, "N": 12}, {"T": 4, "N": 4, "C": 4, "H": 4})
MAKERS = Makers(
    SIZES,
    {
        "labels": (_labelled, in_sizes(_labelled, {"T": 9, "N": 4}, {"T": 4, "N": 4, "C": 4}, small=False)),
        "parameters": (_counted, _documents),
        "layer": (_layer, in_sizes(_layer, *_LAYERS, small=False)),
        "contributions": (_gradient, in_sizes(_gradient, *_LAYERS, small=False)),
        "input_sensitivity": (_network, in_sizes(_network, *_NETWORKS, small=False)),
        "unit_features": (_units, in_sizes(_units, *_SEQUENCES, small=False)),
        "taxonomy": (_kinds, _one_unit),
        "best_accuracy": (_steps, _other_steps),
        "summary": (_curves, _other_curves),
    },
)
