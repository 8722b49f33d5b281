"""The prediction of the notebook: the lookback up to which each network gains; the answering alone counts."""

from __future__ import annotations

from rnnkit.checks.written import Part, answer, sentence

MOST = 20  # steps back: the largest lookback of the document


def _lookback(name: str, told: str) -> Part:
    expected = f"a whole number from 0 to {MOST}"
    return answer(name, f"a lookback for {told}", expected, lambda said: type(said) is int and 0 <= said <= MOST)


PARTS = (
    _lookback("rnn_stops", "the plain network"),
    _lookback("gru_stops", "the gated network"),
    sentence("because"),
)
