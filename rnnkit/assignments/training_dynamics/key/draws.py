"""Random inputs for every question: unlike the public ones, nobody can have prepared an answer to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.assignments.training_dynamics.inputs import SIZES
from rnnkit.assignments.training_dynamics.key.draws_again import LATER_ROUNDS, scaled, through_time
from rnnkit.assignments.training_dynamics.public_rounds import of_a_cell, told
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.common.shapes import SHAPES, shape_of

Rounds = dict[str, Inputs]
LAST = ("lastSoftmax", "lastLinear")


def draw(question_id: str, rng: np.random.Generator) -> Inputs:
    """Small random inputs whose sizes are all different, from one another and from the public ones, and later rounds.

    The rounds have what the public ones have, in random order and with other numbers, sizes, shapes and places: sizes
    of 1 and equal ones, the same cell once more, either head of the last state, every phi, eigenvalues in other places.

    Arguments:
        question_id: an id of `QUESTIONS`.
        rng: all of the inputs comes from it.
    """
    question, sizes = QUESTIONS[question_id], _sizes(rng)
    if question.method:
        options = {"last": str(rng.choice(LAST))}
        arrays = _cell(question.target, sizes, rng)
        rounds = _shuffled(_cells_again(question.target, question.method == "forward", sizes, rng), rng)
        rounds["the first inputs once more"] = Inputs(sizes, arrays, options | {"grad": "unasked"})
        return Inputs(sizes, arrays, options, rounds=rounds)
    return Inputs(sizes, _DRAWS[question_id](sizes, rng), rounds=_shuffled(LATER_ROUNDS[question_id](sizes, rng), rng))


def _shuffled(rounds: Rounds, rng: np.random.Generator) -> Rounds:
    return {name: rounds[name] for name in map(str, rng.permutation(list(rounds)))}


def _sizes(rng: np.random.Generator) -> dict[str, int]:
    while True:
        sizes = dict(zip("TBIHO", map(int, rng.permutation(np.arange(2, 8))), strict=False))
        if min(sizes["T"], sizes["H"]) > 2 and all(sizes[letter] != SIZES[letter] for letter in sizes):
            return sizes


def _told(sizes: dict[str, int], letters: str) -> str:
    return ", ".join(f"{letter} = {sizes[letter]}" for letter in letters)


def _cell(kind: str, sizes: dict[str, int], rng: np.random.Generator) -> Arrays:
    """Biases of either sign, none near 0."""

    def uniform(letters: str, low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, shape_of(letters, sizes))

    def bias(letters: str) -> np.ndarray:
        return uniform(letters, 0.1, 0.7) * rng.choice([-1.0, 1.0], shape_of(letters, sizes))

    weights = {
        name: bias(letters) if name.startswith("b_") else uniform(letters, -0.9, 0.9)
        for name, letters in SHAPES[kind].items()
    }
    return weights | {
        "x": uniform("TBI", -1, 1),
        "x_t": uniform("BI", -1, 1),
        "h_prev": uniform("BH", -0.8, 0.8),
        "r_t": uniform("BH", 0.1, 0.9),
    }


def _cells_again(kind: str, whole: bool, sizes: dict[str, int], rng: np.random.Generator) -> Rounds:
    """The structure of the public rounds; which head meets which of them, and all of the numbers, are random."""
    one, other = map(str, rng.permutation(LAST))
    phi, rest = map(str, rng.permutation(["sigmoid", "identity"]))
    longer, equal = sizes["T"] + 1, int(rng.integers(2, 5))
    again = {"T": longer, "B": longer + 1}
    table = {
        f"the same cell, new weights, {_told(again, 'TB')}": (again, one, {"head": "softmax"}),
        "T = B = 1": ({"T": 1, "B": 1}, other, {}),
        "torch.no_grad": ({}, one, {"grad": "off"}),
        "I = H = O = 1": (dict.fromkeys("IHO", 1), other, {"phi": phi}),
        f"all sizes {equal}": (dict.fromkeys("TBIHO", equal), other, {"phi": rest, "grad": "unasked"}),
    }
    rounds = {}
    for special, (new, last, options) in table.items():
        arrays = _cell(kind, sizes | new, rng)
        arrays["h_prev"][int(rng.integers(len(arrays["h_prev"])))] = 0
        arrays["r_t"][0], arrays["r_t"][-1] = 1, 0
        chosen = of_a_cell(kind, whole, {"head": last, "last": last} | options)
        rounds[told(special, chosen)] = Inputs(sizes | new, arrays, chosen)
    return rounds


def _shapes(rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Of 3 or 5 gradients; the public list has 4."""
    n, m, k = (int(size) for size in rng.permutation(np.arange(2, 7))[:3])
    return [(n, m), (m, m), (m,), (m, 1), (k,)][: int(rng.choice([3, 5]))]


