"""Small figures of a student's own code for the notebooks; a line of text while the code is not there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from rnnkit.checks.sandbox import quiet
from rnnkit.plots.small import show_small, sketch
from rnnkit.plots.style import LINES

STEPS = 40


@sketch(quiet)
def states(cls: type) -> None:
    """Hidden units over time after one pulse at the first step, for three sizes of W_hh."""

    def draw(figure: Any) -> None:
        for axes, gain in zip(figure.subplots(1, 3, sharey=True), (0.5, 1.0, 1.5), strict=True):
            _, hidden, _ = _random_cell(cls, gain)(_pulse())
            _units(axes, hidden)
            axes.set(title=f"W_hh of spectral radius {gain}", xlabel="t", ylim=(-1, 1))
        figure.axes[0].set_ylabel("h_t, one line per unit")

    show_small(draw, (10, 2.6))


@sketch(quiet)
def gates(cls: type) -> None:
    """State and gates over time under a pulse of ten steps, with the update gate nearly shut and half open."""

    def draw(figure: Any) -> None:
        for row, bias in zip(figure.subplots(2, 3, sharex=True), (-3.0, 0.0), strict=True):
            cell = _random_cell(cls, 1.0)
            with torch.no_grad():
                cell.b_z.fill_(bias)
            _, hidden, traces = cell(_pulse(10))
            for axes, (name, values) in zip(row, {"h_t": hidden, "z_t": traces["z"], "r_t": traces["r"]}.items()):  # noqa: B905
                _units(axes, values)
                axes.set(title=f"{name}, b_z = {bias:g}", ylim=(-1, 1) if name == "h_t" else (0, 1))
        for axes in figure.axes[3:]:
            axes.set_xlabel("t")

    show_small(draw, (10, 4))


@sketch(quiet)
def gradient(function: Callable[[Tensor, list[Tensor]], Any]) -> None:
    """log10 g_t for a loss at the last step, for three spectral radii of a small net."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for gain, (color, style) in zip((0.7, 1.0, 1.3), LINES, strict=False):
            g = function(*_example(gain))
            g = g.detach().numpy() if isinstance(g, Tensor) else np.asarray(g, dtype=float)
            how = {"color": color, "linestyle": style, "marker": ".", "label": f"spectral radius {gain}"}
            axes.plot(range(1, STEPS + 1), np.log10(g + 1e-12), **how)
        axes.set(xlabel="t", ylabel="log10 g_t", ylim=(-12.5, 3))
        axes.legend(frameon=False)

    show_small(draw, (7, 3))


def _units(axes: Axes, values: Tensor) -> None:
    """A line for each unit of the first sequence."""
    for unit, (color, style) in zip(values[:, 0].detach().numpy().T, LINES, strict=False):
        axes.plot(range(1, STEPS + 1), unit, color=color, linestyle=style, linewidth=1)


def _example(gain: float) -> tuple[Tensor, list[Tensor]]:
    """A loss at the last step and the states it comes from."""
    generator = torch.Generator().manual_seed(3)
    A = torch.randn(20, 20, generator=generator, dtype=torch.float64)
    A *= gain / torch.linalg.eigvals(A).abs().max()
    h, hs = 0.01 * torch.randn(8, 20, generator=generator, dtype=torch.float64).requires_grad_(), []
    for _ in range(STEPS):
        h = torch.sin(h @ A)
        hs.append(h)
    return h.sum(-1).mean(), hs


def _random_cell(cls: type, gain: float) -> Any:
    generator = torch.Generator().manual_seed(4)
    cell = cls(1, 8, 1, dtype=torch.float64)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            if name.startswith("W"):
                parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
        cell.W_hh *= gain / torch.linalg.eigvals(cell.W_hh).abs().max()
    return cell


def _pulse(length: int = 1) -> Tensor:
    x = torch.zeros(STEPS, 1, 1, dtype=torch.float64)
    x[:length] = 1.0
    return x
