"""The lab's training as a plain loop over words, written from the coursework's description alone.

What faster code is held against, in tests and in ``rnnkit bench``; it holds answers. Column convention, as the
coursework has it: ``s_t = sigmoid(V x_t + U s_{t-1})``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Arrays = dict[str, np.ndarray]
GRU = ("Ur", "Vr", "Uz", "Vz", "Uh", "Vh")


def sigmoid(a: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-a))."""
    return 1 / (1 + np.exp(-a))


def softmax(a: np.ndarray) -> np.ndarray:
    """Odds that add up to 1."""
    e = np.exp(a - a.max())
    return e / e.sum()


def begin(model: str, rng: np.random.RandomState, hidden: int, words: int, outputs: int) -> Arrays:
    """First weights, in the coursework's order."""
    names = ("U", "V") if model == "rnn" else GRU
    p = {name: rng.randn(hidden, words if name[0] == "V" else hidden) * np.sqrt(0.1) for name in names}
    return p | {"W": rng.randn(outputs, hidden) * np.sqrt(0.1)}


def rnn_sentence(p: Arrays, g: Arrays, x: np.ndarray, d: Sequence[int | None], tau: int) -> float:
    """Loss of one sentence; adds its truncated gradient to `g`. None in `d`: no loss at this word."""
    s, y = [np.zeros_like(p["U"][0])], []
    for word in x:
        s.append(sigmoid(p["V"][:, word] + p["U"] @ s[-1]))
        y.append(softmax(p["W"] @ s[-1]))
    loss = 0.0
    for t, right in enumerate(d):
        if right is None:
            continue
        loss -= np.log(y[t][right])
        e = -y[t]
        e[right] += 1
        g["W"] += np.outer(e, s[t + 1])
        delta = (p["W"].T @ e) * s[t + 1] * (1 - s[t + 1])
        for k in range(min(tau, t) + 1):
            if k:
                delta = (p["U"].T @ delta) * s[t - k + 1] * (1 - s[t - k + 1])
            g["U"] += np.outer(delta, s[t - k])
            g["V"][:, x[t - k]] += delta
    return loss


def gru_sentence(p: Arrays, g: Arrays, x: np.ndarray, d: Sequence[int | None], tau: int) -> float:
    """The same of a GRU whose update gate keeps."""
    s, gates, y = [np.zeros_like(p["Uh"][0])], [], []
    for word in x:
        r, z = (sigmoid(p[f"V{n}"][:, word] + p[f"U{n}"] @ s[-1]) for n in "rz")
        c = np.tanh(p["Vh"][:, word] + p["Uh"] @ (r * s[-1]))
        gates.append((r, z, c))
        s.append(z * s[-1] + (1 - z) * c)
        y.append(softmax(p["W"] @ s[-1]))
    loss = 0.0
    for t, right in enumerate(d):
        if right is None:
            continue
        loss -= np.log(y[t][right])
        e = -y[t]
        e[right] += 1
        g["W"] += np.outer(e, s[t + 1])
        ds = p["W"].T @ e
        for j in range(t, max(t - tau, 0) - 1, -1):
            ds = gru_step_back(p, g, x[j], s[j], *gates[j], ds)
    return loss


def gru_step_back(
    p: Arrays, g: Arrays, word: int, s: np.ndarray, r: np.ndarray, z: np.ndarray, c: np.ndarray, ds: np.ndarray
) -> np.ndarray:
    """From one state to the state before, `s`."""
    dc = ds * (1 - z) * (1 - c * c)
    through = p["Uh"].T @ dc
    dr = through * s * r * (1 - r)
    dz = ds * (s - c) * z * (1 - z)
    for n, delta, goes_in in (("r", dr, s), ("z", dz, s), ("h", dc, r * s)):
        g[f"U{n}"] += np.outer(delta, goes_in)
        g[f"V{n}"][:, word] += delta
    return ds * z + through * r + p["Ur"].T @ dr + p["Uz"].T @ dz


SENTENCE = {"rnn": rnn_sentence, "gru": gru_sentence}
Data = tuple[Sequence[np.ndarray], Sequence[Sequence[int | None]]]


def targets(x: Sequence[np.ndarray], d: Sequence[np.ndarray] | np.ndarray) -> Data:
    """Sentences with something at every word: what is right there, or None."""
    if isinstance(d, np.ndarray):
        return x, [[None] * (len(one) - 1) + [int(right)] for one, right in zip(x, d, strict=True)]
    return x, [[int(right) for right in one] for one in d]


def mean_loss(model: str, p: Arrays, data: Data) -> float:
    """Nats per word that counts, without learning."""
    scratch = {name: np.zeros_like(value) for name, value in p.items()}
    total = sum(SENTENCE[model](p, scratch, x, d, 0) for x, d in zip(*data, strict=True))
    return total / sum(right is not None for d in data[1] for right in d)


def train(
    model: str, seed: int, hidden: int, words: int, outputs: int, data: Data, dev: Data | None, tau: int,
    epochs: int = 10, lr: float = 0.5, anneal: float = 5, batch: int = 100, min_change: float = 1e-4,
    dtype: str = "float64",
) -> tuple[list[float], Arrays]:  # fmt: skip
    """Dev loss before training and after each epoch, and the last weights."""
    rng = np.random.RandomState(seed)
    p = {name: value.astype(dtype) for name, value in begin(model, rng, hidden, words, outputs).items()}
    g = {name: np.zeros_like(value) for name, value in p.items()}

    def update(rate: float, divisor: int) -> None:
        for name in p:
            p[name] += rate * g[name] / divisor
            g[name][:] = 0

    losses, small = [mean_loss(model, p, dev)] if dev else [], 0
    for epoch in range(epochs):
        rate = lr * anneal / (epoch + anneal) if anneal else lr
        for i, at in enumerate(rng.permutation(range(len(data[0])))):
            SENTENCE[model](p, g, data[0][at], data[1][at], tau)
            if i % batch == 0:
                update(rate, batch)
        if len(data[0]) % batch:
            update(rate, len(data[0]) % batch)
        if dev:
            losses.append(mean_loss(model, p, dev))
            small = small + 1 if abs(losses[-2] - losses[-1]) < min_change else 0
            if small >= 3:
                break
    return losses, p
