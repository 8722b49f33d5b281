"""Small figures of what a bound says and what a product of Jacobians does, for the notebook of the questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.bptt import jacobians
from rnnkit.assignments.bptt.bounded import H, normal, products, rotation, shift, slopes
from rnnkit.assignments.bptt.foretold import MATRICES
from rnnkit.assignments.bptt.lag_map import draw as draw_map
from rnnkit.assignments.bptt.lag_map import split
from rnnkit.assignments.bptt.networks import ARMS
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.sketches import Function, numbers
from rnnkit.checks.sandbox import quiet
from rnnkit.plots.small import show_curves, show_small, sketch
from rnnkit.plots.style import BLACK, BLUE, GREEN, LINES, ORANGE, RED

LAGS = 60  # steps
FACTORS = (0.5, 0.8, 0.9, 0.95, 0.99, 1, 1.01, 1.05, 1.1, 1.2, 1.5, 2)


@sketch(quiet)
def exercise(grad_bound: Function, steps: int = 50) -> None:
    """Exercise 1 for several factors, and how long each takes to halve or double."""

    def draw(axes: Any) -> None:
        k = np.arange(steps + 1)
        factors = [(0.9, 1), (1.1, 1), (0.9, 0.9), (1.1, 0.9), (1, 1)]
        for (sigma, slope), (color, line) in zip(factors, LINES, strict=False):
            bounds = [float(grad_bound(sigma, slope, int(one))) for one in k]
            axes.semilogy(k, bounds, linestyle=line, color=color, label=f"sigma {sigma:g}, slope {slope:g}")
            time = _time(np.log(np.divide(bounds[-1], bounds[0])) / steps)
            print(f"sigma {sigma:g}, slope {slope:g}: after {steps} steps {bounds[-1]:.3g}{time}")
        powers = (f"{one:g}: {float(grad_bound(one, 1.0, steps)):.3g}" for one in FACTORS)
        print(f"any factor per step, after {steps} steps: " + ", ".join(powers))

    show_curves(draw, (7, 2.8), "k", "bound")


def _time(rate: float) -> str:
    """How long a number that grows at this rate needs to double or to halve; nothing where it has no rate."""
    if not np.isfinite(rate):
        return ""
    return f"; {'doubles' if rate > 0 else 'halves'} in {np.log(2) / abs(rate):.1f} steps" if rate else "; stays"


def _sizes(W: Tensor) -> tuple[float, float]:
    """The norm and the spectral radius."""
    return float(torch.linalg.matrix_norm(W, 2)), float(torch.linalg.eigvals(W).abs().max())


def five() -> dict[str, Tensor]:
    """The five matrices of the prediction, by name."""
    Q = rotation(0)
    return dict(zip(MATRICES, (0.9 * Q, Q, 1.1 * Q, 0.1 * normal(0, H, H), 2 * shift()), strict=True))


@sketch(quiet)
def beside(order: Sequence[str]) -> None:
    """What was foretold of the five matrices, beside what is so; nothing where nothing was foretold."""
    if sorted(map(str, order)) != sorted(MATRICES):
        print("Sort the five matrices at the top of this notebook first.")
        return
    norms = {name: float(torch.linalg.matrix_norm(torch.linalg.matrix_power(W, LAGS), 2)) for name, W in five().items()}
    right = sorted(norms, key=lambda name: -norms[name])
    print("you said: " + " > ".join(order))
    print("it is:    " + " > ".join(f"{name} ({norms[name]:.2g})" for name in right))
    print(f"{sum(one == other for one, other in zip(order, right, strict=True))} of {len(right)} in their places")


@sketch(quiet)
def counterexamples(what_the_bound_says: Function) -> None:
    """What the bound says of five matrices, and what becomes of the product: in a linear net, and with tanh."""

    def draw(figure: Any) -> None:
        linear, curved = figure.subplots(1, 2, sharey=True)
        for (name, W), color in zip(five().items(), (BLUE, GREEN, ORANGE, RED, BLACK), strict=True):
            sigma, radius = _sizes(W)
            norms, bent = (products(W, slopes(W, phi, 1.0, LAGS)) for phi in ("identity", "tanh"))
            lags = np.arange(1, LAGS + 1)
            for axes, values in ((linear, norms), (curved, bent)):
                axes.semilogy(lags, np.maximum(values, 1e-14), color=color, label=name)
                axes.semilogy(lags, sigma**lags, ":", color=color, linewidth=1)
            print(
                f"{name}: sigma {sigma:.2f}, radius {radius:.2f}, the bound says {what_the_bound_says(W, 'tanh')!r}; "
                f"linear: {norms[6]:.3g} after 7 steps, {norms[7]:.3g} after 8, {norms[-1]:.2g} after {LAGS}; "
                f"tanh: {bent[-1]:.1g}"
            )
        linear.set(title="a linear net", xlabel="lag k", ylabel="||product of k Jacobians||", ylim=(1e-14, 1e12))
        curved.set(title="tanh, inputs of scale 1", xlabel="lag k")
        linear.legend(frameon=False, fontsize=8)

    show_small(draw, (10, 3.2))


@sketch(quiet)
def highways(highway: Function, steps: int = 50) -> None:
    """The norm of the gradient on its way back through a linear net, for four matrices."""

    def draw(axes: Any) -> None:
        g_T = normal(6, 32, H)
        matrices = {
            "Q": rotation(0), "0.9 Q": 0.9 * rotation(0), "1.1 Q": 1.1 * rotation(0),
            "0.1 N(0, 1)": 0.1 * normal(0, H, H),
        }  # fmt: skip
        for (name, W), (color, line) in zip(matrices.items(), LINES, strict=False):
            norms, distance = highway(W, g_T, steps)
            norms = numbers(norms)
            axes.semilogy(norms / norms[0], linestyle=line, color=color, label=name)
            print(
                f"{name}: after {steps} steps {norms[-1] / norms[0]:.3g} of the norm; "
                f"||W^T W - I|| = {float(distance):.2g}"
            )

    show_curves(draw, (7, 2.8), "steps back", "norm, of the first")


@sketch(quiet)
def arms(steps: int = LAGS) -> None:
    """How far a change of the state reaches in each kind of network, before any training."""

    def draw(axes: Any) -> None:
        for arm, (color, line) in zip(ARMS, LINES, strict=False):
            trial = Trial(arm=arm, lag=steps)
            norms = np.median(jacobians.products(trial, trial.first_weights(), 2).norms, axis=0)[: steps + 1]
            axes.semilogy(norms, linestyle=line, color=color, label=arm)
            print(
                f"{arm}: {norms[-1]:.1e} after {steps} steps, a factor of "
                f"{(norms[-1] / norms[steps // 2]) ** (2 / steps):.2f} a step in the second half"
            )

    show_curves(draw, (7, 2.8), "lag k", "||dh_T / dh_(T-k)||")


@sketch(quiet)
def lag_and_time(lag: int = 20) -> None:
    """The double sum of the gradient as a picture, for three kinds of networks."""
    from IPython.display import display

    found = {}
    for arm in ("default", "ortho", "gru"):
        trial = Trial(arm=arm, lag=lag)
        found[arm] = split(trial, trial.first_weights())
        print(f"{arm}: the parts add up to the gradient, but for {found[arm].apart:.0e} of its largest entry")
    display(draw_map(found))
