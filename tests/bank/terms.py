"""The terms that a wrong sum may be made of: what is said of them, and how they are computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rnnkit.checks.question import Question

_SUM = {
    "x_t @ W_xG": "x_t @ W_xG", "h_prev @ W_hG": "h_prev @ W_hG", "b_G": "0 * h_prev + b_G", "h_prev": "h_prev",
    "h_prev @ W_hG transposed": "h_prev @ W_hG.T", "h_prev * diagonal of W_hG": "h_prev * np.diag(W_hG)",
}  # fmt: skip
_OTHERS = {"x_t @ W_xO": "x_t @ W_xO", "h_prev @ W_hO": "h_prev @ W_hO", "b_O": "0 * h_prev + b_O"}


def _sum(gate: str, others: str) -> dict[str, str]:
    rows = {name.replace("G", gate): text.replace("G", gate) for name, text in _SUM.items()}
    for other in others:
        rows |= {name.replace("O", other): text.replace("O", other) for name, text in _OTHERS.items()}
    return rows


_MIX = {
    "h_prev": "h_prev", "z_t * h_prev": "z * h_prev", "r_t * h_prev": "r * h_prev", "candidate": "c", "z_t * candidate": "z * c",
    "r_t * candidate": "r * c", "z_t * r_t * h_prev": "z * r * h_prev", "z_t * the candidate made with r_t = 1": "z * c1",
    "the candidate made with r_t = 1": "c1", "z_t * the candidate made with r_t after the product": "z * c2",
}  # fmt: skip
# question -> quantity -> terms
TERMS = {
    "rnn_step": {"h_t": _sum("h", "")},
    "gru_update_gate": {"z_t": _sum("z", "r")},
    "gru_reset_gate": {"r_t": _sum("r", "z")},
    "gru_candidate": {
        "candidate": {
            "x_t @ W_xh": "x_t @ W_xh", "(r_t * h_prev) @ W_hh": "(r_t * h_prev) @ W_hh", "b_h": "0 * h_prev + b_h",
            "h_prev @ W_hh": "h_prev @ W_hh", "r_t * (h_prev @ W_hh)": "r_t * (h_prev @ W_hh)", "r_t * (x_t @ W_xh)": "r_t * (x_t @ W_xh)",
            "r_t * b_h": "r_t * b_h", "r_t @ W_hh": "r_t @ W_hh", "(r_t * h_prev) @ W_hh transposed": "(r_t * h_prev) @ W_hh.T",
            "h_prev": "h_prev", "r_t * h_prev": "r_t * h_prev",
        },
    },
    "gru_step": {"h_t": _MIX},
}  # fmt: skip


def names(question: Question, student_object: Callable[[str], Any]) -> dict[str, Any]:
    """What the texts of a question's terms may name: the public inputs, and of a GRU's step its parts."""
    inputs = question.inputs
    names = dict(inputs.arrays) | {"np": np}
    if question.id == "gru_step":
        part = student_object("gru_step")(*(inputs.sizes[letter] for letter in "IHO"), dtype=torch.float64)
        with torch.no_grad():
            for name, value in part.named_parameters():
                value.copy_(torch.tensor(names[name]))
            x_t, h_prev = torch.tensor(names["x_t"]), torch.tensor(names["h_prev"])
            z, r = part.update_gate(x_t, h_prev), part.reset_gate(x_t, h_prev)
            made = {"z": z, "r": r, "c": part.candidate(x_t, h_prev, r), "c1": part.candidate(x_t, h_prev, r * 0 + 1),
                    "c2": torch.tanh(x_t @ part.W_xh + r * (h_prev @ part.W_hh) + part.b_h)}  # fmt: skip
        names |= {name: value.numpy() for name, value in made.items()}
    return names
