"""Small figures and numbers of the student's own functions, for the notebook of the questions.

Everything is computed when it is shown, from what the functions give: no number here is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from rnnkit.assignments.orthogonal_init.explored import DRAWS, H, states
from rnnkit.checks.sandbox import quiet
from rnnkit.plots.small import show_curves, show_small, sketch
from rnnkit.plots.style import BLUE, GREEN, LINES, ORANGE, RED

LAGS = 60
Function = Callable[..., Any]


def _normal(seed: int, *shape: int) -> Tensor:
    return torch.tensor(np.random.default_rng(seed).standard_normal(shape))


def _numbers(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value, dtype=float)


def _radius(W: Tensor) -> float:
    return float(torch.linalg.eigvals(W).abs().max())


@sketch(quiet)
def sequence(addition_batch: Function, steps: int = 30) -> None:
    """One sequence of the addition task, its two markers and its target."""

    def draw(figure: Any) -> None:
        rng = np.random.default_rng(0)
        values = torch.tensor(rng.uniform(size=(1, steps)))
        places = (torch.tensor([int(rng.integers(*ends))]) for ends in ((0, steps // 2), (steps // 2, steps)))
        x, y = map(_numbers, addition_batch(values, *places))
        axes = figure.subplots()
        axes.bar(range(steps), x[0, :, 0], color=[BLUE if marker else "0.57" for marker in x[0, :, 1]])
        axes.set(xlabel="step", ylabel="channel 0", title=f"marked steps in blue; target {y[0]:.3f}")

    show_small(draw, (8, 2.4))


@sketch(quiet)
def spectra(orthogonal: Function) -> None:
    """Singular values of both arms' W_hh over the quarter-circle law, and what their largest and smallest are."""

    def draw(axes: Any) -> None:
        arms = {"orthogonal": (orthogonal(_normal(0, H, H)), BLUE), "0.1 N(0, 1)": (0.1 * _normal(0, H, H), RED)}
        for name, (W, color) in arms.items():
            W = torch.as_tensor(_numbers(W))
            sigma = torch.linalg.svdvals(W)
            axes.hist(sigma.numpy(), bins=np.linspace(0, 1.8, 37), density=True, fc=(color, 0.5), ec=color, label=name)
            print(f"{name}: sigma {sigma.min():.3f} to {sigma.max():.3f}, spectral radius {_radius(W):.3f}")
        edge = 2 * 0.1 * np.sqrt(H)
        s = np.linspace(0, edge, 200)
        law = 4 * np.sqrt(edge**2 - s**2) / (np.pi * edge**2)
        axes.plot(s, law, color="black", linewidth=1, label=f"quarter circle, up to {edge:g}")
        axes.set(ylim=(0, 3))

    show_curves(draw, (7, 2.8), "singular value", "density")


@sketch(quiet)
def powers(to_radius: Function) -> None:
    """The norm of W^k for random matrices of three spectral radii: what a linear net of no inputs would keep."""

    def draw(axes: Any) -> None:
        for rho, (color, line) in zip((0.8, 1.0, 1.1), LINES, strict=False):
            W = torch.as_tensor(_numbers(to_radius(_normal(0, H, H), rho)))
            norms = [float(torch.linalg.matrix_norm(torch.linalg.matrix_power(W, k), 2)) for k in range(1, LAGS + 1)]
            axes.semilogy(range(1, LAGS + 1), norms, line, color=color, label=f"radius {rho:g}")
            print(f"radius {rho:g}: ||W|| = {norms[0]:.2f}, ||W^10|| = {norms[9]:.2g}, ||W^60|| = {norms[-1]:.2g}")

    show_curves(draw, (7, 2.8), "k", "||W^k||")


@sketch(quiet)
def difference(bptt: Function) -> None:
    """How far the gradient is from a quotient of differences, on a small net and a loss at the last step."""
    rng = np.random.default_rng(2)
    x, weights = torch.tensor(rng.normal(size=(3, 8, 2))), torch.tensor(rng.normal(size=(3, 5)))
    parameters = {name: torch.tensor(rng.normal(size=size)) for name, size in
                  {"W_ih": (2, 5), "W_hh": (5, 5), "b_h": (5,)}.items()}  # fmt: skip

    def forward(W_ih: Tensor, W_hh: Tensor, b_h: Tensor) -> Tensor:
        h = [torch.zeros(3, 5, dtype=torch.float64)]
        for x_t in x.unbind(1):
            h.append(torch.tanh(x_t @ W_ih + h[-1] @ W_hh + b_h))
        return torch.stack(h)

    found = bptt(x, forward(**parameters), parameters["W_hh"], weights)
    step = 1e-5
    for name, value in parameters.items():
        there = torch.zeros_like(value)
        for place in np.ndindex(*value.shape):
            losses = []
            for sign in (1, -1):
                moved = {key: one.clone() for key, one in parameters.items()}
                moved[name][place] += sign * step
                losses.append(float((forward(**moved)[-1] * weights).sum()))
            there[place] = (losses[0] - losses[1]) / (2 * step)
        worst = float(np.abs(_numbers(found[name]) - there.numpy()).max())
        print(f"{name}: largest entry {there.abs().max():.3f}, farthest from the quotient of differences {worst:.1e}")


