"""The settings of one network: its cell, how it starts, and how it is trained; the document's own by default."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnkit.assignments.hidden_dynamics import network
from rnnkit.common.names import BadValue
from rnnkit.inits import recurrent
from rnnkit.runs.teams import MemberSettings

CELLS, INITS = ("rnn", "gru", "lstm"), ("xavier", "ortho")


@dataclass(frozen=True)
class Net(MemberSettings):
    """Every setting of one run.

    Fields:
        cell: ``rnn``, the document's two layers; ``gru`` and ``lstm`` are torch's own, and start as torch does.
        init: of the recurrent matrices of an ``rnn``: Glorot's uniform, or orthogonal.
        T: steps of a sequence.
        epochs, batches, batch: so many epochs of so many updates of so many sequences.
        drop: share of layer 1's states, and of the last state, that dropout sets to 0.
        lr, halve: Adam's rate, and the epochs after which it is halved each time; 0 for never.
        train, test: sequences.
        seed: of weights, data, batches and dropout.
    """

    name: str = "net"
    cell: str = "rnn"
    init: str = "xavier"
    T: int = network.T
    epochs: int = network.EPOCHS
    batches: int = network.BATCHES
    batch: int = network.BATCH
    drop: float = network.DROP
    lr: float = network.RATE
    halve: int = 20
    train: int = network.TRAIN
    test: int = network.TEST
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        least = {"T": 2, "epochs": 1, "batches": 1, "batch": 1, "drop": 0, "lr": 0, "halve": 0, "test": 5, "seed": 0}
        self.refuse({"cell": CELLS, "init": INITS}, least)
        if self.drop >= 1:
            raise BadValue(f"drop: expected a share below 1, got {self.drop}")
        if self.batches * self.batch > self.train:
            need = f"{self.batches} batches of {self.batch}"
            raise BadValue(f"train: expected enough sequences for {need} that differ, got {self.train}")
        if self.idle:
            raise BadValue(f"{self.name}: {self.idle}; leave it out")

    @property
    def idle(self) -> str:
        return f"init has no effect on {self.cell}" if self.cell != "rnn" and self.init != INITS[0] else ""

    @property
    def in_words(self) -> str:
        """The settings that a prediction depends on."""
        start = f", {self.init} start" if self.cell == "rnn" else ""
        return (
            f"cell {self.cell}{start}, sequences of {self.T} steps; {self.epochs} epochs of {self.batches} batches of "
            f"{self.batch}, dropout {self.drop:g}, seed {self.seed}"
        )

    def rate(self, epoch: int) -> float:
        """Adam's rate in an epoch, from 0: torch's ``StepLR``."""
        return self.lr * 0.5 ** (epoch // self.halve) if self.halve else self.lr

    def begun(self) -> tuple[network.Weights, np.random.Generator]:
        """An ``rnn``'s first weights by name, and the generator from which the data come next."""
        rng = np.random.default_rng(self.seed)
        weights = network.initial(rng)
        if self.init == "ortho":
            apart = np.random.default_rng([self.seed, 1])  # so that the data are those of the other start
            for name in ("W_hh1", "W_hh2"):
                weights[name] = recurrent("orthogonal", apart, apart.standard_normal(weights[name].shape))
        return weights, rng

    def data(self, rng: np.random.Generator) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Training and test sequences ``(N, T, C)``, float32, and their labels ``(N,)``; from `begun`'s generator."""
        sets = [network.sequences(rng, count, self.T) for count in (self.train, self.test)]
        (X, y), (test, its) = sets
        return (X.astype(np.float32), y), (test.astype(np.float32), its)
