"""Special inputs that show when a wrong answer is right."""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Probe
from rnnkit.checks.special import changed, symmetric, zero


def _one(array: np.ndarray) -> np.ndarray:
    return np.ones_like(array)


PROBES: dict[str, tuple[Probe, ...]] = {
    "rnn_forward": (
        symmetric("U"),
        Probe("U = 0", "look at the term with the state before", zero("U")),
        Probe("W = 0", "look at what the softmax is taken over", zero("W")),
    ),
    "lookback_gradient": (
        symmetric("U"),
        Probe("U = 0", "look at how delta goes back from one step to the one before", zero("U")),
        Probe("all words are the same", "look at which word's row of dV each delta is added to", zero("x")),
    ),
    "gru_step": (
        Probe("s = 0", "look at the terms with the state before", zero("s")),
        Probe("Uh = 0", "look at where the reset gate stands in the candidate", zero("Uh")),
    ),
    "gru_backward": (
        Probe("Uh = 0", "look at the path through the candidate's Uh", zero("Uh")),
        Probe("Ur = 0", "look at the path through the reset gate's Ur", zero("Ur")),
        Probe("Uz = 0", "look at the path through the update gate's Uz", zero("Uz")),
        Probe("r = 1", "look at the reset gate, and at its slope r (1 - r)", changed(r=_one)),
        Probe("z = 1", "look at where z and where 1 - z stands", changed(z=_one)),
    ),
}
PROBED: dict[str, tuple[str, ...]] = {
    "rnn_forward": ("states",), "lookback_gradient": ("tau 2: dU and dV",), "gru_step": ("new state",),
    "gru_backward": ("s_prev",),
}  # fmt: skip
