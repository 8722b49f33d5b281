"""What labs ask before anything is run: what is empty, what is not what is asked, and what is."""

from __future__ import annotations

import numpy as np
import pytest

from rnnkit.assignments import get_assignment
from rnnkit.checks.written import answer, choice, sentence

PARTS = {
    "choice": choice("kind", "a kind", ("few", "many")),
    "number": answer("share", "a share", "a fraction", lambda said: isinstance(said, float) and 0 <= said <= 1),
    "sentence": sentence("because"),
}


@pytest.mark.parametrize("said", [None, "", "  ", [], ["", " "]])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_nothing_is_no_prediction(part, said):
    assert f"{part.name}: no prediction yet; expected " in part.lacks(said)


@pytest.mark.parametrize(
    ("part", "right", "wrong", "found"),
    [
        ("choice", "few", "some", "kind: expected one of 'few', 'many', got 'some'"),
        ("choice", "many", np.zeros(2), "kind: expected one of 'few', 'many', got array([0., 0.])"),
        ("number", 0.5, 2.0, "share: expected a fraction, got 2.0"),
        ("sentence", "one has to begin", "so", "because: expected a sentence of 3 words or more, got 'so'"),
    ],
)
def test_a_value_is_what_is_asked_or_is_shown(part, right, wrong, found):
    assert (PARTS[part].lacks(right), PARTS[part].lacks(wrong)) == ("", found)


@pytest.mark.parametrize(
    ("lab", "said", "points"),
    [
        ("bptt", (["2 x shift", "Q", "1.1 Q", "0.1 N(0, 1)", "0.9 Q"], "one has to begin"), 1),
        ("bptt", (["Q", "Q", "1.1 Q", "0.1 N(0, 1)", "0.9 Q"], "one has to begin"), 0.5),
        ("hidden_dynamics", ("0 to 4", 0.75), 1),
        ("hidden_dynamics", ("0 to 5", 0.4), 0),
        ("lookback", (3, 12, "one has to begin"), 1),
        ("lookback", (True, 21, "no"), 0),
    ],
)
def test_what_a_lab_asks_for(lab, said, points):
    (question,) = get_assignment(lab).records
    assert question.judge(said).points == points
