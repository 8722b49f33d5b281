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
import torch

from rnnkit.assignments.lookback.batches import Batch
from rnnkit.common.names import lookup

KINDS, UPDATE_GATES = ("rnn", "gru"), ("keep", "write")
GATES = ("both", "no_r", "no_z", "none")  # those that work: r off is 1, z off keeps nothing
VARIANCE = 0.1  # of the first weights
PIECE = 128  # steps whose odds are computed at once
SAFE = 30.0  # a logit of which exp is neither too large nor nothing
Weights = Mapping[str, np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a)); where exp overflows, 0 is right."""
    return 1 / (1 + np.exp(-a))


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
        return self.row({name: rng.randn(*shape[::-1]) * math.sqrt(VARIANCE) for name, shape in self.shapes.items()})

    def named(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Views of ``(S, P)`` by name, ``(S, …)`` each: U of all gates side by side, V of all gates, W."""
        gates, out = len(self.named_gates), self.blocks(rows)
        named = {"W": out["W"]}
        for k in "UV":
            parts = np.split(out[k], gates, axis=2)
            named |= {f"{k}{gate}": part for gate, part in zip(self.named_gates, parts, strict=True)}
        return {name: named[name] for name in self.shapes}

    def blocks(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Views of ``(S, P)``: U ``(S, H, gates H)``, V ``(S, K, gates H)`` and W."""
        wide, S = len(self.named_gates) * self.H, len(rows)
        ends = self.H * wide, (self.H + self.K) * wide
        U, V, W = rows[:, : ends[0]], rows[:, ends[0] : ends[1]], rows[:, ends[1] :]
        return {
            "U": U.reshape(S, self.H, wide), "V": V.reshape(S, self.K, wide), "W": W.reshape(S, self.H, self.outputs)
        }  # fmt: skip

    def row(self, parts: Weights) -> np.ndarray:
        """``(P,)`` of weights by name, in the coursework's column form."""
        out = np.zeros((1, self.parameters))
        for name, part in self.named(out).items():
            part[0] = np.asarray(parts[name]).T
        return out[0]


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
        w: weights ``(S, …)``, from `Model.blocks`.
        since: the step from which gates and candidates are kept, for nobody looks back further.
    """
    T, S, B = batch.x.shape
    s = np.zeros((T + 1, S, B, model.H), w["W"].dtype)
    r, z, c = (np.zeros((T if model.kind == "gru" else 0, S, B, model.H), s.dtype) for _ in range(3))
    own = np.arange(S)[:, None]
    with np.errstate(over="ignore"):
        for t, (n, sure) in enumerate(zip(batch.rows, batch.sure, strict=True)):
            before, fed = s[t, :, :n], w["V"][own, batch.x[t, :, :n]]
            if model.kind == "rnn":
                s[t + 1, :, :n] = PHI[model.phi][0](fed + before @ w["U"])
            else:
                gates = gru_gates(model, w["U"], fed, before)
                if t >= since:
                    r[t, :, :n], z[t, :, :n], c[t, :, :n] = gates
                s[t + 1, :, :n] = gates[2] + share_kept(model, gates[1]) * (before - gates[2])
            s[t + 1, :, sure:n] *= batch.valid[t, :, sure:n, None]
    return Pass(batch, s, r, z, c)


def gru_gates(model: Model, U: np.ndarray, fed: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reset gate, update gate and candidate ``(S, B, H)`` after states ``(S, B, H)``.

    Arguments:
        U: of r, z and the candidate side by side ``(S, H, 3H)``.
        fed: the same columns of V for each word ``(S, B, 3H)``.
    """
    H = model.H
    both = sigmoid(fed[..., : 2 * H] + s @ U[..., : 2 * H])
    r, z = both[..., :H], both[..., H:]
    if "r" not in model.working:
        r[:] = 1
    if "z" not in model.working:
        z[:] = model.update_gate == "write"
    return r, z, np.tanh(fed[..., 2 * H :] + (r * s) @ U[..., 2 * H :])


def share_kept(model: Model, z: np.ndarray) -> np.ndarray:
    """How much of the old state stays."""
    return z if model.update_gate == "keep" else 1 - z


@dataclass(frozen=True)
class Said:
    """What is read from states.

    Fields:
        losses: of each of those steps ``(L, S, B)``, in nats; 0 where nothing counts.
        classes: the likeliest ``(L, S, B)``; -1 where nothing counts, or where it was not asked for.
        direct: -dL/ds of each of those states ``(L, S, B, H)``.
        dW: -dL/dW ``(S, H, O)``, summed.
    """

    losses: np.ndarray
    classes: np.ndarray
    direct: np.ndarray
    dW: np.ndarray

    @property
    def loss(self) -> np.ndarray:
        """Summed over all steps and sentences ``(S,)``."""
        return self.losses.sum((0, 2))


def read(W: np.ndarray, run: Pass, learn: bool = True) -> Said:
    """Softmax and cross-entropy at the last steps, as many as the batch has targets for: all, or one alone.

    Arguments:
        learn: whether gradients are asked for, or else classes.
    """
    d = run.batch.d
    L, S = d.shape[:2]
    states, valid = run.s[len(run.s) - L :], run.batch.valid[len(run.batch.valid) - L :]
    said = Said(
        np.zeros(d.shape), np.full(d.shape, -1), np.zeros(states.shape if learn else 0, W.dtype),
        np.zeros(W.shape, W.dtype),
    )  # fmt: skip
    if L == 1:  # all networks at once
        loss, classes, direct, said.dW[:] = odds_and_ends(W, states[0], d[0], learn)
        said.losses[0], said.classes[0] = loss, classes
        if learn:
            said.direct[0] = direct
        return said
    for s in range(S):  # a language model has odds for every word at every step: few steps at a time stay at hand
        steps, sentences = np.nonzero(valid[:, s])
        for begin in range(0, len(steps), PIECE):
            here = (steps[begin : begin + PIECE], s, sentences[begin : begin + PIECE])
            loss, classes, direct, dW = odds_and_ends(W[s : s + 1], states[here][None], d[here][None], learn)
            said.losses[here], said.classes[here] = loss[0], classes[0]
            if learn:
                said.direct[here] = direct[0]
                said.dW[s] += dW[0]
    return said


def odds_and_ends(
    W: np.ndarray, states: np.ndarray, right: np.ndarray, learn: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Losses and classes ``(S, N)``, direct ``(S, N, H)`` and dW ``(S, H, O)`` of S networks; see `Said`.

    Arguments:
        W: ``(S, H, O)``.
        states, right: ``(S, N, H)``; ``(S, N)``, what should be said.
        learn: whether direct and dW are asked for, which are empty or 0 otherwise, or else classes, which are -1.
    """
    S, N, _ = states.shape
    own, every = np.arange(S)[:, None], np.arange(N)
    a = states @ W
    top = a.max(2)
    if not (np.abs(top) < SAFE).all():
        a -= top[..., None]
    picked = a[own, every, right]
    if not learn:
        classes = a.argmax(2)
        np.exp(a, out=a)
        return np.log(a.sum(2)) - picked, classes, a[..., :0], np.zeros_like(W)
    np.exp(a, out=a)
    total = a.sum(2)
    scaled = states / -total[..., None]  # the odds are divided by their sum where they are few numbers
    dW = scaled.swapaxes(1, 2) @ a
    for s in range(S):
        torch.from_numpy(dW[s]).index_add_(1, torch.from_numpy(right[s]), torch.from_numpy(states[s]).T)
    direct = W.swapaxes(1, 2)[own, right] - (a @ W.swapaxes(1, 2)) / total[..., None]
    return np.log(total) - picked, np.full((S, N), -1), direct, dW
