"""gradient_norm: how large the whole gradient is."""

from __future__ import annotations

import torch
from torch import Tensor


def gradient_norm(grads: dict[str, Tensor]) -> float:
    r"""Global L2 norm over all parameters, summed in float64.

    .. math:: \lVert \nabla_\theta L \rVert_2 = \sqrt{\textstyle\sum_W \lVert dL/dW \rVert_2^2}

    Arguments:
        grads: dL/dW by parameter name, any shapes.

    Returns:
        The norm, in nats per unit of weight.

    *Source:* handout section 2.3, items 1 and 2.
    """
    return float(torch.stack([torch.linalg.vector_norm(g, dtype=torch.float64) for g in grads.values()]).norm())
