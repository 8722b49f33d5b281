"""Random inputs for every question: unlike the public ones, nobody can have prepared an answer to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from rnnkit.assignments.training_dynamics import inputs as public
from rnnkit.assignments.training_dynamics.inputs import Rounds, Sizes
from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.common.shapes import SHAPES, shape_of

Generator = np.random.Generator
LAST = ("lastSoftmax", "lastLinear")
# The lowest and the highest number of an array.
THROUGH_TIME = {"A": (-0.6, 0.6), "pushes": (-0.5, 0.5), "h_0": (-0.3, 0.3), "loss_weights": (-8.0, 8.0)}
GATES = {"z": (0.01, 0.99), "r": (0.01, 0.99)}


def draw(question_id: str, rng: Generator) -> Inputs:
    """Small random inputs whose sizes are all different, from one another and from the public ones, and later rounds.

    The rounds have what the public ones have, in random order and with other numbers, sizes, shapes and places: sizes
    of 1 and equal ones, the same cell once more, either head of the last state, every phi, eigenvalues in other places,
    ends and bounds that are met exactly.
    """
    sizes = _sizes(rng)
    if question_id not in QUESTIONS:  # a student's test, of GRUs
        return Inputs(sizes, _cell("GRU", sizes, rng))
    question = QUESTIONS[question_id]
    if question.method:
        options = {"last": str(rng.choice(LAST))}
        arrays = _cell(question.target, sizes, rng)
        rounds = _shuffled(_cells_again(question.target, question.method == "forward", sizes, rng), rng)
        rounds["the first inputs once more"] = Inputs(sizes, arrays, options | {"grad": "unasked"})
        return Inputs(sizes, arrays, options, rounds=rounds)
    first, later = _FUNCTIONS[question_id]
    arrays = first(sizes, rng)
    return Inputs(sizes, arrays, rounds=_shuffled(public.for_cases(question_id, later(sizes, rng)), rng))


def _shuffled(rounds: Rounds, rng: Generator) -> Rounds:
    return {name: rounds[name] for name in map(str, rng.permutation(list(rounds)))}


def _sizes(rng: Generator) -> Sizes:
    while True:
        sizes = dict(zip("TBIHO", map(int, rng.permutation(np.arange(2, 8))), strict=False))
        if min(sizes["T"], sizes["H"]) > 2 and all(sizes[letter] != public.SIZES[letter] for letter in sizes):
            return sizes


def _small(sizes: Sizes, rng: Generator) -> dict[str, Sizes]:
    return public.small(sizes, int(rng.integers(6, 10)), int(rng.integers(2, 5)))


def _uniform(sizes: Sizes, rng: Generator, **ranges: tuple[float, float]) -> Arrays:
    return {name: rng.uniform(*ends, shape_of(public.LETTERS[name], sizes)) for name, ends in ranges.items()}


# ---- cells -------------------------------------------------------------------------------------------------------


def _cell(kind: str, sizes: Sizes, rng: Generator) -> Arrays:
    """Biases of either sign, none near 0."""
    arrays: Arrays = {}
    for name in SHAPES[kind]:
        bias = name.startswith("b_")
        arrays |= _uniform(sizes, rng, **{name: (0.1, 0.7) if bias else (-0.9, 0.9)})
        if bias:
            arrays[name] *= rng.choice([-1.0, 1.0], arrays[name].shape)
    return arrays | _uniform(sizes, rng, x=(-1, 1), x_t=(-1, 1), h_prev=(-0.8, 0.8), r_t=(0.1, 0.9))


def _cells_again(kind: str, whole: bool, sizes: Sizes, rng: Generator) -> Rounds:
    """The structure of the public rounds; which head meets which of them, and all of the numbers, are random."""
    one, other = map(str, rng.permutation(LAST))
    phi, rest = map(str, rng.permutation(["sigmoid", "identity"]))
    longer, equal = sizes["T"] + 1, int(rng.integers(2, 5))
    again = {"T": longer, "B": longer + 1}
    table: dict[str, tuple[Sizes, str, dict[str, str]]] = {
        f"the same cell, new weights, T = {longer}, B = {longer + 1}": (again, one, {"head": "softmax"}),
        "T = B = 1": ({"T": 1, "B": 1}, other, {}),
        "torch.no_grad": ({}, one, {"grad": "off"}),
        "I = H = O = 1": (dict.fromkeys("IHO", 1), other, {"phi": phi}),
        f"all sizes {equal}": (dict.fromkeys("TBIHO", equal), other, {"phi": rest, "grad": "unasked"}),
    }
    rounds: Rounds = {}
    for special, (changed, last, options) in table.items():
        new = sizes | changed
        arrays, zero = _cell(kind, new, rng), int(rng.integers(new["B"]))
        rounds |= public.cell_round(kind, whole, special, new, arrays, zero, {"head": last, "last": last} | options)
    return rounds


# ---- functions ---------------------------------------------------------------------------------------------------


def _flows(sizes: Sizes, rng: Generator) -> Rounds:
    """In some no loss comes from one of the sequences; either gate stands first."""
    later = {}
    for name, new in _small(sizes, rng).items():
        arrays = _uniform(new, rng, **THROUGH_TIME, **GATES)
        if new["B"] > 1 and new["T"] > 1:
            arrays["loss_weights"][:, int(rng.integers(new["B"]))] = 0
        later[name] = Inputs(new, arrays, {"gates": "zr" if new["T"] == 1 else "rz"})
    return later


def _states(
    sizes: Sizes, rng: Generator, name: str, low: float, high: float, ends: Sequence[float], of: str = ""
) -> Rounds:
    later = {}
    for special, new in _small(sizes, rng).items():
        arrays = _uniform(new, rng, **{name: (low, high)})
        if new["H"] > 1:
            arrays[name][0, : len(ends), 0] = rng.permutation(ends)[: new["B"]]
        later[special + of] = Inputs(new, arrays)
    return later


def _gates(sizes: Sizes, rng: Generator) -> Rounds:
    spread = _states(sizes, rng, "spread", 0.01, 0.99, (0.0, 1.0, 0.5))
    spread["nearly open"] = Inputs(sizes, _uniform(sizes, rng, spread=(0.94, 0.99)))
    shut = _states(sizes, rng, "nearly_shut", 0.01, 0.06, (0.0,), ", nearly shut")
    return spread | shut | _states(sizes, rng, "hidden", 0.2, 0.99, (0.5,), ", units")


def _matrix(turning: bool, rng: Generator) -> np.ndarray:
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


def _matrices(sizes: Sizes, rng: Generator) -> Rounds:
    """Triangular, or in blocks: the eigenvalues stand on the diagonal in any order, the largest not first."""
    size, twice = int(rng.integers(3, 6)), float(rng.uniform(0.5, 2.5))
    late = np.triu(rng.uniform(-1, 1, (size, size)), 1) + np.diag(rng.uniform(-0.6, 0.6, size))
    place = int(rng.integers(1, size))
    late[place, place] = rng.uniform(1.2, 2.0)
    pair = np.triu(rng.uniform(-1, 1, (size, size)), 2)
    pair[np.arange(size - 2), np.arange(size - 2)] = rng.uniform(-0.4, 0.4, size - 2)
    angle, radius = rng.uniform(0.8, 2.3), float(rng.uniform(0.6, 1.8))
    turn = radius * np.array([[np.cos(angle), -2 * np.sin(angle)], [np.sin(angle) / 2, np.cos(angle)]])
    pair[-2:, -2:] = turn
    rounds = {
        f"its largest eigenvalue at place {place + 1}": {"W": late},
        "H = 1": {"W": rng.uniform(-2, -0.3, (1, 1))},
        "zeros": {"W": np.zeros((2, 2))},
        "no eigenvalue but 0": {"W": np.triu(rng.uniform(1, 5, (size, size)), 1)},
        "a double eigenvalue": {"W": twice * np.array([[1.5, 0.5], [-0.5, 0.5]])},
        "the complex pair last": {"W_turning": pair},
        "a quarter turn": {"W_turning": radius * np.array([[0.0, -1.0], [1.0, 0.0]])},
    }
    return public.all_alike(sizes, rounds)


def _gradients(letter: str, shapes: Sequence[tuple[int, ...]], norm: float, rng: Generator) -> Arrays:
    """A numbered list of gradients of this norm."""
    return public.scaled(
        {f"{letter}{k}": np.asarray(rng.standard_normal(shape)) for k, shape in enumerate(shapes)}, norm
    )


def _shapes(rng: Generator) -> list[tuple[int, ...]]:
    """Of 3 or 5 gradients; the public list has 4."""
    n, m, k = (int(size) for size in rng.permutation(np.arange(2, 7))[:3])
    return [(n, m), (m, m), (m,), (m, 1), (k,)][: int(rng.choice([3, 5]))]


def _lists(rng: Generator) -> dict[str, list[tuple[int, ...]]]:
    n, m, k = (int(size) for size in rng.permutation(np.arange(2, 5)))
    count = int(rng.integers(7, 10))
    mixed = [(), (1,), (1, 1), (n, m, k)]
    return {
        "one gradient": [(n, m)],
        "a number and three axes": [mixed[place] for place in rng.permutation(len(mixed))],
        f"{count} gradients of one shape": [(m, k)] * count,
    }


def _with_zeros(norm: float, rng: Generator) -> Arrays:
    gradients = _gradients("g", [(2, 3), (4,), (3, 2)], norm, rng)
    zeros = f"g{int(rng.integers(3))}"
    return gradients | {zeros: 0 * gradients[zeros]}


def _norm(sizes: Sizes, rng: Generator) -> Arrays:
    shapes = _shapes(rng)
    plain = _gradients("g", shapes, rng.uniform(4, 8), rng)
    return plain | _gradients("large", shapes, rng.uniform(1500, 3000), rng)


def _norms(sizes: Sizes, rng: Generator) -> Rounds:
    lists = {name: _gradients("g", shapes, rng.uniform(2, 9), rng) for name, shapes in _lists(rng).items()}
    lists["a gradient of zeros among others"] = _with_zeros(rng.uniform(2, 9), rng)
    lists["zeros"] = {"g0": np.zeros((2, 3)), "g1": np.zeros(4)}
    return public.all_alike(sizes, lists)


def _clip(sizes: Sizes, rng: Generator) -> Arrays:
    shapes, cutoff = _shapes(rng), float(rng.choice([0.7, 1.6]) * rng.uniform(0.9, 1.1))
    large = _gradients("g", shapes, rng.uniform(4, 8), rng)
    little = _gradients("small", shapes, rng.uniform(0.3, 0.8) * cutoff, rng)
    return large | little | {"cutoff": np.array(cutoff)}


def _clips(sizes: Sizes, rng: Generator) -> Rounds:
    one, mixed, many = _lists(rng).values()
    large, little = float(rng.uniform(10, 30)), float(rng.uniform(0.005, 0.02))
    many_norm = rng.uniform(0.6, 0.9)

    def cut(letter: str, shapes: Sequence[tuple[int, ...]], norm: float, cutoff: float) -> Arrays:
        return _gradients(letter, shapes, norm, rng) | {"cutoff": np.array(cutoff)}

    rounds = {
        "one gradient": cut("g", one, 1.5 * large, large),
        "a norm just above the cutoff": cut("g", mixed, 1.03 * large, large),
        f"a cutoff of {little:.2g}": cut("g", many, many_norm, little),
        "a norm just below the cutoff": cut("small", mixed, 0.97 * large, large),
        "one small gradient": cut("small", one, 0.5 * little, little),
        "a gradient of zeros among others": _with_zeros(1.5 * large, rng) | {"cutoff": np.array(0.5 * large)},
        "the norm at the cutoff": {"small0": np.array([-3.0]), "small1": np.array([[4.0]]), "cutoff": np.array(5.0)},
    }
    return public.all_alike(sizes, rounds)


SLOPES = {"slope": (0.1, 1.0), "W_hh": (-1.0, 1.0)}


def _omega(sizes: Sizes, rng: Generator) -> Arrays:
    """Gradients clearly above the bound, but for the first step's, whose norms are above it, and one that is zero."""
    flow = rng.standard_normal(shape_of("TBH", sizes))
    norms = rng.uniform(0.5, 2, flow.shape[:2])
    norms[0] = rng.uniform(0.03, 0.08, flow.shape[1])
    flow *= (norms / np.linalg.norm(flow, axis=-1))[..., None]
    flow[int(rng.integers(1, sizes["T"])), int(rng.integers(sizes["B"]))] = 0
    return {"flow": flow, **_uniform(sizes, rng, **SLOPES), "bound": np.array(rng.uniform(0.008, 0.02))}


