"""The coursework's networks without biases, several of one shape at once: weights, states, and what they say.

A network is a sigmoid RNN or a GRU. States are rows, as everywhere in this package: ``s_{t-1} @ U`` where the
coursework writes ``U s_{t-1}``, so that U, V and W here are the transposes of its own. All weights of a network are one
row of ``(S, P)``; S networks of one shape are computed at once, each with its own sentences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnkit.assignments.lookback.batches import Batch
from rnnkit.common.names import lookup

KINDS, UPDATE_GATES = ("rnn", "gru"), ("keep", "write")
GATES = ("both", "no_r", "no_z", "none")  # those that work: r off is 1, z off keeps nothing
VARIANCE = 0.1  # of the first weights
Weights = Mapping[str, np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)), without overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


# The nonlinearity, and its derivative at a value that it has returned.
PHI: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "sigmoid": (sigmoid, lambda s: s * (1 - s)),
    "tanh": (np.tanh, lambda s: 1 - s * s),
}


@dataclass(frozen=True)
class Model:
    """The shape of a network.

    Fields:
        kind: ``rnn`` or ``gru``.
        H, K, outputs: units, words that it reads, classes that it tells apart.
        phi: nonlinearity of an ``rnn``.
        update_gate: whether z is the share of the old state that is kept, as in the coursework, or what is written.
        gates: which of a GRU's gates work.
    """

    kind: str = "rnn"
    H: int = 50
    K: int = 2000
    outputs: int = 2
    phi: str = "sigmoid"
    update_gate: str = "keep"
    gates: str = "both"

    def __post_init__(self) -> None:
        for name, known in {"kind": KINDS, "phi": (*PHI,), "update_gate": UPDATE_GATES, "gates": GATES}.items():
            lookup(dict.fromkeys(known), getattr(self, name), name)

    @property
    def named_gates(self) -> tuple[str, ...]:
        """What stands behind U and V: nothing for an RNN."""
        return ("",) if self.kind == "rnn" else ("r", "z", "h")

    @cached_property
    def working(self) -> tuple[str, ...]:
        """Those of them that have an effect."""
        off = {"both": "", "no_r": "r", "no_z": "z", "none": "rz"}[self.gates]
        return tuple(gate for gate in self.named_gates if not gate or gate not in off)

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Of the weights by name, in the order in which the coursework draws them."""
        pairs = [{f"U{gate}": (self.H, self.H), f"V{gate}": (self.K, self.H)} for gate in self.named_gates]
        return {name: shape for pair in pairs for name, shape in pair.items()} | {"W": (self.H, self.outputs)}

    @property
    def parameters(self) -> int:
        """How many: H^2 + K H + H O, with three times the first two in a GRU."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def drawn(self, rng: np.random.RandomState) -> np.ndarray:
        """``(P,)``, the untrained network: all normal with variance 0.1, drawn as the coursework draws them."""
        parts = [rng.randn(*shape[::-1]).T * math.sqrt(VARIANCE) for shape in self.shapes.values()]
        return np.concatenate([part.ravel() for part in parts])

    def named(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Views of ``(S, P)`` by name, ``(S, …)`` each."""
        out, begin = {}, 0
        for name, shape in self.shapes.items():
            out[name] = rows[:, begin : begin + math.prod(shape)].reshape(len(rows), *shape)
            begin += math.prod(shape)
        return out

    def row(self, parts: Weights) -> np.ndarray:
        """``(P,)`` of weights by name, in the coursework's column form."""
        return np.concatenate([np.asarray(parts[name], np.float64).T.ravel() for name in self.shapes])


@dataclass(frozen=True)
class Pass:
    """What S networks did with their sentences; what was not read is 0.

    Fields:
        batch: the sentences.
        s: states ``(T+1, S, B, H)``, the first before any word.
        r, z, c: of a GRU its gates and its candidate ``(T, S, B, H)``.
    """

    batch: Batch
    s: np.ndarray
    r: np.ndarray
    z: np.ndarray
    c: np.ndarray


