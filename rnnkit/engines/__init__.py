"""Forward and backward through time. Every engine returns the same `Pass`."""

from __future__ import annotations

from typing import Any, Protocol

from rnnkit.cells import Cell
from rnnkit.common.names import lookup
from rnnkit.engines.autograd import AutogradEngine
from rnnkit.engines.base import Pass
from rnnkit.engines.fused import FusedEngine
from rnnkit.heads import Head
from rnnkit.omega import Omega
from rnnkit.tasks import Batch


class Engine(Protocol):
    """What the trainer asks of an engine."""

    name: str

    def run(self, cell: Cell, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        """One batch through the cell; see `AutogradEngine.run`."""
        ...

    def prepare(self, batch: Batch) -> Any:
        """What `metrics` wants instead of the batch, made once for a batch that is tried again and again."""
        ...

    def metrics(self, cell: Cell, head: Head, prepared: Any) -> dict[str, float]:
        """``head.metrics`` of the cell's outputs for a prepared batch; forward only."""
        ...

    def omega(self, cell: Cell, run: Pass, bound: float, on: str = "total") -> Omega:
        """The regulariser of a pass; see `AutogradEngine.omega`."""
        ...


ENGINES: dict[str, type[Engine]] = {"autograd": AutogradEngine, "fused": FusedEngine}


def get_engine(name: str) -> Engine:
    """The engine of this name (ValueError for an unknown one)."""
    return lookup(ENGINES, name, "engine")()


__all__ = ["ENGINES", "AutogradEngine", "Engine", "FusedEngine", "Pass", "get_engine"]
