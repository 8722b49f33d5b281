"""The settings of one network: task and sentences, cell, how far it looks back, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from rnnkit.assignments.lookback.models import GATES, KINDS, PHI, UPDATE_GATES, Model
from rnnkit.runs.teams import MemberSettings

TASKS, DTYPES = ("agreement", "language"), ("float64", "float32")
GRAMMAR = "grammar"
SEED = 2018


@dataclass(frozen=True)
class Net(MemberSettings):
    """Every setting of one run; the coursework's by default.

    Fields:
        task: ``agreement``, the number of the verb after its last word before it; or ``language``, every next word.
        data: ``grammar``, or a folder with the coursework's files, or the file with Linzen's table.
        train, dev, test: sentences.
        V: words that are known.
        data_seed: of the grammar's sentences.
        model, H, phi: ``rnn`` or ``gru``, its units, and an ``rnn``'s nonlinearity.
        gates, update_gate: which of a GRU's gates work, and whether z is what is kept or what is written.
        lookback: steps that a gradient goes back beyond the step of its loss.
        legacy_coursework_grad: a GRU's gradient as the coursework supplies it, see `lookback.terms`.
        epochs, batch, lr, anneal, min_change: see `protocol`.
        dtype: of all numbers.
        seed: of the first weights and the order of the sentences.
    """

    name: str = "net"
    task: str = "agreement"
    data: str = GRAMMAR
    train: int = 10000
    dev: int = 1000
    test: int = 4000
    V: int = 2000
    data_seed: int = SEED
    model: str = "rnn"
    H: int = 50
    phi: str = "sigmoid"
    gates: str = "both"
    update_gate: str = "keep"
    lookback: int = 0
    legacy_coursework_grad: bool = False
    epochs: int = 10
    batch: int = 100
    lr: float = 0.5
    anneal: float = 5.0
    min_change: float = 1e-4
    dtype: str = "float64"
    seed: int = SEED

    def __post_init__(self) -> None:
        super().__post_init__()
        known = {"task": TASKS, "model": KINDS, "phi": PHI, "gates": GATES, "update_gate": UPDATE_GATES}
        least = dict.fromkeys(("train", "dev", "test", "H", "epochs", "batch"), 1) | {"V": 8}
        least |= dict.fromkeys(("data_seed", "lookback", "lr", "anneal", "min_change", "seed"), 0)
        self.refuse(known | {"dtype": DTYPES}, least)

    @property
    def idle(self) -> str:
        usual, other = type(self)(), {"gru": ("phi",), "rnn": ("gates", "update_gate", "legacy_coursework_grad")}
        for name in other[self.model]:
            if getattr(self, name) != getattr(usual, name):
                return f"{name} has no effect on {self.model}"
        if self.data_seed != usual.data_seed and self.data != GRAMMAR:
            return f"data_seed has no effect on sentences from {self.data}"
        return ""

    @property
    def maxiters(self) -> int:
        """Updates of a whole run, those at the ends of its epochs too."""
        n, batch = self.train, self.batch
        return self.epochs * (-(-n // batch) + (n % batch > 1))

    def shape(self, words: int) -> Model:
        """The network, for so many known words."""
        outputs = 2 if self.task == "agreement" else words
        return Model(self.model, self.H, words, outputs, self.phi, self.update_gate, self.gates)