def forward(model: Model, w: Weights, batch: Batch, since: int = 0) -> Pass:
    r"""States of S networks.

    .. math:: s_t = \phi(V[x_t] + s_{t-1} U)

    .. math:: s_t = z s_{t-1} + (1 - z) c,\quad c = \tanh(V_h[x_t] + (r s_{t-1}) U_h)

    Arguments:
        w: weights by name ``(S, …)``, from `Model.named`.
        since: the step from which gates and candidates are kept, for nobody looks back further.
    """
    T, S, B = batch.x.shape
    s = np.zeros((T + 1, S, B, model.H), w["W"].dtype)
    r, z, c = (np.zeros((T if model.kind == "gru" else 0, S, B, model.H), s.dtype) for _ in range(3))
    for t, n in enumerate(batch.rows):
        before, alive = s[t, :, :n], batch.valid[t, :, :n, None]
        if model.kind == "rnn":
            a = word(w["V"], batch.x[t, :, :n]) + before @ w["U"]
            s[t + 1, :, :n] = PHI[model.phi][0](a) * alive
        else:
            gates = gru_gates(model, w, batch.x[t, :, :n], before)
            if t >= since:
                r[t, :, :n], z[t, :, :n], c[t, :, :n] = gates
            kept = share_kept(model, gates[1])
            s[t + 1, :, :n] = (kept * before + (1 - kept) * gates[2]) * alive
    return Pass(batch, s, r, z, c)


def word(V: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``(S, B, H)``, each network's own row of ``(S, K, H)`` for each of ``(S, B)`` words."""
    return V[np.arange(len(V))[:, None], x]


def gru_gates(model: Model, w: Weights, x: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reset gate, update gate and candidate ``(S, B, H)`` for words ``(S, B)`` after states ``(S, B, H)``."""
    r, z = (
        sigmoid(word(w[f"V{gate}"], x) + s @ w[f"U{gate}"]) if gate in model.working else np.full_like(s, off)
        for gate, off in (("r", 1.0), ("z", float(model.update_gate == "write")))
    )
    return r, z, np.tanh(word(w["Vh"], x) + (r * s) @ w["Uh"])


def share_kept(model: Model, z: np.ndarray) -> np.ndarray:
    """How much of the old state stays."""
    return z if model.update_gate == "keep" else 1 - z


@dataclass(frozen=True)
class Said:
    """What is read from states.

    Fields:
        losses: of each of those steps ``(L, S, B)``, in nats; 0 where nothing counts.
        direct: -dL/ds of each of those states ``(L, S, B, H)``.
        dW: -dL/dW ``(S, H, O)``, summed.
        classes: the likeliest ``(L, S, B)``; -1 where nothing counts.
    """

    losses: np.ndarray
    direct: np.ndarray
    dW: np.ndarray
    classes: np.ndarray

    @property
    def loss(self) -> np.ndarray:
        """Summed over all steps and sentences ``(S,)``."""
        return self.losses.sum((0, 2))


def read(W: np.ndarray, run: Pass) -> Said:
    """Softmax and cross-entropy at the last steps, as many as the batch has targets for: all, or one alone."""
    d = run.batch.d
    L, S = d.shape[:2]
    states, valid = run.s[len(run.s) - L :], run.batch.valid[len(run.batch.valid) - L :]
    losses, direct, dW = np.zeros(d.shape), np.zeros(states.shape, W.dtype), np.zeros(W.shape, W.dtype)
    classes = np.full(d.shape, -1)
    for s in range(S):  # one after the other: a language model has a probability for every word at every step
        here = valid[:, s]
        mine, right = states[:, s][here], d[:, s][here]
        a = mine @ W[s]
        a -= a.max(1, keepdims=True)
        classes[:, s][here] = a.argmax(1)
        every = np.arange(len(right))
        picked = a[every, right]
        np.exp(a, out=a)
        total = a.sum(1, keepdims=True)
        losses[:, s][here] = np.log(total[:, 0]) - picked
        a /= -total
        a[every, right] += 1  # d - y
        dW[s] = mine.T @ a
        direct[:, s][here] = a @ W[s].T
    return Said(losses, direct, dW, classes)
