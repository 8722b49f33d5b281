"""The settings of one network: its cell, how it starts, and how it is trained; the document's own by default."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnkit.assignments.hidden_dynamics import network
from rnnkit.common.names import BadValue, lookup
from rnnkit.inits import recurrent
from rnnkit.runs.experiment import Settings

CELLS, INITS = ("rnn", "gru", "lstm"), ("xavier", "ortho")


@dataclass(frozen=True)
class Net(Settings):
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
        lookup(dict.fromkeys(CELLS), self.cell, "cell")
        lookup(dict.fromkeys(INITS), self.init, "init")
        least = {"T": 2, "epochs": 1, "batches": 1, "batch": 1, "drop": 0, "lr": 0, "halve": 0, "test": 5, "seed": 0}
        for name, low in least.items():
            if not low <= getattr(self, name) < math.inf:
                raise BadValue(f"{name}: expected at least {low}, got {getattr(self, name)}")
        if self.drop >= 1:
            raise BadValue(f"drop: expected a share below 1, got {self.drop}")
        if self.batches * self.batch > self.train:
            need = f"{self.batches} batches of {self.batch}"
            raise BadValue(f"train: expected enough sequences for {need} that differ, got {self.train}")
        if self.idle:
            raise BadValue(f"{self.name}: {self.idle}; leave it out")

    @property
    def idle(self) -> str:
        """Which setting is not the usual one and changes nothing; empty where none is."""
        return f"init has no effect on {self.cell}" if self.cell != "rnn" and self.init != INITS[0] else ""

    @property
    def maxiters(self) -> int:
        """Updates of a whole run."""
        return self.epochs * self.batches

    @property
    def checkpoints(self) -> int:
        """Epochs."""
        return self.epochs

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