def _matrix(turning: bool, rng: np.random.Generator) -> np.ndarray:
    """One whose eigenvalue of largest modulus is negative, or complex; clearly so, and well conditioned."""
    while True:
        size = int(rng.choice([3, 6]))
        W = rng.uniform(-1, 1, (size, size))
        values, vectors = np.linalg.eig(W)
        order = np.argsort(-np.abs(values))
        top, rest = values[order[0]], np.abs(values[order[2 if turning else 1]])
        right_kind = abs(top.imag) > 0.3 * abs(top) if turning else top.imag == 0 and top.real < 0
        if right_kind and abs(abs(top) - 1) > 0.1 and rest < 0.9 * abs(top) and np.linalg.cond(vectors) < 15:
            return W


def _clip_inputs(sizes: dict[str, int], rng: np.random.Generator) -> Arrays:
    shapes, cutoff = _shapes(rng), float(rng.choice([0.7, 1.6]) * rng.uniform(0.9, 1.1))
    large = scaled("g", shapes, rng.uniform(4, 8), rng)
    small = scaled("small", shapes, rng.uniform(0.3, 0.8) * cutoff, rng)
    return large | small | {"cutoff": np.array(cutoff)}


def _norm_inputs(sizes: dict[str, int], rng: np.random.Generator) -> Arrays:
    shapes = _shapes(rng)
    small = scaled("g", shapes, rng.uniform(4, 8), rng)
    return small | scaled("large", shapes, rng.uniform(1500, 3000), rng)


def _between(name: str, low: float, high: float) -> Callable[[dict[str, int], np.random.Generator], Arrays]:
    return lambda sizes, rng: {name: rng.uniform(low, high, shape_of("TBH", sizes))}


def _regularised(sizes: dict[str, int], rng: np.random.Generator) -> Arrays:
    """Gradients clearly above the bound, but for the first step's, whose norms are above it, and one that is zero."""
    flow = rng.standard_normal(shape_of("TBH", sizes))
    norms = rng.uniform(0.5, 2, flow.shape[:2])
    norms[0] = rng.uniform(0.03, 0.08, flow.shape[1])
    flow *= (norms / np.linalg.norm(flow, axis=-1))[..., None]
    flow[int(rng.integers(1, sizes["T"])), int(rng.integers(sizes["B"]))] = 0
    uniform = {"slope": ("TBH", 0.1, 1.0), "W_hh": ("HH", -1.0, 1.0)}
    drawn = {name: rng.uniform(low, high, shape_of(letters, sizes)) for name, (letters, low, high) in uniform.items()}
    return {"flow": flow, **drawn, "bound": np.array(rng.uniform(0.008, 0.02))}


_DRAWS: dict[str, Callable[[dict[str, int], np.random.Generator], Arrays]] = {
    "grad_time": through_time,
    "sat_time": _between("hidden", -0.99, 0.99),
    "gate_sat_time": lambda sizes, rng: (
        _between("hidden", 0.2, 0.99)(sizes, rng)
        | _between("spread", 0.01, 0.99)(sizes, rng)
        | _between("nearly_shut", 0.01, 0.06)(sizes, rng)
    ),
    "rho": lambda sizes, rng: {"W": _matrix(False, rng), "W_turning": _matrix(True, rng)},
    "grad_norm": _norm_inputs,
    "clip": _clip_inputs,
    "diagnostic_keys": lambda sizes, rng: (
        through_time(sizes, rng) | _between("z", 0.01, 0.99)(sizes, rng) | _between("r", 0.01, 0.99)(sizes, rng)
    ),
    "omega": _regularised,
}
