"""The public inputs of the questions: small, float64, the same on every machine, with no random numbers.

Their later rounds have sizes of 1 and equal ones, other signs and orders, and the same cell once more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs, wave
from rnnkit.common.shapes import SHAPES, shape_of

Sizes = dict[str, int]
Rounds = dict[str, Inputs]
Shapes = tuple[tuple[int, ...], ...]

SIZES = {"T": 4, "B": 3, "I": 2, "H": 5, "O": 6}  # all different, so that swapped axes show
LETTERS = (
    SHAPES["GRU"]
    | {"x": "TBI", "x_t": "BI", "h_prev": "BH", "r_t": "BH", "h_0": "BH", "A": "HH"}
    | dict.fromkeys(("hidden", "spread", "nearly_shut", "z", "r", "pushes", "loss_weights", "flow", "slope"), "TBH")
)  # the axes of every array but matrices by size and lists of gradients
# Question -> case -> what it is asked with, a numbered list with a star; a later round is for the cases that it is of.
SOURCES = {
    "gate_sat_time": {
        "sigmoid units": "hidden", "gates spread over (0, 1)": "spread", "gates nearly shut": "nearly_shut",
    },
    "rho": {"a matrix that is not symmetric": "W", "complex eigenvalues": "W_turning"},
    "grad_norm": {"all gradients together": "g*", "large gradients": "large*"},
    "clip": {"above the cutoff": "g*", "below the cutoff": "small*"},
}  # fmt: skip
PHASES = {name: 1.0 + 0.7 * k for k, name in enumerate(SHAPES["GRU"])}
GRADIENTS = ((2, 5), (5, 5), (5,), (5, 1))  # the shapes of a list of gradients
LISTS: dict[str, Shapes] = {
    "one gradient": ((3, 2),),
    "a number and three axes": ((), (1,), (1, 1), (2, 3, 4)),
    "eight gradients of one shape": ((2, 2),) * 8,
}


def of_cell(kind: str, method: str) -> Inputs:
    """The public inputs of a question on a cell."""
    return Inputs(SIZES, _cell_arrays(kind), rounds=_of_cells(kind, method == "forward"))


def of_function(question_id: str) -> Inputs:
    """The public inputs of a question on a function."""
    first, later = _FUNCTIONS[question_id]
    return Inputs(SIZES, first(), rounds=for_cases(question_id, later()))


# ---- what random inputs are made of, too -------------------------------------------------------------------------


def small(sizes: Sizes, long: int, equal: int) -> dict[str, Sizes]:
    """Sizes of 1, a batch longer than the sequence, and equal sizes."""
    return {
        "T = 1": sizes | {"T": 1},
        "B = H = 1": sizes | {"B": 1, "H": 1},
        f"B = {long}, T = 2": sizes | {"T": 2, "B": long},
        f"all sizes {equal}": dict.fromkeys(sizes, equal),
    }


def cell_round(
    kind: str, whole: bool, special: str, sizes: Sizes, arrays: Arrays, zero: int, options: dict[str, str]
) -> Rounds:
    """A later round of a cell, with one state of 0, and r_t of exactly 0 and 1.

    Its name also says which head and phi the cell has: ``T = B = 1, head lastSoftmax``. A GRU's phi is always tanh, and
    only a ``whole`` sequence has a head.
    """
    arrays["h_prev"][zero] = 0
    arrays["r_t"][0], arrays["r_t"][-1] = 1, 0
    idle = {"phi", "head", "last"} if not whole else {"phi"} if kind == "GRU" else set()
    options = {name: value for name, value in options.items() if name not in idle}
    heads = " or ".join(dict.fromkeys(options[key] for key in ("head", "last") if key in options))
    told = [special, heads and f"head {heads}", f"phi {options['phi']}" if "phi" in options else ""]
    return {", ".join(filter(None, told)): Inputs(sizes, arrays, options)}


def for_cases(question_id: str, rounds: Rounds) -> Rounds:
    """The later rounds of a function, each for those cases alone whose arrays it has."""

    def cases(arrays: Arrays) -> list[str]:
        return [case for case, source in SOURCES.get(question_id, {}).items() if source.replace("*", "0") in arrays]

    return {special: dataclasses.replace(given, cases=cases(given.arrays)) for special, given in rounds.items()}


def all_alike(sizes: Sizes, rounds: dict[str, Arrays]) -> Rounds:
    """Later rounds of the same sizes."""
    return {special: Inputs(sizes, arrays) for special, arrays in rounds.items()}


def scaled(gradients: Arrays, norm: float) -> Arrays:
    """Gradients of this global norm."""
    factor = norm / np.sqrt(sum((value**2).sum() for value in gradients.values()))
    return {name: factor * value for name, value in gradients.items()}


# ---- the first round ---------------------------------------------------------------------------------------------


def _waves(sizes: Sizes = SIZES, turn: float = 0.0, **numbers: tuple[float, ...]) -> Arrays:
    """Arrays by their phase, scale and shift; ``turn`` makes other numbers."""
    return {name: wave(shape_of(LETTERS[name], sizes), phase + turn, *how) for name, (phase, *how) in numbers.items()}


def _cell_arrays(kind: str, sizes: Sizes = SIZES, turn: float = 0.0, bias: float = 0.3) -> Arrays:
    """Weights, inputs and states for a cell; ``bias`` is the middle of the biases."""
    weights = {name: (PHASES[name], *((0.4, bias) if name.startswith("b_") else (0.7,))) for name in SHAPES[kind]}
    states = {"x": (0.3,), "x_t": (0.3,), "h_prev": (1.9, 0.8), "r_t": (4.1, 0.4, 0.5)}
    return _waves(sizes, turn, **weights, **states)


def _through_time(sizes: Sizes = SIZES, turn: float = 0.0) -> Arrays:
    """What states through time and a loss are made from."""
    return _waves(sizes, turn, A=(2.2, 0.6), pushes=(0.7, 0.5), h_0=(3.1, 0.3), loss_weights=(5.3,))


def _gradients(letter: str, scale: float = 1.0, shapes: Shapes = GRADIENTS) -> Arrays:
    """A numbered list of gradients."""
    return {f"{letter}{k}": wave(shape, 0.8 + k, scale) for k, shape in enumerate(shapes)}


def _turning() -> np.ndarray:
    """A rotation, stretched and skewed: all its large eigenvalues are complex."""
    W = 0.1 * wave((4, 4), 0.2)
    W[0, 1], W[1, 0], W[0, 0], W[1, 1] = -1.4, 0.9, 0.3, 0.2
    return W


def _regularised(sizes: Sizes, flow: float, slope: float, W_hh: float, bound: float, scale: float = 1.0) -> Arrays:
    """What Omega is made from, by the phases."""
    arrays = _waves(sizes, flow=(flow, scale), slope=(slope, 0.9), W_hh=(W_hh, 0.8))
    return arrays | {"slope": 1 - arrays["slope"] ** 2, "bound": np.array(bound)}


def _omega() -> Arrays:
    """Gradients of which those at the first step are below the bound, though their norms are not, and one is zero."""
    arrays = _regularised(SIZES, 0.6, 2.1, 1.5, 0.01)
    arrays["flow"][0] *= 0.03
    arrays["flow"][2, 1] = 0
    return arrays


# ---- later rounds ------------------------------------------------------------------------------------------------


def _of_cells(kind: str, whole: bool) -> Rounds:
    """Where I, H and O are as before, it is the same cell with new weights."""
    linear, softmax = ({"head": head, "last": head} for head in ("lastLinear", "lastSoftmax"))
    table: dict[str, tuple[float, Sizes, dict[str, str]]] = {
        "the same cell, new weights": (0.5, {"T": 6, "B": 7}, softmax | {"head": "softmax"}),
        "T = B = 1": (1.1, {"T": 1, "B": 1}, softmax),
        "torch.no_grad": (1.6, {}, linear | {"grad": "off"}),
        "I = H = O = 1": (2.3, {"I": 1, "H": 1, "O": 1}, linear | {"phi": "sigmoid"}),
        "all sizes 3": (2.9, dict.fromkeys(SIZES, 3), softmax | {"phi": "identity", "grad": "unasked"}),
    }
    later: Rounds = {}
    for special, (turn, changed, options) in table.items():
        arrays = _cell_arrays(kind, SIZES | changed, turn, bias=-0.3)
        later |= cell_round(kind, whole, special, SIZES | changed, arrays, 0, options)
    return later | {"the first inputs once more": Inputs(SIZES, _cell_arrays(kind), {"grad": "unasked"})}


def _small() -> list[tuple[int, str, Sizes]]:
    """Number, name and sizes of the rounds that have other sizes."""
    return [(k, *one) for k, one in enumerate(small(SIZES, 7, 3).items(), 1)]


def _flows() -> Rounds:
    """In the last one no loss comes from the first sequence, and r stands before z."""
    later = {name: Inputs(sizes, _through_time(sizes, 0.4 * k), {"gates": "zr"}) for k, name, sizes in _small()}
    later["all sizes 3"].arrays["loss_weights"][:, 0] = 0
    later["all sizes 3"].options["gates"] = "rz"
    return later


def _keys() -> Rounds:
    later = _flows()
    for given in later.values():
        given.arrays.update(_waves(given.sizes, z=(0.3, 0.45, 0.5), r=(3.6, 0.3, 0.65)))
    return later


def _states(name: str, scale: float, shift: float, ends: tuple[float, ...], of: str = "") -> Rounds:
    """States or gates, some of them at the ends exactly."""
    later = {}
    for k, special, sizes in _small():
        arrays = _waves(sizes, 0.6 * k, **{name: (0.0, scale, shift)})
        if sizes["B"] > len(ends):
            arrays[name][0, : len(ends), 0] = ends
        later[special + of] = Inputs(sizes, arrays)
    return later


def _sigmoids() -> Rounds:
    """Gates that are spread or nearly open, gates that are nearly shut, and sigmoid units."""
    spread = _states("spread", 0.49, 0.5, (0.0, 1.0, 0.5))
    spread["B = 7, T = 2"].arrays["spread"][1] = wave((7, 5), 0.2, 0.02, 0.97)  # nearly open
    shut = _states("nearly_shut", 0.02, 0.03, (0.0,), ", nearly shut")
    return spread | shut | _states("hidden", 0.3, 0.6, (0.5,), ", units")


def _matrices() -> Rounds:
    """LAPACK keeps the order of a triangular matrix's eigenvalues."""
    late = np.triu(wave((4, 4), 0.9), 1) + np.diag([0.2, -0.5, 0.1, 1.4])
    pair = np.triu(wave((4, 4), 2.7), 2)
    pair[:2, :2], pair[2:, 2:] = [[0.6, 0.3], [0.1, 0.2]], [[-0.4, -1.1], [0.9, -0.2]]
    rounds = {
        "its largest eigenvalue last": {"W": late},
        "H = 1": {"W": np.array([[-1.3]])},
        "zeros": {"W": np.zeros((2, 2))},
        "no eigenvalue but 0": {"W": np.triu(wave((3, 3), 1.3, 4.0), 1)},
        "a double eigenvalue": {"W": np.array([[3.0, 1.0], [-1.0, 1.0]])},
        "the complex pair last": {"W_turning": pair},
        "a quarter turn": {"W_turning": np.array([[0.0, -0.8], [0.8, 0.0]])},
    }
    return all_alike(SIZES, rounds)


