"""The prediction of the notebook: the lookback up to which each network gains; the answering alone counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnnkit.checks.written import Part, sentence
from rnnkit.common.text import shown

MOST = 20  # steps back: the largest lookback of the document


def _lookback(name: str) -> Callable[[Any], str]:
    def lacks(said: Any) -> str:
        if said is None:
            return f"{name}: no prediction yet"
        if type(said) is not int or not 0 <= said <= MOST:
            return f"{name}: expected a whole number from 0 to {MOST}, got {shown(repr(said))}"
        return ""

    return lacks


PARTS = (
    Part("rnn_stops", "a lookback for the plain network", _lookback("rnn_stops")),
    Part("gru_stops", "a lookback for the gated network", _lookback("gru_stops")),
    sentence("because"),
)
