"""What students foretell: in words before anything is run, and of a network, by whose record it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnkit.assignments.hidden_dynamics import inside
from rnnkit.assignments.hidden_dynamics.pictures import kinds_of
from rnnkit.assignments.hidden_dynamics.settings import Net
from rnnkit.checks.written import answer, choice
from rnnkit.record.asked import Asked, Outcome

FEW, SOME, MANY = "0 to 4", "5 to 20", "more than 20"
UNTOLD = "nothing that can be said"  # of a cell without the document's units


def oscillators(record: Mapping[str, Any]) -> Outcome:
    """How many of the 64 units of layer 2 oscillate after training, by the lab's own limits."""
    net = Net.from_json(str(record["settings"]))
    if net.cell != "rnn":
        return Outcome(UNTOLD, f"torch's own {net.cell}")
    found = kinds_of(net, inside.both(net, record)["after"]).tolist()
    count = found.count(inside.OSCILLATOR)
    return Outcome(FEW if count < 5 else SOME if count <= 20 else MANY, f"{count} of {len(found)} units")


ASKED = (Asked("oscillators", (FEW, SOME, MANY), oscillators),)
PARTS = (
    choice("oscillators", "how many units oscillate", (FEW, SOME, MANY)),
    answer(
        "with_half", "the accuracy with half of the steps", "an accuracy between 0.5 and 1, a fraction",
        lambda said: isinstance(said, int | float) and 0.5 <= said <= 1,
    ),
)  # fmt: skip
