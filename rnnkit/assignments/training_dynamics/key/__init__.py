"""The answer key: draws, reference, hints. Never in what students have."""

from __future__ import annotations

from typing import Any

from rnnkit.assignments.training_dynamics.key.called import called
from rnnkit.assignments.training_dynamics.key.draws import draw
from rnnkit.assignments.training_dynamics.key.reference import right
from rnnkit.assignments.training_dynamics.key.variants import variants

CANARY = "rnnkit-canary-5d1f0c7be94a4e0fa6b27c93e8d4416b"  # to be looked for wherever students can read
# Settings that solve temporal order, which are asked for: they stay with instructors, and tables lose their columns.
FILES_KEPT_HOME = ("sweeps/solved.toml", "sweeps/short.toml", "sweeps/short.csv", "sweeps/tasks.toml")
COLUMNS_KEPT_HOME = {"sweeps/tasks.csv": ("alpha", "cutoff", "nhid", "lr", "init")}


def with_hints(*given: Any, **more: Any) -> Any:
    """`key.hints.with_hints`, imported when it is called: it reads records, whose regimes take a setting from here."""
    from rnnkit.assignments.training_dynamics.key import hints

    return hints.with_hints(*given, **more)


__all__ = ["CANARY", "COLUMNS_KEPT_HOME", "FILES_KEPT_HOME", "called", "draw", "right", "variants", "with_hints"]
