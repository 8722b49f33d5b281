"""The prediction of the notebook: five matrices, sorted by the norm of their 60th power; the answering counts alone."""

from __future__ import annotations

from typing import Any

from rnnkit.checks.written import answer, sentence

MATRICES = ("0.9 Q", "Q", "1.1 Q", "0.1 N(0, 1)", "2 x shift")  # in the order in which the text shows them


def _is_order(said: Any) -> bool:
    one = isinstance(said, list | tuple) and all(isinstance(name, str) for name in said)
    return one and sorted(said) == sorted(MATRICES)


ORDER = f"a list with each of {', '.join(map(repr, MATRICES))} once"
PARTS = (answer("order", "an order of all five", ORDER, _is_order), sentence("because"))
