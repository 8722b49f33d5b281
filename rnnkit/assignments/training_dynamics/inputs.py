"""The inputs of the checks: small, float64; the fixed ones are the same on every machine, with no random numbers."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from rnnkit.assignments.training_dynamics.questions import CELLS, QUESTIONS

SIZES = {"T": 4, "B": 3, "I": 2, "H": 5, "O": 6}  # all different, so that swapped axes show
SHAPES = {
    "RNN": {"W_xh": "IH", "W_hh": "HH", "b_h": "H", "W_ho": "HO", "b_o": "O"},
    "GRU": {
        "W_xz": "IH", "W_hz": "HH", "b_z": "H",
        "W_xr": "IH", "W_hr": "HH", "b_r": "H",
        "W_xh": "IH", "W_hh": "HH", "b_h": "H",
        "W_ho": "HO", "b_o": "O",
    },
}  # fmt: skip
PHASES = {name: 1.0 + 0.7 * k for k, name in enumerate(SHAPES["GRU"])}
GRADIENTS = ((2, 5), (5, 5), (5,), (5, 1))  # the shapes of a list of gradients


def shape_of(letters: str, sizes: dict[str, int]) -> tuple[int, ...]:
    """``"TBH"`` -> (4, 3, 5)."""
    return tuple(sizes[letter] for letter in letters)


def wave(shape: tuple[int, ...], phase: float, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Numbers that look irregular: ``shift + scale * sin`` at angles that grow by ever larger steps."""
    k = np.arange(int(np.prod(shape, dtype=int)), dtype=np.float64)
    return (shift + scale * np.sin(phase + 2.399963 * k + 0.37 * k**1.5)).reshape(shape)


@dataclass(frozen=True)
class Inputs:
    """Everything that the cases of one question are run with.

    Fields:
        sizes: what the letters T, B, I, H, O of the shapes stand for.
        arrays: weights, states, gradients, cutoffs by name, float64. A list of arrays is numbered: ``g0``, ``g1``.
        options: ``phi``, ``head`` (any) and ``last`` (a head of the last state) of a cell, where they are not the
            case's own; ``grad``: ``off`` runs it as validation does, ``unasked`` asks for no
            gradients; ``gates``: the order of the dict's keys.
        cases: the names of the cases that take part; empty for all.
        rounds: what the cases are run with afterwards, by what is special about it; see `rounds.every_round`.
    """

    sizes: dict[str, int]
    arrays: dict[str, np.ndarray]
    options: dict[str, str] = field(default_factory=dict)
    cases: list[str] = field(default_factory=list)
    rounds: dict[str, Inputs] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def listed(self, letter: str) -> list[np.ndarray]:
        """The arrays of a list, in order."""
        count = sum(name.startswith(letter) and name[len(letter) :].isdigit() for name in self.arrays)
        return [self.arrays[f"{letter}{k}"] for k in range(count)]

    def of(self, case: str) -> Inputs:
        """The same with only those rounds that a case takes part in."""
        taking = {
            name: given
            for name, given in self.rounds.items()
            if (not given.cases or case in given.cases) and not ("gradients" in case and "grad" in given.options)
        }
        return replace(self, rounds=taking)

    def plain(self) -> dict[str, Any]:
        """What `read` makes inputs of."""
        return asdict(self)

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Inputs:
        """Inputs from `plain`."""
        return cls(**plain | {"rounds": {name: cls.read(given) for name, given in plain["rounds"].items()}})


@functools.cache
def fixed(question_id: str) -> Inputs:
    """The inputs of the public check: known to everybody, and what the fingerprints of known mistakes are made with."""
    from rnnkit.assignments.training_dynamics.public_rounds import rounds  # it builds on this module

    question = QUESTIONS[question_id]
    arrays = cell_arrays(question.target) if question.notebook == CELLS else _FIXED[question_id]()
    return Inputs(SIZES, arrays, rounds=rounds(question_id))


def cell_arrays(
    kind: str, sizes: dict[str, int] = SIZES, turn: float = 0.0, bias: float = 0.3
) -> dict[str, np.ndarray]:
    """Weights, inputs and states for a cell; ``turn`` makes other numbers, ``bias`` is the middle of the biases."""
    weights = {}
    for name, letters in SHAPES[kind].items():
        scale, shift = (0.4, bias) if name.startswith("b_") else (0.7, 0.0)
        weights[name] = wave(shape_of(letters, sizes), PHASES[name] + turn, scale, shift)
    return weights | {
        "x": wave(shape_of("TBI", sizes), 0.3 + turn),
        "x_t": wave(shape_of("BI", sizes), 0.3 + turn),
        "h_prev": wave(shape_of("BH", sizes), 1.9 + turn, 0.8),
        "r_t": wave(shape_of("BH", sizes), 4.1 + turn, 0.4, 0.5),
    }


def through_time(sizes: dict[str, int] = SIZES, turn: float = 0.0) -> dict[str, np.ndarray]:
    """What states through time and a loss are made from."""
    return {
        "A": wave(shape_of("HH", sizes), 2.2 + turn, 0.6),
        "pushes": wave(shape_of("TBH", sizes), 0.7 + turn, 0.5),
        "h_0": wave(shape_of("BH", sizes), 3.1 + turn, 0.3),
        "loss_weights": wave(shape_of("TBH", sizes), 5.3 + turn),
    }


def gradients(
    letter: str, scale: float = 1.0, shapes: tuple[tuple[int, ...], ...] = GRADIENTS
) -> dict[str, np.ndarray]:
    """A numbered list of gradients."""
    return {f"{letter}{k}": wave(shape, 0.8 + k, scale) for k, shape in enumerate(shapes)}


def _turning() -> np.ndarray:
    """A rotation, stretched and skewed: all its large eigenvalues are complex."""
    W = 0.1 * wave((4, 4), 0.2)
    W[0, 1], W[1, 0], W[0, 0], W[1, 1] = -1.4, 0.9, 0.3, 0.2
    return W


def _regularised() -> dict[str, np.ndarray]:
    """Gradients of which those at the first step are below the bound, though their norms are not, and one is zero."""
    flow = wave(shape_of("TBH", SIZES), 0.6)
    flow[0] *= 0.03
    flow[2, 1] = 0
    slope = 1 - wave(shape_of("TBH", SIZES), 2.1, 0.9) ** 2
    return {"flow": flow, "slope": slope, "W_hh": wave(shape_of("HH", SIZES), 1.5, 0.8), "bound": np.array(0.01)}


_FIXED = {
    "grad_time": through_time,
    "sat_time": lambda: {"hidden": wave(shape_of("TBH", SIZES), 0.4, 0.97)},
    "gate_sat_time": lambda: {
        "hidden": wave(shape_of("TBH", SIZES), 0.4, 0.3, 0.6),
        "spread": wave(shape_of("TBH", SIZES), 1.4, 0.49, 0.5),
        "nearly_shut": wave(shape_of("TBH", SIZES), 1.4, 0.02, 0.03),
    },
    "rho": lambda: {"W": -wave((5, 5), 1.1, 0.7), "W_turning": _turning()},
    "grad_norm": lambda: gradients("g") | gradients("large", 300.0),
    "clip": lambda: gradients("g") | gradients("small", 0.02) | {"cutoff": np.array(0.5)},
    "diagnostic_keys": lambda: through_time() | {
        "z": wave(shape_of("TBH", SIZES), 0.9, 0.45, 0.5),
        "r": wave(shape_of("TBH", SIZES), 2.6, 0.3, 0.35),
    },
    "omega": _regularised,
}  # fmt: skip
