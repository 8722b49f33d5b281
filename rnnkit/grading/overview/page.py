"""``rnnkit class``: the page of a class, and its table."""

from __future__ import annotations

import os
import random
import statistics
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from rnnkit.checks.assignment import Assignment
from rnnkit.common.names import BadValue
from rnnkit.common.pages import pages
from rnnkit.common.statistics import wilson
from rnnkit.common.text import plain
from rnnkit.common.whole import save_text
from rnnkit.grading.course.course import Course
from rnnkit.grading.overview import charts
from rnnkit.grading.overview.attention import KINDS
from rnnkit.grading.overview.gather import LEAST, Overview, Question, gather
from rnnkit.grading.overview.pseudonyms import pseudonyms
from rnnkit.grading.overview.table import table
from rnnkit.grading.overview.together import together
from rnnkit.grading.report.feedback import INDEX

HIDDEN, SHOWN, NONE = "hidden", "shown", "none"  # how names stand in the page
OFTEN = 15  # mistakes in the list of the most frequent
FEW = 10  # graded students: below it the page says how little shares tell


class Made(NamedTuple):
    """What was written, and of whom."""

    page: Path
    csv: Path
    graded: int
    mistakes: int
    attention: int


class Frequent(NamedTuple):
    """A mistake among the most frequent ones."""

    question: Question
    what: str
    students: tuple[str, ...]


def write(course: Course, assignment: Assignment, to: Path | None, csv: Path | None, names: str = HIDDEN) -> Made:
    """Writes page and table of a class.

    Arguments:
        course, assignment: whose results they are.
        to, csv: the two files; by default in ``grading/class`` of the course.
        names: `HIDDEN` has them in the page and not in the table, `SHOWN` in both, `NONE` in neither.

    Raises:
        BadValue: nothing was graded, or the two files cannot be written where they are wanted.
    """
    folder = course.folder / "grading" / "class"
    to, csv = (to or folder / f"{assignment.name}.html", csv or folder / f"{assignment.name}.csv")
    if to.resolve() == csv.resolve():
        raise BadValue(f"--csv: expected another file than that of the page, got {csv}")
    for path in (to, csv):
        if path.is_dir():
            raise BadValue(f"{path}: expected a file to write, found a folder; name a file in it")
    found = gather(course, assignment)
    numbers = pseudonyms(course.folder / "grading", found.names, random.SystemRandom())
    for path in (to, csv):
        path.parent.mkdir(parents=True, exist_ok=True)
    save_text(to, page(found, numbers, names, _links(course, found, to)))
    save_text(csv, table(found, (lambda id: id) if names == SHOWN else (lambda id: f"student {numbers[id]}")))
    mistakes = sum(told.known for question in found.questions for told in question.told)
    return Made(to, csv, len(found.graded), mistakes, sum(map(bool, found.attention.values())))


def page(
    found: Overview, numbers: Mapping[str, int], names: str = HIDDEN, links: Mapping[str, str] | None = None
) -> str:
    """The page of a class: whole in itself, and readable without its script.

    Arguments:
        found: the class.
        numbers: student -> the number that stands for the student.
        names: `HIDDEN`, `SHOWN` or `NONE`.
        links: student -> where the feedback lies.
    """

    def who(students: tuple[str, ...]) -> list[int]:
        return sorted(numbers[id] for id in students)

    pairs, looked_at = together(found.questions, max(1, len(found.graded)))
    environment = pages("rnnkit.grading.overview", percent=lambda share: f"{100 * share:.0f} %")
    return environment.get_template("class.html").render(
        found=found,
        title=found.assignment.name.replace("_", " "),
        numbers=numbers,
        order=sorted(found.names, key=numbers.__getitem__),
        named=names != NONE,
        shown=names == SHOWN,
        links=links or {},
        who=who,
        plain=plain,
        quote=quote,
        whole=_whole(found),
        drawn=lambda one: charts.small(charts.parts([*one.points.values()], one.most), one.title),
        median=lambda one: statistics.median(runs for runs, _ in one.runs.values()),
        frequent=_frequent(found)[:OFTEN],
        everybody=[one for one in found.questions if one.points and not one.full],
        nobody=[one for one in found.questions if one.points and one.full == len(one.points)],
        could=lambda one: wilson(0, len(one.points))[1],
        kinds=_kinds(found),
        labels=KINDS,
        pairs=pairs,
        looked_at=looked_at,
        few=len(found.graded) < FEW,
        changes=_changes(found),
        handed_in=sorted(Counter(found.handed_in.values()).items()),
        told=_by_student(found),
        titles={one.id: one.title for one in found.questions},
    )


def _links(course: Course, found: Overview, to: Path) -> dict[str, str]:
    """Where each student's feedback lies, from the page on."""
    start, name = to.resolve().parent, found.assignment.name
    there = {id: course.feedback / id / name / INDEX for id in found.names}
    return {id: quote(os.path.relpath(path, start)) for id, path in there.items() if path.is_file()}


def _whole(found: Overview) -> dict[str, Any]:
    """The distribution of the totals."""
    totals = sorted(found.totals.values())
    if not totals:
        return {"drawn": Markup(""), "tables": [], "mean": 0.0, "median": 0.0, "low": 0.0, "high": 0.0}
    mean = statistics.fmean(totals)
    low, _, high = statistics.quantiles(totals, n=4, method="inclusive") if len(totals) > 1 else totals * 3
    bars = charts.bins(totals, found.most)
    tables = [{"caption": "All totals", "columns": ["points", "students"], "rows": [bar for bar in bars if bar.number]}]
    drawn = charts.large(bars, found.most, mean)
    return {
        "drawn": drawn,
        "tables": tables,
        "mean": mean,
        "median": statistics.median(totals),
        "low": low,
        "high": high,
    }


def _frequent(found: Overview) -> list[Frequent]:
    known = [Frequent(one, told.what, told.students) for one in found.questions for told in one.told if told.known]
    return sorted(known, key=lambda one: (-len(one.students), one.question.id, one.what))


def _kinds(found: Overview) -> dict[str, list[tuple[str, Any]]]:
    """Kind of reason -> who, and the reason."""
    kinds: dict[str, list[tuple[str, Any]]] = {kind: [] for kind in KINDS}
    for id, reasons in found.attention.items():
        for reason in reasons:
            kinds[reason.kind].append((id, reason))
    return {kind: several for kind, several in kinds.items() if several}


def _changes(found: Overview) -> dict[str, Any]:
    """Who has more and who fewer points than at the grading before, of the whole and by question."""

    def moved(changed: Mapping[str, float]) -> tuple[list[str], list[str]]:
        return [id for id in changed if changed[id] > LEAST], [id for id in changed if changed[id] < -LEAST]

    by_question = [(one, *moved(one.changed)) for one in found.questions]
    return {"whole": moved(found.changed), "questions": [row for row in by_question if row[1] or row[2]]}


def _by_student(found: Overview) -> dict[str, int]:
    """How many known mistakes were told each student."""
    told = dict.fromkeys(found.names, 0)
    for question in found.questions:
        for one in question.told:
            for id in one.students if one.known else ():
                told[id] += 1
    return told
