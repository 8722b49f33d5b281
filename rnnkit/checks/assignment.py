"""An assignment: what students hand in and is graded, in its own words.

The smallest one is a folder ``rnnkit/assignments/NAME`` with a table of questions whose cases are calls::

    # rnnkit/assignments/NAME/__init__.py
    def _inputs() -> Inputs:
        return Inputs({"H": 4}, {"W": wave((4, 4), 0.3)}, rounds={"H = 1": Inputs({"H": 1}, {"W": wave((1, 1), 1.0)})})

    TRACE = Question(
        "trace", 2, "1_name.ipynb", "trace_of", None, ("W",), "a float", 5,
        cases=(call("a matrix", 2.0, "W", ()),),  # called with W, compared with a number; see `rnnkit.checks.case`
        given=_inputs,
    )
    ASSIGNMENT = Assignment(name="NAME", title="...", notebooks=("1_name.ipynb",), code=(TRACE,))
    check = ASSIGNMENT.check

the numbers that right answers give, made from the solutions in ``notebooks/NAME`` by one command,
``python -m rnnkit.checks.generate NAME``, into ``expected/1_name.json``; and the instructor's side::

    # rnnkit/assignments/NAME/key/__init__.py
    CANARY = "rnnkit-canary-..."  # 32 random hex digits: looked for in whatever students get

    def draw(question_id, rng):
        return Inputs({"H": 5}, {"W": rng.normal(size=(5, 5))})

    def right(question_id, inputs):
        return answers(ASSIGNMENT.questions[question_id], {"trace": lambda W: W.trace()}[question_id], inputs)

with `rnnkit.checks.observe.answers`, which runs the cases with right code. `right` may as well give the numbers
itself, ``{case: {quantity: array}}``, where a quantity of a later round is called `rnnkit.checks.outcome.named`.
Probes, known mistakes, terms and stand-ins for earlier questions are there for who wants better messages: see the
fields of `Question`, and the main assignment.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rnnkit.checks.question import Question
from rnnkit.common.names import BadValue
from rnnkit.common.variant import Variants

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
        own_runs: cells that name a run of the student's own, each with the name of that run where the cell does not
            tell, and of the answer about it.
        chats: the cell of the report without whose answer, on AI chats, nothing is packed; None where there is none.
    """

    report: str | None = None
    runs: tuple[str, ...] = ()
    welcome: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    own_runs: Mapping[str, str] = field(default_factory=dict)
    chats: str | None = None


@dataclass(frozen=True)
class Earlier:
    """What earlier releases had.

    Fields:
        texts: locked cells as they were, whose students have edited nothing: the first 16 digits of the sha256 of each
            text.
        answers: an answer -> the answers that it has taken the place of, each below a short heading. Its points are the
            sum of theirs.
    """

    texts: frozenset[str] = frozenset()
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NO_EARLIER = Earlier()


@dataclass(frozen=True, eq=False)
class Assignment:
    """One assignment. Grading, hand-in, release, pages and commands ask it, and know no other name.

    Fields:
        name: of its folders below ``rnnkit/assignments``, ``notebooks`` and ``release``.
        title: for people.
        notebooks: the files, in their order.
        optional: those of them that need not be handed in.
        lessons: those of the optional ones that are there to be read and run: nothing of them is packed or graded.
        code: the questions that are asked of students' code, in their order.
        records: the questions that are judged by the record of a run, or by a file of the student's.
        tests: the questions whose answer is a test that a student writes; see `rnnkit.checks.trial`.
        model: where ``model.py`` comes from; None where there is none.
        whole: notebooks with questions that use all of the library beside; these are asked in a process apart, as the
            library holds what answers them.
        packed: modules of its own that hold the answer to a question, and whose code students do not see.
        hand_in: what else is handed in.
        aside: modules of its folder that are left out where answers are scored, because they hold or show an answer.
        earlier: what earlier releases had, so that their students' work is still known.
        varies: what of the runs that are handed in may be drawn for each student, see `rnnkit.common.variant`: settings
            by their names, each with its smallest and largest value.
        programs: Python files beside its notebooks that students get as well; no other one is given to them.
        home: the package it is; by default that of its name in ``rnnkit.assignments``.
    """

    name: str
    title: str
    notebooks: tuple[str, ...]
    code: tuple[Question, ...]
    records: tuple[Question, ...] = ()
    tests: tuple[Question, ...] = ()
    optional: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    model: Model | None = None
    whole: tuple[str, ...] = ()
    packed: tuple[str, ...] = ()
    hand_in: HandIn = HandIn()
    aside: tuple[str, ...] = ()
    earlier: Earlier = NO_EARLIER
    varies: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    home: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", self.home or f"rnnkit.assignments.{self.name}")
        for question in (*self.code, *self.tests, *self.records):
            object.__setattr__(question, "assignment", self)

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """The questions that are asked of code, by id."""
        return {question.id: question for question in self.code}

    @cached_property
    def asked(self) -> Mapping[str, Question]:
        """Whatever a student's process is asked, by id: code, and tests that students write."""
        return {question.id: question for question in (*self.code, *self.tests)}

    @cached_property
    def scored(self) -> Mapping[str, Question]:
        """Whatever has points that nobody gives by hand, by id."""
        return {question.id: question for question in (*self.code, *self.tests, *self.records)}

    @cached_property
    def experiment(self) -> Experiment | None:
        """What it trains, from the module ``experiment`` of its folder; None where there is no such module."""
        name = f"{self.home}.experiment"
        return importlib.import_module(name).EXPERIMENT if importlib.util.find_spec(name) else None

    @cached_property
    def key(self) -> Any:
        """The instructor's side, with ``draw(id, rng)`` and ``right(id, inputs)``; None where it is absent."""
        name = f"{self.home}.key"
        return importlib.import_module(name) if importlib.util.find_spec(name) else None

    def stored(self, name: str) -> Any:
        """What ``expected/NAME.json`` holds; an empty dict where there is no such file."""
        return _stored(self.home, name)

    def module_of(self, question: Question) -> ModuleType:
        """What judges the record of a run, and says what tries it again: the module of the question's name."""
        return importlib.import_module(f"{self.home}.{question.id}")

    def variants(self, word: str) -> Variants:
        """What varies in a class with this word (BadValue: nothing can, or the word cannot be one)."""
        if not self.varies:
            raise BadValue(f"{self.name}: expected an assignment whose runs may vary by student, this one's do not")
        ranges = tuple((name, low, high) for name, (low, high) in self.varies.items())
        return Variants(self.name, word, (*self.hand_in.runs, *self.hand_in.welcome), ranges)

    def check(self, question_id: str, obj: Any = None, *, more: int = 0, note: str = "") -> float:
        """Checks a student's class or function, shows a report, and returns the points; see `rnnkit.checks.runner`."""
        from rnnkit.checks.runner import check

        return check(self, question_id, obj, more=more, note=note)


@functools.cache
def _stored(home: str, name: str) -> Any:
    path = resources.files(home) / "expected" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
