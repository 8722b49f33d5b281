"""One rebuilt notebook, executed in a student's kernel: its checks are asked outside, and never sent there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_output

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.report import Report
from rnnkit.grading.notebooks.reading import GIVEN_UP, parsed
from rnnkit.grading.sandbox.allowance import TIME_IS_UP, Allowance
from rnnkit.grading.sandbox.kernel import Kernel, NoReply, Stopped, TimedOut, random_mime
from rnnkit.grading.sandbox.outputs import Outputs
from rnnkit.grading.score.reply import read_several
from rnnkit.grading.score.score import NoAnswer, score
from rnnkit.grading.score.trials import tried
from rnnkit.notebook.cells import is_given, marking_of, name_of

CELL_S = 60  # seconds of its own for a cell
ASK_S = 20  # seconds of its own for one request of a check
AROUND = re.compile(r"\A\s*%%(time|capture|prun)\b.*\n")  # what stands before a cell's code, and leaves its names
SETUP = "setup"  # the cell that every notebook begins with
RESTARTS = 4  # of a kernel that died or hung, for each notebook

# What asks the student's object; everything comes in as arguments, so that no name of the student's is in the way.
# What the object prints meanwhile goes nowhere.
ASK = """
def _rnnkit_ask(request, target, mime):
    import builtins, contextlib, io, os
    from IPython import get_ipython
    from rnnkit.checks import remote
    class Answer:
        def __init__(self, text):
            self.text = text
        def _repr_mimebundle_(self, include=None, exclude=None):
            return {mime: self.text}
    with io.open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        answer = remote.answer if builtins.isinstance(request, builtins.str) else remote.answers
        return Answer(answer(request, get_ipython().user_ns.get(target)))
"""


@dataclass
class Executed:
    """What became of a notebook, which has its outputs."""

    notebook: NotebookNode
    reports: dict[str, Report] = field(default_factory=dict)  # by question
    notes: list[str] = field(default_factory=list)  # for a human: restarts, and why the run ended early
    stopped: str = ""  # why the cells after some place were not executed; empty where all were


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is a question's check: locked, graded, and code."""
    return cell.cell_type == "code" and is_given(cell) and bool(marking_of(cell).get("grade"))


def needs_kernel(notebook: NotebookNode) -> bool:
    """Whether anything in a notebook is graded, by a check or by a person who needs its figures."""
    return any(marking_of(cell).get("grade") for cell in notebook.cells)


class _Execution:
    """The state of one notebook's execution."""

    def __init__(
        self,
        assignment: Assignment,
        notebook: NotebookNode,
        kernel: Kernel,
        allowance: Allowance,
        seed: int,
        less: bool,
    ) -> None:
        self.result, self.less = Executed(notebook), less  # whether the kernel has less than the student's had
        self.assignment, self.kernel, self.allowance, self.seed = assignment, kernel, allowance, seed
        self.budget = Outputs().budget
        self.replay: list[str] = []
        self.restarts = 0
        self.mime = random_mime()

    def start(self) -> None:
        try:
            self.kernel.start()
        except Stopped as stopped:
            self.result.stopped = str(stopped)

    def cell(self, cell: NotebookNode) -> None:
        """Executes a cell of the student's, or a given one; a cell that kills the kernel is left out from then on."""
        if self.allowance.wall_is_up():
            self.result.stopped = TIME_IS_UP
            cell.outputs = [_error("NotExecuted", TIME_IS_UP)]
            return
        outputs = Outputs(budget=self.budget)
        try:
            well = self.kernel.execute(cell.source, CELL_S, outputs)
            shown = outputs.shown and outputs.shown[-1].output_type == "error"  # that is all where %%capture is used
            if self.less and (shown or not well):
                self.quietly(cell)  # it may have ended for want of what is left out, whatever the error says
            else:
                self.replay.append(cell.source)
        except Stopped as stopped:
            self.again(cell.id, stopped)
            outputs.shown.append(_error(type(stopped).__name__, str(stopped)))
        cell.outputs = outputs.shown

    def quietly(self, cell: NotebookNode) -> None:
        """Executes a cell for what it defines: where a statement raises, the next ones are executed all the same."""
        for part in _statements(cell.source):
            if self.allowance.wall_is_up() or self.result.stopped:
                return
            try:
                self.kernel.execute(part, CELL_S)
                self.replay.append(part)
            except Stopped as stopped:
                self.again(cell.id, stopped)

    def again(self, where: str, stopped: Stopped) -> None:
        """Goes on after a kernel stopped: as it is where an interrupt helped, else in a new one."""
        self.result.notes.append(f"{where}: {stopped}")
        if isinstance(stopped, TimedOut) and stopped.alive:
            return
        while self.restarts < RESTARTS:
            self.restarts += 1
            try:
                self.kernel.start()
                for source in self.replay:
                    self.kernel.execute(source, CELL_S)
                return
            except Stopped as error:
                stopped = error
        self.result.stopped = str(stopped)

    def check(self, id: str) -> Report:
        """The report of a question; the kernel only computes what it is asked."""
        question = self.assignment.asked[id]

        def ask(request: str | list[str]) -> str:
            if self.result.stopped:
                raise NoAnswer(self.result.stopped)
            if self.allowance.wall_is_up():
                raise NoAnswer(TIME_IS_UP)
            expression = f"_rnnkit_ask({request!r}, {question.target!r}, {self.mime!r})"
            try:
                return self.kernel.ask(ASK, expression, self.mime, ASK_S)
            except NoReply as stopped:
                raise NoAnswer(str(stopped)) from None
            except Stopped as stopped:
                self.again(id, stopped)
                raise NoAnswer(str(stopped)) from None

        if question in self.assignment.tests:  # others that judge themselves are asked, too, and their key is here

            def several(requests: list[str]) -> list[str]:
                return read_several(ask(requests), len(requests))

            return tried(question, ask, generator(self.seed, id), several)
        return score(question, ask, generator(self.seed, id), self.result.reports)


