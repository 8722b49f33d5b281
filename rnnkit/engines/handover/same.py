"""Whether a cell of one's own computes what the built-in one does, so that the fast engine may train in its place."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from rnnkit.cells import Cell
from rnnkit.engines.autograd import AutogradEngine
from rnnkit.engines.base import Pass
from rnnkit.engines.fused import FusedEngine
from rnnkit.engines.handover.readable import obstacle
from rnnkit.heads import Head
from rnnkit.tasks import Batch

SHORT = 20  # steps: over more of them rounding alone could part two equal cells at weights that make gradients explode
TOLERANCE = 1e-9  # of the largest entry, float64
NORM = 0.9  # of the recurrent matrices, for whole sequences: no gradient grows
# Arithmetic that is analytic, and ways of arranging numbers; of comparisons, random numbers and reading out, none.
_WORDS = (
    "mm addmm bmm baddbmm matmul add sub rsub mul div neg tanh sigmoid exp reciprocal pow addcmul lerp t transpose "
    "permute view _unsafe_view reshape expand unsqueeze squeeze cat stack split split_with_sizes slice select unbind "
    "narrow detach alias zeros_like ones_like new_zeros zeros ones clone _to_copy contiguous as_strided linear "
    "special_expit mv dot"
)
PLAIN = frozenset(_WORDS.split())


class _Ops(TorchDispatchMode):
    """Notes which operations run."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def difference(cell: Cell, head: Head, batch: Batch) -> str:
    r"""Why a cell is not known to be the built-in one; empty where it is.

    Its step must be plain arithmetic (see `readable`), run the same operations at every call, and give the same hidden
    states, gates, outputs and gradients, the total dL/dh_t among them, in float64: at the weights in use over 20 steps,
    and over whole sequences at weights that let nothing grow. Several batch sizes, random and real inputs.

    Arguments:
        cell: with the weights in use; neither it nor its gradients are changed.
        head: of the task.
        batch: a real one, inputs ``(T, B, I)``.

    Raises:
        whatever the cell raises.
    """
    if reason := obstacle(cell):
        return reason
    double = copy.deepcopy(cell).double()
    for parameter in double.parameters():
        parameter.requires_grad_(True)
    real = batch.to(next(cell.parameters()).device, torch.float64)
    if reason := _operations(double, real):
        return reason
    for name, tried, given in _probes(double, head, real):
        if reason := _unlike(tried, head, given):
            return f"{reason} ({name})"
    return ""


def _operations(cell: Cell, batch: Batch) -> str:
    """Operations that are not plain, or not the same at every call, for whatever sizes."""
    seen = []
    for size in (batch.inputs.shape[1], 1, 3, batch.inputs.shape[1]):
        x_t = torch.randn(size, batch.inputs.shape[2], dtype=torch.float64, device=batch.inputs.device)
        h_t = torch.randn(size, len(cell.W_hh), dtype=torch.float64, device=batch.inputs.device)
        for _ in range(2):
            with _Ops() as ops, torch.no_grad():
                cell.step(x_t, h_t)
            seen.append(ops.names)
    if odd := sorted({name for names in seen for name in names} - PLAIN):
        return f"step uses {', '.join(odd)}"
    return "" if all(names == seen[0] for names in seen) else "step does not do the same at every call"


def _probes(cell: Cell, head: Head, real: Batch) -> Iterator[tuple[str, Cell, Batch]]:
    generator = torch.Generator().manual_seed(0)
    steps, size, _ = real.inputs.shape
    yield "the weights in use", cell, first(real, head, SHORT, size)
    for few in (1, 3):
        yield "the weights in use", cell, _noise(first(real, head, SHORT, few), generator)
    other = copy.deepcopy(cell)
    with torch.no_grad():
        for parameter in other.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(parameter.device)
            parameter.copy_(0.5 * noise)
    yield "random weights", other, _noise(first(real, head, SHORT, size), generator)
    calm = copy.deepcopy(cell)
    with torch.no_grad():
        for name, parameter in calm.named_parameters():
            if name in ("W_hh", "W_hz", "W_hr"):
                parameter.mul_(NORM / max(float(torch.linalg.matrix_norm(parameter, 2)), 1e-12))
    yield "a whole sequence", calm, first(real, head, steps, size)


def first(batch: Batch, head: Head, steps: int, size: int) -> Batch:
    """The first steps and sequences of a batch.

    Arguments:
        batch: inputs ``(T, B, I)``.
        head: of the task: whether there is a target at every step.
        steps, size: as many as there are, at most.
    """
    inputs = batch.inputs[:steps, :size]
    if head.name == "softmax":
        return Batch(inputs, batch.targets[:steps, :size])
    return Batch(inputs, batch.targets[:size])


def _noise(batch: Batch, generator: torch.Generator) -> Batch:
    noise = torch.randn(batch.inputs.shape, generator=generator, dtype=torch.float64)
    return Batch(noise.to(batch.inputs.device), batch.targets)


def _unlike(cell: Cell, head: Head, batch: Batch) -> str:
    """The first quantity in which a cell and the built-in equations differ."""
    own, built_in = AutogradEngine().run(cell, head, batch), FusedEngine().run(cell, head, batch)
    if (own.gates is None) != (built_in.gates is None):
        return "it has no gates" if own.gates is None else "it has gates"
    right = _quantities(built_in)
    for name, value in _quantities(own).items():
        if name not in right or value.shape != right[name].shape:
            return f"{name} has another shape"
        if not bool((value - right[name]).abs().max() <= TOLERANCE * (right[name].abs().max() + 1e-6)):
            return f"{name} differs"
    return ""


def _quantities(run: Pass) -> dict[str, Tensor]:
    states = {"hidden": run.hidden, **(run.gates or {}), "output": run.output, "flow": run.flow, "direct": run.direct}
    gradients = {f"dL/d{name}": gradient for name, gradient in run.grads.items()}
    return {name: value for name, value in states.items() if value is not None} | gradients
