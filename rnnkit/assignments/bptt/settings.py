"""The settings of one run: a task, an arm, and how it is trained."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnkit.assignments.bptt.networks import ARMS, PHI, Arm
from rnnkit.assignments.bptt.tasks import TASKS, Task
from rnnkit.inits import orthogonal
from rnnkit.runs.teams import MemberSettings

METHODS, CLIPS, DTYPES = ("adam", "sgd"), ("norm", "value", "nothing"), ("float32", "float64")
EVERY = 50  # updates from one check to the next
AFTER = 7919  # from a seed to that of its data


@dataclass(frozen=True)
class Trial(MemberSettings):
    """Every setting of one run.

    Fields:
        task, lag, K: see `tasks.TASKS`; over how many steps it is to be remembered, and symbols.
        arm, link: see `networks.ARMS`; steps that the arm ``link`` leaps over.
        phi, gain: nonlinearity of the arms without gates, and a factor of the first W_hh.
        H: units.
        updates, batch: so many updates of so many sequences.
        method, lr: Adam or plain descent, and its rate.
        clip_by, clip: rescaled where the norm of the whole gradient exceeds the limit, cut entry by entry, or nothing.
        chunk: steps over which gradients go back; 0 for all.
        seed: of weights and data.
    """

    name: str = "trial"
    task: str = "echo"
    arm: str = "default"
    lag: int = 50
    K: int = 2
    link: int = 10
    phi: str = "tanh"
    gain: float = 1.0
    H: int = 64
    updates: int = 1500
    batch: int = 32
    method: str = "adam"
    lr: float = 1e-3
    clip_by: str = "norm"
    clip: float = 1.0
    chunk: int = 0
    dtype: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        known: dict[str, Iterable[str]] = {"task": TASKS, "arm": ARMS, "phi": PHI}
        least = {
            "lag": 0, "K": 2, "link": 2, "H": 1, "updates": 1, "batch": 1, "chunk": 0, "seed": 0, "lr": 0, "clip": 0,
            "gain": 0,
        }  # fmt: skip
        self.refuse(known | {"method": METHODS, "clip_by": CLIPS, "dtype": DTYPES}, least)

    @property
    def kind(self) -> Task:
        """The task."""
        return TASKS[self.task]

    @property
    def network(self) -> Arm:
        """How the arm goes from one state to the next."""
        return ARMS[self.arm]

    @property
    def T(self) -> int:
        """Steps of a sequence."""
        return self.kind.steps(self.lag)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the weights by name, in the order in which they lie in a row of all."""
        n_in, n_out = self.kind.sizes(self.K)
        return self.network.shapes(n_in, self.H) | {"W_ho": (self.H, n_out), "b_o": (n_out,)}

    @property
    def maxiters(self) -> int:
        return self.updates

    @property
    def checkpoints(self) -> int:
        return -(-self.updates // EVERY)

    @property
    def P(self) -> int:
        """Parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def first_weights(self) -> np.ndarray:
        """``(P,)``, the untrained network: all uniform up to 1 / sqrt(H), torch's usual ones; W_hh by the arm."""
        rng, parts = np.random.default_rng(self.seed), []
        for name, shape in self.shapes.items():
            one = rng.uniform(-1, 1, shape) / math.sqrt(self.H)
            if name == "W_hh":
                if self.network.orthogonal:
                    one = orthogonal(rng, rng.standard_normal(shape), 1.0)
                one = self.gain * one
            parts.append(one.ravel())
        return np.concatenate(parts).astype(self.dtype)

    def data_stream(self) -> np.random.Generator:
        """The generator of all batches."""
        return np.random.default_rng(self.seed + AFTER)

    @property
    def in_words(self) -> str:
        """The settings that a prediction depends on."""
        lag = f"lag {self.lag}, " if self.lag else ""
        chunk = f"gradients over {self.chunk} steps" if self.chunk else "gradients over all steps"
        return (
            f"task {self.task}, arm {self.arm}, {lag}sequences of {self.T} steps; {self.updates} updates of "
            f"{self.batch}, {self.H} units, {chunk}, seed {self.seed}"
        )

    @property
    def idle(self) -> str:
        usual = type(self)()
        if self.link != usual.link and self.arm != "link":
            return f"link has no effect on {self.arm}"
        if self.phi != usual.phi and self.network.gates > 1:
            return f"phi has no effect on {self.arm}"
        if self.clip != usual.clip and self.clip_by == "nothing":
            return "clip has no effect where nothing is clipped"
        return ""
