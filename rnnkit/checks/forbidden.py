"""What the code of a question may not use, in words and names alone; `rules` finds it in objects, the scan in text."""

from __future__ import annotations

from dataclasses import dataclass

CHECKS = ("rnnkit.checks", "rnnkit.assignments")  # their data is not to be read, whatever the question
CLIPPERS = ("clip_grad_norm_", "clip_grad_norm", "clip_grads_with_norm_", "get_total_norm")  # of torch.nn.utils


@dataclass(frozen=True)
class Forbidden:
    """What one question forbids. torch's ready-made recurrent networks are forbidden in every one.

    Fields:
        modules: of the kit, with all in them.
        cells: whether the kit's own cells, and what runs them, are forbidden as well.
        clipping: whether torch's clipping is.
        instead: how the question is to be solved, to stand after "this question is to be written".
    """

    modules: tuple[str, ...] = ()
    cells: bool = False
    clipping: bool = False
    instead: str = "by yourself"


BY_YOURSELF = Forbidden()  # nothing but what every question forbids