def _norms() -> Rounds:
    lists = {name: _gradients("g", -0.7, shapes) for name, shapes in LISTS.items()}
    lists["a gradient of zeros among others"] = _gradients("g") | {"g1": np.zeros((2, 2))}
    lists["zeros"] = {"g0": np.zeros((2, 3)), "g1": np.zeros(4)}
    return all_alike(SIZES, lists)


def _clips() -> Rounds:
    """Norms on either side of the cutoff, near to it and far from 1, and at it."""

    def cut(gradients: Arrays, norm: float, cutoff: float) -> Arrays:
        return scaled(gradients, norm) | {"cutoff": np.array(cutoff)}

    one, mixed, many = LISTS.values()
    zeros = _gradients("g", 1.0, ((2, 3), (4,))) | {"g2": np.zeros((3, 2))}
    rounds = {
        "one gradient": cut(_gradients("g", 1.0, one), 3.0, 2.0),
        "a norm just above the cutoff": cut(_gradients("g", 1.0, mixed), 20.6, 20.0),
        "a cutoff of 0.01": cut(_gradients("g", 1.0, many), 1.0, 0.01),
        "a gradient of zeros among others": cut(zeros, 4.0, 1.5),
        "a norm just below the cutoff": cut(_gradients("small", 1.0, mixed), 19.4, 20.0),
        "one small gradient": cut(_gradients("small", 1.0, one), 0.005, 0.01),
        "the norm at the cutoff": {"small0": np.array([-3.0]), "small1": np.array([[4.0]]), "cutoff": np.array(5.0)},
    }
    return all_alike(SIZES, rounds)


