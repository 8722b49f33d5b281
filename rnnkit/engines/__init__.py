"""Forward and backward through time. Every engine returns the same `Pass`."""

from __future__ import annotations

from rnnkit.common.names import lookup
from rnnkit.engines.autograd import AutogradEngine
from rnnkit.engines.base import Pass
from rnnkit.engines.fused import FusedEngine

Engine = AutogradEngine | FusedEngine
ENGINES: dict[str, type[Engine]] = {"autograd": AutogradEngine, "fused": FusedEngine}


def get_engine(name: str) -> Engine:
    """The engine of this name (ValueError for an unknown one)."""
    return lookup(ENGINES, name, "engine")()


__all__ = ["ENGINES", "AutogradEngine", "Engine", "FusedEngine", "Pass", "get_engine"]
