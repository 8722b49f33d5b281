"""The inputs of the checks: small, float64; the fixed ones are the same on every machine, with no random numbers."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from rnnkit.checks.questions import CELLS, QUESTIONS

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
    """

    sizes: dict[str, int]
    arrays: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def listed(self, letter: str) -> list[np.ndarray]:
        """The arrays of a list, in order."""
        count = sum(name.startswith(letter) and name[len(letter) :].isdigit() for name in self.arrays)
        return [self.arrays[f"{letter}{k}"] for k in range(count)]


@functools.cache
def fixed(question_id: str) -> Inputs:
    """The inputs of the public check: known to everybody, and what the fingerprints of known mistakes are made with."""
    question = QUESTIONS[question_id]
    arrays = _cell_arrays(question.target) if question.notebook == CELLS else _FIXED[question_id]()
    return Inputs(SIZES, arrays)


def _shape(letters: str) -> tuple[int, ...]:
    return shape_of(letters, SIZES)


def _cell_arrays(kind: str) -> dict[str, np.ndarray]:
    weights = {}
    for name, letters in SHAPES[kind].items():
        scale, shift = (0.4, 0.3) if name.startswith("b_") else (0.7, 0.0)
        weights[name] = wave(_shape(letters), PHASES[name], scale, shift)
    return weights | {
        "x": wave(_shape("TBI"), 0.3),
        "x_t": wave(_shape("BI"), 0.3),
        "h_prev": wave(_shape("BH"), 1.9, 0.8),
        "r_t": wave(_shape("BH"), 4.1, 0.4, 0.5),
    }


def _through_time() -> dict[str, np.ndarray]:
    return {
        "A": wave(_shape("HH"), 2.2, 0.6),
        "pushes": wave(_shape("TBH"), 0.7, 0.5),
        "h_0": wave(_shape("BH"), 3.1, 0.3),
        "loss_weights": wave(_shape("TBH"), 5.3),
    }


def _gradients(letter: str, scale: float = 1.0) -> dict[str, np.ndarray]:
    return {f"{letter}{k}": wave(shape, 0.8 + k, scale) for k, shape in enumerate(GRADIENTS)}


def _turning() -> np.ndarray:
    """A rotation, stretched and skewed: all its large eigenvalues are complex."""
    W = 0.1 * wave((4, 4), 0.2)
    W[0, 1], W[1, 0], W[0, 0], W[1, 1] = -1.4, 0.9, 0.3, 0.2
    return W


def _regularised() -> dict[str, np.ndarray]:
    """Gradients of which those at the first step are below the bound, though their norms are not, and one is zero."""
    flow = wave(_shape("TBH"), 0.6)
    flow[0] *= 0.03
    flow[2, 1] = 0
    slope = 1 - wave(_shape("TBH"), 2.1, 0.9) ** 2
    return {"flow": flow, "slope": slope, "W_hh": wave(_shape("HH"), 1.5, 0.8), "bound": np.array(0.01)}


_FIXED = {
    "grad_time": _through_time,
    "sat_time": lambda: {"hidden": wave(_shape("TBH"), 0.4, 0.97)},
    "sat_time_sigmoid": lambda: {"hidden": wave(_shape("TBH"), 1.4, 0.49, 0.5)},
    "gate_sat_time": lambda: {
        "spread": wave(_shape("TBH"), 1.4, 0.49, 0.5),
        "nearly_shut": wave(_shape("TBH"), 1.4, 0.02, 0.03),
    },
    "rho": lambda: {"W": -wave((5, 5), 1.1, 0.7), "W_turning": _turning()},
    "grad_norm": lambda: _gradients("g") | _gradients("large", 300.0),
    "clip": lambda: _gradients("g") | _gradients("small", 0.02) | {"cutoff": np.array(0.5)},
    "diagnostic_keys": lambda: _through_time() | {
        "z": wave(_shape("TBH"), 0.9, 0.45, 0.5),
        "r": wave(_shape("TBH"), 2.6, 0.3, 0.35),
    },
    "omega": _regularised,
}  # fmt: skip
