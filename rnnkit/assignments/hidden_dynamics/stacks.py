"""Two recurrent layers and a readout: loss and gradient of several networks of one shape at once, all in float32.

All parameters of a network are one row of ``(S, P)``: the document's by the names of `network.initial`, in that order;
torch's as ``parameters()`` goes. Sequences are ``(S, B, T, C)``, each network has its own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rnnkit.assignments.hidden_dynamics.network import C, H
from rnnkit.assignments.hidden_dynamics.settings import Net

GATED = {"gru": nn.GRU, "lstm": nn.LSTM}
SHAPES = {
    "W_xh1": (C, H), "W_hh1": (H, H), "b_xh1": (H,), "b_hh1": (H,),
    "W_xh2": (H, H), "W_hh2": (H, H), "b_xh2": (H,), "b_hh2": (H,), "W_ho": (H, 2), "b_o": (2,),
}  # fmt: skip


class Kept(NamedTuple):
    """Factors of dropout on layer 1's states ``(S, B, T, H)`` and on the last state ``(S, B, H)``."""

    states: Tensor
    last: Tensor


class Gated(nn.Module):
    """Two layers of torch's own and a readout, with dropout between them that is handed in."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.layers = nn.ModuleList([GATED[cell](size, H, batch_first=True) for size in (C, H)])
        self.readout = nn.Linear(H, 2)

    def forward(self, x: Tensor, kept: Kept | None = None) -> Tensor:
        """Logits ``(B, 2)`` of sequences ``(B, T, C)``."""
        first, second = self.layers
        states, _ = first(x)
        states, _ = second(states * kept.states if kept else states)
        return self.readout(states[:, -1] * kept.last if kept else states[:, -1])


@functools.cache
def template(cell: str) -> Gated:
    """Shapes and names of torch's parameters, without values."""
    with torch.device("meta"):
        return Gated(cell)


def first_row(settings: Net) -> np.ndarray:
    """``(P,)``, the untrained network."""
    if settings.cell in GATED:
        rng, edge = torch.Generator().manual_seed(settings.seed), H**-0.5  # torch's own range for all of them
        sizes = [one.numel() for one in template(settings.cell).parameters()]
        return torch.cat([torch.empty(size).uniform_(-edge, edge, generator=rng) for size in sizes]).numpy()
    weights, _ = settings.begun()
    return np.concatenate([weights[name].ravel() for name in SHAPES]).astype(np.float32)


def named(row: np.ndarray) -> dict[str, np.ndarray]:
    """The document's network by the equations' names: views of ``(..., P)``."""
    sizes = [math.prod(shape) for shape in SHAPES.values()]
    parts = np.split(row, np.cumsum(sizes)[:-1], axis=-1)
    return {name: part.reshape(*row.shape[:-1], *shape)
            for (name, shape), part in zip(SHAPES.items(), parts, strict=True)}  # fmt: skip


def logits(settings: Net, rows: Tensor, x: Tensor, kept: Kept | None = None) -> Tensor:
    """Of each network: ``(S, B, 2)``.

    Arguments:
        rows: ``(S, P)``.
        x: ``(S, B, T, C)``.
        kept: dropout; none by default.
    """
    if settings.cell in GATED:
        return torch.stack([_gated(settings.cell, row, x[s], kept and Kept(kept.states[s], kept.last[s]))
                            for s, row in enumerate(rows)])  # fmt: skip
    sizes = [math.prod(shape) for shape in SHAPES.values()]
    w = {name: part.view(len(rows), *shape)
         for (name, shape), part in zip(SHAPES.items(), rows.split(sizes, dim=1), strict=True)}  # fmt: skip
    S, B, T, _ = x.shape
    for k in (1, 2):
        bias = w[f"b_xh{k}"] + w[f"b_hh{k}"]
        driven = torch.baddbmm(bias[:, None], x.reshape(S, B * T, -1), w[f"W_xh{k}"]).view(S, B, T, H)
        h, states = torch.zeros(S, B, H), []
        for one in driven.unbind(2):
            h = torch.tanh(torch.baddbmm(one, h, w[f"W_hh{k}"]))
            states.append(h)
        if k == 1:
            x = torch.stack(states, 2)
            x = x * kept.states if kept else x
    return torch.baddbmm(w["b_o"][:, None], h * kept.last if kept else h, w["W_ho"])


def _gated(cell: str, row: Tensor, x: Tensor, kept: Kept | None) -> Tensor:
    module = template(cell)
    names = [name for name, _ in module.named_parameters()]
    shapes = [one.shape for one in module.parameters()]
    parts = row.split([math.prod(shape) for shape in shapes])
    given = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
    return torch.func.functional_call(module, given, (x, kept))


def losses(answers: Tensor, y: Tensor) -> Tensor:
    """``(S,)``: mean cross-entropy in nats of logits ``(S, B, 2)`` for labels ``(S, B)``."""
    return nn.functional.cross_entropy(answers.transpose(1, 2), y, reduction="none").mean(1)


def gradient(
    settings: Net, rows: np.ndarray, x: Tensor, y: Tensor, kept: Kept
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each network: loss and accuracy ``(S,)``, and the gradient ``(S, P)``."""
    given = torch.from_numpy(rows).requires_grad_()
    answers = logits(settings, given, x, kept)
    loss = losses(answers, y)
    (found,) = torch.autograd.grad(loss.sum(), given)
    return loss.detach().numpy(), _accuracy(answers, y), found.numpy()


@torch.no_grad()
def judged(settings: Net, rows: np.ndarray, sets: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """``(2, S)``: loss and accuracy of each network on its sequences ``(N, T, C)`` and labels, without dropout."""
    found = []
    for row, (X, y) in zip(rows, sets, strict=True):  # one after the other: all states of all would be too much
        answers = logits(settings, torch.from_numpy(row[None]), torch.from_numpy(X[None]))
        labels = torch.from_numpy(y[None])
        found.append((losses(answers, labels).item(), _accuracy(answers, labels).item()))
    return np.array(found).T


def _accuracy(answers: Tensor, y: Tensor) -> np.ndarray:
    return (answers.argmax(2) == y).double().mean(1).numpy()