@sketch(quiet)
def valley(heavy_ball: Function, nesterov: Function | None = None) -> None:
    """Two hundred steps down a long valley: the loss of every rule that is there."""
    curvature = torch.tensor([1.0, 60.0], dtype=torch.float64)

    def draw(axes: Any) -> None:
        rules: Mapping[str, Function] = {
            "gradient descent": lambda p, v: heavy_ball(p, v, curvature * p, 0.01, 0.0),
            "heavy ball": lambda p, v: heavy_ball(p, v, curvature * p, 0.01, 0.9),
        }
        if nesterov is not None:
            rules = {**rules, "Nesterov": lambda p, v: nesterov(p, v, lambda q: curvature * q, 0.01, 0.9)}
        for (name, rule), (color, line) in zip(rules.items(), LINES, strict=False):
            p, v, losses = torch.tensor([3.0, 1.0], dtype=torch.float64), torch.zeros(2, dtype=torch.float64), []
            for _ in range(200):
                losses.append(float((curvature * p**2).sum()) / 2)
                p, v = (torch.as_tensor(_numbers(one)) for one in rule(p, v))
            axes.semilogy(losses, line, color=color, label=name)

    show_curves(draw, (7, 2.8), "update", "loss")


@sketch(quiet)
def schedule(momentum_schedule: Function) -> None:
    """The schedule for several limits, and the update at which it reaches each."""

    def draw(axes: Any) -> None:
        updates = np.unique(np.geomspace(1, 200_000, 800).astype(int))
        for limit, (color, line) in zip((0.9, 0.98, 0.995, 0.999), LINES, strict=False):
            mu = np.array([float(momentum_schedule(int(t), limit)) for t in updates])
            axes.semilogx(updates, mu, line, color=color, label=f"limit {limit:g}")
            first = next((t for t in range(0, 200_001, 250) if float(momentum_schedule(t, limit)) >= limit), None)
            print(f"limit {limit:g}: reached at update {first}")

    show_curves(draw, (7, 2.8), "update", "momentum")


@sketch(quiet)
def jacobians(jacobian_norms: Function, orthogonal: Function, to_radius: Function) -> None:
    """How far a change of the state reaches, by initial matrix and by the scale of the input weights, in five draws."""
    makers: Mapping[str, tuple[Function, str]] = {
        "orthogonal": (orthogonal, BLUE), "0.1 N(0, 1)": (lambda A: 0.1 * A, RED),
        "N(0, 1/n)": (lambda A: A / np.sqrt(H), ORANGE), "radius 1": (lambda A: to_radius(A, 1.0), GREEN),
    }  # fmt: skip

    def draw(figure: Any) -> None:
        for axes, scale in zip(figure.subplots(1, 3, sharey=True), (0.01, 0.1, 1.0), strict=True):
            for name, (make, color) in makers.items():
                matrices = [torch.as_tensor(_numbers(make(_normal(seed, H, H)))) for seed in range(DRAWS)]
                visited = torch.tensor(states(np.stack(matrices), scale, LAGS))
                norms = np.array([_numbers(jacobian_norms(*one)) for one in zip(matrices, visited, strict=True)])
                _band(axes, np.maximum(norms, 1e-18), name, color)
                low, middle, high = np.quantile(norms[:, -1], (0, 0.5, 1))
                print(f"input weights {scale:g}, k = {LAGS}, {name}: {middle:.1e} ({low:.1e} to {high:.1e})")
            axes.set(title=f"input weights {scale:g} N(0, 1)", xlabel="lag k", ylim=(1e-18, 1e3))
        figure.axes[0].set_ylabel("||dh_T / dh_(T-k)||")
        figure.axes[0].legend(frameon=False, fontsize=8)

    show_small(draw, (10, 3))


def _band(axes: Axes, norms: np.ndarray, name: str, color: str) -> None:
    lags = range(1, LAGS + 1)
    axes.fill_between(lags, norms.min(0), norms.max(0), color=color, alpha=0.25, linewidth=0)
    axes.semilogy(lags, np.median(norms, axis=0), color=color, label=name)


@sketch(quiet)
def rows(result_row: Function) -> None:
    """The rows of two made-up arms: one that is solved and lost again, one that never learns."""
    epochs = np.arange(80)
    lost = np.where(epochs < 73, 0.25 + 0.7 * epochs / 72, 0.25)
    arms = {"climbs, then lost": lost, "at chance": np.full(80, 0.25)}
    made = {
        name: result_row("temporal_order", "random", 60, 0.25, "accuracy", metric.round(3).tolist(),
                         (1.4 - metric).round(3).tolist(), 0.9, True)
        for name, metric in arms.items()
    }  # fmt: skip
    for name, row in made.items():
        print(f"{name}: best {arms[name].max():.3f}; {row}")
