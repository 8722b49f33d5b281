"""Runs on their way: all of one shape take each update together, and each has the results it has alone."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.assignments.bptt.networks import at_rest, hidden, named
from rnnkit.assignments.bptt.settings import EVERY, Trial
from rnnkit.assignments.bptt.text import topics
from rnnkit.optim import adam
from rnnkit.record.keys import Key
from rnnkit.runs.teams import Member

CURVES = ("loss", "metric", "grad_norm", "angle")
ROOM = 1e-9  # beside the norm by which a gradient is divided
SHARED = ("task", "arm", "lag", "K", "link", "phi", "H", "batch", "method", "clip_by", "chunk", "dtype", "updates")
KEYS = {
    "loss": Key("N", "nats", "loss of each update, or mean squared error"),
    "metric": Key("N", "1", "accuracy of each update, or mean squared error"),
    "grad_norm": Key("N", "1", "norm of the gradient before clipping"),
    "angle": Key("N", "degrees", "by which clipping turns the gradient"),
    "plateau": Key("", "nats", "loss without memory: ln K, or of who repeats the last value"),
    "seconds": Key("", "s", "time in training"),
    "weights": Key("P", "1", "all weights, in the order of the settings' shapes"),
    "moments": Key("2P", "1", "Adam's two running means"),
    "stream": Key("", "", "the generator of batches, as JSON"),
}
CORPUS = {"corpus": Key("", "", "which version of the text was read, see `text.said_of`")}  # of the task text


class Training(Member):
    """One run."""

    def __init__(self, settings: Trial) -> None:
        super().__init__(settings, settings.first_weights(), settings.data_stream(), CURVES)

    @property
    def due(self) -> int:
        """Updates of the whole run."""
        return self.settings.updates

    def go_on(self, team: Sequence[Training]) -> None:
        train_stretch(team)

    def state(self) -> dict[str, Any]:
        told = {"corpus": topics()[1]} if self.settings.task == "text" else {}
        return super().state() | {"plateau": self.settings.kind.plateau(self.settings.K)} | told


def alike(settings: Trial) -> Hashable:
    """Equal for runs that can be trained as one."""
    return tuple(getattr(settings, name) for name in SHARED)


def train_stretch(runs: Sequence[Training]) -> None:
    """Trains runs, which have equal `alike`, from one check to the next, in place; one whose numbers are lost stops."""
    begun, going = time.perf_counter(), list(runs)
    for _ in range(EVERY):
        going = [run for run in going if run.updates < run.settings.updates and not run.lost]
        if going:
            one_update(going)
    for run in runs:
        run.seconds += (time.perf_counter() - begun) / len(runs)


def one_update(runs: Sequence[Training]) -> None:
    """One update of each run."""
    first, batches = runs[0].settings, [run.settings.kind.draw(run.rng, *_sizes(run.settings)) for run in runs]
    x = torch.from_numpy(np.stack([one.x for one in batches], axis=1)).to(getattr(torch, first.dtype))  # (T, S, B, I)
    y = torch.from_numpy(np.stack([one.y for one in batches], axis=1))  # (T', S, B)
    weights = np.stack([run.weights for run in runs])
    loss, metric, grad = gradient(first, weights, x, y.to(x.dtype) if y.is_floating_point() else y)
    norm = np.linalg.norm(grad.astype(np.float64), axis=1)
    clipped = clip(grad, norm, first.clip_by, np.array([run.settings.clip for run in runs]))
    turned = angle(grad, clipped)
    lr = np.array([run.settings.lr for run in runs], weights.dtype)[:, None]
    moments = np.stack([run.moments for run in runs], axis=1)
    if first.method == "adam":
        t = np.array([run.updates + 1 for run in runs], weights.dtype)[:, None]
        weights, *both = adam(weights, moments[0], moments[1], clipped, lr, t)
        moments = np.stack(both)
    else:
        weights = weights - lr * clipped
    for s, run in enumerate(runs):
        run.weights, run.moments = weights[s].copy(), moments[:, s].copy()
        run.updates += 1
        for name, values in zip(CURVES, (loss, metric, norm, turned), strict=True):
            run.curves[name].append(float(values[s]))


def _sizes(settings: Trial) -> tuple[int, int, int]:
    return settings.lag, settings.K, settings.batch


def gradient(settings: Trial, weights: np.ndarray, x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loss ``(S,)``, metric ``(S,)`` and gradient ``(S, P)`` of S networks.

    In chunks the state is carried on and credit is cut; what a chunk has kept for its way back is given up before the
    next one begins.

    Arguments:
        settings: of all but seed, rate and limit.
        weights: ``(S, P)``.
        x, y: ``(T, S, B, I)``; ``(T', S, B)``, what is right at the last T' steps.
    """
    arm, flat = settings.network, torch.from_numpy(weights).requires_grad_()
    T, S, B = x.shape[:3]
    before = at_rest(arm, x.new_zeros(S, B, settings.H), settings.link)
    skipped, loss, metric = T - len(y), x.new_zeros(S), x.new_zeros(S)
    for begin in range(0, T, settings.chunk or T):
        part = x[begin : begin + (settings.chunk or T)]
        w = named(flat, settings.shapes)
        states, before = hidden(arm, w, part, before, settings.phi)
        before = tuple(one.detach() for one in before)
        counts = slice(max(begin, skipped), begin + len(part))
        if counts.start < counts.stop:
            said, right = states[counts.start - begin :], y[counts.start - skipped : counts.stop - skipped]
            own, good = errors(settings, w, said, right)
            own = own / (len(y) * B)
            own.sum().backward()  # type: ignore[no-untyped-call]
            loss, metric = loss + own.detach(), metric + good / (len(y) * B)
    assert flat.grad is not None
    return loss.numpy(), (metric if settings.kind.classes else loss).numpy(), flat.grad.numpy()


def errors(settings: Trial, w: Mapping[str, Tensor], states: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Summed loss and right answers ``(S,)`` each, of states ``(T', S, B, H)``."""
    T, S, B, H = states.shape
    out = torch.baddbmm(w["b_o"].unsqueeze(1), states.transpose(0, 1).reshape(S, T * B, H), w["W_ho"])
    y = y.transpose(0, 1).reshape(S, T * B)
    if not settings.kind.classes:
        return (out[..., 0] - y).square().sum(1), y.new_zeros(S)
    lost = nn.functional.cross_entropy(out.flatten(0, 1), y.flatten(), reduction="none").reshape(S, -1)
    return lost.sum(1), (out.detach().argmax(-1) == y).sum(1).to(lost.dtype)


def clip(grad: np.ndarray, norm: np.ndarray, by: str, limit: np.ndarray) -> np.ndarray:
    """Gradients ``(S, P)``: each rescaled to the norm ``limit`` where it is longer, or its entries cut, or as it is."""
    if by == "nothing":
        return grad
    limit = limit.astype(grad.dtype)
    if by == "value":
        return np.clip(grad, -limit[:, None], limit[:, None])
    return grad * np.where(norm > limit, limit / (norm + ROOM), 1.0).astype(grad.dtype)[:, None]


def angle(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Degrees between rows."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        one, other = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other))
        return np.degrees(2 * np.arctan2(np.linalg.norm(one - other, axis=1), np.linalg.norm(one + other, axis=1)))
