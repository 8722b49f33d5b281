"""The answer key: draws, reference, hints. Never in what students have."""

from __future__ import annotations

from rnnkit.assignments.training_dynamics.key.called import called
from rnnkit.assignments.training_dynamics.key.draws import draw
from rnnkit.assignments.training_dynamics.key.reference import right

CANARY = "rnnkit-canary-5d1f0c7be94a4e0fa6b27c93e8d4416b"  # to be looked for wherever students can read

__all__ = ["CANARY", "called", "draw", "right"]
