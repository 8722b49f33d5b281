"""The later rounds of the functions' random inputs: sizes of 1, equal ones, ends and bounds that are met exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.common.shapes import shape_of

Sizes = dict[str, int]
Rounds = dict[str, Inputs]
Generator = np.random.Generator


def _small(sizes: Sizes, rng: Generator) -> dict[str, Sizes]:
    """Sizes of 1, a batch longer than the sequence, and equal sizes."""
    long, equal = int(rng.integers(6, 10)), int(rng.integers(2, 5))
    return {
        "T = 1": sizes | {"T": 1},
        "B = H = 1": sizes | {"B": 1, "H": 1},
        f"B = {long}, T = 2": sizes | {"T": 2, "B": long},
        f"all sizes {equal}": dict.fromkeys(sizes, equal),
    }


def through_time(sizes: Sizes, rng: Generator) -> Arrays:
    """What states through time and a loss are made from."""
    scales = {"A": ("HH", 0.6), "pushes": ("TBH", 0.5), "h_0": ("BH", 0.3), "loss_weights": ("TBH", 8.0)}
    return {name: rng.uniform(-scale, scale, shape_of(letters, sizes)) for name, (letters, scale) in scales.items()}


def _flows(sizes: Sizes, rng: Generator) -> Rounds:
    """In some no loss comes from one of the sequences; either gate stands first."""
    later = {}
    for name, new in _small(sizes, rng).items():
        arrays = through_time(new, rng)
        arrays |= {gate: rng.uniform(0.01, 0.99, shape_of("TBH", new)) for gate in "zr"}
        if new["B"] > 1 and new["T"] > 1:
            arrays["loss_weights"][:, int(rng.integers(new["B"]))] = 0
        later[name] = Inputs(new, arrays, {"gates": "zr" if new["T"] == 1 else "rz"})
    return later


def _states(low: float, high: float, ends: Sequence[float], name: str, cases: Sequence[str] = ()):
    def rounds(sizes: Sizes, rng: Generator) -> Rounds:
        later = {}
        for special, new in _small(sizes, rng).items():
            values = rng.uniform(low, high, shape_of("TBH", new))
            if new["H"] > 1:
                values[0, : len(ends), 0] = rng.permutation(ends)[: new["B"]]
            later[special] = Inputs(new, {name: values}, cases=list(cases))
        return later

    return rounds


def _gates(sizes: Sizes, rng: Generator) -> Rounds:
    spread = _states(0.01, 0.99, (0.0, 1.0, 0.5), "spread", ["gates spread over (0, 1)"])(sizes, rng)
    spread |= {"nearly open": Inputs(sizes, {"spread": rng.uniform(0.94, 0.99, shape_of("TBH", sizes))},
                                     cases=["gates spread over (0, 1)"])}  # fmt: skip
    shut = _states(0.01, 0.06, (0.0,), "nearly_shut", ["gates nearly shut"])(sizes, rng)
    units = _states(0.2, 0.99, (0.5,), "hidden", ["sigmoid units"])(sizes, rng)
    spread |= {f"{name}, nearly shut": given for name, given in shut.items()}
    return spread | {f"{name}, units": given for name, given in units.items()}


def _matrices(sizes: Sizes, rng: Generator) -> Rounds:
    """Triangular, or in blocks: the eigenvalues stand on the diagonal in any order, the largest not first."""

    def given(source: str, W: np.ndarray) -> Inputs:
        case = {"W": "a matrix that is not symmetric", "W_turning": "complex eigenvalues"}[source]
        return Inputs(sizes, {source: W}, cases=[case])

    size, twice = int(rng.integers(3, 6)), float(rng.uniform(0.5, 2.5))
    late = np.triu(rng.uniform(-1, 1, (size, size)), 1) + np.diag(rng.uniform(-0.6, 0.6, size))
    place = int(rng.integers(1, size))
    late[place, place] = rng.uniform(1.2, 2.0)
    pair = np.triu(rng.uniform(-1, 1, (size, size)), 2)
    pair[np.arange(size - 2), np.arange(size - 2)] = rng.uniform(-0.4, 0.4, size - 2)
    angle, radius = rng.uniform(0.8, 2.3), float(rng.uniform(0.6, 1.8))
    turn = radius * np.array([[np.cos(angle), -2 * np.sin(angle)], [np.sin(angle) / 2, np.cos(angle)]])
    pair[-2:, -2:] = turn
    return {
        f"its largest eigenvalue at place {place + 1}": given("W", late),
        "H = 1": given("W", rng.uniform(-2, -0.3, (1, 1))),
        "zeros": given("W", np.zeros((2, 2))),
        "no eigenvalue but 0": given("W", np.triu(rng.uniform(1, 5, (size, size)), 1)),
        "a double eigenvalue": given("W", twice * np.array([[1.5, 0.5], [-0.5, 0.5]])),
        "the complex pair last": given("W_turning", pair),
        "a quarter turn": given("W_turning", radius * np.array([[0.0, -1.0], [1.0, 0.0]])),
    }


def _shapes(rng: Generator) -> dict[str, list[tuple[int, ...]]]:
    n, m, k = (int(size) for size in rng.permutation(np.arange(2, 5)))
    count = int(rng.integers(7, 10))
    mixed = [(), (1,), (1, 1), (n, m, k)]
    return {
        "one gradient": [(n, m)],
        "a number and three axes": [mixed[place] for place in rng.permutation(len(mixed))],
        f"{count} gradients of one shape": [(m, k)] * count,
    }


def scaled(letter: str, shapes: Sequence[tuple[int, ...]], norm: float, rng: Generator) -> Arrays:
    """A numbered list of gradients of this norm."""
    gradients = {f"{letter}{k}": np.asarray(rng.standard_normal(shape)) for k, shape in enumerate(shapes)}
    factor = norm / np.sqrt(sum((value**2).sum() for value in gradients.values()))
    return {name: factor * value for name, value in gradients.items()}


def _with_zeros(letter: str, norm: float, rng: Generator) -> Arrays:
    gradients = scaled(letter, [(2, 3), (4,), (3, 2)], norm, rng)
    zeros = f"{letter}{int(rng.integers(3))}"
    return gradients | {zeros: 0 * gradients[zeros]}


def _norms(sizes: Sizes, rng: Generator) -> Rounds:
    lists = {name: scaled("g", shapes, rng.uniform(2, 9), rng) for name, shapes in _shapes(rng).items()}
    lists["a gradient of zeros among others"] = _with_zeros("g", rng.uniform(2, 9), rng)
    lists["zeros"] = {"g0": np.zeros((2, 3)), "g1": np.zeros(4)}
    return {name: Inputs(sizes, arrays, cases=["all gradients together"]) for name, arrays in lists.items()}


def _clips(sizes: Sizes, rng: Generator) -> Rounds:
    def given(letter: str, arrays: Arrays, cutoff: float) -> Inputs:
        case = {"g": "above the cutoff", "small": "below the cutoff"}[letter]
        return Inputs(sizes, arrays | {"cutoff": np.array(cutoff)}, cases=[case])

    one, mixed, many = _shapes(rng).values()
    large, little = float(rng.uniform(10, 30)), float(rng.uniform(0.005, 0.02))
    three, four = np.array([-3.0]), np.array([[4.0]])
    table = {
        "one gradient": ("g", one, 1.5 * large, large),
        "a norm just above the cutoff": ("g", mixed, 1.03 * large, large),
        f"a cutoff of {little:.2g}": ("g", many, rng.uniform(0.6, 0.9), little),
        "a norm just below the cutoff": ("small", mixed, 0.97 * large, large),
        "one small gradient": ("small", one, 0.5 * little, little),
    }
    rounds = {
        name: given(letter, scaled(letter, shapes, norm, rng), cutoff)
        for name, (letter, shapes, norm, cutoff) in table.items()
    }
    rounds["a gradient of zeros among others"] = given("g", _with_zeros("g", 1.5 * large, rng), 0.5 * large)
    rounds["the norm at the cutoff"] = given("small", {"small0": three, "small1": four}, 5.0)
    return rounds


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
        slope = rng.uniform(0.1, 1.0, flow.shape)
        if new["H"] > 1:
            slope[-1, -1] = 0
        arrays = {"flow": flow, "slope": slope, "W_hh": rng.uniform(-1, 1, shape_of("HH", new))}
        name = "squared norms at the bound" if exact else "tiny flows and bound" if tiny else special
        later[name] = Inputs(new, arrays | {"bound": np.array(bound)})
    return later


# question -> what makes its later rounds from the sizes of the first, by what is special about them
LATER_ROUNDS: dict[str, Callable[[Sizes, Generator], Rounds]] = {
    "grad_time": _flows,
    "sat_time": _states(-0.99, 0.99, (-1.0, 1.0, 0.0), "hidden"),
    "gate_sat_time": _gates,
    "rho": _matrices,
    "grad_norm": _norms,
    "clip": _clips,
    "diagnostic_keys": _flows,
    "omega": _omegas,
}
