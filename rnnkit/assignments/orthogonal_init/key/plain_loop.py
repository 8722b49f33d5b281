"""The lab's training as a plain loop over time, written from its description alone.

What faster code is held against, in tests and in ``rnnkit bench``; it holds answers.

Column convention, as the document has it: ``h_t = tanh(W_ih x_t + W_hh h_{t-1} + b_h)``, batch first.
"""

from __future__ import annotations

import numpy as np

Arrays = dict[str, np.ndarray]
T = {"addition": 30, "xor": 30, "temporal_order": 60, "3bit_memorization": 60}
SIZES = {"addition": (2, 1), "xor": (2, 2), "temporal_order": (6, 4), "3bit_memorization": (5, 8)}


def draw(task: str, rng: np.random.Generator, steps: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """``(B, T, I)`` inputs and ``(B, 1)`` values or ``(B,)`` classes, one sequence after the other."""
    n_in = SIZES[task][0]
    x = np.zeros((size, steps, n_in))
    if task in ("addition", "xor"):
        values = rng.uniform(size=(size, steps)) if task == "addition" else rng.choice([0.0, 1.0], (size, steps))
        x[:, :, 0] = values
        y = np.zeros((size, 1))
        for b in range(size):
            i1 = rng.integers(0, steps // 2)
            i2 = rng.integers(steps // 2, steps)
            x[b, i1, 1] = x[b, i2, 1] = 1
            y[b, 0] = values[b, i1] + values[b, i2]
        return (x, y) if task == "addition" else (x, (y[:, 0] == 1).astype(int))
    classes = np.zeros(size, int)
    for b in range(size):
        if task == "temporal_order":
            symbols = rng.integers(2, 6, steps)
            i1 = rng.integers(int(0.1 * steps), int(0.2 * steps))
            i2 = rng.integers(int(0.5 * steps), int(0.6 * steps))
            a1, a2 = rng.integers(0, 2), rng.integers(0, 2)
            symbols[i1], symbols[i2] = a1, a2
            classes[b] = 2 * a1 + a2
        else:
            bits = rng.integers(0, 2, 3)
            symbols = np.concatenate([bits, rng.integers(3, 5, steps - 4), [2]])
            classes[b] = 4 * bits[0] + 2 * bits[1] + bits[2]
        x[b, np.arange(steps), symbols] = 1
    return x, classes


def begin(task: str, init: str, seed: int, hidden: int = 64) -> Arrays:
    """The weights, in the order W_ih, W_hh, W_hy."""
    rng = np.random.default_rng(seed)
    n_in, n_out = SIZES[task]
    W_ih = 0.1 * rng.standard_normal((hidden, n_in))
    W_hh = rng.standard_normal((hidden, hidden))
    if init == "ortho":
        Q, R = np.linalg.qr(W_hh)
        W_hh = Q * np.sign(np.diag(R))
    else:
        W_hh = 0.1 * W_hh
    W_hy = rng.standard_normal((n_out, hidden)) / np.sqrt(hidden)
    return {"W_ih": W_ih, "W_hh": W_hh, "b_h": np.zeros(hidden), "W_hy": W_hy, "b_y": np.zeros(n_out)}


def loss_of(p: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, float, Arrays]:
    """Loss, metric, gradients by name."""
    hs = [np.zeros((len(x), len(p["W_hh"])))]
    for t in range(x.shape[1]):
        hs.append(np.tanh(x[:, t] @ p["W_ih"].T + hs[-1] @ p["W_hh"].T + p["b_h"]))
    out = hs[-1] @ p["W_hy"].T + p["b_y"]
    if y.ndim == 2:
        loss = metric = 0.5 * np.mean((out - y) ** 2)
        dout = (out - y) / y.size
    else:
        shares = np.exp(out - out.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        rows = np.arange(len(y))
        loss, metric = -np.mean(np.log(shares[rows, y])), np.mean(out.argmax(1) == y)
        dout = shares.copy()
        dout[rows, y] -= 1
        dout /= len(y)
    g = {name: np.zeros_like(value) for name, value in p.items()}
    g["W_hy"], g["b_y"] = dout.T @ hs[-1], dout.sum(0)
    dh = dout @ p["W_hy"]
    for t in range(x.shape[1] - 1, -1, -1):
        dz = dh * (1 - hs[t + 1] ** 2)
        g["W_ih"] += dz.T @ x[:, t]
        g["W_hh"] += dz.T @ hs[t]
        g["b_h"] += dz.sum(0)
        dh = dz @ p["W_hh"]
    return loss, metric, g


def train(
    task: str, init: str, seed: int, epochs: int, batches: int, size: int = 50, hidden: int = 64, lr: float = 0.01,
    momentum: float = 0.9, clip: float = 1.0,
) -> tuple[np.ndarray, Arrays]:  # fmt: skip
    """Mean loss and metric of each epoch, and the weights."""
    p, rng = begin(task, init, seed, hidden), np.random.default_rng(seed + 7919)
    v = {name: np.zeros_like(value) for name, value in p.items()}
    curve = []
    for _ in range(epochs):
        seen = []
        for _ in range(batches):
            loss, metric, g = loss_of(p, *draw(task, rng, T[task], size))
            seen.append((loss, metric))
            norm = np.sqrt(sum(np.sum(one**2) for one in g.values()))
            scale = clip / (norm + 1e-9) if norm > clip else 1.0
            for name in p:
                v[name] = momentum * v[name] - lr * scale * g[name]
                p[name] = p[name] + v[name]
        curve.append(np.mean(seen, 0))
    return np.array(curve), p
