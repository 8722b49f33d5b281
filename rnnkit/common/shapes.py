"""The parameters of the course's cells by name, with the letters of their axes: names alone, so anyone may ask."""

from __future__ import annotations

RECURRENT = {
    "RNN": {"W_xh": "IH", "W_hh": "HH", "b_h": "H"},
    "GRU": {
        "W_xz": "IH", "W_hz": "HH", "b_z": "H",
        "W_xr": "IH", "W_hr": "HH", "b_r": "H",
        "W_xh": "IH", "W_hh": "HH", "b_h": "H",
    },
}  # fmt: skip
READOUT = {"W_ho": "HO", "b_o": "O"}  # common to all cells
SHAPES = {name: shapes | READOUT for name, shapes in RECURRENT.items()}


def shape_of(letters: str, sizes: dict[str, int]) -> tuple[int, ...]:
    """``"TBH"`` -> (4, 3, 5)."""
    return tuple(sizes[letter] for letter in letters)
