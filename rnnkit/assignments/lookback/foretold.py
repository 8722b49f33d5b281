"""The prediction of the notebook: the lookback from which on each network gains no more; the answering alone counts."""

from __future__ import annotations

from typing import Any

from rnnkit.checks import written
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report
from rnnkit.common.text import shown

NAMES = ("rnn_stops", "gru_stops", "because")  # what the cell calls them
MOST = 20  # steps back: the largest lookback of the document


def judged(question: Question, rnn: Any, gru: Any, because: Any) -> Report:
    """Half of the points for two lookbacks, and half for a reason; none for being right."""
    missing = _missing("rnn_stops", rnn) or _missing("gru_stops", gru)
    return written.judged(question, {"two lookbacks": missing, "a reason": written.unsaid("because", because)})


def _missing(name: str, said: Any) -> str:
    """What a lookback lacks; empty where it is one."""
    if said is None:
        return f"{name}: no prediction yet"
    if type(said) is not int or not 0 <= said <= MOST:
        return f"{name}: expected a whole number from 0 to {MOST}, got {shown(repr(said))}"
    return ""
