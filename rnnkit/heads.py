"""What is asked of the outputs: loss, strict error and metrics for the three heads of the handout (``classifType``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from rnnkit.common.names import lookup


@dataclass(frozen=True)
class Head:
    """Loss and error of one kind of output.

    Fields:
        name: ``softmax``, ``lastSoftmax`` or ``lastLinear``.
        err_abs: ``lastLinear`` only: further off than this is wrong.
    """

    name: str
    err_abs: float = 0.2

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        raise NotImplementedError

    def wrong(self, output: Tensor, targets: Tensor) -> Tensor:
        """``(B,)`` bool: which sequences are wrong."""
        raise NotImplementedError

    def metrics(self, output: Tensor, targets: Tensor) -> dict[str, float]:
        """``nll`` (nats, or squared error), ``error`` (fraction of sequences), and what else belongs to the head."""
        return {"nll": float(self.loss(output, targets)), "error": float(self.wrong(output, targets).double().mean())}


class Softmax(Head):
    """A class at every step: mean cross-entropy over all T·B outputs; wrong where any step is.

    output ``(T, B, O)``, targets ``(T, B)``. *Source:* handout section 3.2.
    """

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(output.flatten(0, -2), targets.flatten())

    def wrong(self, output: Tensor, targets: Tensor) -> Tensor:
        return _misread(output, targets).any(0)


class LastSoftmax(Softmax):
    """One class after the last step: mean cross-entropy over B. output ``(B, O)``, targets ``(B,)``."""

    def wrong(self, output: Tensor, targets: Tensor) -> Tensor:
        return _misread(output, targets)


class LastLinear(Head):
    """Real values after the last step: squared error, summed over outputs, mean over B.

    output and targets ``(B, O)``; wrong where the absolute errors sum to more than ``err_abs``.
    *Source:* handout section 3.3.
    """

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        return ((output - targets) ** 2).sum(-1).mean()

    def wrong(self, output: Tensor, targets: Tensor) -> Tensor:
        return _beyond(_off(output, targets), self.err_abs)

    def metrics(self, output: Tensor, targets: Tensor) -> dict[str, float]:
        off = _off(output, targets).double()
        return super().metrics(output, targets) | {
            "mae": float(off.mean()),
            "err_005": float(_beyond(off, 0.05).double().mean()),
            "err_010": float(_beyond(off, 0.10).double().mean()),
            "maxae": float(off.max()),
        }


def _off(output: Tensor, targets: Tensor) -> Tensor:
    return (output - targets).abs().sum(-1)  # (B,)


def _beyond(off: Tensor, limit: float) -> Tensor:
    return ~(off <= limit)  # NaN is off, too


def _misread(output: Tensor, targets: Tensor) -> Tensor:
    return (output.argmax(-1) != targets) | output.isnan().any(-1)  # argmax takes NaN for the largest


HEADS: dict[str, type[Head]] = {"softmax": Softmax, "lastSoftmax": LastSoftmax, "lastLinear": LastLinear}


def get_head(name: str, err_abs: float = 0.2) -> Head:
    """The head of this name (ValueError for an unknown one)."""
    return lookup(HEADS, name, "head")(name, err_abs)


def mean_metrics(chunks: list[dict[str, float]]) -> dict[str, float]:
    """Plain mean over validation chunks of equal size; ``maxae`` is the largest of all."""
    pooled = {key: sum(chunk[key] for chunk in chunks) / len(chunks) for key in chunks[0]}
    if "maxae" in pooled:
        pooled["maxae"] = float(np.max([chunk["maxae"] for chunk in chunks]))  # NaN stays NaN
    return pooled
