"""Probes: a question asked with special inputs, one of them 0 or a gate open, to see when a wrong answer is right.

They carry no points. What they should give is stored in the assignment's ``expected/probes.json``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rnnkit.checks.inputs import Inputs
from rnnkit.checks.question import Question


@dataclass(frozen=True)
class Probe:
    """One special input.

    Fields:
        name: what is special, to stand after "when": ``h_prev = 0``.
        look: where to look if a wrong answer is right then; empty where that could have many reasons.
        change: makes the inputs from the public ones.
        narrow: whether it is so special that being right with it, and with all others, still says where to look.
    """

    name: str
    look: str
    change: Callable[[Inputs], Inputs]
    narrow: bool = False


def probe_inputs(question: Question) -> dict[str, Inputs]:
    """name -> inputs, of every probe of a question."""
    plain = Inputs(question.inputs.sizes, question.inputs.arrays)
    return {probe.name: probe.change(plain) for probe in question.probes}
