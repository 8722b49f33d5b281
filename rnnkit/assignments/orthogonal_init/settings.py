"""The settings of one arm: a task, an init, and how it is trained; the document's own by default."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnkit.assignments.orthogonal_init.bptt import PHI, Shape
from rnnkit.assignments.orthogonal_init.tasks import Task, get_task
from rnnkit.common.names import BadValue
from rnnkit.inits import RECURRENT, recurrent
from rnnkit.optim import momentum_schedule
from rnnkit.runs.teams import MemberSettings

METHODS, SCHEDULES, DTYPES = ("heavy_ball", "nesterov", "adam"), ("constant", "sutskever"), ("float64", "float32")
ARMS = {"ortho": "orthogonal", "random": "gaussian"}  # the document's names
INITS = (*ARMS, *(name for name in RECURRENT if name not in ARMS.values()))
AFTER = 7919  # from a seed to that of its data
TIED = -1


@dataclass(frozen=True)
class Arm(MemberSettings):
    """Every setting of one run.

    Fields:
        task, T: see `tasks.TASKS`; the steps, 0 for the task's usual ones.
        init, scale: see `INITS` and `rnnkit.inits.RECURRENT`; 0 for the init's usual scale.
        phi: ``tanh`` or ``relu``.
        input_scale: standard deviation of W_xh.
        H: units.
        epochs, batches, batch: so many epochs of so many updates of so many sequences.
        method, lr, momentum, schedule: see `rnnkit.optim`; the momentum is the limit of a schedule.
        clip: largest norm of a gradient, all parameters together; 0 for none.
        curriculum: the steps to begin with, one more whenever 30 batches on average solve the task; 0 for none.
        centred: values are on [-1, 1], and a target's mean is taken off.
        seed: of weights and data; W_hh and the data are those of another seed where `weight_seed`, `data_seed` say so.
    """

    name: str = "arm"
    task: str = "addition"
    init: str = "ortho"
    scale: float = 0.0
    phi: str = "tanh"
    input_scale: float = 0.1
    T: int = 0
    H: int = 64
    epochs: int = 80
    batches: int = 30
    batch: int = 50
    method: str = "heavy_ball"
    lr: float = 0.01
    momentum: float = 0.9
    schedule: str = "constant"
    clip: float = 1.0
    curriculum: int = 0
    centred: bool = False
    dtype: str = "float64"
    seed: int = 0
    weight_seed: int = TIED
    data_seed: int = TIED

    def __post_init__(self) -> None:
        super().__post_init__()
        task = get_task(self.task)
        if self.T == 0:
            object.__setattr__(self, "T", task.T)
        known = {"init": INITS, "phi": PHI, "method": METHODS, "schedule": SCHEDULES, "dtype": DTYPES}
        least = {
            "T": task.least, "H": 1, "epochs": 1, "batches": 1, "batch": 1, "seed": 0, "weight_seed": TIED,
            "data_seed": TIED, "lr": 0, "momentum": 0, "clip": 0, "scale": 0, "input_scale": 0,
        }  # fmt: skip
        self.refuse(known, least, f" for {self.task}")
        if self.curriculum and not task.least <= self.curriculum <= self.T:
            span = f"0, or {task.least} to T = {self.T} for {self.task}"
            raise BadValue(f"curriculum: expected {span}, got {self.curriculum}")

    @property
    def kind(self) -> Task:
        """The task."""
        return get_task(self.task)

    @property
    def shape(self) -> Shape:
        """Of the network."""
        return Shape(self.kind.n_in, self.H, self.kind.n_out)

    def momentum_at(self, t: int) -> float:
        """The momentum of update t, from 0."""
        return self.momentum if self.schedule == "constant" else momentum_schedule(t, self.momentum)

    def first_weights(self) -> np.ndarray:
        """``(P,)``, the untrained network: one generator gives W_xh, W_hh and W_ho, and biases are 0.

        The document draws the transposes, unit by unit; so they are turned here.
        """
        row = np.zeros(self.shape.P)
        parts = self.shape.named(row)
        W_ih, A, W_hy, rng = self._drawn(self.seed)
        if self.weight_seed != TIED:
            _, A, _, rng = self._drawn(self.weight_seed)
        parts["W_xh"][:] = self.input_scale * W_ih.T
        parts["W_ho"][:] = W_hy.T / math.sqrt(self.H)
        W = recurrent(ARMS.get(self.init, self.init), rng, A, self.scale or None)
        parts["W_hh"][:] = W if self.init == "sparse" else W.T  # whose columns are made with so many weights
        return row.astype(self.dtype)

    def _drawn(self, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
        rng, (n_in, H, n_out) = np.random.default_rng(seed), self.shape
        sizes = ((H, n_in), (H, H), (n_out, H))
        W_ih, A, W_hy = (rng.standard_normal(size) for size in sizes)
        return W_ih, A, W_hy, rng

    def data_stream(self) -> np.random.Generator:
        """The generator of all batches."""
        return np.random.default_rng((self.seed if self.data_seed == TIED else self.data_seed) + AFTER)

    @property
    def idle(self) -> str:
        if self.centred and not self.kind.centres:
            return f"centred has no effect on {self.task}, whose inputs are symbols"
        if self.schedule != "constant" and self.method == "adam":
            return "schedule has no effect on adam, which has no momentum to schedule"
        return ""
