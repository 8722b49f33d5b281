"""What a notebook shows of a report, in stages: what is wrong and an experiment; what is probably wrong; the line.

The report itself keeps its whole text. Here it is only laid out.
"""

from __future__ import annotations

import ast
import html
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rnnkit.checks.judge import CALLED
from rnnkit.checks.known import PART, SLIPPED, says
from rnnkit.checks.question import Question, beside
from rnnkit.checks.report import Report
from rnnkit.checks.tries import try_for

DIAGNOSIS, LINE = 1, 2  # stages after the first
AFTER = {DIAGNOSIS: 3, LINE: 5}  # equal failures, after which a stage opens by itself
TWO = "Two mistakes at once. "
CLAUSES = re.compile(  # what stands between what is wrong and how it should be
    r";\s+|(?<=\.)\s+(?=[A-Z(])|:\s+(?=(?:it is|return|rescale|hand|divide|leave out|first|each|v is|both)\b)"
)
SUBJECT = re.compile(  # what a sentence says something of
    rf"(?:{re.escape(SLIPPED)})?(?:in \w+, )?(?!a )([A-Za-z_]\w*) "
    r"(?:is|are|has|gets|goes|lacks|averages|counts|holds|takes|pairs|comes|leaves|sums|stops)\b(?! missing)"
)
STARTS = re.compile(r"((?:Or, with the same numbers|First|And): )")  # what begins anew with what is wrong


@dataclass(frozen=True)
class Stages:
    """A report, laid out.

    Fields:
        report: the whole.
        told: messages that are no diagnosis, shown at once.
        attempt: an experiment to try, and what it needs; empty where there is none.
        diagnosis: what is probably wrong.
        line: how it should be, and where it stands.
        named: the known mistake that it is, in its own words; empty where it is none.
    """

    report: Report
    told: tuple[str, ...] = ()
    attempt: tuple[str, ...] = ()
    diagnosis: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    named: str = ""

    @property
    def failed(self) -> list[str]:
        """The cases that failed."""
        return [case.name for case in self.report.cases if not case.passed]


def stages(question: Question, report: Report, obj: Any) -> Stages:
    """Lays out a report on code.

    Arguments:
        question: that was asked.
        report: on it.
        obj: the class or function that it is on, whose lines are looked at; it is not run.
    """
    if all(case.passed for case in report.cases):  # solved, or not asked at all
        return Stages(report, tuple(report.messages))
    details = [detail for case in report.cases for detail in case.details]
    details += [case.name for case in report.cases if not case.passed]
    if not report.messages:
        return Stages(report, attempt=try_for(question, "", details))
    first, *others = report.messages
    if CALLED in first:
        return Stages(report, (f"{first.partition('first.')[0]}first: its own check tells more.",))
    named = _named(question, first)
    part = PART.search(first) if named else None
    first = PART.sub("", first) if part else first
    shown, code = _halves(first) if named else (first, "")
    line = () if question.judge else tuple(filter(None, [_line_of(question, obj, first, bool(named)), code]))
    attempt = try_for(question, shown.removeprefix(SLIPPED), details)
    return Stages(report, (), attempt, (shown + (part[0] if part else ""), *others), line, shown if named else "")


def _named(question: Question, message: str) -> bool:
    """Whether a message says a known mistake."""
    return message.startswith((SLIPPED, TWO)) or any(one in message for one in says(question))


def _halves(message: str) -> tuple[str, str]:
    """What is wrong, and how it should be: of each mistake in a message the first clause, and the others."""
    shown, code = [], []
    for part in STARTS.split(message.removeprefix(SLIPPED).removeprefix(TWO)):
        if STARTS.fullmatch(part):
            shown.append(part.strip())
            continue
        first, *rest = CLAUSES.split(part.strip())
        shown.append(first if first.endswith((".", ":")) or not first else f"{first}.")
        code += rest
    start = SLIPPED if message.startswith(SLIPPED) else TWO if message.startswith(TWO) else ""
    return start + " ".join(filter(None, shown)), " ".join(
        one if one.endswith((".", ")", "?")) else f"{one}." for one in code if one
    )


# ---- the line -------------------------------------------------------------------------------------------------------


