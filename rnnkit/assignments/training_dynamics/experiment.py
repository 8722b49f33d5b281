"""What the main assignment trains: the handout's regimes, through its notebook."""

from __future__ import annotations

from rnnkit.regimes import HANDOUT_REGIMES
from rnnkit.runs.training import RegimeExperiment

EXPERIMENT = RegimeExperiment(
    assignment="training_dynamics",
    due=HANDOUT_REGIMES,
    notebook="3_regime.ipynb",
    clipping=(("A1", "A2", "A3"), ("A4", "A5")),
    gated=(("A1", "A4"), ("B1", "B2")),
    sigmoid=(("A1", "A1s"), ("B1", "B1s")),
)
