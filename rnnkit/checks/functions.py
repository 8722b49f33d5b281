"""A lab's table of questions: functions of one notebook, whose cases, inputs and probes lie in tables of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnnkit.checks.forbidden import Forbidden
from rnnkit.checks.question import Question

if TYPE_CHECKING:
    from rnnkit.checks.case import Case
    from rnnkit.checks.inputs import Probe
    from rnnkit.checks.makers import Makers
    from rnnkit.checks.tries import Try


@dataclass(frozen=True)
class Functions:
    """What all functions of a notebook share; called with what is one's own, it gives a question.

    Fields:
        notebook: the file they stand in.
        cases, probes, probed: of each, by id; see `Question`.
        makers: make the inputs of all.
        forbids: what none of them may use.
        tries: the module with their experiments, see `tries_of`.
    """

    notebook: str
    cases: Mapping[str, tuple[Case, ...]]
    makers: Makers
    probes: Mapping[str, tuple[Probe, ...]]
    probed: Mapping[str, tuple[str, ...]]
    forbids: Forbidden
    tries: str

    def __call__(
        self, id: str, points: float, arguments: str, result: str, minutes: int, forbidden: tuple[str, ...] = (),
        **more: Any,
    ) -> Question:  # fmt: skip
        """One question.

        Arguments:
            arguments: names, with blanks between them.
            forbidden: modules that it may not use either.
            more: fields of `Question`; the target is the function of the question's id where they name none.
        """
        return Question(
            id, points, self.notebook, more.pop("target", id), more.pop("method", None), tuple(arguments.split()),
            result, minutes, cases=self.cases[id], given=partial(self.makers.public, id),
            forbids=replace(self.forbids, modules=self.forbids.modules + forbidden),
            probes=self.probes.get(id, ()), probed=self.probed.get(id, ()), tries=partial(tries_of, self.tries, id),
            **more,
        )  # fmt: skip


def tries_of(module: str, id: str) -> tuple[Try, ...]:
    """A question's experiments, by a module's ``TRIES``; it is loaded now, as it is absent where answers are scored."""
    return import_module(module).TRIES.get(id, ())
