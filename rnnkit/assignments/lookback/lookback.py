r"""Backpropagation that looks back over so many steps only, for all steps, sentences and networks at once.

The loss of step t reaches steps t, t-1, …, t-tau and no further. What lag k hands to step j comes from the loss of step
j + k; so one product takes *all* losses one step further back, and the terms of a lag are summed by the step at which
the weights were used:

.. math:: -\frac{dL}{dU} = \sum_{k=0}^{\tau} \sum_t s_{t-k-1}^\top \delta^{(k)}_{t-k},\qquad
   \delta^{(k)}_j = (\delta^{(k-1)}_{j+1} U^\top)\, \phi'_j
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from rnnkit.assignments.lookback.batches import Batch
from rnnkit.assignments.lookback.models import PHI, Model, Pass, forward, read, share_kept


class Term(NamedTuple):
    """What one lag has to say.

    Fields:
        lag: k.
        where: the steps j, the networks and the sentences that it is about.
        delta: -dL/d(what goes into the nonlinearity) ``(j, S, n, H)``, of a GRU r, z and the candidate side by side.
    """

    lag: int
    where: tuple[slice, slice, slice]
    delta: np.ndarray


def terms(
    model: Model, U: np.ndarray, run: Pass, direct: np.ndarray, lookback: int, legacy_coursework_grad: bool = False
) -> Iterator[Term]:
    """The terms of the gradient by lag, 0 first, as far back as `lookback` and the sentences go.

    Arguments:
        U: ``(S, H, gates H)``, from `Model.blocks`.
        direct: -dL/ds ``(L, S, B, H)`` of each of the last L steps' own losses, from `read`.
        legacy_coursework_grad: a GRU's terms as the coursework's supplied code has them, which are no derivatives: the
            reset gate's path has the previous candidate where the previous state belongs, and a sentence's first word
            has no term but at lag 0.
    """
    T, valid, rows = len(run.batch.x), run.batch.valid, run.batch.rows
    no_first = legacy_coursework_grad and model.kind == "gru"
    low, high, flow = T - len(direct), T, direct
    first = max(0, low - lookback)
    slopes = PHI[model.phi][1](run.s[1 + first :]) if model.kind == "rnn" else None  # every lag needs them again
    for lag in range(lookback + 1):
        n = int(rows[high - 1])
        where = (slice(low, high), slice(None), slice(n))
        if slopes is not None:
            delta = flow[:, :, :n] * slopes[low - first : high - first, :, :n]
            before = delta @ U.swapaxes(1, 2)
        else:
            delta, before = one_back(model, U, run, where, flow[:, :, :n], legacy_coursework_grad)
        yield Term(lag, where, delta)
        flow, low, high = before[low == 0 :], max(low - 1, 0), high - 1
        if not high:
            return
        sure = 0 if no_first else int(run.batch.sure[low])
        reaches = valid[low:high, :, sure:n]
        if no_first:
            reaches = reaches & np.concatenate([np.zeros_like(valid[:1]), valid])[low:high, :, :n]
        flow[:, :, sure:] *= reaches[..., None]


def one_back(
    model: Model, U: np.ndarray, run: Pass, where: tuple[slice, ...], flow: np.ndarray, legacy: bool
) -> tuple[np.ndarray, np.ndarray]:
    """From -dL/ds of some steps of a GRU: the deltas of all gates, and -dL/ds of the steps before them."""
    H = model.H
    s, r, z, c = (values[where] for values in (run.s[:-1], run.r, run.z, run.c))
    kept = share_kept(model, z)
    delta = np.zeros((*flow.shape[:3], 3 * H), flow.dtype)
    delta[..., 2 * H :] = flow * (1 - kept) * (1 - c * c)
    through = delta[..., 2 * H :] @ U[..., 2 * H :].swapaxes(1, 2)  # to r s
    if "r" in model.working:
        delta[..., :H] = through * (candidate_before(run.c)[where] if legacy else s) * r * (1 - r)
    if "z" in model.working:
        delta[..., H : 2 * H] = flow * (s - c) * z * (1 - z) * (1 if model.update_gate == "keep" else -1)
    before = delta[..., : 2 * H] @ U[..., : 2 * H].swapaxes(1, 2)
    before += flow * kept
    before += through * r
    return delta, before


def candidate_before(c: np.ndarray) -> np.ndarray:
    """Each step's previous candidate, 0 before the first: what the coursework's code has in a state's place."""
    return np.concatenate([np.zeros_like(c[:1]), c[:-1]])


def goes_in(run: Pass, gate: str, where: Any) -> np.ndarray:
    """What a gate's U is multiplied with there: the state before, for a candidate times the reset gate."""
    return run.s[:-1][where] * run.r[where] if gate == "h" else run.s[:-1][where]