def _omegas() -> Rounds:
    """Squared norms of 0.25 exactly at the bound, and flows as small as training has them."""
    exact, tiny = "squared norms at the bound", "tiny flows and bound"
    named = {"B = 7, T = 2": (exact, 0.25, 1.0), "all sizes 3": (tiny, 1e-16, 1e-6)}
    later = {}
    for k, name, sizes in _small():
        special, bound, scale = named.get(name, (name, 0.01, 1.0))
        arrays = _regularised(sizes, 0.5 * k, 1.7 * k, 1.1 * k, bound, scale)
        if special in (exact, tiny):
            arrays["flow"][0, 0] = 0
        if special == exact:
            arrays["flow"][0, 1:4], arrays["flow"][0, 1:4, 2] = 0, [0.5, -0.5, 0.5]
        if sizes["H"] > 1:
            arrays["slope"][-1, -1] = 0
        later[special] = Inputs(sizes, arrays)
    return later


_FUNCTIONS: dict[str, tuple[Callable[[], Arrays], Callable[[], Rounds]]] = {
    "grad_time": (_through_time, _flows),
    "sat_time": (partial(_waves, hidden=(0.4, 0.97)), partial(_states, "hidden", 0.97, -0.2, (-1.0, 1.0, 0.0))),
    "gate_sat_time": (
        partial(_waves, hidden=(0.4, 0.3, 0.6), spread=(1.4, 0.49, 0.5), nearly_shut=(1.4, 0.02, 0.03)), _sigmoids,
    ),
    "rho": (lambda: {"W": -wave((5, 5), 1.1, 0.7), "W_turning": _turning()}, _matrices),
    "grad_norm": (lambda: _gradients("g") | _gradients("large", 300.0), _norms),
    "clip": (lambda: _gradients("g") | _gradients("small", 0.02) | {"cutoff": np.array(0.5)}, _clips),
    "diagnostic_keys": (lambda: _through_time() | _waves(z=(0.9, 0.45, 0.5), r=(2.6, 0.3, 0.35)), _keys),
    "omega": (_omega, _omegas),
}  # fmt: skip
