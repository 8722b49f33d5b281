"""What comes back from a pass through time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from jaxtyping import Float


@dataclass(frozen=True)
class Pass:
    r"""One batch, forward and (where asked) backward through time. All tensors are detached.

    Fields:
        loss: 0-d, nats (or squared error), mean over the batch.
        error: 0-d, fraction of wrong sequences.
        output: ``(T, B, O)`` for the head ``softmax``, else ``(B, O)``.
        hidden: ``(T, B, H)``, h_1 .. h_T.
        gates: ``{"z": (T, B, H), "r": (T, B, H)}`` after the sigmoid, or None.
        grads: dL/dW by parameter name; empty without a backward pass.
        flow: ``(T, B, H)``, the *total* derivative :math:`dL/dh_t`, through every later step; None where not asked.
        direct: ``(T, B, H)``, the direct term :math:`\partial^+ L/\partial h_t` alone, through the output of step t
            only: for the contrast, it is *not* gradient through time; None where not asked.
        phi: the hidden nonlinearity, or None for a gated cell, whose state is no function value of one.

    *Source:* handout section 2.3, item 3; Pascanu et al. 2013, equations 3-5.
    """

    loss: Float[Tensor, ""]
    error: Float[Tensor, ""]
    output: Float[Tensor, "T B O"] | Float[Tensor, "B O"]
    hidden: Float[Tensor, "T B H"]
    gates: dict[str, Float[Tensor, "T B H"]] | None = None
    grads: dict[str, Tensor] = field(default_factory=dict)
    flow: Float[Tensor, "T B H"] | None = None
    direct: Float[Tensor, "T B H"] | None = None
    phi: str | None = None
