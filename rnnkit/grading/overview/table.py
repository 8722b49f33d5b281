"""The class as CSV: a row for each question, and for each mistake or state that was told of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from rnnkit.grading.overview.gather import Overview, Question
from rnnkit.grading.report.export import cell

COLUMNS = (
    "assignment", "notebook", "question", "kind", "what", "students", "of", "share", "mean", "most", "who",
)  # fmt: skip


def table(found: Overview, alias: Callable[[str], str]) -> str:
    """The text of the file: ``students`` of ``of`` have it, ``share`` of them, and ``who`` they are.

    Arguments:
        found: the class.
        alias: what stands for a student's id.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for question in found.questions:
        for kind, what, students, more in _rows(question):
            share = question.share(len(students)) if question.points else None
            who = "; ".join(map(alias, students))
            row = (found.assignment.name, question.notebook, question.id, kind, what)
            writer.writerow(map(cell, (*row, len(students), len(question.points), share, *more, who)))
    return file.getvalue()


def _rows(question: Question) -> Iterator[tuple[str, str, tuple[str, ...], tuple[Any, Any]]]:
    points = question.points
    everything, nothing, mean = question.most - 1e-9, 1e-9, question.mean if points else None
    yield "points", "all points", tuple(id for id in points if points[id] >= everything), (mean, question.most)
    yield "points", "no point", tuple(id for id in points if points[id] <= nothing), (None, None)
    for told in question.told:
        yield "mistake" if told.known else "state", told.what, told.students, (None, None)
    if question.runs:
        yield "own word", question.ran, tuple(question.runs), (None, None)
    up = tuple(id for id, change in question.changed.items() if change > nothing)
    down = tuple(id for id, change in question.changed.items() if change < -nothing)
    for what, students in (("more points than before", up), ("fewer points than before", down)):
        if students:
            yield "change", what, students, (None, None)
