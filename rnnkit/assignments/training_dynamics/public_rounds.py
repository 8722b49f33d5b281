"""The later rounds of the public check: sizes of 1 and equal ones, other signs and orders, the same cell once more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.assignments.training_dynamics.inputs import FIXED, SIZES, cell_arrays, gradients, through_time
from rnnkit.checks.inputs import Inputs, wave
from rnnkit.common.shapes import shape_of

Rounds = dict[str, Inputs]
THREES = dict.fromkeys("TBIHO", 3)


def of_cell(kind: str, method: str) -> Inputs:
    """The public inputs of a question on a cell."""
    return Inputs(SIZES, cell_arrays(kind), rounds=_of_cells(kind, method == "forward"))


def of_function(question_id: str) -> Inputs:
    """The public inputs of a question on a function."""
    return Inputs(SIZES, FIXED[question_id](), rounds=_ROUNDS[question_id]())


def told(special: str, options: dict[str, str]) -> str:
    """A name that also says which head and phi a cell has: ``T = B = 1, head lastSoftmax``."""
    heads = " or ".join(dict.fromkeys(options[key] for key in ("head", "last") if key in options))
    parts = [special, heads and f"head {heads}", f"phi {options['phi']}" if "phi" in options else ""]
    return ", ".join(filter(None, parts))


# ---- cells -------------------------------------------------------------------------------------------------------


def _of_cells(kind: str, whole: bool) -> Rounds:
    """Where I, H and O are as before, it is the same cell with new weights; only a ``whole`` sequence has a head."""
    table = {
        "the same cell, new weights": (0.5, {"T": 6, "B": 7}, ("softmax", "lastSoftmax"), {}),
        "T = B = 1": (1.1, {"T": 1, "B": 1}, ("lastSoftmax", "lastSoftmax"), {}),
        "torch.no_grad": (1.6, {}, ("lastLinear", "lastLinear"), {"grad": "off"}),
        "I = H = O = 1": (2.3, {"I": 1, "H": 1, "O": 1}, ("lastLinear", "lastLinear"), {"phi": "sigmoid"}),
        "all sizes 3": (2.9, THREES, ("lastSoftmax", "lastSoftmax"), {"phi": "identity", "grad": "unasked"}),
    }
    later = {}
    for special, (turn, sizes, heads, options) in table.items():
        arrays = cell_arrays(kind, SIZES | sizes, turn, bias=-0.3)
        arrays["h_prev"][0] = 0
        arrays["r_t"][0], arrays["r_t"][-1] = 1, 0
        chosen = of_a_cell(kind, whole, dict(zip(("head", "last"), heads, strict=True)) | options)
        later[told(special, chosen)] = Inputs(SIZES | sizes, arrays, chosen)
    return later | {"the first inputs once more": Inputs(SIZES, cell_arrays(kind), {"grad": "unasked"})}


def of_a_cell(kind: str, whole: bool, options: dict[str, str]) -> dict[str, str]:
    """The options that matter: a GRU's phi is always tanh, and only a whole sequence has a head."""
    idle = {"phi"} if whole and kind == "GRU" else set() if whole else {"phi", "head", "last"}
    return {name: value for name, value in options.items() if name not in idle}


# ---- functions ---------------------------------------------------------------------------------------------------


def _sizes(T: int, B: int, H: int) -> dict[str, int]:
    return SIZES | {"T": T, "B": B, "H": H}


SMALL = {"T = 1": _sizes(1, 3, 5), "B = H = 1": _sizes(4, 1, 1), "B = 7, T = 2": _sizes(2, 7, 5), "all sizes 3": THREES}


def _flows() -> Rounds:
    """In the last one no loss comes from the first sequence, and r stands before z."""
    later = {
        name: Inputs(sizes, through_time(sizes, 0.4 * k), {"gates": "zr"})
        for k, (name, sizes) in enumerate(SMALL.items(), 1)
    }
    later["all sizes 3"].arrays["loss_weights"][:, 0] = 0
    later["all sizes 3"].options["gates"] = "rz"
    return later


def _keys() -> Rounds:
    later = _flows()
    for given in later.values():
        given.arrays["z"] = wave(shape_of("TBH", given.sizes), 0.3, 0.45, 0.5)
        given.arrays["r"] = wave(shape_of("TBH", given.sizes), 3.6, 0.3, 0.65)
    return later


def _states(name: str, scale: float, shift: float, ends: tuple[float, ...], cases: tuple[str, ...] = ()) -> Rounds:
    """States or gates, some of them at the ends exactly."""
    later = {}
    for k, (special, sizes) in enumerate(SMALL.items(), 1):
        values = wave(shape_of("TBH", sizes), 0.6 * k, scale, shift)
        if values.shape[1] > len(ends):
            values[0, : len(ends), 0] = ends
        later[special] = Inputs(sizes, {name: values}, cases=list(cases))
    return later


def _sigmoids() -> Rounds:
    """Sigmoid units, gates that are spread or nearly open, and gates that are nearly shut."""
    units = _states("hidden", 0.3, 0.6, (0.5,), ("sigmoid units",))
    later = _states("spread", 0.49, 0.5, (0.0, 1.0, 0.5), ("gates spread over (0, 1)",))
    later["B = 7, T = 2"].arrays["spread"][1] = wave((7, 5), 0.2, 0.02, 0.97)  # nearly open
    shut = _states("nearly_shut", 0.02, 0.03, (0.0,), ("gates nearly shut",))
    later |= {f"{name}, nearly shut": given for name, given in shut.items()}
    return later | {f"{name}, units": given for name, given in units.items()}


