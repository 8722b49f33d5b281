"""What a check shows: every case, what was expected and found, and what is probably wrong."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rnnkit.common.looking import in_notebook

INCOMPLETE = "incomplete"  # status of what asks for several things, which are not all there


def _short(points: float) -> str:
    """Points for the eye: a third is 0.33."""
    return f"{round(points, 2):g}"


class Named(str):
    """A sentence that tells known mistakes.

    Fields:
        mistakes: their names, which are what is said of each alone; by default the sentence is the name.
    """

    def __new__(cls, sentence: str, *mistakes: str) -> Named:
        said = super().__new__(cls, sentence)
        said.mistakes = mistakes or (sentence,)
        return said

    mistakes: tuple[str, ...]


@dataclass
class CaseReport:
    """One named case: its points, and what went wrong (empty where it passed).

    ``told`` is shown in the place of its points, where it has none of its own.
    """

    name: str
    weight: float
    passed: bool = False
    details: list[str] = field(default_factory=list)
    told: str = ""

    @property
    def got(self) -> str:
        return self.told or f"{_short(self.weight if self.passed else 0)} of {_short(self.weight)}"


@dataclass
class Report:
    """The result of one check; ``said`` stands in the place of points that are not known here, where all is there."""

    id: str
    title: str
    points: float
    most: float
    status: str
    cases: list[CaseReport] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def worth(self) -> str:
        """Its points in words."""
        return self.said or f"{_short(self.points)} of {_short(self.most)} points"

    @property
    def mistakes(self) -> list[str]:
        """The names of the known mistakes that its messages tell; none of an answer that has all points."""
        told = (message for message in self.messages if isinstance(message, Named) and self.points < self.most)
        return list(dict.fromkeys(name for message in told for name in message.mistakes))

    @property
    def head(self) -> str:
        return f"{self.id}: {self.worth} · {self.status}"

    def text(self) -> str:
        """Plain text."""
        return "\n".join(self.head_and_cases() + [f"  -> {message}" for message in self.messages])

    def head_and_cases(self) -> list[str]:
        """The lines of its text without those of the messages."""
        lines = [self.head]
        for case in self.cases:
            lines.append(f"  {'ok  ' if case.passed else 'FAIL'} {case.name} ({case.got})")
            lines += [f"         {detail}" for detail in case.details]
        return lines

    def html(self, messages: Sequence[str] | None = None, below: str = "") -> str:
        """The same as a small table, in colours that go with light and dark themes.

        Arguments:
            messages: those that are shown; all by default.
            below: HTML that stands under the table.
        """
        right = "#808080" if self.said else "#2e9e4f"  # neither right nor wrong, where that is not known here
        colour = right if self.points == self.most else "#d1832a" if self.points else "#d64545"
        rows = "".join(_row(case) for case in self.cases)
        notes = "".join(
            f'<div style="margin:6px 0 0 0;padding:6px 10px;border-left:3px solid {colour};'
            f'background:rgba(128,128,128,.12)">{html.escape(message)}</div>'
            for message in (self.messages if messages is None else messages)
        )
        inherit = "color:inherit;font-size:inherit;text-align:left"
        table = f'<table style="border-collapse:collapse;margin:6px 0;{inherit}">{rows}</table>' if rows else ""
        return (
            f'<div style="border-left:4px solid {colour};padding:2px 0 4px 12px;max-width:60em">'
            f"<div><b>{html.escape(self.id)}</b> · {html.escape(self.title)} · "
            f"<b>{html.escape(self.worth)}</b> · {html.escape(self.status)}</div>{notes}{table}{below}</div>"
        )


class Judged(NamedTuple):
    """A report on what was handed in, what a person should look at, and what else there is to tell."""

    report: Report
    flags: list[str]
    told: list[str]


def _row(case: CaseReport) -> str:
    sign, colour = ("✓", "#2e9e4f") if case.passed else ("✗", "#d64545")
    details = "".join(f"<br><code>{html.escape(detail)}</code>" for detail in case.details)
    style = "text-align:left;vertical-align:top;padding:1px 10px 1px 0;border:none"
    cell, points = f'style="{style}"', f'style="{style};white-space:nowrap"'
    return (
        f'<tr style="background:none"><td {cell}><b style="color:{colour}">{sign}</b></td>'
        f"<td {cell}>{html.escape(case.name)}{details}</td>"
        f"<td {points}>{case.got}</td></tr>"
    )


class Points(float):
    """Points under the report that has shown them: nbgrader reads their text, and a page shows their empty HTML."""

    def _repr_html_(self) -> str:
        return ""


def show(report: Report, text: str | None = None, html: str | None = None) -> float:
    """Displays a report: richly in a notebook, else printed.

    Arguments:
        report: whose points are returned.
        text, html: what is shown of it; all of it by default.

    Returns:
        its points, for a cell to end with.
    """
    text = report.text() if text is None else text
    if in_notebook():
        from IPython.display import display

        display({"text/html": report.html() if html is None else html, "text/plain": text}, raw=True)
        return Points(report.points)
    try:
        print(text)
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode())
    return float(report.points)
