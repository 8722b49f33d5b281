"""What can be foretold of a run: a question with a few answers, and which of them its record gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What a run did: one of the answers, and the number that decides."""

    answer: str
    number: str


@dataclass(frozen=True)
class Asked:
    """One thing to foretell. An experiment names its own, see `rnnkit.runs.experiment.Experiment.asked`.

    Fields:
        name: the argument of `rnnkit.notebook.predict`.
        answers: the choices.
        outcome: of a record of the experiment, with at least one check.
        figures: names of those that show it, and that it stands beside; beside any other figure of one run all is told.
    """

    name: str
    answers: tuple[str, ...]
    outcome: Callable[[Any], Outcome]
    figures: tuple[str, ...] = ()