def execute(
    assignment: Assignment,
    notebook: NotebookNode,
    make: Callable[[], Kernel],
    allowance: Allowance,
    seed: int,
    settled: Mapping[str, Report],
    aside: Callable[[], Kernel] | None = None,
) -> Executed:
    """Executes a rebuilt notebook and scores its questions.

    Arguments:
        assignment: which one it is of.
        notebook: rebuilt from the master; it gets its outputs.
        make: gives the kernel, not started.
        allowance: the time of the submission, which its kernels share.
        seed: of the random inputs of the checks.
        settled: the reports of questions that no code is run for.
        aside: gives a kernel that each question is asked in, where that of the notebook holds what answers it.
    """
    kernel, waiting = make(), []
    run = _Execution(assignment, notebook, kernel, allowance, seed, less=aside is None)
    with closing(kernel):
        run.start()
        for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
            id = name_of(cell) if is_check(cell) else ""
            if id in settled:
                _note(run, cell, settled[id])
            elif id in assignment.asked and aside:
                waiting.append((cell, aside))
            elif id in assignment.asked:
                _note(run, cell, run.check(id))
            elif run.result.stopped:
                cell.outputs = [_error("NotExecuted", run.result.stopped)]
            else:
                run.cell(cell)
    for cell, other in waiting:  # by now nothing runs that holds answers, and could hand them over
        _note(run, cell, _check_aside(run, cell, other()))
    if run.result.stopped:
        run.result.notes.append(f"stopped early: {run.result.stopped}")
    return run.result


def _note(run: _Execution, check: NotebookNode, report: Report) -> None:
    """Keeps a question's report, and shows it below its check."""
    run.result.reports[name_of(check)] = report
    check.outputs = [new_output("display_data", data={"text/plain": report.text()})]


def _check_aside(run: _Execution, check: NotebookNode, kernel: Kernel) -> Report:
    """The report of a question that is asked in a kernel of its own, in which only what its answer needs is executed.

    That is the setup and what the student has written above it; a statement that needs more is passed over.
    """
    other = _Execution(run.assignment, run.result.notebook, kernel, run.allowance, run.seed, less=True)
    with closing(kernel):
        other.start()
        for cell in run.result.notebook.cells:
            if cell is check:
                break
            if cell.cell_type == "code" and (not is_given(cell) or name_of(cell) == SETUP):
                other.quietly(cell)
        report = other.check(name_of(check))
    run.result.notes += other.result.notes
    return report


def _statements(source: str) -> list[str]:
    """The statements of a cell one by one, ``!ls`` and ``%time`` as calls; the whole where it cannot be read so."""
    source = AROUND.sub("", source)
    if not parsed(source):
        from IPython.core.inputtransformer2 import TransformerManager  # loads slowly, and few need it

        with suppress(*GIVEN_UP):
            source = TransformerManager().transform_cell(source)
    tree = parsed(source)
    if not tree or not tree.body:
        return [source]
    body = tree.body
    lines = source.split("\n")
    starts = [min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))]) for node in body]
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    return ["\n".join(lines[start - 1 : end]) for start, end in zip(starts, ends, strict=True)]


def generator(seed: int, id: str) -> np.random.Generator:
    """The random inputs of one question: the same seed gives the same again."""
    digest = hashlib.sha256(id.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


def _error(name: str, text: str) -> Any:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
