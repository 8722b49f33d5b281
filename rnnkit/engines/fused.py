"""The fast engine: the equations of the built-in cells, forward and back by hand-derived formulas."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from rnnkit.cells import PHI, Cell
from rnnkit.common.names import BadValue
from rnnkit.common.shapes import SHAPES
from rnnkit.engines import bptt
from rnnkit.engines.base import Pass
from rnnkit.heads import Head
from rnnkit.omega import Omega, omega
from rnnkit.tasks import Batch


class FusedEngine:
    """Reads a cell's weights by name and runs the built-in equations on them; never calls ``cell.step``.

    It does so whatever class the cell is of: that another class computes the same has to be known beforehand.

    float32 on the CPU goes through loops that numba compiles at their first use, see `compiled`. Everything else, and
    everything where numba is missing, goes through the same formulas in torch operations, see `bptt`.
    """

    name = "fused"

    @torch.no_grad()
    def run(self, cell: Cell, head: Head, batch: Batch, *, backward: bool = True, flow: bool = True) -> Pass:
        """One batch through the cell: arguments and `Pass` as for `AutogradEngine.run`.

        The total derivative is a by-product of the way back: ``flow`` decides only what is returned.

        Raises:
            BadValue: parameters that are neither those of the RNN nor those of the GRU; an unknown nonlinearity.
        """
        w, phi = _recurrence(cell)
        return _way(w, batch).run_pass(w, phi, head, batch, backward, flow)

    def prepare(self, batch: Batch) -> Any:
        """What `metrics` wants instead of the batch, made once for a batch that is tried again and again."""
        way = _way({}, batch)
        return batch if way is bptt else way.prepare(batch)

    @torch.no_grad()
    def metrics(self, cell: Cell, head: Head, prepared: Any) -> dict[str, float]:
        """``head.metrics`` of the cell's outputs, forward only; no state is kept but the last.

        Arguments:
            cell: on the batch's device, parameters in its dtype.
            head: loss and error.
            prepared: what `prepare` returned; a batch as it is goes through torch operations, whatever its dtype.

        Raises:
            BadValue: as `run`.
        """
        w, phi = _recurrence(cell)
        way = (not isinstance(prepared, Batch) and _compiled()) or bptt
        return way.metrics(w, phi, head, prepared)

    @torch.no_grad()
    def omega(self, cell: Cell, run: Pass, bound: float, on: str = "total") -> Omega:
        """As `AutogradEngine.omega`."""
        w, phi = _recurrence(cell)
        watched = run.flow if on == "total" else run.direct
        assert watched is not None
        assert phi is not None
        way = _compiled() if _is_plain(watched) else None
        if way is None:
            return omega(watched, bptt.PHI_SLOPE[phi](run.hidden), w["W_hh"], bound)
        return way.omega(w, phi, watched, run.hidden, bound)


@functools.cache
def _compiled() -> ModuleType | None:
    """The compiled loops, imported only when they are wanted; None without numba.

    numba refuses with a RuntimeError where it finds no folder that it may keep compiled code in.
    """
    try:
        from rnnkit.engines.compiled import loops as compiled
    except (ImportError, RuntimeError):
        return None
    return compiled


def _way(w: dict[str, Tensor], batch: Batch) -> ModuleType:
    """The module that runs this batch."""
    return (all(map(_is_plain, (batch.inputs, *w.values()))) and _compiled()) or bptt


def _is_plain(tensor: Tensor) -> bool:
    return tensor.dtype == torch.float32 and tensor.device.type == "cpu"


def _recurrence(cell: Cell) -> tuple[dict[str, Tensor], str | None]:
    """The cell's parameters by name, checked to be those of a built-in cell; its nonlinearity, None for the GRU."""
    w = {name: parameter.detach() for name, parameter in cell.named_parameters()}
    if w.keys() == SHAPES["GRU"].keys():
        return w, None
    if w.keys() != SHAPES["RNN"].keys():
        expected = " or ".join(f"{', '.join(shapes)} ({kind})" for kind, shapes in SHAPES.items())
        raise BadValue(f"fused: expected the parameters {expected}, got {', '.join(w)}; use the engine 'autograd'")
    if cell.phi not in PHI:
        raise BadValue(
            f"fused: expected phi to be one of {', '.join(PHI)}, got {cell.phi!r}; use the engine 'autograd'"
        )
    return w, cell.phi
