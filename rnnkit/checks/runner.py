"""`check`: from a question's id and a student's object to a report and its points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rnnkit.assignments.training_dynamics import own_setting
from rnnkit.assignments.training_dynamics.questions import OWN_SETTING, QUESTIONS
from rnnkit.checks.judge import CASES, expectations, failed, judge, report_of
from rnnkit.checks.observe import observe, reached, run_cases, run_probes
from rnnkit.checks.outcome import kind_of
from rnnkit.checks.question import Question
from rnnkit.checks.report import Report, show
from rnnkit.checks.sandbox import quiet
from rnnkit.common.names import unknown
from rnnkit.notebook.calls import find_run

__all__ = ["CASES", "check", "examine", "expectations", "observe", "reached", "run_cases", "run_probes"]


def check(question_id: str, obj: Any = None) -> float:
    """Checks a student's class or function, shows a report, and returns the points.

    Nothing is raised for a wrong answer, and nothing is written to stderr.

    Arguments:
        question_id: an id of `QUESTIONS`, or ``own_setting``.
        obj: the class (1_cells) or function (2_diagnostics) to check; for ``own_setting`` the name of a run.

    Returns:
        The points of the named cases that passed, a float: 0.0 for a stub. A notebook shows the report alone.
    """
    if question_id == OWN_SETTING:
        report = own_setting.from_record(find_run(obj) if isinstance(obj, str) and len(obj) <= 100 else None)
        return show(report)
    if not isinstance(question_id, str) or question_id not in QUESTIONS:
        return show(Report(str(question_id), "", 0.0, 0.0, "no such question", [], [_no_question(question_id)]))
    question = QUESTIONS[question_id]
    try:
        report = examine(question, obj)
    except Exception as error:  # an object that defeats the check itself
        message = f"this object could not be checked: {type(error).__name__}"
        report = failed(question, "cannot be checked", message)
    return show(report)


def examine(question: Question, obj: Any) -> Report:
    """The report of a check, not shown."""
    with quiet():
        return report_of(question, observe(question, obj), _needs(question, obj))


def _needs(question: Question, obj: Any) -> Iterator[tuple[Question, Report]]:
    for need, other in reached(question, obj):
        yield need, judge(need, run_cases(need.id, other), _needs(need, other))


def _no_question(id: Any) -> str:
    return unknown(id, QUESTIONS, "question") if isinstance(id, str) else f"expected a question's id, got {kind_of(id)}"
