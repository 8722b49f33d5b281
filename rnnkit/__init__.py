"""rnnkit: the training dynamics of recurrent networks, step by step.

Names are imported from their modules when first used, so that ``import rnnkit`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Cell": "cells", "RNN": "cells", "GRU": "cells",
    "Batch": "tasks", "get_task": "tasks", "TASKS": "tasks",
    "Pass": "engines", "get_engine": "engines",
    "Regime": "regimes", "REGIMES": "regimes", "PROFILES": "regimes", "get_regime": "regimes",
    "Trainer": "trainer", "Checkpoint": "trainer",
}  # fmt: skip

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rnnkit' has no attribute {name!r}")
    return getattr(importlib.import_module(f"rnnkit.{_HOME[name]}"), name)
