"""What wrong words for the kinds of units give away."""

from __future__ import annotations

import re

from rnnkit.checks.inputs import Expected
from rnnkit.checks.numbers import read_word
from rnnkit.checks.outcome import Outcomes
from rnnkit.checks.question import Question

FEATURES = re.compile(r"c = ([^,]+), a = ([^)]+)\)$")  # in the name of a quantity
LEAST, BELOW = 0.5, -0.1  # |c| of an accumulator, a of an oscillator


def asked_first(question: Question, outcomes: Outcomes, right: Expected) -> str | None:
    """Whether a is asked before c: units that hold the sum and swing are called oscillators, others are not."""
    both, alone = [], []
    for case, numbers in right.items():
        for name in numbers:
            got, features = outcomes[case].values.get(name), FEATURES.search(name)
            if got is not None and features and abs(float(features[1])) >= LEAST:
                (both if float(features[2]) < BELOW else alone).append(read_word(got))
    if not both or {*both} != {"oscillator"} or "accumulator" not in alone:
        return None
    return (
        "a is asked before c: a unit with |c| of at least 0.5 and a below -0.1 is called an oscillator; c comes first."
    )
