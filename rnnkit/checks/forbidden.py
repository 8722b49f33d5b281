"""What the code of a question may not use, in names alone: `rules` looks for it in objects, the scan in text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CHECKS = ("rnnkit.checks", "rnnkit.assignments")  # their data is not to be read, whatever the question
NETWORKS = ("RNNBase", "RNN", "GRU", "LSTM", "RNNCellBase", "RNNCell", "GRUCell", "LSTMCell")  # of torch.nn
CALLS = tuple(name + suffix for name in ("gru", "lstm", "rnn_tanh", "rnn_relu") for suffix in ("", "_cell"))  # of torch
CLIPPERS = ("clip_grad_norm_", "clip_grad_norm", "clip_grads_with_norm_", "get_total_norm")  # of torch.nn.utils

AUTOGRAD = (
    "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional", "torch.autograd.forward_ad",
    "torch.func", "torch._functorch",
)  # fmt: skip


@dataclass(frozen=True)
class Forbidden:
    """What one question forbids. torch's ready-made recurrent networks are forbidden in every one.

    Fields:
        modules: of the kit or of other packages, with all in them; or single functions of them, by their full names.
        cells: whether the kit's own cells, and what runs them, are forbidden as well.
        clipping: whether torch's clipping is.
        instead: how the question is to be solved, to stand after "this question is to be written".
    """

    modules: tuple[str, ...] = ()
    cells: bool = False
    clipping: bool = False
    instead: str = "by yourself"


BY_YOURSELF = Forbidden()  # nothing but what every question forbids


def together(several: Iterable[Forbidden]) -> Forbidden:
    """What is forbidden where several questions are answered, as in a notebook."""
    several = list(several)
    return Forbidden(
        modules=tuple(dict.fromkeys(name for one in several for name in one.modules)),
        cells=any(one.cells for one in several),
        clipping=any(one.clipping for one in several),
    )


def inside(name: object, modules: Iterable[str]) -> bool:
    """Whether a dotted name is one of these modules, or in one."""
    return any(name == module or str(name).startswith(f"{module}.") for module in modules)
