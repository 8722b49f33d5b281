"""The public inputs of the questions: small, float64, the same on every machine, with no random numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rnnkit.checks.inputs import Arrays, wave
from rnnkit.common.shapes import SHAPES, shape_of

SIZES = {"T": 4, "B": 3, "I": 2, "H": 5, "O": 6}  # all different, so that swapped axes show
PHASES = {name: 1.0 + 0.7 * k for k, name in enumerate(SHAPES["GRU"])}
GRADIENTS = ((2, 5), (5, 5), (5,), (5, 1))  # the shapes of a list of gradients


def cell_arrays(kind: str, sizes: dict[str, int] = SIZES, turn: float = 0.0, bias: float = 0.3) -> Arrays:
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


def through_time(sizes: dict[str, int] = SIZES, turn: float = 0.0) -> Arrays:
    """What states through time and a loss are made from."""
    return {
        "A": wave(shape_of("HH", sizes), 2.2 + turn, 0.6),
        "pushes": wave(shape_of("TBH", sizes), 0.7 + turn, 0.5),
        "h_0": wave(shape_of("BH", sizes), 3.1 + turn, 0.3),
        "loss_weights": wave(shape_of("TBH", sizes), 5.3 + turn),
    }


def gradients(letter: str, scale: float = 1.0, shapes: tuple[tuple[int, ...], ...] = GRADIENTS) -> Arrays:
    """A numbered list of gradients."""
    return {f"{letter}{k}": wave(shape, 0.8 + k, scale) for k, shape in enumerate(shapes)}


def _turning() -> np.ndarray:
    """A rotation, stretched and skewed: all its large eigenvalues are complex."""
    W = 0.1 * wave((4, 4), 0.2)
    W[0, 1], W[1, 0], W[0, 0], W[1, 1] = -1.4, 0.9, 0.3, 0.2
    return W


def _regularised() -> Arrays:
    """Gradients of which those at the first step are below the bound, though their norms are not, and one is zero."""
    flow = wave(shape_of("TBH", SIZES), 0.6)
    flow[0] *= 0.03
    flow[2, 1] = 0
    slope = 1 - wave(shape_of("TBH", SIZES), 2.1, 0.9) ** 2
    return {"flow": flow, "slope": slope, "W_hh": wave(shape_of("HH", SIZES), 1.5, 0.8), "bound": np.array(0.01)}


FIXED: dict[str, Callable[[], Arrays]] = {
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