def _matrices() -> Rounds:
    """By the case that they belong to; LAPACK keeps the order of a triangular matrix's eigenvalues."""
    real, turning = ["a matrix that is not symmetric"], ["complex eigenvalues"]
    late = np.triu(wave((4, 4), 0.9), 1) + np.diag([0.2, -0.5, 0.1, 1.4])
    pair = np.triu(wave((4, 4), 2.7), 2)
    pair[:2, :2], pair[2:, 2:] = [[0.6, 0.3], [0.1, 0.2]], [[-0.4, -1.1], [0.9, -0.2]]
    return {
        "its largest eigenvalue last": Inputs(SIZES, {"W": late}, cases=real),
        "H = 1": Inputs(SIZES, {"W": np.array([[-1.3]])}, cases=real),
        "zeros": Inputs(SIZES, {"W": np.zeros((2, 2))}, cases=real),
        "no eigenvalue but 0": Inputs(SIZES, {"W": np.triu(wave((3, 3), 1.3, 4.0), 1)}, cases=real),
        "a double eigenvalue": Inputs(SIZES, {"W": np.array([[3.0, 1.0], [-1.0, 1.0]])}, cases=real),
        "the complex pair last": Inputs(SIZES, {"W_turning": pair}, cases=turning),
        "a quarter turn": Inputs(SIZES, {"W_turning": np.array([[0.0, -0.8], [0.8, 0.0]])}, cases=turning),
    }


SHAPES_OF_GRADIENTS = {
    "one gradient": ((3, 2),),
    "a number and three axes": ((), (1,), (1, 1), (2, 3, 4)),
    "eight gradients of one shape": ((2, 2),) * 8,
}


def _norms() -> Rounds:
    all_together = ["all gradients together"]
    lists = {name: gradients("g", -0.7, shapes) for name, shapes in SHAPES_OF_GRADIENTS.items()}
    lists["a gradient of zeros among others"] = gradients("g") | {"g1": np.zeros((2, 2))}
    lists["zeros"] = {"g0": np.zeros((2, 3)), "g1": np.zeros(4)}
    return {name: Inputs(SIZES, arrays, cases=all_together) for name, arrays in lists.items()}


def _clips() -> Rounds:
    """Norms on either side of the cutoff, near to it and far from 1, and at it."""

    def scaled(letter: str, norm: float, shapes: tuple[tuple[int, ...], ...]) -> dict[str, np.ndarray]:
        arrays_of_one = gradients(letter, 1.0, shapes)
        factor = norm / np.sqrt(sum((value**2).sum() for value in arrays_of_one.values()))
        return {name: factor * value for name, value in arrays_of_one.items()}

    def given(case: str, arrays: dict[str, np.ndarray], cutoff: float) -> Inputs:
        return Inputs(SIZES, arrays | {"cutoff": np.array(cutoff)}, cases=[case])

    shapes = SHAPES_OF_GRADIENTS
    above, below = "above the cutoff", "below the cutoff"
    zeros = scaled("g", 4.0, ((2, 3), (4,))) | {"g2": np.zeros((3, 2))}
    return {
        "one gradient": given(above, scaled("g", 3.0, shapes["one gradient"]), 2.0),
        "a norm just above the cutoff": given(above, scaled("g", 20.6, shapes["a number and three axes"]), 20.0),
        "a cutoff of 0.01": given(above, scaled("g", 1.0, shapes["eight gradients of one shape"]), 0.01),
        "a gradient of zeros among others": given(above, zeros, 1.5),
        "a norm just below the cutoff": given(below, scaled("small", 19.4, shapes["a number and three axes"]), 20.0),
        "one small gradient": given(below, scaled("small", 0.005, shapes["one gradient"]), 0.01),
        "the norm at the cutoff": given(below, {"small0": np.array([-3.0]), "small1": np.array([[4.0]])}, 5.0),
    }


def _omegas() -> Rounds:
    """Squared norms of 0.25 exactly at the bound, and flows as small as training has them."""
    bounds = {"T = 1": 0.01, "B = H = 1": 0.01, "B = 7, T = 2": 0.25, "all sizes 3": 1e-16}
    scales = {"T = 1": 1.0, "B = H = 1": 1.0, "B = 7, T = 2": 1.0, "all sizes 3": 1e-6}
    names = {"B = 7, T = 2": "squared norms at the bound", "all sizes 3": "tiny flows and bound"}
    later = {}
    for k, (name, sizes) in enumerate(SMALL.items(), 1):
        flow = wave(shape_of("TBH", sizes), 0.5 * k, scales[name])
        if name in names:
            flow[0, 0] = 0
        if bounds[name] == 0.25:
            flow[0, 1:4], flow[0, 1:4, 2] = 0, [0.5, -0.5, 0.5]
        slope = 1 - wave(flow.shape, 1.7 * k, 0.9) ** 2
        slope[-1, -1] = 0 if sizes["H"] > 1 else slope[-1, -1]
        W_hh = wave(shape_of("HH", sizes), 1.1 * k, 0.8)
        arrays = {"flow": flow, "slope": slope, "W_hh": W_hh, "bound": np.array(bounds[name])}
        later[names.get(name, name)] = Inputs(sizes, arrays)
    return later


_ROUNDS: dict[str, Callable[[], Rounds]] = {
    "grad_time": _flows,
    "sat_time": lambda: _states("hidden", 0.97, -0.2, (-1.0, 1.0, 0.0)),
    "gate_sat_time": _sigmoids,
    "rho": _matrices,
    "grad_norm": _norms,
    "clip": _clips,
    "diagnostic_keys": _keys,
    "omega": _omegas,
}
