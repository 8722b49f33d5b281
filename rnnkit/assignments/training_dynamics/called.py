"""What a call of an earlier function gives back, as far as that can be said without computing it: its shape."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from rnnkit.checks.outcome import kind_of


def along_time(values: Any) -> tuple[int, ...]:
    """The shape of one number for every step."""
    if not isinstance(values, Tensor):
        raise TypeError(f"expected a tensor, got {kind_of(values)}")
    return tuple(values.shape[:1])


def on_the_way(loss: Any, hs: Any) -> tuple[int]:
    """The shape of the gradient through time; torch's own words where the loss does not come from these states.

    Raises:
        RuntimeError: it does not.
    """
    waiting, seen = [getattr(loss, "grad_fn", None)], set()
    if waiting == [None]:
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    if not isinstance(hs, list | tuple) or not all(getattr(h, "grad_fn", None) in seen for h in hs):
        raise RuntimeError("One of the differentiated Tensors appears to not have been used in the graph.")
    return (len(hs),)


RETURNS = {"grad_time": on_the_way, "sat_time": along_time, "gate_sat_time": along_time, "grad_norm": lambda grads: ()}
