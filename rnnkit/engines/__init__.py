"""Forward and backward through time. Every engine returns the same `Pass`."""

from __future__ import annotations

from typing import Protocol

from torch import nn

from rnnkit.engines.autograd import AutogradEngine
from rnnkit.engines.base import Pass
from rnnkit.heads import Head
from rnnkit.names import lookup
from rnnkit.tasks import Batch


class Engine(Protocol):
    """What the trainer asks of an engine."""

    name: str

    def run(self, cell: nn.Module, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        """One batch through the cell; see `AutogradEngine.run`."""
        ...


ENGINES: dict[str, type[Engine]] = {"autograd": AutogradEngine}


def get_engine(name: str) -> Engine:
    """The engine of this name (ValueError for an unknown one)."""
    return lookup(ENGINES, name, "engine")()


__all__ = ["ENGINES", "AutogradEngine", "Engine", "Pass", "get_engine"]
