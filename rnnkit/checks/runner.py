"""`check`: from a question's id and a student's object to a report and its points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnnkit.checks.assignment import Assignment
from rnnkit.checks.judge import failed, judge, report_of
from rnnkit.checks.observe import observe, reached, run_cases
from rnnkit.checks.outcome import kind_of
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report, show
from rnnkit.checks.sandbox import quiet
from rnnkit.common.names import unknown


def check(assignment: Assignment, question_id: str, obj: Any = None) -> float:
    """Checks a student's class or function, shows a report, and returns the points.

    Nothing is raised for a wrong answer, and nothing is written to stderr.

    Arguments:
        assignment: whose question it is.
        question_id: one of its questions' ids.
        obj: the class or function to check or, where a record is judged, the name of a run.

    Returns:
        The points of the named cases that passed, a float: 0.0 for a stub. A notebook shows the report alone.
    """
    question = assignment.scored.get(question_id) if isinstance(question_id, str) else None
    if question is None:
        said = f"expected a question's id, got {kind_of(question_id)}"
        if isinstance(question_id, str):
            said = unknown(question_id, assignment.questions, "question")
        return show(Report(str(question_id), "", 0.0, 0.0, "no such question", [], [said]))
    if question.judge:
        return show(question.judge(obj))
    try:
        report = examine(question, obj)
    except Exception as error:  # an object that defeats the check itself
        report = failed(question, "cannot be checked", f"this object could not be checked: {type(error).__name__}")
    return show(report)


def examine(question: Question, obj: Any) -> Report:
    """The report of a check, not shown."""
    with quiet():
        return report_of(question, observe(question, obj), _needs(question, obj))


def _needs(question: Question, obj: Any) -> Iterator[tuple[Question, Report]]:
    for need, other in reached(question, obj):
        yield need, judge(need, run_cases(need, other), _needs(need, other))