class Gradient(NamedTuple):
    """Of S networks: loss ``(S,)`` and -dL of all weights ``(S, P)``, both summed over what counts."""

    loss: np.ndarray
    row: np.ndarray


def gradient(
    model: Model,
    rows: np.ndarray,
    batch: Batch,
    lookback: int,
    legacy_coursework_grad: bool = False,
    out: np.ndarray | None = None,
) -> Gradient:
    """The truncated gradient of S networks, as a descent direction.

    Arguments:
        rows: weights ``(S, P)``.
        lookback: tau; 0 for the step of the loss alone, and as many as there are words for the whole gradient.
        legacy_coursework_grad: see `terms`.
        out: to which it is added, in place; zeros by default.
    """
    out = np.zeros_like(rows) if out is None else out
    if len(batch.d) > 1 < len(rows):  # what one network of words has at hand fills a cache
        parts = [
            gradient(model, rows[s : s + 1], batch.of(s), lookback, legacy_coursework_grad, out[s : s + 1])
            for s in range(len(rows))
        ]
        return Gradient(np.concatenate([part.loss for part in parts]), out)
    w = model.blocks(rows)
    first = max(0, len(batch.x) - len(batch.d) - lookback)  # the earliest step that is reached
    run = forward(model, w, batch, first - 1)
    said = read(w["W"], run)
    grad = model.blocks(out)
    grad["W"] += said.dW
    T, S, B = batch.x.shape
    wide = w["U"].shape[2]
    total = np.zeros((S, T - first, B, wide), rows.dtype)
    by_step = total.swapaxes(0, 1)
    for term in terms(model, w["U"], run, said.direct, lookback, legacy_coursework_grad):
        low = term.where[0].start - first
        by_step[low : low + len(term.delta), :, : term.delta.shape[2]] += term.delta
    each, cut = slice(first, None), wide - model.H  # a GRU's candidate has another thing that goes in
    grad["U"][..., cut:] += _outer(goes_in(run, model.named_gates[-1], each), by_step[..., cut:])
    if cut:
        grad["U"][..., :cut] += _outer(run.s[:-1][each], by_step[..., :cut])
    for s, words in enumerate(np.ascontiguousarray(batch.x[first:].swapaxes(0, 1)).reshape(S, -1)):
        by_word = torch.from_numpy(grad["V"][s])
        by_word.index_add_(0, torch.from_numpy(words), torch.from_numpy(total[s].reshape(-1, wide)))
    return Gradient(said.loss, out)


def _outer(goes_in: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """``(S, H, …)``: products of ``(T, S, B, H)`` and ``(T, S, B, …)``, summed over steps and sentences."""
    return (goes_in.swapaxes(2, 3) @ delta).sum(0)


class Norms(NamedTuple):
    """Of one network, by gate: mean norm of each lag's own term of dL/dU, and of the terms up to it, ``(lags,)``."""

    per_tau: dict[str, np.ndarray]
    accumulated: dict[str, np.ndarray]


def contributions(
    model: Model, row: np.ndarray, batch: Batch, lags: int, legacy_coursework_grad: bool = False
) -> Norms:
    r"""How large the terms of the gradient are, sentence by sentence.

    .. math:: \Big\| \sum_t s_{t-k-1}^\top \delta^{(k)}_{t-k} \Big\|_F

    Arguments:
        row: weights ``(P,)``.
        batch: of one network.
        lags: terms 0 … lags - 1.

    Returns:
        per_tau, the mean over the sentences that are longer than the lag (nan where there are none), and accumulated,
        the mean over all.
    """
    w = model.blocks(row[None])
    run = forward(model, w, batch)
    said = read(w["W"], run)
    lengths = batch.valid[:, 0].sum(0)
    whole = {gate: np.zeros((batch.x.shape[2], model.H, model.H)) for gate in model.named_gates}
    per_tau, accumulated = ({gate: np.full(lags, np.nan) for gate in model.named_gates} for _ in range(2))
    for term in terms(model, w["U"], run, said.direct, lags - 1, legacy_coursework_grad):
        for g, gate in enumerate(model.named_gates):
            delta = term.delta[:, 0, :, g * model.H : (g + 1) * model.H]
            part = np.einsum("tbi,tbj->bij", goes_in(run, gate, term.where)[:, 0], delta)
            n = len(part)
            whole[gate][:n] += part
            norms = np.sqrt(np.square(part[lengths[:n] > term.lag]).sum((1, 2)))
            per_tau[gate][term.lag] = norms.mean() if len(norms) else np.nan
            accumulated[gate][term.lag] = np.sqrt(np.square(whole[gate]).sum((1, 2))).mean()
    for values in accumulated.values():  # no sentence is so long: nothing is added any more
        done = np.isfinite(values)
        values[~done] = values[done][-1]
    return Norms(per_tau, accumulated)
