"""Trainings of B1 with a mistake in each: what the pictures of the question `pictures` are made by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnkit.cells import RNN, Cell, unroll
from rnnkit.engines import AutogradEngine, Engine, FusedEngine, Pass
from rnnkit.heads import Head
from rnnkit.regimes import Regime, get_regime
from rnnkit.tasks import Batch
from rnnkit.trainer import Trainer, content

DETACHED_EVERY = 20  # steps
TOO_LARGE = 3.0  # times the right W_hh


class Mistake(NamedTuple):
    """A mistake, as a cell, an engine or settings that make it; what is None is right.

    Fields:
        cell: the class that is trained.
        phi: its nonlinearity; the distance is 1 - \\|h\\| all the same, as the record of a tanh network has it.
        engine: makes forward and backward.
        settings: of the regime that are others.
        start: changes the weights before the training.
    """

    cell: type[Cell] = RNN
    phi: str = "tanh"
    engine: Callable[[], Engine] | None = None
    settings: dict[str, Any] = {}  # noqa: RUF012
    start: Callable[[Tensor, str], object] | None = None


def train(name: str, profile: str = "smoke") -> dict[str, Any]:
    """The record of B1 with the mistake of this name."""
    mistake, regime = MISTAKES[name], get_regime("B1", profile)
    regime = regime.replace(**mistake.settings)
    trainer = Trainer(regime, _cell(mistake, regime), (mistake.engine or Changed)())
    for weight, parameter in trainer.cell.named_parameters():
        if mistake.start:
            with torch.no_grad():
                mistake.start(parameter, weight)
    with np.errstate(all="ignore"):
        for _ in trainer.checkpoints():
            pass
    return content(trainer)


def _cell(mistake: Mistake, regime: Regime) -> Cell:
    task = regime.make_task()
    return mistake.cell(task.n_in, regime.nhid, task.n_out, phi=mistake.phi, head=task.head)


# ---- mistakes of the cell -----------------------------------------------------------------------------------------


class NotCarried(RNN):
    """Every step begins at h_{t-1} = 0."""

    def step(self, x_t: Tensor, h_prev: Tensor) -> Tensor:
        return super().step(x_t, torch.zeros_like(h_prev))


class Truncated(RNN):
    """The state is detached now and then."""

    steps = 0

    def step(self, x_t: Tensor, h_prev: Tensor) -> Tensor:
        self.steps += 1
        return super().step(x_t, h_prev if self.steps % DETACHED_EVERY else h_prev.detach())


class Plain(AutogradEngine):
    """Goes through such a cell as it is; the distance is that of tanh."""

    def run(self, cell: Cell, head: Head, batch: Batch, **how: Any) -> Pass:
        if isinstance(cell, Truncated):
            cell.steps = 0
        return replace(super().run(cell, head, batch, **how), phi="tanh")


# ---- mistakes of the training -------------------------------------------------------------------------------------


class Changed(FusedEngine):
    """The right engine; what comes back may be changed."""

    def run(self, cell: Cell, head: Head, batch: Batch, **how: Any) -> Pass:
        seen = replace(super().run(cell, head, batch, **how), phi="tanh")
        return self.change(seen, batch, how) if how.get("backward", True) else seen

    def change(self, seen: Pass, batch: Batch, how: dict[str, Any]) -> Pass:
        """What the mistake makes of a pass."""
        return seen


class LargeInputs(Changed):
    """The inputs are not scaled."""

    def run(self, cell: Cell, head: Head, batch: Batch, **how: Any) -> Pass:
        return super().run(cell, head, batch._replace(inputs=10 * batch.inputs), **how)


class OfTheStack(Changed):
    """The direct term alone."""

    def change(self, seen: Pass, batch: Batch, how: dict[str, Any]) -> Pass:
        return replace(seen, flow=seen.direct)


class Summed(Changed):
    """The loss is a sum over the batch."""

    def change(self, seen: Pass, batch: Batch, how: dict[str, Any]) -> Pass:
        B = batch.inputs.shape[1]
        flow = None if seen.flow is None else B * seen.flow
        return replace(seen, loss=B * seen.loss, grads={name: B * g for name, g in seen.grads.items()}, flow=flow)


class Accumulated(Changed):
    """No gradient is ever forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[str, Tensor] = {}

    def change(self, seen: Pass, batch: Batch, how: dict[str, Any]) -> Pass:
        if how.get("flow", True):  # a check, no update
            return seen
        self.sums = {name: g + self.sums.get(name, 0.0) for name, g in seen.grads.items()}
        return replace(seen, grads=dict(self.sums))


class Uphill(Changed):
    """The sign of the update is wrong."""

    def change(self, seen: Pass, batch: Batch, how: dict[str, Any]) -> Pass:
        return replace(seen, grads={name: -g for name, g in seen.grads.items()})


class EveryStep(AutogradEngine):
    """The loss is the mean over all steps, as if each were asked for the answer."""

    def run(self, cell: Cell, head: Head, batch: Batch, **how: Any) -> Pass:
        seen = super().run(cell, head, batch, backward=False)
        if not how.get("backward", True):
            return seen
        steps, size, _ = batch.inputs.shape
        probe = batch.inputs.new_zeros(steps, size, cell.W_hh.shape[0], requires_grad=True)
        hidden, _ = unroll(cell, batch.inputs, probe)
        output = (hidden @ cell.W_ho + cell.get_parameter("b_o")).flatten(0, 1)
        loss = head.loss(output, batch.targets.repeat(steps, *[1] * (batch.targets.ndim - 1)))
        names, weights = zip(*cell.named_parameters(), strict=True)
        *found, flow = torch.autograd.grad(loss, [*weights, probe])
        grads = dict(zip(names, found, strict=True))
        return replace(seen, loss=loss.detach(), grads=grads, flow=flow, direct=flow, phi="tanh")


def _large(parameter: Tensor, name: str) -> object:
    return parameter.mul_(TOO_LARGE) if name == "W_hh" else None


MISTAKES: dict[str, Mistake] = {
    "right": Mistake(),
    "stack": Mistake(engine=OfTheStack),
    "large": Mistake(start=_large),
    "sigmoid": Mistake(phi="sigmoid"),
    "accumulated": Mistake(engine=Accumulated),
    "not_carried": Mistake(cell=NotCarried, engine=Plain),
    "truncated": Mistake(cell=Truncated, engine=Plain),
    "summed": Mistake(engine=Summed),
    "every_step": Mistake(engine=EveryStep),
    # Named among the candidates, too; they made none of the eight.
    "uphill": Mistake(engine=Uphill),
    "zeros": Mistake(start=lambda parameter, name: parameter.zero_()),
    "clipped": Mistake(settings={"clipstyle": "rescale", "cutoff": 1e-4}),
    "inputs": Mistake(engine=LargeInputs),
}
