"""What ``rnnkit bench`` times: training steps, validation chunks and whole trainings, by several engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.cells import GRU, MODELS, Cell, readout
from rnnkit.common.names import BadValue
from rnnkit.engines import Engine
from rnnkit.heads import Head, get_head
from rnnkit.inits import init_gru, init_rnn
from rnnkit.regimes import get_regime
from rnnkit.tasks import Batch, get_task
from rnnkit.trainer import Trainer

PLAIN, FAST, TORCH_NN = "autograd", "fused", "torch.nn"
SHORTER = {"mem": 20, "mul": 0}  # steps by which the nominal length stays below T
SEED = 52
Work = Callable[[], Any]


class BenchError(BadValue):
    """A measurement that cannot be."""


@dataclass(frozen=True)
class Case:
    """One kind of batch (T steps, B sequences) for one kind of cell (H units).

    A ``step`` is forward and backward, a ``chunk`` forward and metrics; ``mem`` has an output at every step, ``mul``
    one after the last.
    """

    kind: str
    model: str
    task: str = "mem"
    T: int = 125
    B: int = 20
    H: int = 50
    device: str = "cpu"


def material(case: Case) -> tuple[Cell, Head, Batch]:
    """The untrained cell, the head and a batch of a case, always the same; refused with too few steps for the task."""
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
        raise BenchError(f"--T {case.T}: {error}; take more steps") from None
    targets = batch.targets[: case.T] if task.head == "softmax" else batch.targets
    batch = Batch(batch.inputs[: case.T].contiguous(), targets)
    return cell.to(case.device), get_head(task.head), batch.to(case.device, torch.float32)


def works(case: Case, engines: dict[str, Engine]) -> dict[str, Work]:
    """The same case by each engine, all diagnostics included, and by torch's own layer, which has none."""
    cell, head, batch = material(case)
    layer = torch_layer(cell)
    parameters = [*layer.parameters(), cell.W_ho, cell.b_o]

    def torch_step() -> tuple[Tensor, ...]:
        hidden, _ = layer(batch.inputs)
        return torch.autograd.grad(head.loss(readout(cell, hidden, head.name), batch.targets), parameters)

    @torch.no_grad()
    def torch_chunk() -> dict[str, float]:
        hidden, _ = layer(batch.inputs)
        return head.metrics(readout(cell, hidden, head.name), batch.targets)

    def of(engine: Engine) -> Work:
        if case.kind == "step":
            return lambda: engine.run(cell, head, batch)
        prepared = engine.prepare(batch)
        return lambda: engine.metrics(cell, head, prepared)

    by_engine = {name: of(engine) for name, engine in engines.items()}
    return by_engine | {TORCH_NN: torch_step if case.kind == "step" else torch_chunk}


def laps(key: str, engines: dict[str, Engine], profile: str = "full", device: str = "cpu") -> dict[str, Work]:
    """Trainings of one regime, an engine each: a call is a lap, the updates up to the next check and that check.

    All draw from the same seeds, so that in the same lap they have the same lengths. Two laps are done already: the
    untrained network's check, and one in which code is compiled.
    """
    regime = get_regime(key, profile, device=device)
    trainings = {name: Trainer(regime, engine=engine).checkpoints() for name, engine in engines.items()}
    for training in trainings.values():
        next(training)
        next(training)
    return {name: training.__next__ for name, training in trainings.items()}


def largest_difference(case: Case, engines: dict[str, Engine]) -> dict[str, float]:
    r"""How far each engine's gradients are from the plain loop's: the largest :math:`\|\Delta\| / \|\text{ref}\|`."""
    cell, head, batch = material(case)

    def gradients(engine: Engine) -> dict[str, Tensor]:
        run = engine.run(cell, head, batch)
        assert run.flow is not None
        return run.grads | {"flow": run.flow}

    wanted = {name: gradient for name, gradient in gradients(engines[PLAIN]).items() if gradient.norm() > 0}
    largest = {}
    for name, engine in engines.items():
        got = gradients(engine)
        largest[name] = max(float((got[key] - ref).norm() / ref.norm()) for key, ref in wanted.items())
    return largest


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
        weights = dict(cell.named_parameters())
        into, across, bias = (weights[name].detach() for name in ("W_xh", "W_hh", "b_h"))
    for name, value in {"weight_ih": into.T, "weight_hh": across.T, "bias_ih": bias, "bias_hh": 0 * bias}.items():
        layer.get_parameter(f"{name}_l0").copy_(value)
    return layer.to(cell.W_hh.device)
