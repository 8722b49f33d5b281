"""What ``rnnkit bench`` times: a training step and a validation chunk, by several engines, and matrix products."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.bench.measure import BenchError, Clock, Work
from rnnkit.cells import GRU, MODELS, Cell, readout
from rnnkit.common.names import BadValue
from rnnkit.engines import Engine, get_engine
from rnnkit.heads import Head, get_head
from rnnkit.inits import init_gru, init_rnn
from rnnkit.tasks import Batch, get_task

PLAIN, TORCH_NN = "autograd", "torch.nn"
ENGINES_OF_INTEREST = (PLAIN, "fused")
SHORTER = {"mem": 20, "mul": 0}  # steps by which the nominal length stays below T
SMALL_PRODUCT = (1000, 50, 50)  # a validation chunk's step
LARGE_PRODUCT = (1024, 1024, 1024)
SEED = 52


@dataclass(frozen=True)
class Case:
    """One kind of batch for one kind of cell.

    Fields:
        kind: ``step`` (forward and backward) or ``chunk`` (forward and metrics).
        model: ``rnn`` or ``gru``.
        task: ``mem`` (an output at every step) or ``mul`` (one after the last).
        T, B, H: steps, sequences, hidden units.
        device: where.
    """

    kind: str
    model: str
    task: str = "mem"
    T: int = 125
    B: int = 20
    H: int = 50
    device: str = "cpu"

    def at(self, axis: str, size: int) -> Case:
        """The same with another T, B or H."""
        return replace(self, **{axis: size})

    @property
    def flops(self) -> int:
        r"""Operations of the products with the recurrent weights alone: a lower bound of what has to be done.

        .. math:: 2\,T B H^2 \cdot (1 \text{ RNN}, 3 \text{ GRU}) \cdot (1 \text{ forward}, 3 \text{ with backward})
        """
        matrices, passes = (3 if self.model == "gru" else 1), (3 if self.kind == "step" else 1)
        return 2 * self.T * self.B * self.H**2 * matrices * passes


def engines_here(names: Iterable[str] = ENGINES_OF_INTEREST) -> dict[str, Engine]:
    """Those of these engines that work here."""
    found = {}
    for name in names:
        try:
            found[name] = get_engine(name)
        except (BadValue, ImportError):
            continue
    return found


def material(case: Case) -> tuple[Cell, Head, Batch]:
    """The untrained cell, the head and a batch of a case, always the same.

    Raises:
        BenchError: too few steps for the task.
    """
    task = get_task(case.task)
    cell = MODELS[case.model](task.n_in, case.H, task.n_out, head=task.head)
    rng = np.random.RandomState(SEED)
    if case.model == "gru":
        init_gru(cell, rng)
    else:
        init_rnn(cell, "basic_tanh", rng)
    try:
        batch = task.sample(rng, case.T - SHORTER[case.task], case.B)
    except ValueError as error:
        raise BenchError(f"T {case.T}: {error}; take more steps") from None
    targets = batch.targets[: case.T] if task.head == "softmax" else batch.targets
    batch = Batch(batch.inputs[: case.T].contiguous(), targets)
    return cell.to(case.device), get_head(task.head), batch.to(case.device, torch.float32)


def works(case: Case, engines: dict[str, Engine]) -> dict[str, Work]:
    """The same case by each engine, all diagnostics included, and by torch's own layer, which has none."""
    cell, head, batch = material(case)
    make = _step if case.kind == "step" else _chunk
    found = {name: make(engine, cell, head, batch) for name, engine in engines.items()}
    found[TORCH_NN] = (_step_of_torch if case.kind == "step" else _chunk_of_torch)(torch_layer(cell), cell, head, batch)
    return found


def largest_difference(case: Case, engines: dict[str, Engine], clock: Clock) -> dict[str, tuple[float, float]]:
    r"""How far each engine's gradients are from the plain loop's: the largest :math:`\|\Delta\| / \|\text{ref}\|`.

    Returns:
        By engine, that and the seconds of this pass, which may be its first.
    """
    cell, head, batch = material(case)
    expected = engines[PLAIN].run(cell, head, batch)
    wanted = expected.grads | {"flow": expected.flow}
    found = {}
    for name, engine in engines.items():
        begun = clock()
        run = engine.run(cell, head, batch)
        first = clock() - begun
        got = run.grads | {"flow": run.flow}
        apart = [float((got[key] - ref).norm() / ref.norm()) for key, ref in wanted.items() if ref.norm() > 0]
        found[name] = (max(apart), first)
    return found


def products(device: str = "cpu") -> dict[str, tuple[int, Work]]:
    """float32 matrix products by torch, of a small and a large size: operations and work, by name."""
    found = {}
    for name, (rows, inner, columns) in {"small": SMALL_PRODUCT, "large": LARGE_PRODUCT}.items():
        left, right = torch.ones(rows, inner, device=device), torch.ones(inner, columns, device=device)
        out = torch.empty(rows, columns, device=device)
        found[name] = (2 * rows * inner * columns, _product(left, right, out))
    return found


@torch.no_grad()
def torch_layer(cell: Cell) -> nn.Module:
    """torch's own layer with a cell's weights.

    ``nn.RNN`` then computes what the cell computes; ``nn.GRU`` does not, as its reset gate acts after the product
    with W_hh, but it works as hard.
    """
    with torch.random.fork_rng(devices=[]):  # a layer draws weights when it is made
        layer = (nn.GRU if isinstance(cell, GRU) else nn.RNN)(cell.n_in, cell.n_hid)
    if isinstance(cell, GRU):  # torch's order is r, z, h; its z is the share of the old state: 1 - s(a) = s(-a)
        into = torch.cat([cell.W_xr, -cell.W_xz, cell.W_xh], dim=1)
        across = torch.cat([cell.W_hr, -cell.W_hz, cell.W_hh], dim=1)
        bias = torch.cat([cell.b_r, -cell.b_z, cell.b_h])
    else:
        into, across, bias = cell.W_xh, cell.W_hh, cell.b_h
    layer.weight_ih_l0.copy_(into.T)
    layer.weight_hh_l0.copy_(across.T)
    layer.bias_ih_l0.copy_(bias)
    layer.bias_hh_l0.zero_()
    return layer.to(cell.W_hh.device)


def _step(engine: Engine, cell: Cell, head: Head, batch: Batch) -> Work:
    return lambda: engine.run(cell, head, batch)


def _chunk(engine: Engine, cell: Cell, head: Head, batch: Batch) -> Work:
    prepared = engine.prepare(batch)
    return lambda: engine.metrics(cell, head, prepared)


def _step_of_torch(layer: nn.Module, cell: Cell, head: Head, batch: Batch) -> Work:
    parameters = [*layer.parameters(), cell.W_ho, cell.b_o]

    def work() -> tuple[Tensor, ...]:
        hidden, _ = layer(batch.inputs)
        return torch.autograd.grad(head.loss(readout(cell, hidden, head.name), batch.targets), parameters)

    return work


def _chunk_of_torch(layer: nn.Module, cell: Cell, head: Head, batch: Batch) -> Work:
    def work() -> dict[str, float]:
        with torch.no_grad():
            hidden, _ = layer(batch.inputs)
            return head.metrics(readout(cell, hidden, head.name), batch.targets)

    return work


def _product(left: Tensor, right: Tensor, out: Tensor) -> Work:
    return lambda: torch.mm(left, right, out=out)
