"""A question: one graded piece of code with all that its check needs, or a record or a test that is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rnnkit.checks.forbidden import BY_YOURSELF, Forbidden
from rnnkit.common.shapes import SHAPES

if TYPE_CHECKING:
    from pathlib import Path

    from rnnkit.checks.assignment import Assignment
    from rnnkit.checks.case import Case
    from rnnkit.checks.inputs import Expected, Inputs, Probe
    from rnnkit.checks.outcome import Outcome
    from rnnkit.checks.report import Judged, Report
    from rnnkit.checks.tries import Try


def beside(obj: Any, name: str) -> Any:
    """The function of this name that stands where a student's function does; None where there is none."""
    return getattr(obj, "__globals__", {}).get(name)


@dataclass(frozen=True, eq=False)
class Question:
    """One graded piece of code, or what is judged otherwise. It is itself alone: no other question is equal to it.

    Fields:
        id: of the check, its cell and its column; unique within its assignment.
        points: the most that can be had; the weights of the named cases add up to it.
        notebook: the file it stands in.
        target: the class or function that is handed to `check`.
        method: the method of the class that is graded; None for a function.
        arguments: how it is called.
        result: what it returns, in words.
        minutes: what a student should need.
        needs: ids of earlier questions whose code this one may call.
        extra: whether its points are extra credit, which comes on top: its cell says 0 points.
        cases: its named parts; empty for what has a judge.
        given: makes the public inputs: known to everybody, the same on every machine, with their later rounds.
        forbids: what its code may not use.
        probes: special inputs, asked only to explain a wrong answer.
        probed: the names of the cases that the probes are asked in; empty for the first.
        clue: what wrong outcomes of this question alone give away: a sentence, or None.
        tries: gives experiments for a student whose answer is wrong; they come before those of `rnnkit.checks.tries`.
        returns: of a function that later answers call: ``returns(*arguments)`` is the shape of its result, and
            may raise what right code raises; None where that cannot be said.
        numbers: those of the arguments of such a function that are plain numbers, not tensors.
        judge: where no numbers are compared, but a record or a test that a student writes is judged, or where the
            right answer is with the key alone: ``judge(obj)`` gives the report on what is handed to `check`. Code with
            cases is asked with them all the same where it is scored.
        handed_in: where a file of the student's is judged: ``handed_in(folder, sources)``, with the folder that was
            handed in, and the texts of the code cells of the question's notebook.
        also: functions of the same notebook, by name, that its cases call beside the target; see `beside`.
        assignment: that it belongs to, which says so itself.
    """

    id: str
    points: float
    notebook: str
    target: str
    method: str | None
    arguments: tuple[str, ...]
    result: str
    minutes: int
    needs: tuple[str, ...] = ()
    extra: bool = False
    cases: tuple[Case, ...] = ()
    given: Callable[[], Inputs] | None = None
    forbids: Forbidden = BY_YOURSELF
    probes: tuple[Probe, ...] = ()
    probed: tuple[str, ...] = ()
    clue: Callable[[Question, dict[str, Outcome], Expected], str | None] | None = None
    tries: Callable[[], tuple[Try, ...]] = tuple
    returns: Callable[..., tuple[int, ...]] | None = None
    numbers: tuple[str, ...] = ()
    judge: Callable[[Any], Report] | None = None
    handed_in: Callable[[Path, list[str]], Judged] | None = None
    also: tuple[str, ...] = ()
    assignment: Assignment = field(init=False, repr=False)

    @property
    def name(self) -> str:
        """What a student calls it: ``GRU.step`` or ``spectral_radius``."""
        return f"{self.target}.{self.method}" if self.method else self.target

    @property
    def call(self) -> str:
        """The signature, ``step(self, x_t, h_prev)``."""
        first = ("self",) if self.method else ()
        return f"{self.method or self.target}({', '.join(first + self.arguments)})"

    @property
    def of_cell(self) -> bool:
        """Whether it is asked of a cell of the course, whose parameters and order of axes are known."""
        return self.target in SHAPES

    @property
    def in_time(self) -> bool:
        """Whether its inputs have the sizes T, B and H."""
        return self.method is not None or not {"hs", "hidden", "v", "flow"}.isdisjoint(self.arguments)

    @cached_property
    def inputs(self) -> Inputs:
        """The public inputs."""
        assert self.given is not None, f"{self.id} is asked of no code"
        return self.given()

    @cached_property
    def probe_inputs(self) -> dict[str, Inputs]:
        """The inputs of every probe, by its name."""
        return {probe.name: probe.change(self.inputs.alone()) for probe in self.probes}

    @cached_property
    def needed(self) -> tuple[Question, ...]:
        """The earlier questions whose code this one may call."""
        return tuple(self.assignment.questions[id] for id in self.needs)

    @cached_property
    def behind(self) -> tuple[Question, ...]:
        """The earlier questions that an answer may call, and those that these may call."""
        return tuple(dict.fromkeys(one for need in self.needed for one in (need, *need.behind)))
