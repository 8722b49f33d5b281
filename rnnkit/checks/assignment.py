"""An assignment: what students hand in and is graded, in its own words."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rnnkit.checks.question import Question

if TYPE_CHECKING:
    from rnnkit.runs.experiment import Experiment


@dataclass(frozen=True)
class Model:
    """Where a student's ``model.py`` comes from.

    Fields:
        notebook: whose solution cells it is written from.
        classes: that it holds.
    """

    notebook: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class HandIn:
    """What is handed in beside notebooks.

    Fields:
        report: the notebook whose answers a person marks, and which is set as a PDF; None where there is none.
        runs: names of runs whose records are due.
        welcome: names of runs whose records are taken along where they are there.
        not_due: cells of the report that need not be answered, or whose figures need not be made.
        extra_run: the cell that names the run of the extra credit; None where there is none.
    """

    report: str | None = None
    runs: tuple[str, ...] = ()
    welcome: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    extra_run: str | None = None


@dataclass(frozen=True)
class Assignment:
    """One assignment. Grading, hand-in, release, pages and commands ask it, and know no other name.

    Fields:
        name: of its folders below ``rnnkit/assignments``, ``notebooks`` and ``release``.
        title: for people.
        notebooks: the files, in their order.
        optional: those of them that need not be handed in.
        code: the questions that are asked of students' code, in their order.
        records: the questions that are judged by the record of a run.
        model: where ``model.py`` comes from; None where there is none.
        hand_in: what else is handed in.
    """

    name: str
    title: str
    notebooks: tuple[str, ...]
    code: tuple[Question, ...]
    records: tuple[Question, ...] = ()
    optional: tuple[str, ...] = ()
    model: Model | None = None
    hand_in: HandIn = HandIn()

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """The questions that are asked of code, by id."""
        return {question.id: question for question in self.code}

    @cached_property
    def scored(self) -> Mapping[str, Question]:
        """Whatever has points that nobody gives by hand, by id."""
        return self.questions | {question.id: question for question in self.records}

    @cached_property
    def experiment(self) -> Experiment | None:
        """What it trains, from the module ``experiment`` of its folder; None where there is no such module."""
        place = f"rnnkit.assignments.{self.name}.experiment"
        return importlib.import_module(place).EXPERIMENT if find_spec(place) else None

    def check(self, question_id: str, obj: Any = None) -> float:
        """Checks a student's class or function, shows a report, and returns the points; see `rnnkit.checks.runner`."""
        from rnnkit.checks.runner import check

        return check(question_id, obj)
