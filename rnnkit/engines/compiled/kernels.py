"""The compiled loops over time on the CPU: the equations of `bptt`, one call a sequence.

All is float32; the loops of a tanh RNN are float64 for arrays that are.

Weights are padded: P is H rounded up to a multiple of `LANES`, and the padding is 0, so that what a padded unit does
reaches no other. Biases come as a last row of the input's weights, ``W_x`` ``(J, P)``, and inputs with a last channel
of ones, J = I + 1; what goes back through it is the bias' gradient. The GRU's three matrices of a kind are stacked in
the order z, r, h.

Here all arrays are rows; for validation see `blocks`. With a 3 in front for the GRU's stacks:

    x ``(T, B, J)``; hidden, z, r, c, flow ``(T, B, P)``
    W_x and its gradient grad_x ``(J, P)``; W_h, its gradient grad_h, and W_back, its transpose, ``(H, P)``
    phi is a `PHI_NUMBER`

What a function is said to make it writes into the arrays that it is given.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from rnnkit.engines.compiled.fast_math import PLAIN, fast_exp, fast_sigmoid, tanh_of
from rnnkit.engines.compiled.tile import add_product

TANH, SIGMOID, IDENTITY = 0, 1, 2
PHI_NUMBER = {"tanh": TANH, "sigmoid": SIGMOID, "identity": IDENTITY}
Z, R, H = 0, 1, 2  # places in a stack of the GRU's matrices
ONE = np.float32(1)


@njit(**PLAIN)
def activate(a, phi):
    """``phi(a)`` in place, ``a`` 2-d."""
    for b in range(a.shape[0]):
        if phi == TANH:
            for i in range(a.shape[1]):
                a[b, i] = tanh_of(a[b, i])
        elif phi == SIGMOID:
            for i in range(a.shape[1]):
                a[b, i] = fast_sigmoid(a[b, i])


@njit(**PLAIN)
def rnn_forward(x, W_x, W_h, phi, hidden):
    """Makes ``hidden``, the states of all steps."""
    units = len(W_h)
    for t in range(len(x)):
        a = hidden[t]
        a[:] = 0
        add_product(a, x[t], W_x)
        if t > 0:
            add_product(a, hidden[t - 1][:, :units], W_h)
        activate(a, phi)


@njit(**PLAIN)
def _times_slope(d, h, phi, delta):
    """``delta = d * phi'(a)``, with phi'(a) written by h = phi(a)."""
    for b in range(d.shape[0]):
        for i in range(d.shape[1]):
            slope = ONE
            if phi == TANH:
                slope = ONE - h[b, i] * h[b, i]
            elif phi == SIGMOID:
                slope = h[b, i] * (ONE - h[b, i])
            delta[b, i] = d[b, i] * slope


@njit(**PLAIN)
def rnn_backward(x, W_back, phi, hidden, flow, grad_x, grad_h):
    """Makes the direct terms in ``flow`` the total derivatives, and the zeros in ``grad_x`` and ``grad_h`` gradients.

    As derived in `bptt.RNNEquations.backward`.
    """
    units = len(W_back)
    delta = np.empty(flow.shape[1:], flow.dtype)
    for t in range(len(x) - 1, -1, -1):
        _times_slope(flow[t], hidden[t], phi, delta)
        add_product(grad_x, x[t].T, delta)
        if t > 0:
            add_product(grad_h, hidden[t - 1][:, :units].T, delta)
            add_product(flow[t - 1], delta[:, :units], W_back)


@njit(**PLAIN)
def rnn_gradient(x, W_back, phi, hidden, direct, grad_x, grad_h):
    """`rnn_backward` without a memory of the total derivatives, whose traffic takes a seventh of the time.

    ``direct`` are the direct terms, ``(T, B, P)``, or ``(1, B, P)`` where there are some at the last step alone.
    """
    units, total, delta = len(W_back), direct[-1].copy(), np.empty_like(direct[-1])
    for t in range(len(x) - 1, -1, -1):
        _times_slope(total, hidden[t], phi, delta)
        add_product(grad_x, x[t].T, delta)
        if t > 0:
            add_product(grad_h, hidden[t - 1][:, :units].T, delta)
            if len(direct) > 1:
                total[:] = direct[t - 1]
            else:
                total[:] = 0
            add_product(total, delta[:, :units], W_back)


@njit(**PLAIN | {"fastmath": {"contract", "reassoc"}})
def _squared_norm(row):
    """The sum over a row of its squares, in whatever order is fast."""
    total = np.float32(0)
    for i in range(len(row)):
        total += row[i] * row[i]
    return total


@njit(**PLAIN)
def rnn_omega(W_back, phi, hidden, flow, bound, grad):
    """Omega's sum of squares and how many terms it has; see `rnnkit.omega`. ``flow`` is what it looks at.

    Makes the zeros in ``grad``, ``(H, P)``, the sum of ``(R - 1) / |d|^2 v^T (d slope)``, not yet divided by the terms.
    """
    units, size = len(W_back), flow.shape[1]
    delta, back = np.zeros((size, W_back.shape[1]), np.float32), np.empty((size, W_back.shape[1]), np.float32)
    squares, terms = 0.0, 0
    for t in range(len(flow)):
        _times_slope(flow[t], hidden[t], phi, delta)
        back[:] = 0
        add_product(back, delta[:, :units], W_back)
        for b in range(size):
            length, handed = _squared_norm(flow[t, b]), _squared_norm(back[b])
            weight = np.float32(0)
            if length >= bound:
                off = handed / length - ONE
                weight = off / length
                squares += np.float64(off) * np.float64(off)
                terms += 1
            for i in range(units):
                back[b, i] *= weight
        add_product(grad, back[:, :units].T, delta)
    return squares, terms


@njit(**PLAIN)
def reset_by(r, h_prev, reset):
    """``reset = r * h_prev``, 2-d."""
    for b in range(r.shape[0]):
        for i in range(r.shape[1]):
            reset[b, i] = r[b, i] * h_prev[b, i]


@njit(**PLAIN)
def move(h, c, z):
    """``h = (1 - z) h + z c`` in place, 2-d."""
    for b in range(h.shape[0]):
        for i in range(h.shape[1]):
            h[b, i] = (ONE - z[b, i]) * h[b, i] + z[b, i] * c[b, i]


@njit(**PLAIN)
def gru_forward(x, W_x, W_h, hidden, z, r, c):
    """Makes ``hidden``, ``z``, ``r`` and ``c``: states, gates and candidates of all steps."""
    units = W_h.shape[1]
    h_prev, reset = np.zeros(hidden.shape[1:], np.float32), np.empty(hidden.shape[1:], np.float32)
    for t in range(len(x)):
        z_t, r_t, c_t = z[t], r[t], c[t]
        z_t[:], r_t[:], c_t[:] = 0, 0, 0
        add_product(z_t, x[t], W_x[Z])
        add_product(r_t, x[t], W_x[R])
        add_product(c_t, x[t], W_x[H])
        add_product(z_t, h_prev[:, :units], W_h[Z])
        add_product(r_t, h_prev[:, :units], W_h[R])
        activate(z_t, SIGMOID)
        activate(r_t, SIGMOID)
        reset_by(r_t, h_prev, reset)
        add_product(c_t, reset[:, :units], W_h[H])
        activate(c_t, TANH)
        hidden[t] = h_prev
        h_prev = hidden[t]
        move(h_prev, c_t, z_t)


@njit(**PLAIN)
def _before_reset(d, h_prev, z, r, c, delta_z, delta_h, reset, keep):
    """``delta_z``, ``delta_h``, the reset state ``r * h_prev``, and ``keep = d (1 - z)``: what needs no product."""
    for b in range(d.shape[0]):
        for i in range(d.shape[1]):
            kept = d[b, i] * (ONE - z[b, i])
            delta_z[b, i] = kept * z[b, i] * (c[b, i] - h_prev[b, i])
            delta_h[b, i] = d[b, i] * z[b, i] * (ONE - c[b, i] * c[b, i])
            reset[b, i] = r[b, i] * h_prev[b, i]
            keep[b, i] = kept


@njit(**PLAIN)
def _after_reset(q, keep, r, reset, delta_r, back):
    """``delta_r`` from q, the derivative with respect to the reset state; what goes back to h_prev past the gates."""
    for b in range(q.shape[0]):
        for i in range(q.shape[1]):
            delta_r[b, i] = q[b, i] * reset[b, i] * (ONE - r[b, i])
            back[b, i] += keep[b, i] + q[b, i] * r[b, i]


@njit(**PLAIN)
def gru_backward(x, W_back, hidden, z, r, c, flow, grad_x, grad_h):
    """As `rnn_backward` for the GRU, derived in `bptt.GRUEquations.backward`."""
    units = W_back.shape[1]
    deltas, work = np.empty((3, *flow.shape[1:]), np.float32), np.empty((3, *flow.shape[1:]), np.float32)
    delta_z, delta_r, delta_h = deltas[Z], deltas[R], deltas[H]
    reset, keep, q = work[0], work[1], work[2]
    none = np.zeros(flow.shape[1:], np.float32)  # h_0, and where its derivative goes
    for t in range(len(x) - 1, -1, -1):
        h_prev, back = (hidden[t - 1], flow[t - 1]) if t > 0 else (none, keep)
        _before_reset(flow[t], h_prev, z[t], r[t], c[t], delta_z, delta_h, reset, keep)
        q[:] = 0
        add_product(q, delta_h[:, :units], W_back[H])
        _after_reset(q, keep, r[t], reset, delta_r, back)
        for gate in range(3):
            add_product(grad_x[gate], x[t].T, deltas[gate])
        if t > 0:
            add_product(back, delta_z[:, :units], W_back[Z])
            add_product(back, delta_r[:, :units], W_back[R])
            add_product(grad_h[Z], h_prev[:, :units].T, delta_z)
            add_product(grad_h[R], h_prev[:, :units].T, delta_r)
            add_product(grad_h[H], reset[:, :units].T, delta_h)


@njit(**PLAIN)
def classify(output, targets, classes, slope):
    """Cross-entropy, wrong sequences and the loss' derivative for classes at some steps.

    Arguments:
        output: ``(T, B, Q)`` logits, padded; T may be 1.
        targets: ``(T, B)``.
        classes: O.
        slope: ``(T, B, Q)``, becomes (softmax - onehot) / (T B), 0 in the padding.

    Returns:
        mean loss (nats); ``(B,)``, which sequences are wrong at some step.
    """
    steps, size, padded = output.shape
    loss, share = 0.0, ONE / np.float32(steps * size)
    wrong = np.zeros(size, np.bool_)
    for t in range(steps):
        for b in range(size):
            logits, shares, target = output[t, b], slope[t, b], targets[t, b]
            best = 0
            for o in range(classes):
                wrong[b] |= logits[o] != logits[o]
                if logits[o] > logits[best]:
                    best = o
            wrong[b] |= best != target
            for o in range(padded):
                shares[o] = fast_exp(logits[o] - logits[best])
            total = np.float32(0)
            for o in range(classes):
                total += shares[o]
            loss += np.log(np.float64(total)) + (logits[best] - logits[target])
            for o in range(padded):
                shares[o] = shares[o] / total * share if o < classes else np.float32(0)
            shares[target] -= share
    return loss / (steps * size), wrong
