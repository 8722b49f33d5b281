"""A wrong answer, as all see it that find something to say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from rnnkit.checks.inputs import Expected
from rnnkit.checks.numbers import wrong_in
from rnnkit.checks.outcome import Outcomes
from rnnkit.checks.question import Question


@dataclass(frozen=True)
class Wrong:
    """A wrong answer.

    Fields:
        question: that was asked.
        outcomes: of all cases, with the public inputs.
        failed: the cases that failed.
        right: the right numbers.
        probes: runs the question's probes, or has their outcomes.
    """

    question: Question
    outcomes: Outcomes
    failed: list[str]
    right: Expected
    probes: Callable[[], Outcomes]

    @cached_property
    def probed(self) -> Outcomes:
        """What the probes gave, run where this is first asked."""
        return self.probes()

    @cached_property
    def unbroken(self) -> list[str]:
        """The cases that failed without an exception."""
        return [case for case in self.failed if self.outcomes[case].error is None]

    def names(self, case: str) -> list[str]:
        """The quantities of a case that are wrong, or are not there."""
        return list(wrong_in(self.right[case], self.outcomes[case]))

    @cached_property
    def first_error(self) -> BaseException | None:
        """The first exception of any case."""
        return next((outcome.error for outcome in self.outcomes.values() if outcome.error is not None), None)
