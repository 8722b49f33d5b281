r"""The regulariser Omega: it asks that the gradient keeps its length on the way back through time.

With the total derivative :math:`d_t = dL/dh_t` and :math:`a_t = d_t \odot \varphi'(a_t)`, what step t hands back to
step t - 1 is :math:`v_t = (d_t \odot \varphi') W_{hh}^\top`. For every step and sequence

.. math::
    R_{tb} = \frac{\lVert v_{tb} \rVert^2}{\lVert d_{tb} \rVert^2}, \qquad
    m_{tb} = [\lVert d_{tb} \rVert^2 \ge \text{bound}], \qquad
    \Omega = \frac{\sum_t \mathrm{mean}_b\, m_{tb} (R_{tb} - 1)^2}{\sum_t \mathrm{mean}_b\, m_{tb}} .

All T Jacobians count, also the one from h_1 to h_0 = 0. The derivative is the immediate one: :math:`d_t` and
:math:`h_t` are constants, only the :math:`W_{hh}` that is written above moves.

*Source:* Pascanu et al. 2013, equations 9-10, with the squared norms of the authors' code; handout, extra credit.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

FLOWS = ("total", "direct")  # which derivative Omega looks at; direct is for the contrast only


class Omega(NamedTuple):
    """What the regulariser finds in one batch.

    Fields:
        value: Omega; 0 where no gradient reaches the bound.
        steps_in_past: mean of m over steps and sequences, 0 to 1: the share that Omega looks at.
        grad: ``(H, H)``, the immediate derivative of Omega with respect to W_hh.
    """

    value: float
    steps_in_past: float
    grad: Tensor


def omega(flow: Tensor, slope: Tensor, W_hh: Tensor, bound: float = 1e-20) -> Omega:
    r"""Omega of one batch and its immediate derivative.

    With M the number of steps and sequences that count:

    .. math::
        \frac{\partial^+ \Omega}{\partial W_{hh}}
        = \frac{4}{M} \sum_{tb} m_{tb} \frac{R_{tb} - 1}{\lVert d_{tb} \rVert^2}\, v_{tb}^\top (d_{tb} \odot \varphi')

    Arguments:
        flow: ``(T, B, H)``, :math:`d_t`.
        slope: ``(T, B, H)``, :math:`\varphi'`, the nonlinearity's slope at h_t.
        W_hh: ``(H, H)``, row convention.
        bound: smallest :math:`\lVert d \rVert^2` that counts.
    """
    delta = flow * slope  # (T, B, H)
    back = delta @ W_hh.T  # v, (T, B, H)
    length = flow.square().sum(-1, keepdim=True)  # (T, B, 1)
    counts = length >= bound
    off = torch.where(counts, back.square().sum(-1, keepdim=True) / length.clamp_min(bound) - 1, 0)  # R - 1
    total = int(counts.sum())
    if not total:
        return Omega(0.0, 0.0, torch.zeros_like(W_hh))
    weight = torch.where(counts, off / length, 0)
    grad = (weight * back).flatten(0, 1).T @ delta.flatten(0, 1)
    value = float(off.square().sum(dtype=torch.float64)) / total
    return Omega(value, total / counts.numel(), 4 / total * grad)
