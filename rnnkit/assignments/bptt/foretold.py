"""The prediction of the notebook: five matrices, sorted by the norm of their 60th power; the answering counts alone."""

from __future__ import annotations

from typing import Any

from rnnkit.checks.written import Part, sentence
from rnnkit.common.text import shown

MATRICES = ("0.9 Q", "Q", "1.1 Q", "0.1 N(0, 1)", "2 x shift")  # in the order in which the text shows them


def _missing(order: Any) -> str:
    if not isinstance(order, list | tuple) or not all(isinstance(name, str) for name in order):
        return f"order: expected a list of names, got {shown(repr(order))}"
    if not any(name.strip() for name in order):
        return "order: no prediction yet"
    if sorted(order) == sorted(MATRICES):
        return ""
    return f"order: expected each of {', '.join(map(repr, MATRICES))} once, got {shown(repr(list(order)))}"


PARTS = (Part("order", "an order of all five", _missing), sentence("because"))