def _line_of(question: Question, obj: Any, message: str, named: bool) -> str:
    """The statement of the student's that a message is about; empty where that is not sure.

    It is where nothing else is computed, or where a known mistake is one of what this statement alone assigns: what
    it begins with. A name further on, or a word that is a student's name by chance, tells nothing.
    """
    other = next((name for name in question.also if name in message), "")
    if question.also and (not named or message.startswith(TWO)):  # it may stand in any of the functions
        return ""
    try:
        asked = inspect.getattr_static(obj, question.method) if question.method else obj
        if isinstance(asked, type):
            return ""
        asked = beside(obj, other) if other else asked
        lines, start = inspect.getsourcelines(inspect.unwrap(asked))
        text = textwrap.dedent("".join(lines))
        tree = ast.parse(text)
    except (OSError, TypeError, AttributeError, ValueError, SyntaxError, RecursionError):
        return ""
    computing = [*_computing(tree)]
    subject = SUBJECT.match(message) if named and not message.startswith(TWO) else None
    names = {subject[1]} if subject else set()
    branches = any(isinstance(one, ast.If | ast.IfExp) for one in ast.walk(tree))
    alone = len(computing) == 1 and not branches  # else a branch that computes nothing may be what is wrong
    meant = computing if alone else [one for one in computing if names & _assigned(one)]
    if len(meant) != 1:
        return ""
    segment = " ".join((ast.get_source_segment(text, meant[0]) or "").split())
    line = f"{start + meant[0].lineno - 1}: `{segment}`"
    return f"It probably stands in {other or question.method or question.target}, line {line}"


def _computing(tree: ast.AST) -> Iterator[ast.stmt]:
    """Statements that hold no others and compute something: not those that only name, gather or hand back."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            inside = [*ast.walk(node)]
            made = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Subscript, ast.comprehension)
            if any(isinstance(one, made) for one in inside) and not _gathers(node):
                yield node


def _gathers(statement: ast.stmt) -> bool:
    """Whether it only hands names to a method, as ``states.append(h)`` does."""
    called = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(called, ast.Call) or not isinstance(called.func, ast.Attribute):
        return False
    return all(isinstance(one, ast.Name | ast.Constant) for one in called.args)


def _assigned(statement: ast.stmt) -> set[str]:
    """The names that a statement assigns."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return {one.id for target in targets if target for one in ast.walk(target) if isinstance(one, ast.Name)}


# ---- shown ----------------------------------------------------------------------------------------------------------


def as_text(shown: Stages, opened: int, target: str) -> str:
    """Plain text, with the stages that are open, and how to ask for the next.

    Arguments:
        shown: the report, laid out.
        opened: the last stage that is open.
        target: what was checked, as it is written in the call.
    """
    report, ask = shown.report, f"check({shown.report.id!r}, {target}".replace("'", '"')
    lines = report.head_and_cases() + [f"  -> {message}" for message in shown.told]
    lines += [f"  {'' if k else 'try: '}{text}" for k, text in enumerate(shown.attempt)]
    for stage, name, messages in _after(shown):
        if opened < stage:
            lines.append(f"  {name}: {ask}, more={stage}) tells it")
            break
        lines += [f"  {name}: {message}" for message in messages]
    return "\n".join(lines)


def as_html(shown: Stages, opened: int) -> str:
    """The same for a notebook: later stages open at a click."""
    inside = ""
    for stage, name, messages in reversed(_after(shown)):
        told = "".join(f"<div>{_marked(message)}</div>" for message in messages)
        style = "margin:4px 0 0 0;padding:2px 0 2px 10px"
        summary = f'<summary style="cursor:pointer">{name}</summary>'
        attribute = " open" if opened >= stage else ""
        inside = f'<details style="{style}"{attribute}>{summary}{told}{inside}</details>'
    attempt = "<br>".join(map(_marked, shown.attempt))
    attempt = f"<div><b>Try:</b> {attempt}</div>" if attempt else ""
    return shown.report.html(shown.told, attempt + inside)


def _after(shown: Stages) -> list[tuple[int, str, tuple[str, ...]]]:
    stages = [(DIAGNOSIS, "probably wrong", shown.diagnosis), (LINE, "the line of code", shown.line)]
    return [one for one in stages if one[2]]


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
