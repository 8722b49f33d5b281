"""Recurrent networks and self-attention in scalar operations, one sequence at a time, to see what they read.

Vectors and matrices are nested lists of plain numbers, or of `lru.Value`. The order of operations is the natural one:
each unit j after the other, from its bias on, ``a_j = b_j + sum_i x_i W_xh[i][j] + sum_i h_i W_hh[i][j]``, input first.
What is read at which depth depends on that order, so that other orders differ, by two percent or so. With 5 inputs, 8
classes, 8 units and 10 steps the tanh network costs 23,750 by this one, and with its gradients 67,885.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from rnnkit.assignments.orthogonal_init.lru import Value

Vector = list[Any]
Matrix = list[Vector]
Weights = Sequence[Any]  # W_x (I, H), W_h (H, H), b (H,)


def _applied(function: Callable[[float], float], a: Any) -> Any:
    return a.used() if isinstance(a, Value) else function(a)


def tanh(a: Any) -> Any:
    """One operation."""
    return _applied(math.tanh, a)


def exp(a: Any) -> Any:
    """One operation."""
    return _applied(math.exp, a)


def sigmoid(a: Any) -> Any:
    """One operation as well, though made of several here."""
    return _applied(lambda number: 1 / (1 + math.exp(-number)), a)


def affine(bias: Vector, *products: tuple[Vector, Matrix]) -> Vector:
    """``(H,)``: a bias, and vectors times matrices."""
    sums = []
    for j, total in enumerate(bias):
        for row, matrix in products:
            for i, x in enumerate(row):
                total = total + x * matrix[i][j]
        sums.append(total)
    return sums


def dot(one: Vector, other: Vector) -> Any:
    """The sum of the products, from the first on."""
    total = one[0] * other[0]
    for a, b in zip(one[1:], other[1:], strict=True):
        total = total + a * b
    return total


def softmax(logits: Vector) -> Vector:
    """Shares of the exponentials, which are added up first."""
    powers = [exp(a) for a in logits]
    total = powers[0]
    for power in powers[1:]:
        total = total + power
    return [power / total for power in powers]


def _states(x: Matrix, h: Vector, W_xh: Matrix, W_hh: Matrix, b_h: Vector) -> list[Vector]:
    """h_0 to h_T of a tanh network."""
    states = [h]
    for x_t in x:
        states.append([tanh(a) for a in affine(b_h, (x_t, W_xh), (states[-1], W_hh))])
    return states


def rnn(x: Matrix, h: Vector, weights: Weights, W_ho: Matrix, b_o: Vector) -> Vector:
    """``(O,)``: the answer of a tanh network at the last step, to x ``(T, I)`` from the state h ``(H,)``."""
    for x_t in x:
        _, h = _states([x_t], h, *weights)
    return affine(b_o, (h, W_ho))


def rnn_bptt(x: Matrix, h: Vector, weights: Weights, W_ho: Matrix, b_o: Vector, target: Vector) -> list[Any]:
    """The gradients of the cross entropy to a one-hot target, by W_xh, W_hh, b_h, W_ho, b_o."""
    W_xh, W_hh, b_h = weights
    states = _states(x, h, W_xh, W_hh, b_h)
    error = [p - y for p, y in zip(softmax(affine(b_o, (states[-1], W_ho))), target, strict=True)]
    of_readout = [[h_i * e for e in error] for h_i in states[-1]]
    flow = [dot(row, error) for row in W_ho]
    by_x = by_h = by_b = None
    for x_t, before, h_t in zip(reversed(x), reversed(states[:-1]), reversed(states[1:]), strict=True):
        delta = [d * (1 - a * a) for d, a in zip(flow, h_t, strict=True)]
        by_x, by_h = _add_outer(by_x, x_t, delta), _add_outer(by_h, before, delta)
        by_b = delta if by_b is None else [old + d for old, d in zip(by_b, delta, strict=True)]
        flow = [dot(row, delta) for row in W_hh]
    return [by_x, by_h, by_b, of_readout, error]


def _add_outer(old: Matrix | None, column: Vector, row: Vector) -> Matrix:
    """What was added up so far, and ``column[i] * row[j]``."""
    if old is None:
        return [[a * b for b in row] for a in column]
    return [[sum_ij + a * b for sum_ij, b in zip(sums, row, strict=True)] for sums, a in zip(old, column, strict=True)]


def gru(x: Matrix, h: Vector, gates: Sequence[Weights], W_ho: Matrix, b_o: Vector) -> Vector:
    """``(O,)``: the answer of a GRU, whose z is the share of the new state; gates z, r and the candidate."""
    (W_xz, W_hz, b_z), (W_xr, W_hr, b_r), (W_xh, W_hh, b_h) = gates
    for x_t in x:
        z = [sigmoid(a) for a in affine(b_z, (x_t, W_xz), (h, W_hz))]
        r = [sigmoid(a) for a in affine(b_r, (x_t, W_xr), (h, W_hr))]
        kept = [r_i * h_i for r_i, h_i in zip(r, h, strict=True)]
        new = [tanh(a) for a in affine(b_h, (x_t, W_xh), (kept, W_hh))]
        h = [(1 - z_i) * h_i + z_i * new_i for z_i, h_i, new_i in zip(z, h, new, strict=True)]
    return affine(b_o, (h, W_ho))


def lstm(x: Matrix, h: Vector, c: Vector, gates: Sequence[Weights], W_ho: Matrix, b_o: Vector) -> Vector:
    """``(O,)``: the answer of an LSTM with the cell's state c ``(H,)``; gates input, forget, candidate, output."""
    for x_t in x:
        i, f, g, o = (
            [phi(a) for a in affine(b, (x_t, W_x), (h, W_h))]
            for phi, (W_x, W_h, b) in zip((sigmoid, sigmoid, tanh, sigmoid), gates, strict=True)
        )
        c = [f_j * c_j + i_j * g_j for f_j, c_j, i_j, g_j in zip(f, c, i, g, strict=True)]
        h = [o_j * tanh(c_j) for o_j, c_j in zip(o, c, strict=True)]
    return affine(b_o, (h, W_ho))


def attention(x: Matrix, W_e: Matrix, b_e: Vector, maps: Sequence[Any], W_ho: Matrix, b_o: Vector) -> list[Any]:
    """``(O,)`` and ``(T, H)``: the answer from the last position, and all that one layer of self-attention puts out.

    Inputs are embedded; maps give queries, keys and values ``(H, H)`` with their biases; one head, each position looks
    at all T, ``softmax(q k^T / sqrt(H)) v``. All queries come first, then keys, values, and position after position.
    """
    embedded = [affine(b_e, (x_t, W_e)) for x_t in x]
    queries, keys, values = ([affine(b, (e, W)) for e in embedded] for W, b in maps)
    scale, mixed = 1 / math.sqrt(len(b_e)), []
    for query in queries:
        shares = softmax([dot(query, key) * scale for key in keys])
        mixed.append([dot(shares, [value[j] for value in values]) for j in range(len(b_e))])
    return [affine(b_o, (mixed[-1], W_ho)), mixed]
