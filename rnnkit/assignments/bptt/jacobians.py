"""How far a change of the state reaches in each arm: norms of products of Jacobians, and what bounds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure

from rnnkit.assignments.bptt.figures import style_of
from rnnkit.assignments.bptt.networks import PHI, at_rest, named
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.plots.style import BLACK, GREY, legend_below, new_figure

SEQUENCES = 8
SLOPES = {"tanh": 1.0, "relu": 1.0, "identity": 1.0}  # gamma, the largest slope of each
FLOOR = 1e-30  # what is smaller is drawn there


class Products(NamedTuple):
    """Of one network.

    Fields:
        norms: ``(n, T)``: of dh_T / dh_(T-k), of each sequence, for k = 0 to T - 1.
        factor: what a step multiplies a norm by at most, gamma sigma; NaN for an arm that has no such number.
    """

    norms: np.ndarray
    factor: float

    @property
    def bound(self) -> np.ndarray:
        """``(T,)``: the factor to the power k."""
        return self.factor ** np.arange(self.norms.shape[1])


def products(settings: Trial, weights: np.ndarray, sequences: int = SEQUENCES, seed: int = 0) -> Products:
    r"""Spectral norms of the products of Jacobians up to the last step of a task's sequences, in float64.

    .. math:: \frac{\partial h_T}{\partial h_{T-k}} = \prod_{j=0}^{k-1} \frac{\partial h_{T-j}}{\partial h_{T-j-1}},
        \quad \Big\|\frac{\partial h_T}{\partial h_{T-k}}\Big\| \le (\gamma \sigma)^k

    It is h alone that changes: an LSTM's c and what a link still holds of earlier steps are as they were, and carry on
    what follows from the change. Each unit of h_T has a copy of the sequences, so that one way back finds all rows.

    Arguments:
        weights: ``(P,)``.
        sequences, seed: how many sequences, and of which draw.

    *Source:* Pascanu, Mikolov, Bengio 2013, equations 5 to 7.
    """
    H, arm = settings.H, settings.network
    drawn = settings.kind.draw(np.random.default_rng(seed), settings.lag, settings.K, sequences)
    x = torch.from_numpy(drawn.x).double().repeat_interleave(H, 1)  # (T, n H, I)
    w = named(torch.from_numpy(weights.astype(np.float64)).unsqueeze(0), settings.shapes)
    before, states = at_rest(arm, x.new_zeros(1, sequences * H, H), settings.link), []
    for one in x:
        before = arm.step(w, one.unsqueeze(0) @ w["W_xh"] + w["b_h"].unsqueeze(1), before, PHI[settings.phi])
        h = before[0].requires_grad_() if not states else before[0]
        before = (h, *before[1:])
        states.append(h)
    last = states[-1].reshape(sequences, H, H).diagonal(dim1=1, dim2=2).sum()
    rows = torch.autograd.grad(last, states)
    norms = [torch.linalg.matrix_norm(one.reshape(sequences, H, H), 2) for one in reversed(rows)]
    return Products(torch.stack(norms, 1).numpy(), _factor(settings, w))


def _factor(settings: Trial, w: Mapping[str, torch.Tensor]) -> float:
    """gamma sigma; of ``skip`` 1 + gamma sigma, as each step adds the state before."""
    if settings.arm not in ("default", "ortho", "skip"):
        return float("nan")
    once = SLOPES[settings.phi] * float(torch.linalg.matrix_norm(w["W_hh"][0], 2))
    return once + (settings.arm == "skip")


def before_and_after(settings: Trial, record: Mapping[str, Any]) -> dict[str, Products]:
    """Of one run, with its first weights and with those of its record ``(P,)``."""
    stages = {"first weights": settings.first_weights(), "trained": np.asarray(record["weights"])}
    return {stage: products(settings, weights) for stage, weights in stages.items()}


def draw(arms: Mapping[str, Mapping[str, Products]], narrow: bool = False) -> Figure:
    """A panel for each stage: norms by lag, a line for each arm with the range of the sequences, its bound dotted.

    Arguments:
        arms: by name, and there by stage.
        narrow: whether panels stand below one another.
    """
    stages = list(dict.fromkeys(stage for found in arms.values() for stage in found))
    columns, rows = (1, len(stages)) if narrow else (len(stages), 1)
    figure, axes = new_figure(columns, rows, width=4.2, height=3.2, sharey=True)
    for ax, stage in zip(axes, stages, strict=True):
        for n, (arm, found) in enumerate(arms.items()):
            if stage in found:
                middle, low, high = np.quantile(found[stage].norms, (0.5, 0, 1), axis=0)
                line(ax, n, arm, middle, low, high, found[stage].bound)
        finish(ax, stage)
    named_below(axes, narrow)
    return figure


def line(ax: Any, n: int, arm: str, middle: np.ndarray, low: np.ndarray, high: np.ndarray, bound: np.ndarray) -> None:
    """One arm's norms ``(T,)`` and their range, and its bound where it has one (NaN: none)."""
    color, style = style_of(arm, n)
    lags = np.arange(len(middle))
    ax.semilogy(lags, np.maximum(middle, FLOOR), color=color, linestyle=style, label=arm)
    ax.fill_between(lags, np.maximum(low, FLOOR), np.maximum(high, FLOOR), color=color, alpha=0.15, linewidth=0)
    if np.isfinite(bound).all():
        ax.semilogy(lags, bound, color=color, linestyle=":", linewidth=1.5)


def finish(ax: Any, stage: str) -> None:
    """Names a panel."""
    ax.axhline(1, color=GREY, linewidth=0.8, zorder=0.5)
    ax.set(title=stage, xlabel="lag k (steps)", ylim=(1e-12, 1e8))


def named_below(axes: Sequence[Any], narrow: bool = False) -> None:
    """Says what is measured, and below the panels which line is what."""
    for ax in axes if narrow else axes[:1]:
        ax.set_ylabel("||dh_T / dh_(T-k)||")
    for ax in axes[-1:] if narrow else axes:
        ax.semilogy([], [], color=BLACK, linestyle=":", linewidth=1.5, label="(gamma sigma)^k")
        legend_below(ax, columns=4)
