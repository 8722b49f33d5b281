"""The arms of the experiments, several networks at a time: a leading axis S of all weights and states.

Row convention; states are tuples, of which the first is h.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

States = tuple[Tensor, ...]
Weights = Mapping[str, Tensor]
PHI: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda a: a}


class Arm(NamedTuple):
    """A kind of network.

    Fields:
        step: from weights ``(S, ...)``, what the input gives ``(S, B, gates * H)``, the states before, and phi.
        gates: blocks of columns of W_xh, W_hh and b_h.
        states: how many tensors ``(S, B, H)`` a state is; 0 for as many as steps that a link leaps over.
        orthogonal: whether W_hh starts so.
    """

    step: Callable[[Weights, Tensor, States, Callable[[Tensor], Tensor]], States]
    gates: int = 1
    states: int = 1
    orthogonal: bool = False

    def shapes(self, n_in: int, H: int) -> dict[str, tuple[int, ...]]:
        """Of the weights, without the readout's."""
        more = {} if self.states else {"W_link": (H, H)}
        return {"W_xh": (n_in, self.gates * H), "W_hh": (H, self.gates * H), "b_h": (self.gates * H,)} | more


def _plain(w: Weights, a: Tensor, before: States, phi: Callable[[Tensor], Tensor]) -> States:
    return (phi(torch.baddbmm(a, before[0], w["W_hh"])),)


def _skip(w: Weights, a: Tensor, before: States, phi: Callable[[Tensor], Tensor]) -> States:
    return (before[0] + phi(torch.baddbmm(a, before[0], w["W_hh"])),)


def _link(w: Weights, a: Tensor, before: States, phi: Callable[[Tensor], Tensor]) -> States:
    far = torch.baddbmm(a, before[-1], w["W_link"])
    return (phi(torch.baddbmm(far, before[0], w["W_hh"])), *before[:-1])


def _gru(w: Weights, a: Tensor, before: States, phi: Callable[[Tensor], Tensor]) -> States:
    (h,) = before
    r, z, n = a.chunk(3, -1)
    back_r, back_z, back_n = torch.bmm(h, w["W_hh"]).chunk(3, -1)
    keep, new = torch.sigmoid(z + back_z), torch.tanh(n + torch.sigmoid(r + back_r) * back_n)
    return (new + keep * (h - new),)


def _lstm(w: Weights, a: Tensor, before: States, phi: Callable[[Tensor], Tensor]) -> States:
    h, c = before
    i, f, g, o = torch.baddbmm(a, h, w["W_hh"]).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


ARMS: dict[str, Arm] = {
    "default": Arm(_plain),
    "ortho": Arm(_plain, orthogonal=True),
    "skip": Arm(_skip),  # h_t = h_(t-1) + phi(...)
    "link": Arm(_link, states=0),  # h_t = phi(... + h_(t-k) W_link)
    "gru": Arm(_gru, 3),  # torch's, with one bias
    "lstm": Arm(_lstm, 4, 2),
}


def named(flat: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Views ``(S, ...)`` of the rows ``(S, P)`` of all weights, by name."""
    parts = flat.split([torch.Size(shape).numel() for shape in shapes.values()], dim=1)
    return {name: one.reshape(len(flat), *shape) for (name, shape), one in zip(shapes.items(), parts, strict=True)}


def at_rest(arm: Arm, like: Tensor, link: int) -> States:
    """The states before the first step, 0: of the shape ``(S, B, H)`` of ``like``."""
    return (torch.zeros_like(like),) * (arm.states or link)


def hidden(
    arm: Arm, w: Weights, x: Tensor, before: States, phi: str = "tanh", each: Sequence[Weights] | None = None
) -> tuple[Tensor, States]:
    r"""All states of S networks, :math:`h_t = \mathrm{step}(x_t W_{xh} + b_h, h_{t-1})`.

    Arguments:
        w: weights ``(S, ...)`` by name.
        x: ``(T, S, B, I)``.
        before: the states, see `at_rest`.
        each: other weights for each step's own recurrence, by which a gradient can be told from step to step.

    Returns:
        ``(T, S, B, H)``, h alone, and the last states.
    """
    S = x.shape[1]
    driven = torch.baddbmm(w["b_h"].unsqueeze(1), x.transpose(0, 1).reshape(S, -1, x.shape[-1]), w["W_xh"])
    found = []
    for t, a in enumerate(driven.reshape(S, len(x), -1, driven.shape[-1]).unbind(1)):
        before = arm.step(each[t] if each else w, a, before, PHI[phi])
        found.append(before[0])
    return torch.stack(found), before
