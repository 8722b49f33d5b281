"""`check`: from a question's id and a student's object to a report and its points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.judge import failed, judge, report_of
from rnnkit.checks.observe import observe, reached, run_cases
from rnnkit.checks.outcome import kind_of
from rnnkit.checks.question import Question
from rnnkit.checks.report import Points, Report, show
from rnnkit.checks.sandbox import quiet
from rnnkit.checks.stages import AFTER, as_html, as_text, stages
from rnnkit.checks.tally import FILE, MOST_TEXT, Tallies
from rnnkit.common.looking import in_notebook, view_of, widgets_move
from rnnkit.common.names import unknown
from rnnkit.common.text import one_line

ASKED = 'If you like, say in one sentence what was wrong; your teacher sees it: check("{id}", note="…")'


def check(assignment: Assignment, question_id: str, obj: Any = None, *, more: int = 0, note: str = "") -> float:
    """Checks a student's class or function, shows what is wrong in stages, and returns the points.

    Nothing is raised for a wrong answer, and nothing is written to stderr.

    Arguments:
        assignment: whose question it is.
        question_id: one of its questions' ids.
        obj: the class or function to check or, where a record is judged, the name of a run.
        more: 1 opens what is probably wrong, 2 the line of code as well; such a call is not counted.
        note: what was wrong, in the student's words; it is kept, and nothing is checked where ``obj`` is left out.

    Returns:
        The points of the named cases that passed, a float: 0.0 for a stub. A notebook shows the report alone.
    """
    question = assignment.scored.get(question_id) if isinstance(question_id, str) else None
    if question is None:
        said = f"expected a question's id, got {kind_of(question_id)}"
        if isinstance(question_id, str):
            said = unknown(question_id, assignment.asked, "question")
        return show(Report(str(question_id), "", 0.0, 0.0, "no such question", [], [said]))
    if note:
        print(keep_note(question, note))
        if obj is None:
            return Points()
    if question.judge and question.id not in assignment.asked:
        return show(question.judge(obj))
    try:
        report = examine(question, obj)
    except Exception as error:  # an object that defeats the check itself
        report = failed(question, "cannot be checked", f"this object could not be checked: {type(error).__name__}")
    return _show(question, report, obj, int(more))


def _show(question: Question, report: Report, obj: Any, more: int) -> float:
    """Shows the stages that are open, and counts."""
    laid = stages(question, report, obj)
    tallies = _tallies(question)
    tally = tallies.of(question.id)
    mended: list[str] = []
    if not more and report.cases:
        if laid.failed:
            tally.fails(laid.failed, laid.named)
        else:
            mended = tally.holds()
        tallies.save(in_notebook())
    opened = max(more, *(stage for stage, times in AFTER.items() if tally.equal >= times), 0)
    if mended:
        laid = replace(laid, told=(*laid.told, f"Mended: “{mended[-1]}” {ASKED.format(id=question.id)}"))
    points = show(report, as_text(laid, opened, question.target), as_html(laid, opened))
    if mended and in_notebook() and widgets_move():
        _offer_note(question)
    return points


def _tallies(question: Question) -> Tallies:
    return Tallies(Path.cwd(), [*question.assignment.asked])


def keep_note(question: Question, note: str) -> str:
    """Keeps what a student says was wrong, and says where."""
    tallies = _tallies(question)
    tallies.of(question.id).note = one_line(note, MOST_TEXT)
    return f"kept in {FILE}" if tallies.save(in_notebook()) else "kept for this session"


def _offer_note(question: Question) -> None:
    """A line to write it in, under the report."""
    from IPython.display import display
    from ipywidgets import HBox, Label, Layout, Text

    line = Text(placeholder="what was wrong? (Enter keeps it)", continuous_update=False, layout=Layout(width="40em"))
    said = Label()

    def keep(change: Any) -> None:
        said.value = keep_note(question, change["new"])
        line.blur()  # else the keys go on going there when the cell is clicked

    line.observe(keep, names="value")
    display(view_of(HBox([line, said]), ""), raw=True)


def examine(question: Question, obj: Any) -> Report:
    """The report of a check, not shown."""
    if question.judge:
        return question.judge(obj)
    with quiet():
        return report_of(question, observe(question, obj), _needs(question, obj))


def _needs(question: Question, obj: Any) -> Iterator[tuple[Question, Report]]:
    for need, other in reached(question, obj):
        yield need, judge(need, run_cases(need, other), _needs(need, other))
