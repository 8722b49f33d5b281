"""The fixed inputs of the checks: small, float64, the same on every machine; no random numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

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


def shape_of(letters: str) -> tuple[int, ...]:
    """``"TBH"`` -> (4, 3, 5)."""
    return tuple(SIZES[letter] for letter in letters)


def wave(shape: tuple[int, ...], phase: float, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Numbers that look irregular: ``shift + scale * sin`` at angles that grow by ever larger steps."""
    k = np.arange(int(np.prod(shape, dtype=int)), dtype=np.float64)
    return (shift + scale * np.sin(phase + 2.399963 * k + 0.37 * k**1.5)).reshape(shape)


def tensor(values: np.ndarray, dtype: torch.dtype, grad: bool = False) -> Tensor:
    """A leaf of its own; ``grad`` asks for gradients."""
    return torch.tensor(values, dtype=dtype, requires_grad=grad)


def make_cell(cls: type, kind: str, dtype: torch.dtype, *, phi: str = "tanh", head: str = "softmax") -> nn.Module:
    """A cell of the student's class, all its weights set.

    Raises:
        LookupError: a parameter is missing or has another shape.
    """
    cell = cls(SIZES["I"], SIZES["H"], SIZES["O"], phi=phi, head=head, dtype=dtype)
    parameters = dict(cell.named_parameters())
    for name, letters in SHAPES[kind].items():
        found = parameters.get(name)
        if found is None or tuple(found.shape) != shape_of(letters):
            got = "none" if found is None else tuple(found.shape)
            raise LookupError(f"{name}: expected a parameter of shape {shape_of(letters)}, got {got}")
        scale, shift = (0.4, 0.3) if name.startswith("b_") else (0.7, 0.0)
        with torch.no_grad():
            found.copy_(tensor(wave(shape_of(letters), PHASES[name], scale, shift), dtype))
    return cell