def _omegas(sizes: Sizes, rng: Generator) -> Rounds:
    """Norms well apart from the bound, but for those that are at it exactly: squares of 0.5."""
    later = {}
    for special, new in _small(sizes, rng).items():
        exact, tiny = "T = 2" in special, "all sizes" in special
        bound, scale = (0.25, 1.0) if exact else (1e-16, 1e-6) if tiny else (0.01, 1.0)
        flow = rng.standard_normal(shape_of("TBH", new))
        flow *= scale * rng.uniform(0.8, 2, flow.shape[:2])[..., None] / np.linalg.norm(flow, axis=-1, keepdims=True)
        if exact:
            flow[0, 1:4], flow[0, 1:4, int(rng.integers(new["H"]))] = 0, rng.choice([-0.5, 0.5], 3)
        if exact or tiny:
            flow[0, 0] = 0
        arrays = {"flow": flow, **_uniform(new, rng, **SLOPES), "bound": np.array(bound)}
        if new["H"] > 1:
            arrays["slope"][-1, -1] = 0
        name = "squared norms at the bound" if exact else "tiny flows and bound" if tiny else special
        later[name] = Inputs(new, arrays)
    return later


_FUNCTIONS: dict[str, tuple[Callable[[Sizes, Generator], Arrays], Callable[[Sizes, Generator], Rounds]]] = {
    "grad_time": (lambda sizes, rng: _uniform(sizes, rng, **THROUGH_TIME), _flows),
    "sat_time": (
        partial(_uniform, hidden=(-0.99, 0.99)),
        partial(_states, name="hidden", low=-0.99, high=0.99, ends=(-1.0, 1.0, 0.0)),
    ),
    "gate_sat_time": (partial(_uniform, hidden=(0.2, 0.99), spread=(0.01, 0.99), nearly_shut=(0.01, 0.06)), _gates),
    "rho": (lambda sizes, rng: {"W": _matrix(False, rng), "W_turning": _matrix(True, rng)}, _matrices),
    "grad_norm": (_norm, _norms),
    "clip": (_clip, _clips),
    "diagnostic_keys": (lambda sizes, rng: _uniform(sizes, rng, **THROUGH_TIME, **GATES), _flows),
    "omega": (_omega, _omegas),
}
