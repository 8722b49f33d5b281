"""The gradient of W_hh, told by where the loss stands and where the state was; pictured by lag and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from rnnkit.assignments.bptt.networks import at_rest, hidden, named
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.plots.style import MAP, new_figure

DECADES = 6  # below the largest part of all panels that a picture tells apart


class Parts(NamedTuple):
    """What a gradient is made of.

    Fields:
        norms: ``(T, T)``, of each part: row t is where the loss stands, column k where W_hh was used; 0 for none.
        total: ``(H, gates * H)``, all parts together.
        whole: the same by backpropagation of all losses at once.
    """

    norms: np.ndarray
    total: np.ndarray
    whole: np.ndarray

    @property
    def apart(self) -> float:
        """Largest difference between the sum of the parts and the whole, relative to its largest entry."""
        return float(np.abs(self.total - self.whole).max() / np.abs(self.whole).max())

    @property
    def by_lag(self) -> np.ndarray:
        """``(T,)``: the parts' norms, added up over all times, by lag t - k."""
        return np.array([np.trace(self.norms, offset=-lag) for lag in range(len(self.norms))])


def split(settings: Trial, weights: np.ndarray, batch: int = 32, seed: int = 0) -> Parts:
    r"""The parts of one network's gradient, in float64.

    .. math:: \frac{\partial L}{\partial W_{hh}} = \sum_t \sum_{k \le t}
        \frac{\partial L_t}{\partial h_t} \frac{\partial h_t}{\partial h_k} \frac{\partial^+ h_k}{\partial W_{hh}}

    Each step has a W_hh of its own here, all of them equal: the derivative by the k-th is the k-th part.

    Arguments:
        weights: ``(P,)``.
        batch, seed: of the sequences, on whose mean loss the gradient is.

    *Source:* Pascanu, Mikolov, Bengio 2013, equations 3 to 5.
    """
    drawn = settings.kind.draw(np.random.default_rng(seed), settings.lag, settings.K, batch)
    x = torch.from_numpy(drawn.x).double().unsqueeze(1)  # (T, 1, B, I)
    y = torch.from_numpy(drawn.y)
    w = named(torch.from_numpy(weights.astype(np.float64)).unsqueeze(0), settings.shapes)
    before = at_rest(settings.network, x.new_zeros(1, batch, settings.H), settings.link)
    T, first = len(x), len(x) - len(y)
    copies = [w["W_hh"].clone().requires_grad_() for _ in range(T)]
    states, _ = hidden(settings.network, w, x, before, settings.phi, [{**w, "W_hh": one} for one in copies])
    losses = _losses(settings, w, states[first:, 0], y)
    norms, total = np.zeros((T, T)), torch.zeros_like(w["W_hh"])
    for t, loss in enumerate(losses, first):
        for k, part in enumerate(torch.autograd.grad(loss, copies[: t + 1], retain_graph=True)):
            norms[t, k] = float(part.norm())
            total += part
    one = w["W_hh"].clone().requires_grad_()
    states, _ = hidden(settings.network, {**w, "W_hh": one}, x, before, settings.phi)
    (whole,) = torch.autograd.grad(_losses(settings, w, states[first:, 0], y).sum(), one)
    return Parts(norms, total[0].numpy(), whole[0].numpy())


def _losses(settings: Trial, w: Mapping[str, torch.Tensor], states: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """``(T',)``: each step's share of the mean loss, of states ``(T', B, H)``."""
    out = states @ w["W_ho"][0] + w["b_o"][0]
    if settings.kind.classes:
        lost = nn.functional.cross_entropy(out.flatten(0, 1), y.flatten(), reduction="none").reshape(y.shape)
    else:
        lost = (out[..., 0] - y).square()
    return lost.sum(1) / y.numel()


def draw(parts: Mapping[str, Parts], columns: int = 0) -> Figure:
    """One panel for each network: time of the loss across, lag up, and in colour the norm of the part.

    Arguments:
        parts: by the panels' titles.
        columns: of panels; all in a row by default.
    """
    columns = columns or len(parts)
    figure, axes = new_figure(columns, -(-len(parts) // columns), width=3.4, height=2.9)
    top = max(np.log10(max(one.norms.max(), 1e-300)) for one in parts.values())
    for ax, (title, one) in zip(axes, parts.items(), strict=False):
        T = len(one.norms)
        by_lag = np.full((T, T), np.nan)
        for lag in range(T):
            by_lag[lag, lag:] = np.diagonal(one.norms, -lag)
        by_lag[:, one.norms.sum(1) == 0] = np.nan  # no loss there
        with np.errstate(divide="ignore"):
            shown = np.maximum(np.log10(by_lag), top - DECADES)
        image = ax.imshow(shown, origin="lower", cmap=MAP, vmin=top - DECADES, vmax=top, aspect="auto")
        first = int(np.argmax(one.norms.sum(1) > 0))
        ax.set(title=title, xlabel="the loss stands at t", ylabel="lag t - k", xlim=(first - 0.5, T - 0.5))
        figure.colorbar(image, ax=ax, label="log10 of the norm")
    return figure


def before_and_after(settings: Trial, record: Mapping[str, Any], columns: int = 0) -> Figure:
    """The maps of one run, with its first weights and with those of its record ``(P,)``; see `draw`."""
    stages = {"first weights": settings.first_weights(), "trained": np.asarray(record["weights"])}
    return draw({f"{settings.arm}, {stage}": split(settings, weights) for stage, weights in stages.items()}, columns)
