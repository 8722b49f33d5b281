"""The compiled forward loops for validation: many sequences, nothing kept, float32 on the CPU.

A block is `WIDTH` sequences side by side, unit by unit: ``(H, WIDTH)``. Its state stays in the processor's nearest
cache for the whole sequence, and no unit is padded. Weights are those of `kernels`, read as their transposes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rnnkit.engines.compiled.fast_math import PLAIN, fast_exp
from rnnkit.engines.compiled.kernels import SIGMOID, TANH, H, R, Z, activate, move, reset_by
from rnnkit.engines.compiled.tile import LANES, add_product

WIDTH = 4 * LANES
_FOLD = 16  # steps whose sums of exponentials are multiplied before one logarithm is taken: at most O^16


@njit(**PLAIN)
def rnn_last(x, W_x, W_h, phi, W_o, b_o, targets, last):
    """States after the last step and, for targets at every step, the loss and the wrong sequences.

    Arguments:
        x: ``(N, T, J, WIDTH)``, N blocks.
        W_x, W_h, phi: as in `kernels`.
        W_o, b_o: ``(H, O)`` and ``(O,)``.
        targets: ``(N, T, WIDTH)`` classes, float32, or ``(N, 0, WIDTH)`` for a loss after the last step.
        last: ``(N, H, WIDTH)``, becomes h_T.

    Returns:
        ``(N, WIDTH)`` each: the sum of the losses over the steps (nats), and whether any step is wrong.
    """
    units = len(W_h)
    W_x, W_h = W_x[:, :units].T, W_h[:, :units].T
    judge = _new_judge(targets, len(b_o))
    h, a = np.empty((units, WIDTH), np.float32), np.empty((units, WIDTH), np.float32)
    for n in range(len(x)):
        h[:] = 0
        for t in range(x.shape[1]):
            a[:] = 0
            add_product(a, W_x, x[n, t])
            add_product(a, W_h, h)
            activate(a, phi)
            h, a = a, h
            if targets.shape[1]:
                _judge(judge, n, t, h, W_o, b_o, targets[n])
        last[n] = h
    return judge[0], judge[1]


@njit(**PLAIN)
def gru_last(x, W_x, W_h, W_o, b_o, targets, last):
    """As `rnn_last` for the GRU: weights ``(3, J, P)`` and ``(3, H, P)``."""
    units = W_h.shape[1]
    judge = _new_judge(targets, len(b_o))
    work = np.empty((5, units, WIDTH), np.float32)
    h, z, r, c, reset = work[0], work[1], work[2], work[3], work[4]
    for n in range(len(x)):
        h[:] = 0
        for t in range(x.shape[1]):
            z[:], r[:], c[:] = 0, 0, 0
            add_product(z, W_x[Z, :, :units].T, x[n, t])
            add_product(r, W_x[R, :, :units].T, x[n, t])
            add_product(c, W_x[H, :, :units].T, x[n, t])
            add_product(z, W_h[Z, :, :units].T, h)
            add_product(r, W_h[R, :, :units].T, h)
            activate(z, SIGMOID)
            activate(r, SIGMOID)
            reset_by(r, h, reset)
            add_product(c, W_h[H, :, :units].T, reset)
            activate(c, TANH)
            move(h, c, z)
            if targets.shape[1]:
                _judge(judge, n, t, h, W_o, b_o, targets[n])
        last[n] = h
    return judge[0], judge[1]


@njit(**PLAIN)
def _new_judge(targets, classes):
    """Losses and errors so far, ``(N, WIDTH)``; the running product of sums; room for logits ``(O, WIDTH)``."""
    shape = (len(targets), WIDTH)
    return (
        np.zeros(shape, np.float64), np.zeros(shape, np.bool_),
        np.ones(WIDTH, np.float64), np.empty((classes, WIDTH), np.float32), np.empty((3, WIDTH), np.float32),
    )  # fmt: skip


@njit(**PLAIN)
def _judge(judge, n, t, h, W_o, b_o, targets):
    r"""Adds step t of block n to the losses, and marks the sequences that are wrong there.

    .. math:: -\log \mathrm{softmax}(o)_y = \max o - o_y + \log \sum_k e^{o_k - \max o}

    The logarithms of `_FOLD` steps are taken as one, of the product of the sums. Wrong is what `Head.wrong` finds:
    the target's logit is not the largest, or not the first of the largest, or some logit is NaN. The loops are many
    and short because only such become vector instructions.
    """
    losses, wrong, product, logits, work = judge
    best, picked, total = work[0], work[1], work[2]
    y, width = targets[t], h.shape[1]  # not the constant: what LLVM unrolls, it compiles for long
    for o in range(len(b_o)):
        logits[o] = b_o[o]
    add_product(logits, W_o.T, h)
    best[:], total[:] = logits[0], 0
    for o in range(len(b_o)):
        row, number = logits[o], np.float32(o)
        for b in range(width):
            best[b] = row[b] if row[b] > best[b] else best[b]
        for b in range(width):
            picked[b] = row[b] if y[b] == number else picked[b]
    for o in range(len(b_o)):
        row, number = logits[o], np.float32(o)
        for b in range(width):
            beaten = row[b] < picked[b] or (row[b] == picked[b] and number >= y[b])
            wrong[n, b] |= not beaten
        for b in range(width):
            total[b] += fast_exp(row[b] - best[b])
    for b in range(width):
        product[b] *= total[b]
        losses[n, b] += np.float64(best[b] - picked[b])
    if (t + 1) % _FOLD == 0 or t + 1 == len(targets):
        for b in range(width):
            losses[n, b] += np.log(product[b])
            product[b] = 1.0
